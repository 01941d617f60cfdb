//go:build linux

package process

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func TestStartServeStop(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.SHA256 = digestOf(t, cfg.Path)
	p := b.start(cfg)

	health, err := grpc_health_v1.NewHealthClient(p.Conn()).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	require.NoError(t, err)
	require.Equal(t, grpc_health_v1.HealthCheckResponse_SERVING, health.GetStatus())
	require.Equal(t, "hi", mustAsk(t, p, "echo hi"))
	require.Equal(t, ArgvPrefix+"probe", mustAsk(t, p, "argv0"))
	require.Equal(t, cfg.SHA256, p.Digest())
	require.Contains(t, []string{"cgroup", "process-group"}, p.Containment())
	require.Equal(t, 1, p.Version())
	require.NoError(t, syscall.Kill(p.PID(), 0))
	require.NoError(t, p.ExitError(), "it runs")

	require.NoError(t, p.Stop(t.Context()))
	awaitClosed(t, p.Exited())
	info := p.Exit()
	require.Equal(t, 0, info.Code, "a polite end, by the plugin's own main: %v", info)
	require.True(t, info.Requested)
	require.False(t, info.Forced)
	require.NoError(t, p.ExitError())
	b.requireEmpty()

	require.NoError(t, p.Stop(t.Context()), "twice is fine")
	p.Kill()
}

func TestNegotiatesVersion(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve-version", "2")
	cfg.Plugins[2] = cfg.Plugins[1]
	require.Equal(t, 2, b.start(cfg).Version())

	cfg = b.config("serve-version", "7")
	_, err := Start(t.Context(), cfg)
	require.ErrorContains(t, err, "share no protocol version")
	require.NotContains(t, cfg.Plugins, 0, "the caller's map is left alone")
	require.Len(t, cfg.Plugins, 1)
}

// H1: this line makes go-plugin's log parser panic.
func TestHazard01HostileLogLines(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	for _, line := range []string{
		`{"@message": 1}`, `{"@level": {}, "@message": "level is an object"}`, `{"@timestamp": 5, "@message": "time is a number"}`,
		`{"@message":"structured","@level":"warn","invoice":"inv_1","plugin":"forged","secret_key":"s3cr3t"}`, `[ERROR] with a prefix`, "\x1b[31mcolour",
	} {
		mustAsk(t, p, "stderr "+line)
	}
	got := b.log.await(t, "structured")
	require.Equal(t, "WARN", got.level.String())
	require.Equal(t, "inv_1", got.attrs["invoice"])
	require.Equal(t, "probe", got.attrs["plugin"], "a plugin cannot pass for another")
	require.Equal(t, strconv.Itoa(p.PID()), got.attrs["pid"])
	require.Equal(t, masked, got.attrs["secret_key"])
	require.Equal(t, "ERROR", b.log.await(t, "with a prefix").level.String())
	require.NotContains(t, b.log.await(t, "colour").message, "\x1b")
	require.Equal(t, "still there", mustAsk(t, p, "echo still there"))
}

// H2: Stop and Kill of a frozen plugin are bounded.
func TestHazard02FrozenPlugin(t *testing.T) {
	b := newBench(t)
	for name, end := range map[string]func(*Process){
		"stop": func(p *Process) { require.NoError(t, p.Stop(t.Context())) },
		"kill": (*Process).Kill,
	} {
		p := b.start(b.config("serve"))
		freeze(t, p.PID())
		done := make(chan struct{})
		go func() { end(p); close(done) }()
		awaitClosed(t, done)
		info := p.Exit()
		require.True(t, info.Forced, name)
		require.Equal(t, "killed", info.Signal, name)
		require.NoError(t, p.ExitError(), "the host asked for it")
		b.requireEmpty()
	}
}

func TestStopKillsPluginThatStays(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve-stubborn"))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
	require.True(t, p.Exit().Forced)
}

