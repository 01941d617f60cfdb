//go:build unix

package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/payhost/payhost/sdk/pay"
)

// roleEnv makes this test binary a plugin; see TestMain.
const roleEnv = "PAYHOST_TEST_ROLE"

func playRole(role string) {
	f := newFake()
	if role == "noisy" {
		fmt.Println("printed before Serve")
	}
	f.account.create = func(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
		log := f.opened[0].Log
		switch req.Description {
		case "block":
			log.Info("blocked")
			<-ctx.Done()
			return pay.InvoiceState{}, ctx.Err()
		case "noise":
			_, _ = syscall.Write(1, []byte("written to descriptor 1\n"))
			fmt.Println("printed during a call")
			log.With("token", "hunter2").WithGroup("req").Warn("careful",
				"Authorization", "Bearer hunter2", "n", 7, "took", time.Second, "x-token", "hunter2", "provider_key", "op_1")
		case "exit":
			os.Exit(3)
		}
		return pay.InvoiceState{Status: pay.StatusPending, ProviderRef: "p-" + req.InvoiceID}, nil
	}
	Serve(f)
}

// process is a plugin started without go-plugin's client, so that a test sees its descriptors as they are.
type process struct {
	cmd *exec.Cmd

	mu             sync.Mutex
	stdout, stderr []string
	lines          *sync.Cond
}

func (p *process) follow(r *bufio.Scanner, into *[]string) {
	for r.Scan() {
		p.mu.Lock()
		*into = append(*into, r.Text())
		p.lines.Broadcast()
		p.mu.Unlock()
	}
}

// wait returns the first line of a stream that contains text.
func (p *process) wait(t *testing.T, stream *[]string, text string) string {
	t.Helper()
	found := make(chan string, 1)
	stop := context.AfterFunc(t.Context(), p.lines.Broadcast)
	defer stop()
	go func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for t.Context().Err() == nil {
			for _, line := range *stream {
				if strings.Contains(line, text) {
					found <- line
					return
				}
			}
			p.lines.Wait()
		}
	}()
	select {
	case line := <-found:
		return line
	case <-time.After(20 * time.Second):
		p.mu.Lock()
		defer p.mu.Unlock()
		t.Fatalf("no line with %q; stdout %q, stderr %q", text, p.stdout, p.stderr)
		return ""
	}
}

func selfCommand(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

func startProcess(t *testing.T, role string, env ...string) *process {
	t.Helper()
	p := &process{cmd: selfCommand(role)}
	p.lines = sync.NewCond(&p.mu)
	p.cmd.Env = append(p.cmd.Env, CookieKey+"="+CookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+shortDir(t))
	p.cmd.Env = append(p.cmd.Env, env...)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	var wg sync.WaitGroup
	wg.Go(func() { p.follow(bufio.NewScanner(stdout), &p.stdout) })
	wg.Go(func() { p.follow(bufio.NewScanner(stderr), &p.stderr) })
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		wg.Wait()
		_ = p.cmd.Wait()
	})
	return p
}

// shortDir is a directory whose path leaves room for a socket name.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/tmp", "ph") //nolint:usetesting // t.TempDir makes paths that leave no room for a socket name
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// connect waits for the handshake and starts a client.
func (p *process) connect(t *testing.T) *Client {
	t.Helper()
	fields := strings.Split(p.wait(t, &p.stdout, "|unix|"), "|")
	require.Equal(t, []string{"1", "1", "unix"}, fields[:3])
	require.Equal(t, "grpc", fields[4])
	conn, err := grpc.NewClient("passthrough:///plugin", append(DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", fields[3])
		}))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	return c
}

func TestServeOverARealProcess(t *testing.T) {
	p := startProcess(t, "noisy")
	c := p.connect(t)
	require.Equal(t, "fake", c.Describe().Name)
	if comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.cmd.Process.Pid)); err == nil {
		require.Equal(t, "ph-fake\n", string(comm))
	}
	a := open(t, c)
	state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "inv", Description: "noise"})
	require.NoError(t, err)
	require.Equal(t, "p-inv", state.ProviderRef)

	// What is printed after the handshake does not reach standard output.
	require.Equal(t, "written to descriptor 1", p.wait(t, &p.stderr, "descriptor 1"))
	line := p.wait(t, &p.stderr, "careful")
	p.mu.Lock()
	require.Len(t, p.stdout, 2, "one line printed before Serve and the handshake: %q", p.stdout)
	p.mu.Unlock()

	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &fields))
	at, err := time.Parse(timeLayout, fields["@timestamp"].(string))
	require.NoError(t, err)
	require.Equal(t, fields["@timestamp"], at.Format(timeLayout))
	delete(fields, "@timestamp")
	require.Equal(t, map[string]any{
		"@level": "warn", "@message": "careful", "@module": "payhost-provider-fake", "account": "main",
		"token": "[redacted]", "req.Authorization": "[redacted]", "req.x-token": "[redacted]",
		"req.n": 7.0, "req.took": "1s", "req.provider_key": "op_1",
	}, fields)
}

