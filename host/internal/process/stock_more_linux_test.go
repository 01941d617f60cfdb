package process

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The rest of the demonstrations of stock_linux_test.go. With these every hazard from H1 to H18 is shown with go-plugin as it comes.

// memo keeps what is logged.
type memo struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (m *memo) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.buf.Write(b)
}

func (m *memo) has(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Contains(m.buf.String(), text)
}

// awaits polls for a text; false after a patience that is far longer than any of these takes.
func (m *memo) awaits(text string) bool {
	for deadline := time.Now().Add(patience); !m.has(text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

func loggingTo(m *memo) func(*goplugin.ClientConfig) {
	return func(c *goplugin.ClientConfig) {
		c.Logger = hclog.New(&hclog.LoggerOptions{Output: m, Level: hclog.Trace})
	}
}

func stockLeftSocket(s *stockHost) string {
	dir, err := os.MkdirTemp("", "stock")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.RemoveAll(dir) }()
	_ = os.Setenv("TMPDIR", dir)
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	_ = syscall.Kill(s.pid(), syscall.SIGKILL)
	for !s.client.Exited() {
		time.Sleep(time.Millisecond)
	}
	s.client.Kill()
	if left, _ := filepath.Glob(filepath.Join(dir, "plugin*")); len(left) != 1 {
		return fmt.Sprint("left: ", left)
	}
	return shown
}

// stockKillLooksLikeCrash ends one plugin by Kill and one by a signal, each during a call.
func stockKillLooksLikeCrash(s *stockHost) string {
	var ends []codes.Code
	for _, end := range []func(){func() { s.client.Kill() }, func() { _ = syscall.Kill(s.pid(), syscall.SIGKILL) }} {
		log := &memo{}
		if err := s.start("stock-plugin", loggingTo(log)); err != nil {
			return err.Error()
		}
		ended := make(chan error, 1)
		go func() {
			_, err := s.ask("say-and-block called", patience)
			ended <- err
		}()
		if !log.awaits("called") {
			return "the call did not arrive"
		}
		end()
		ends = append(ends, status.Code(<-ended))
	}
	if ends[0] != codes.Unavailable || ends[1] != codes.Unavailable {
		return fmt.Sprint(ends)
	}
	return shown
}

func stockPinHoldsOnce(s *stockHost) string {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256(program)
	pin := &goplugin.SecureConfig{Checksum: sum[:], Hash: sha256.New()}
	for start := range 2 {
		err = s.start("stock-plugin", func(c *goplugin.ClientConfig) { c.SecureConfig = pin })
		if start == 0 && err != nil {
			return err.Error()
		}
		s.client.Kill()
	}
	if !errors.Is(err, goplugin.ErrChecksumsDoNotMatch) {
		return fmt.Sprint("the second start: ", err)
	}
	return shown
}

func stockStartAfterKill(s *stockHost) string {
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	before, _ := s.client.Start()
	s.client.Kill()
	after, err := s.client.Start()
	if err != nil || after != before {
		return fmt.Sprint(after, err)
	}
	_, err = s.ask("echo hi", stuck)
	return shownBy(err, codes.Canceled)
}

func stockPrintsVanish(s *stockHost) string {
	log := &memo{}
	if err := s.start("stock-plugin", loggingTo(log)); err != nil {
		return err.Error()
	}
	for _, command := range []string{"print printed-after-serve", "stderr written-after-that"} {
		if _, err := s.ask(command, patience); err != nil {
			return err.Error()
		}
	}
	switch {
	case !log.awaits("written-after-that"):
		return "nothing is logged at all"
	case log.has("printed-after-serve"):
		return "it was logged"
	}
	return shown
}

func stockWaitingServer(s *stockHost) string {
	log := &memo{}
	if err := s.start("serve-waiting", loggingTo(log)); err != nil {
		return err.Error()
	}
	s.client.Kill() // without a single call
	if !log.has("plugin failed to exit gracefully") {
		return "it ended by itself"
	}
	return shown
}

func stockLongDirectory(s *stockHost) string {
	dir, err := os.MkdirTemp("", strings.Repeat("d", 100))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = os.RemoveAll(dir) }()
	log := &memo{}
	err = s.start("stock-plugin", func(c *goplugin.ClientConfig) {
		loggingTo(log)(c)
		c.Cmd.Env = []string{"PLUGIN_UNIX_SOCKET_DIR=" + dir}
	})
	if err == nil || strings.Contains(err.Error(), "invalid argument") || strings.Contains(err.Error(), "path") || !log.awaits("invalid argument") {
		return fmt.Sprint("the error says it: ", err)
	}
	return shown
}

// stockOrphans is for a process that is the first of its namespace.
func stockOrphans(s *stockHost) string {
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return "without a /proc of its own: " + err.Error()
	}
	if err := s.start("stock-plugin", nil); err != nil {
		return err.Error()
	}
	answer, err := s.ask("double-fork", patience)
	if err != nil {
		return err.Error()
	}
	pid, _ := strconv.Atoi(answer)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	zombie := func() bool {
		stat, err := os.ReadFile("/proc/" + answer + "/stat")
		_, after, _ := strings.Cut(string(stat), ") ")
		return err == nil && strings.HasPrefix(after, "Z")
	}
	for deadline := time.Now().Add(patience); !zombie(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return "it never was a zombie"
		}
	}
	waitFor(nil, stuck)
	if !zombie() {
		return "it was buried"
	}
	return shown
}

func TestStock06SocketStaysAfterSIGKILL(t *testing.T)   { requireShown(t, "06") }
func TestStock07KillLooksLikeCrash(t *testing.T)        { requireShown(t, "07") }
func TestStock09PinHoldsOnce(t *testing.T)              { requireShown(t, "09") }
func TestStock10StartAfterKillSaysNothing(t *testing.T) { requireShown(t, "10") }
func TestStock15PrintsVanish(t *testing.T)              { requireShown(t, "15") }
func TestStock16WaitingServerIsKilled(t *testing.T)     { requireShown(t, "16") }
func TestStock17LongDirectoryIsNotNamed(t *testing.T)   { requireShown(t, "17") }

// H18: the orphans of a plugin stay as zombies for ever under a host that is the first process of its namespace.
func TestStock18OrphansStay(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.CommandContext(t.Context(), self, childArg+"stock", "18")
	host.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := host.Output()
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) {
		t.Log("this system gives no namespaces to this user, so no process here can be the first of one:", err)
		return
	}
	require.NoError(t, err)
	if strings.HasPrefix(string(out), "without a /proc") {
		t.Log("nothing can be seen here:", string(out))
		return
	}
	require.Equal(t, shown, strings.TrimSpace(string(out)))
}