// H3: a grandchild that holds the pipes hides neither the exit nor the end of everything. One that has left its process group
// and session ends with the control group; without one it stays, and the report says so.
func TestHazard03GrandchildHoldsPipes(t *testing.T) {
	for _, tc := range []struct {
		name, how string
		grouped   bool
	}{{"in its group", "fork", true}, {"own session", "fork-setsid", true}, {"in its group, no cgroup", "fork", false}, {"own session, no cgroup", "fork-setsid", false}} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			if !tc.grouped {
				b.withoutGroups()
			}
			p := b.start(b.config("serve"))
			grandchild, err := strconv.Atoi(mustAsk(t, p, tc.how))
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
			awaitClosed(t, p.Exited())
			require.ErrorContains(t, p.ExitError(), "signal: killed")
			awaitClosed(t, p.cleaned)
			b.requireEmpty()
			t.Logf("containment here: %s (%s)", p.Containment(), p.Confinement().Tree)
			require.Equal(t, p.Confinement().Tree.Active, p.Containment() == "cgroup")
			if p.Containment() == "cgroup" || tc.how == "fork" {
				eventually(t, "the tree is ended", func() bool { return !running(grandchild) })
				return
			}
			require.Contains(t, p.Confinement().Tree.Detail, "only the process group is ended")
			require.True(t, running(grandchild), "what the report says must be so")
			require.NoError(t, syscall.Kill(grandchild, syscall.SIGKILL))
		})
	}
}

// H4: after a line of any length the plugin can still print and work.
func TestHazard04LongLineOnStdout(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	require.Equal(t, "done", mustAsk(t, p, "stdout-long 1000000"))
	require.Equal(t, "stdout", b.log.await(t, "back to normal").attrs["stream"])
	require.Equal(t, "true", b.log.await(t, "yyyy").attrs["truncated"])
	require.Equal(t, "done", mustAsk(t, p, "stdout-long 1000000"))
}

// H6: temporary files and the socket of a killed plugin are gone.
func TestHazard06NothingStaysAfterSIGKILL(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	left := mustAsk(t, p, "leave-file")
	require.Contains(t, left, b.dir.Path())
	require.Contains(t, mustAsk(t, p, "cwd"), b.dir.Path())
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	awaitClosed(t, p.cleaned)
	b.requireEmpty()
	_, err := ask(t, p, "echo hi")
	require.Equal(t, codes.Unavailable, status.Code(err), "not Canceled: the caller wanted the answer")
}

func TestCrashReport(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	mustAsk(t, p, "stderr token=abcdef0123 and card 4111 1111 1111 1111")
	_, err := ask(t, p, "panic at the disco")
	require.Equal(t, codes.Unavailable, status.Code(err))
	awaitClosed(t, p.Exited())
	info := p.Exit()
	require.Equal(t, 2, info.Code)
	require.False(t, info.Requested)
	log := strings.Join(info.LastLog, "\n")
	require.Contains(t, log, "at the disco", "the panic's text is in the report")
	require.NotContains(t, log, "abcdef0123")
	require.NotContains(t, log, "4111 1111")
	require.ErrorContains(t, p.ExitError(), "exited with code 2")

	p = b.start(b.config("serve"))
	_, err = ask(t, p, "exit 0")
	require.Error(t, err)
	awaitClosed(t, p.Exited())
	require.NoError(t, p.ExitError())
}

// H11: an answer over the limit is refused by size, and the connection stays.
func TestHazard11OversizeAnswer(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	_, err := ask(t, p, "oversize 5000000")
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Len(t, mustAsk(t, p, "oversize 3000000"), 3000000)
	_, err = ask(t, p, "echo "+strings.Repeat("q", 5<<20))
	require.Equal(t, codes.ResourceExhausted, status.Code(err), "and both ways")
}

// H15: prints after Serve arrive.
func TestHazard15PrintsAfterServe(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	mustAsk(t, p, "print printed by a handler")
	require.Equal(t, "stdout", b.log.await(t, "printed by a handler").attrs["stream"])
}

// H13: a logger that hangs stalls nobody.
func TestHazard13HangingLogger(t *testing.T) {
	b := newBench(t)
	hung := &recorder{block: make(chan struct{})}
	cfg := b.config("serve")
	cfg.Logger = slog.New(&recorder{block: hung.block, only: "pppp"})
	stalled := b.start(cfg)
	mustAsk(t, stalled, "print-flood 4000")
	require.Equal(t, "hi", mustAsk(t, stalled, "echo hi"), "the plugin prints more than any pipe holds and goes on")

	cfg.Logger = nil
	p := b.start(cfg)
	sink := newLogSink(slog.New(hung), scrubber{})
	for range 5000 {
		sink.take("", []byte("a line"), false)
	}
	require.Positive(t, sink.lost.Load(), "what cannot be logged is dropped and counted")
	close(hung.block)
	stalled.Kill()
	sink.close(patience)
	_, ok := hung.find("plugin output dropped")
	require.True(t, ok)
	require.Equal(t, "done", mustAsk(t, p, "stderr-flood 20000"))
}

