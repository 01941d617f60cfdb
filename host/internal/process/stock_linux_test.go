package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The tests of this file show that each hazard is real: what the tests TestHazard… demand of this package fails with go-plugin
// as it comes. Each runs in a process of its own, because some of the hazards end it and others leave goroutines behind for ever.

// stuck is how long something is watched that never ends; go-plugin's own patience is 2 s.
const stuck = 3500 * time.Millisecond

const shown = "shown"

// stock runs one hazard and prints what came of it.
func stock(hazard string) {
	s := &stockHost{}
	demos := map[string]func(*stockHost) string{
		"01": stockPanic, "02": stockFreeze, "03": stockHeldPipes, "04": stockLongLine, "05": stockDeath, "08": stockEnvironment,
		"11": stockOversize, "12": stockSlowKill, "13": stockStalledWriter, "14": stockPrint,
		"06": stockLeftSocket, "07": stockKillLooksLikeCrash, "09": stockPinHoldsOnce, "10": stockStartAfterKill, "15": stockPrintsVanish,
		"16": stockWaitingServer, "17": stockLongDirectory, "18": stockOrphans,
	}
	fmt.Println(demos[hazard](s))
	s.end()
}

// stockHost is a host that uses go-plugin with the settings of its documentation.
type stockHost struct {
	client *goplugin.Client
	conn   *grpc.ClientConn
	also   []int // processes to end
}

func (s *stockHost) start(mode string, change func(*goplugin.ClientConfig)) error {
	cfg := &goplugin.ClientConfig{
		HandshakeConfig: testHandshake, Plugins: goplugin.PluginSet{"probe": &probe{}}, Cmd: exec.Command("/proc/self/exe", childArg+mode),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, VersionedPlugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}},
		Logger: hclog.New(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Trace}),
	}
	if change != nil {
		change(cfg)
	}
	s.client = goplugin.NewClient(cfg)
	protocol, err := s.client.Client()
	if err != nil {
		return err
	}
	s.conn = protocol.(*goplugin.GRPCClient).Conn
	return nil
}

func (s *stockHost) ask(command string, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out := new(wrapperspb.StringValue)
	err := s.conn.Invoke(ctx, probeMethod, wrapperspb.String(command), out)
	return out.GetValue(), err
}

func (s *stockHost) pid() int {
	pid, _ := strconv.Atoi(s.client.ID())
	return pid
}

func (s *stockHost) end() {
	for _, pid := range append(s.also, s.pid()) {
		if pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func within(d time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	return waitFor(done, d)
}

func stockPanic(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	fmt.Println(s.pid())
	_, err := s.ask(`stderr {"@message": 1}`, stuck)
	waitFor(nil, stuck) // the panic comes
	return fmt.Sprint("the host lives; the call ended with ", err)
}

func stockFreeze(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	if err := syscall.Kill(s.pid(), syscall.SIGSTOP); err != nil {
		return err.Error()
	}
	for !allStopped(s.pid()) {
		time.Sleep(time.Millisecond)
	}
	if within(stuck, s.client.Kill) {
		return "Kill returned"
	}
	return shown
}

func stockHeldPipes(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	grandchild, err := s.ask("fork", stuck)
	if err != nil {
		return err.Error()
	}
	pid, _ := strconv.Atoi(grandchild)
	s.also = append(s.also, pid)
	_ = syscall.Kill(s.pid(), syscall.SIGKILL)
	if within(stuck, func() {
		for !s.client.Exited() {
			time.Sleep(10 * time.Millisecond)
		}
	}) {
		return "the exit was noticed"
	}
	return shown
}

func stockLongLine(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	_, err := s.ask("stdout-long 1000000", stuck)
	return shownBy(err, codes.DeadlineExceeded)
}

func stockDeath(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	fmt.Println("plugin", s.pid())
	waitFor(nil, time.Minute) // it is killed
	return "not killed"
}

func stockEnvironment(s *stockHost) string {
	_ = os.Setenv("PLANTED", "by the host")
	if err := s.start("stock-plugin", func(c *goplugin.ClientConfig) { c.Cmd.Env = []string{"PLANTED=by the caller"} }); err != nil {
		return err.Error()
	}
	got, err := s.ask("getenv PLANTED", stuck)
	if err != nil || got != "by the host" {
		return fmt.Sprintf("%q %v", got, err)
	}
	return shown
}

func stockOversize(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	const size = 64 << 20
	got, err := s.ask("oversize "+strconv.Itoa(size), patience)
	if err != nil || len(got) != size {
		return fmt.Sprint(len(got), err)
	}
	return shown
}

func stockSlowKill(s *stockHost) string {
	started := make(chan error, 1)
	ready := make(chan struct{})
	go func() {
		started <- s.start("mute", func(c *goplugin.ClientConfig) {
			c.StartTimeout = stuck
			c.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: writerFunc(func(b []byte) {
				if bytes.Contains(b, []byte("waiting for RPC address")) {
					close(ready)
				}
			})})
		})
	}()
	<-ready
	begun := time.Now()
	s.client.Kill()
	if waited := time.Since(begun); waited < stuck/2 {
		return fmt.Sprint("Kill returned after ", waited)
	}
	return shown
}

