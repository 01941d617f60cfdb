package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/cmd/payhost/internal/sandbox"
)

// binDir has payhost and the provider binaries, built once.
var binDir string

// patience bounds waiting for real processes on a busy machine.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if serveUnfit(filepath.Base(os.Args[0])) {
		return
	}
	os.Exit(withBinaries(m))
}

// withBinaries builds the real programs and runs the tests.
func withBinaries(m *testing.M) int {
	dir, err := os.MkdirTemp("", "payhost-bin-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binDir = dir
	root := "../.."
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./cmd/payhost",
		"./plugins/payin/cmd/payhost-provider-payin", "./plugins/merchant/cmd/payhost-provider-merchant",
		"./plugins/monobank/cmd/payhost-provider-monobank")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic("building the programs: " + string(out))
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
			code = 1
		}
	}
	return code
}

func providerBinary(name string) string { return filepath.Join(binDir, "payhost-provider-"+name) }

// result is what one command line did.
type result struct {
	code           int
	stdout, stderr string
}

// cli runs command lines in this process, with an environment of their own.
type cli struct {
	env   map[string]string
	stdin string
}

func (c cli) run(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{
		version: "test", executable: filepath.Join(binDir, "payhost"), stdin: strings.NewReader(c.stdin), stdout: &out, stderr: &errs,
		lookupEnv: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }, cut: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	code := p.run(ctx, args)
	return result{code, out.String(), errs.String()}
}

// good runs a command line that must end well and returns its output.
func (c cli) good(t *testing.T, args ...string) string {
	t.Helper()
	r := c.run(t, args...)
	require.Equal(t, exitDone, r.code, "%v: %s", args, r.stderr)
	return r.stdout
}

// deployment is a folder with a payhost.yaml whose accounts lead to simulators.
type deployment struct {
	dir, file string
	box       *sandbox.Sandbox
}

// deploy pins the given providers and writes the configuration.
func deploy(t *testing.T, extra string, providers ...string) *deployment {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Config{Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(box.Close)
	d := &deployment{dir: t.TempDir(), box: box}
	d.file = filepath.Join(d.dir, "payhost.yaml")
	require.NoError(t, os.WriteFile(d.file, []byte("listen: 127.0.0.1:0\n"+extra+box.Snippet()), 0o600))
	for _, name := range providers {
		cli{}.good(t, "plugin", "add", "--config", d.file, providerBinary(name))
	}
	return d
}

// daemon is a payhost serve process.
type daemon struct {
	cmd    *exec.Cmd
	url    string
	stderr *lines
	exited chan struct{}
	code   int
}

// serve starts the real program and waits for its line.
func (d *deployment) serve(t *testing.T, args ...string) *daemon {
	t.Helper()
	s := &daemon{
		cmd:    exec.Command(filepath.Join(binDir, "payhost"), append([]string{"serve", "--config", d.file}, args...)...),
		stderr: &lines{}, exited: make(chan struct{}),
	}
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	ready := make(chan string, 1)
	go func() {
		defer close(s.exited)
		scanner := bufio.NewScanner(stdout)
		for scanner.Scan() {
			if line, ok := strings.CutPrefix(scanner.Text(), "payhost ready: api "); ok {
				url, _, _ := strings.Cut(line, ",")
				ready <- url
			}
		}
		_ = s.cmd.Wait()
		s.code = s.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.exited
	})
	select {
	case s.url = <-ready:
	case <-s.exited:
	case <-time.After(patience):
		t.Fatalf("payhost serve was not ready: %s", s.stderr)
	}
	return s
}

// wait returns the exit code.
func (s *daemon) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-s.exited:
		return s.code
	case <-time.After(patience):
		t.Fatalf("payhost serve did not end: %s", s.stderr)
		return -1
	}
}

// client is a command line that talks to the server.
func (d *deployment) client(s *daemon) cli {
	return cli{env: map[string]string{"PAYHOST_URL": s.url}}
}

// lines is a buffer that may be read while a process writes.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal("the test is over")
		}
	}
}