// What a slow logger has not taken when the wait for it is over is dropped and counted: the goroutine does not go on for its sake.
func TestLateLinesAreDropped(t *testing.T) {
	slow := &recorder{block: make(chan struct{}), only: "a line"}
	sink := newLogSink(slog.New(slow), scrubber{})
	for range 10 {
		sink.take("", []byte("a line"), false)
	}
	eventually(t, "the logger has one", func() bool { return len(sink.queue) == 9 })
	sink.close(time.Millisecond)
	close(slow.block)
	awaitClosed(t, sink.done)
	dropped, ok := slow.find("plugin output dropped")
	require.True(t, ok)
	require.Equal(t, "9", dropped.attrs["lines"], "one was with the logger")
}

// H14: prints before the handshake, binary ones and long ones included, do not fail the start.
func TestHazard14PrintsBeforeHandshake(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve-loudly"))
	require.Equal(t, "hi", mustAsk(t, p, "echo hi"))
	require.Equal(t, "stdout", b.log.await(t, "Hello from init!").attrs["stream"])
	b.log.await(t, "1|2|not a handshake")
}

// H8: nothing of the host's environment reaches the plugin.
func TestHazard08CleanEnvironment(t *testing.T) {
	t.Setenv("PLANTED_SECRET", "do-not-leak")
	b := newBench(t)
	cfg := b.config("serve")
	cfg.Env = []string{"GIVEN=on purpose"}
	p := b.start(cfg)
	env := strings.Split(strings.TrimRight(mustAsk(t, p, "environ"), "\x00"), "\x00")
	var keys []string
	for _, kv := range env {
		key, _, _ := strings.Cut(kv, "=")
		keys = append(keys, key)
	}
	require.ElementsMatch(t, []string{
		"PROCESS_TEST", "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR",
		ParentPIDEnv, "TMPDIR", goGCEnv, "GIVEN",
	}, keys)
	require.Contains(t, env, ParentPIDEnv+"="+strconv.Itoa(os.Getpid()))
	require.Contains(t, env, "GIVEN=on purpose")
	require.Equal(t, os.DevNull, mustAsk(t, p, "stdin"))

	for _, bad := range []string{"PLUGIN_CLIENT_CERT=x", "PROCESS_TEST=x", "TMPDIR=/", ParentPIDEnv + "=1", "novalue", "=x"} {
		cfg.Env = []string{bad}
		_, err := Start(t.Context(), cfg)
		require.Error(t, err, bad)
	}
}

func TestOnlyStandardDescriptorsReachThePlugin(t *testing.T) {
	b := newBench(t)
	leaky, err := syscall.Dup(2) // Dup does not set close-on-exec
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Close(leaky)) }()
	p := b.start(b.config("serve"))
	require.Regexp(t, `^0=/dev/null 1=pipe:\S+ 2=pipe:\S+$`, mustAsk(t, p, "fds"))
}

func TestGenerationsShareOneImage(t *testing.T) {
	b := newBench(t)
	first, second := b.start(b.config("serve")), b.start(b.config("serve"))
	require.NotEqual(t, first.PID(), second.PID())
	require.Equal(t, first.Digest(), second.Digest())
	require.Len(t, b.images.files, 1)
	first.Kill()
	require.Equal(t, "hi", mustAsk(t, second, "echo hi"))
}

// freeze returns when every thread has stopped, which takes a moment after the signal.
func freeze(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	eventually(t, "all threads stop", func() bool { return allStopped(pid) })
}

func allStopped(pid int) bool {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task/"
	threads, err := os.ReadDir(tasks)
	for _, thread := range threads {
		stat, err := os.ReadFile(tasks + thread.Name() + "/stat")
		if _, after, ok := strings.Cut(string(stat), ") "); err != nil || !ok || !strings.HasPrefix(after, "T") {
			return false
		}
	}
	return err == nil && len(threads) > 0
}

func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z")
}

var _ goplugin.GRPCPlugin = (*probe)(nil)
