package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxSocketPath is the size of sun_path less its terminating zero.
const maxSocketPath = 107

// Harden makes the calling process non-dumpable, so that a child under the same user can neither read its environment and
// memory through /proc nor attach to it. It also means no core dumps and no debugger. Hosts call it once at start-up, before
// the first plugin; embedders that rely on either do not. It does nothing outside Linux.
func Harden() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("process: making the host non-dumpable: %w", err)
	}
	return nil
}

// childAttr gives the child its own process group, and a kill from the kernel when the launching thread ends (H5).
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// closeOnExec marks every descriptor of the host from 3 up, so that none that the host inherited without the mark reaches a
// plugin. Descriptors handed to other children with os/exec are not affected: those are duplicated for the child.
func closeOnExec() error {
	const all = ^uint32(0)
	err := unix.CloseRange(3, uint(all), unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	// Kernels before 5.11 and some sandboxes do not have the call.
	entries, dirErr := os.ReadDir("/proc/self/fd")
	if dirErr != nil {
		return fmt.Errorf("marking descriptors close-on-exec: %w", errors.Join(err, dirErr))
	}
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return nil
}

// hasEnded asks the kernel, which knows of a death before anybody has been told.
func hasEnded(pid int) bool {
	// The kernel clears the pid of a child that has not ended.
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return errors.Is(err, unix.ECHILD) || err == nil && info.Signo != 0
}

// awaitExit returns true when the process has ended and is still a zombie, so that its id, and with it the id of its group,
// cannot belong to anybody else yet.
func awaitExit(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
