package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The hazards that the other files do not show. Their numbers are those of the comments in this package.

// H7: ending a plugin during a call makes the call fail as a crash would, never as if the caller had given up or the plugin had
// answered. Whoever wants better drains first.
func TestHazard07KillDuringCall(t *testing.T) {
	b := newBench(t)
	for name, end := range map[string]func(*Process){"stop": func(p *Process) { require.NoError(t, p.Stop(t.Context())) }, "kill": (*Process).Kill} {
		p := b.start(b.config("serve"))
		ended := make(chan error, 1)
		go func() {
			_, err := ask(t, p, "say-and-block called")
			ended <- err
		}()
		b.log.await(t, "called")
		end(p)
		require.Equal(t, codes.Unavailable, status.Code(<-ended), name)
		b.log.forget()
	}
}

// H9: a pin holds for every start through one cache, the hundredth as the first.
func TestHazard09PinHoldsForEveryStart(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.SHA256 = digestOf(t, cfg.Path)
	for range 3 {
		p := b.start(cfg)
		require.Equal(t, cfg.SHA256, p.Digest())
		p.Kill()
	}
	cfg.SHA256 = strings.Repeat("ab", 32)
	for range 2 {
		_, err := Start(t.Context(), cfg)
		require.ErrorContains(t, err, "refusing to run it")
	}
}

// H10: a process is used once. After its end every call fails at once, and a restart is a new process.
func TestHazard10ProcessIsUsedOnce(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	p.Kill()
	_, err := ask(t, p, "echo hi")
	require.Equal(t, codes.Unavailable, status.Code(err))
	next := b.start(b.config("serve"))
	require.NotEqual(t, p.PID(), next.PID())
	require.Equal(t, "hi", mustAsk(t, next, "echo hi"))
}

// H16: a plugin whose server waits for its handlers is stopped within the bound all the same.
func TestHazard16ServerThatWaitsForHandlers(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve-waiting"))
	ended := make(chan error, 1)
	go func() {
		_, err := ask(t, p, "say-and-block called")
		ended <- err
	}()
	b.log.await(t, "called")
	require.NoError(t, p.Stop(t.Context()))
	require.Error(t, <-ended)
	require.True(t, p.Exit().Forced, "it would wait for ever")
	b.requireEmpty()
}

func serveWaiting() {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: testHandshake, VersionedPlugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
		},
	})
}

// H18: a host that is the first process of its namespace buries orphans, and steals no child of the embedding program.
func TestHazard18FirstProcessBuriesOrphans(t *testing.T) {
	if os.Getpid() != 1 {
		require.Nil(t, newOrphanage(nil), "only the first process of a namespace does")
	}
	parent := shortDir(t)
	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(self, childArg+"first", parent)
	host.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	host.Stderr = os.Stderr
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	if err := host.Start(); err != nil {
		require.True(t, errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC), "%v", err) // the latter when their number is limited
		t.Log("this system gives no namespaces to this user, so no process here can be the first of one:", err)
		return
	}
	lines := bufio.NewScanner(out)
	var got []string
	for lines.Scan() {
		got = append(got, lines.Text())
	}
	require.NoError(t, host.Wait(), strings.Join(got, "\n"))
	require.Contains(t, got, "orphans: 0 of 3 left")
	require.Contains(t, got, "own child: exit status 7")
	t.Log(strings.Join(got, "\n"))
}

// firstProcess is a host with number 1, first with the /proc of its parent's namespace, then with its own.
func firstProcess(parent string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		fmt.Println("without a /proc of its own:", err)
	}
	dir, err := OpenRunDir(parent)
	fail(err)
	own := exec.Command("/bin/sh", "-c", "exit 7")
	fail(own.Start())
	self := "/proc/self/exe"
	target, err := os.Readlink(self)
	fail(err)
	p, err := Start(context.Background(), Config{
		Name: "probe", Path: target, Dir: dir, Args: []string{childArg + "serve"}, Handshake: testHandshake,
		Plugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}}, Memory: 1 << 30,
	})
	fail(err)
	var orphans []int
	for range 3 {
		answer, err := askFrom(context.Background(), p, "double-fork")
		fail(err)
		pid, err := strconv.Atoi(answer)
		fail(err)
		fail(syscall.Kill(pid, syscall.SIGKILL))
		orphans = append(orphans, pid)
	}
	deadline := time.Now().Add(patience)
	left := len(orphans)
	for left > 0 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
		left = 0
		for _, pid := range orphans {
			if syscall.Kill(pid, 0) == nil {
				left++
			}
		}
	}
	fmt.Printf("orphans: %d of %d left\n", left, len(orphans))
	fmt.Println("own child:", own.Wait())
	fmt.Println(p.Confinement().OutOfMemory, p.Usage().Threads)
	fail(p.Stop(context.Background()))
	fail(dir.Close())
}
