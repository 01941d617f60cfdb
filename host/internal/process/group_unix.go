//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	canLock      = true
	containment  = "process-group"
	openNoFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK // a FIFO must not hang the open
)

// tryLock takes the exclusive lock of an open file, which the kernel releases when the process ends in whatever way.
func tryLock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

func ownedByUs(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

func executable(info os.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }

// startProcess forks and executes. A private copy may still be open for writing in a child that another thread forked a
// moment ago; that ends with the child's own exec.
func startProcess(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	const attempts, pause = 20, 5 * time.Millisecond
	for try := 1; ; try++ {
		proc, err := os.StartProcess(path, argv, attr)
		if try == attempts || !errors.Is(err, syscall.ETXTBSY) {
			return proc, err
		}
		time.Sleep(pause)
	}
}

// killTree kills the process and its group. The caller guarantees that pid is a child that has not been reaped: then neither
// id can belong to anybody else. The process itself is named too, because it may have moved to another group.
func killTree(proc *os.Process) {
	killGroup(proc.Pid)
	if proc.Pid > 1 {
		_ = syscall.Kill(proc.Pid, syscall.SIGKILL)
	}
}

func killGroup(pid int) {
	if pid > 1 { // kill(-0) would be the host's own group, kill(-1) everybody
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// signalName returns the signal that ended the process, or "".
func signalName(state *os.ProcessState) string {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal().String()
	}
	return ""
}

// checkAddress accepts only a socket directly in the directory made for this process, so that a plugin cannot send the host
// to somebody else's.
func checkAddress(network, address, dir string) error {
	if network != "unix" || filepath.Dir(filepath.Clean(address)) != filepath.Clean(dir) {
		return fmt.Errorf("the plugin announced the address %q (%s); only a unix socket in %s is accepted", cleanText(address), cleanText(network), dir)
	}
	if len(address) > maxSocketPath {
		return fmt.Errorf("the plugin announced a socket path of %d bytes; the system allows %d", len(address), maxSocketPath)
	}
	info, err := os.Lstat(address)
	if err != nil {
		return fmt.Errorf("the socket announced by the plugin: %w", err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("the plugin announced %s, which is not a socket", cleanText(address))
	}
	return nil
}