func stockStalledWriter(s *stockHost) string {
	stall := writerFunc(func([]byte) { waitFor(nil, time.Minute) })
	if err := s.start("stock-plugin", func(c *goplugin.ClientConfig) { c.SyncStdout = stall }); err != nil {
		return err.Error()
	}
	_, err := s.ask("print-flood 4000", stuck)
	return shownBy(err, codes.DeadlineExceeded)
}

func stockPrint(s *stockHost) string {
	err := s.start("serve-loudly", nil)
	if err == nil || !strings.Contains(err.Error(), "Unrecognized remote plugin message") {
		return fmt.Sprint(err)
	}
	return shown
}

func shownBy(err error, want codes.Code) string {
	if status.Code(err) != want {
		return fmt.Sprint(err)
	}
	return shown
}

type writerFunc func([]byte)

func (f writerFunc) Write(b []byte) (int, error) {
	f(b)
	return len(b), nil
}

// stockRun runs a demonstration to its end.
func stockRun(t *testing.T, hazard string) (string, string, error) {
	t.Helper()
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, childArg+"stock", hazard)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errOut, time.Second
	err = cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return strings.TrimSpace(out.String()), errOut.String(), err
}

func requireShown(t *testing.T, hazard string) {
	t.Helper()
	out, errOut, err := stockRun(t, hazard)
	require.NoError(t, err, errOut)
	require.Equal(t, shown, out, errOut)
}

// H1: one line of a plugin ends the host.
func TestStock01PluginPanicsHost(t *testing.T) {
	out, errOut, err := stockRun(t, "01")
	require.Error(t, err, out)
	require.Contains(t, errOut, "panic: interface conversion")
	plugin, err := strconv.Atoi(out)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(plugin, syscall.SIGKILL), "and its plugin lives on")
}

func TestStock02KillHangs(t *testing.T)               { requireShown(t, "02") }
func TestStock03ExitIsNotNoticed(t *testing.T)        { requireShown(t, "03") }
func TestStock04LongLineBlocksPlugin(t *testing.T)    { requireShown(t, "04") }
func TestStock08HostEnvironmentWins(t *testing.T)     { requireShown(t, "08") }
func TestStock11AnySizeIsAccepted(t *testing.T)       { requireShown(t, "11") }
func TestStock12KillWaitsForStart(t *testing.T)       { requireShown(t, "12") }
func TestStock13StalledWriterStallsCall(t *testing.T) { requireShown(t, "13") }
func TestStock14PrintFailsStart(t *testing.T)         { requireShown(t, "14") }

// H5: the plugin of a killed host lives on.
func TestStock05PluginOutlivesHost(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(self, childArg+"stock", "05")
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	var plugin int
	_, err = fmt.Fscanf(out, "plugin %d\n", &plugin)
	require.NoError(t, err)
	require.NoError(t, host.Process.Kill())
	_ = host.Wait()
	require.Equal(t, 'S', stateAfterOrphaning(t, plugin, host.Process.Pid), "the plugin sleeps in its main, as before")
	require.NoError(t, syscall.Kill(plugin, syscall.SIGKILL))
}

// stateAfterOrphaning waits until the kernel has given the process another parent; a death signal would have been sent then.
func stateAfterOrphaning(t *testing.T, pid, parent int) rune {
	t.Helper()
	var state rune
	eventually(t, "another parent", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		require.NoError(t, err, "the process is gone")
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		state = rune(fields[0][0])
		return fields[1] != strconv.Itoa(parent) && (state == 'S' || state == 'Z')
	})
	return state
}
