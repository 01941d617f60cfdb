package process

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A death is known from the moment the kernel knows it, reaped or not.
func TestAliveTellsTheLivingFromTheDead(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	require.True(t, p.Alive())
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGSTOP))
	require.True(t, p.Alive(), "a frozen process has not ended")
	require.NoError(t, unix.Kill(p.PID(), unix.SIGKILL))
	require.Eventually(t, func() bool { return !p.Alive() }, patience, time.Millisecond)
	<-p.Exited()
	require.False(t, p.Alive())
	p.Kill()
}
