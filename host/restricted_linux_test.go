package host_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/internal/restrictedtest"
)

// A misbehaving plugin hurts no more where a hardened container would run the host: not as root, a read-only root, a noexec
// temporary directory, and the host as the first process of its namespace. Every fault is tried in the soak, otherwise those in
// which processes, pipes and files of the plugin matter.
func TestFaultSuiteInRestrictedEnvironment(t *testing.T) {
	t.Parallel() // it runs in a process of its own and mostly waits
	faults := []string{"freeze", "fork", "double-fork", "hold-fds", "flood", "garbage", "panic", "exit-zero", "exit-at-start"}
	pattern := "^TestFaultSuite$/^(" + strings.Join(append(faults, "warm_up"), "|") + ")$"
	if soaking() {
		pattern = "^TestFaultSuite$"
	}
	passed := restrictedtest.Run(t, pattern)
	for _, name := range faults {
		require.Contains(t, passed, "TestFaultSuite/"+name)
	}
}