func TestKilledProcess(t *testing.T) {
	p := startProcess(t, "plain")
	a := open(t, p.connect(t))
	failed := make(chan error, 2)
	go func() {
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Description: "block"})
		failed <- err
	}()
	p.wait(t, &p.stderr, "blocked")
	require.NoError(t, p.cmd.Process.Kill())
	err := <-failed
	require.ErrorIs(t, err, pay.KindPluginFault)
	require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted(), "killed in the middle: nobody knows")
	require.False(t, NotSent(err))

	_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{})
	require.ErrorIs(t, err, pay.KindPluginFault)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), "the process was gone before")
	require.True(t, NotSent(err))
	require.True(t, Unreachable(err))
	_, err = a.RunAction(t.Context(), pay.Action{Name: "upload"})
	require.True(t, NotSent(err), "%v", err)
}

func TestProcessThatEndsItself(t *testing.T) {
	p := startProcess(t, "plain")
	a := open(t, p.connect(t))
	_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Description: "exit"})
	require.ErrorIs(t, err, pay.KindPluginFault)
	require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
}

func TestFrozenProcess(t *testing.T) {
	p := startProcess(t, "plain")
	c := p.connect(t)
	a := open(t, c)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	require.Eventually(t, func() bool { // a signal takes effect on all threads a little later
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		return err != nil || strings.Contains(string(stat), ") T ")
	}, 5*time.Second, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := a.CreateInvoice(ctx, pay.CreateInvoice{})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
	_, err = c.Health(ctx)
	require.ErrorIs(t, err, pay.KindPluginFault) // its time was up before it was sent
	require.True(t, NotSent(err))
	require.False(t, Unreachable(err), "nothing was learned of the plugin")
}

func TestOrphanEndsItself(t *testing.T) {
	p := startProcess(t, "plain", parentEnv+"=999999999")
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		require.Error(t, err)
		require.Equal(t, 1, p.cmd.ProcessState.ExitCode())
	case <-time.After(20 * time.Second):
		t.Fatal("the plugin outlived its host")
	}
}

func TestWatchParent(t *testing.T) {
	ended := 0
	watchParent(7, func() int { return 0 }, func() { ended++ })
	require.Zero(t, ended, "a parent outside this namespace cannot be watched")
	watchParent(7, func() int { return 1 }, func() { ended++ })
	require.Equal(t, 1, ended)
}

func TestRunByHand(t *testing.T) {
	cmd := selfCommand("plain")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.Error(t, cmd.Run())
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "the payhost plugin for Fake")

	version, err := selfCommand("plain", "--version").Output()
	require.NoError(t, err)
	require.Equal(t, "fake 1.2.3 ("+SDK+")\n", string(version))
	manifest, err := selfCommand("plain", "--manifest").Output()
	require.NoError(t, err)
	var m pay.Manifest
	require.NoError(t, json.Unmarshal(manifest, &m))
	require.Equal(t, "fake", m.Name)
}

// TestStockGoPlugin: the plugin works with go-plugin's own client and nothing of ours around the process.
func TestStockGoPlugin(t *testing.T) {
	cmd := selfCommand("plain")
	cmd.Env = append(cmd.Env, "PLUGIN_UNIX_SOCKET_DIR="+shortDir(t))
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  Handshake(),
		VersionedPlugins: VersionedPlugins(),
		Cmd:              cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		GRPCDialOptions:  DialOptions(),
		SkipHostEnv:      true,
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	require.NoError(t, err)
	raw, err := protocol.Dispense(pluginName)
	require.NoError(t, err)
	c := raw.(*Client)
	require.NoError(t, c.Start(t.Context()))
	state, err := open(t, c).GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "p"})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, state.Status)
}
