package restrictedtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// entered begins the line that tells [Run] that the tests have begun, and where. refused begins the one that the system forbids it.
const (
	entered = "restricted environment: "
	refused = "restricted environment refused by the system: "
)

// Enter makes the environment and replaces the process by the tests in it, if the arguments are those of a process that [Run] has
// started; it then returns only with an error, and the caller must end. For any other process it does nothing and returns nil. It
// must be called before anything else, with os.Args and os.Environ().
func Enter(args, environ []string) error {
	if len(args) < 7 || args[1] != Arg {
		return nil
	}
	runtime.LockOSThread() // what the thread gives up, and nothing else, holds for the program that replaces it
	e := environment{kind: args[2], dir: args[3], temp: args[4]}
	var err error
	for i, id := range []*int{&e.uid, &e.gid} {
		if *id, err = strconv.Atoi(args[5+i]); err != nil {
			return err
		}
	}
	if err := e.enter(); err != nil {
		if forbidden(err) {
			return fmt.Errorf("%s%w", refused, err)
		}
		return fmt.Errorf("making the restricted environment: %w", err)
	}
	environ = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, "TMPDIR=") })
	environ = append(environ, "TMPDIR="+e.temp)
	return fmt.Errorf("starting the tests: %w", syscall.Exec(e.program(), append([]string{e.program()}, args[7:]...), environ))
}

// forbidden tells what a system may refuse to a test from what must not happen.
func forbidden(err error) bool {
	return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) ||
		errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL)
}

func (e environment) enter() error {
	if e.kind != kindUser {
		if err := e.mount(); err != nil {
			return err
		}
	}
	if err := e.giveUp(); err != nil {
		return err
	}
	if err := e.check(); err != nil {
		return fmt.Errorf("it is not what it should be: %v", err) //nolint:errorlint // the system has refused nothing here
	}
	return nil
}

// mount gives this mount namespace a temporary directory of its own and a root that cannot be written to.
func (e environment) mount() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("separating the mounts: %w", err)
	}
	readOnly := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &readOnly); err != nil {
		return fmt.Errorf("a read-only root: %w", err)
	}
	owner := fmt.Sprintf("mode=0700,uid=%d,gid=%d", e.uid, e.gid)
	if err := unix.Mount("tmpfs", e.temp, "tmpfs", unix.MS_NOEXEC|unix.MS_NOSUID|unix.MS_NODEV, owner); err != nil {
		return fmt.Errorf("a temporary directory: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOEXEC|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("a /proc for the namespace: %w", err)
	}
	return nil
}

// giveUp leaves the user, if it is another one, and every capability.
func (e environment) giveUp() error {
	if os.Getuid() != e.uid {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setresgid(e.gid, e.gid, e.gid), syscall.Setresuid(e.uid, e.uid, e.uid)); err != nil {
			return fmt.Errorf("becoming user %d: %w", e.uid, err)
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return fmt.Errorf("giving up capabilities: %w", err)
	}
	return nil
}

// check tries what must not be possible and tells [Run] where the tests are.
func (e environment) check() error {
	if os.Getuid() == 0 || os.Geteuid() == 0 {
		return errors.New("the user is root")
	}
	script := filepath.Join(e.temp, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		return fmt.Errorf("the temporary directory: %w", err)
	}
	ran := exec.Command(script).Run() //nolint:noctx // it must not even start
	if err := os.Remove(script); err != nil {
		return err
	}
	noexec := errors.Is(ran, unix.EACCES)
	report := fmt.Sprintf("%suser %d, no capabilities, process %d", entered, os.Getuid(), os.Getpid())
	if noexec {
		report += ", noexec temporary directory"
	}
	if e.kind != kindUser {
		if os.Getpid() != 1 {
			return fmt.Errorf("this is process %d", os.Getpid())
		}
		if !noexec {
			return fmt.Errorf("the temporary directory executes programs: %w", ran)
		}
		if err := e.checkReadOnly(); err != nil {
			return err
		}
		report += ", read-only root"
	}
	_, err := fmt.Fprintln(os.Stdout, report)
	return err
}

// checkReadOnly tries to write where the user could, but for the mount, and looks at every other mount.
func (e environment) checkReadOnly() error {
	if err := os.WriteFile(filepath.Join(e.dir, "written"), nil, 0o600); !errors.Is(err, unix.EROFS) {
		return fmt.Errorf("%s is not read-only: writing says %w", e.dir, err)
	}
	mounts, err := readMounts()
	if err != nil {
		return err
	}
	if mounts[0].where != "/" {
		return fmt.Errorf("the first mount is %s", mounts[0].where)
	}
	for _, m := range mounts {
		// The two that were mounted last lie above others in the same place.
		if m.where != e.temp && m.where != "/proc" && !m.has("ro") {
			return fmt.Errorf("%s is not read-only", m.where)
		}
	}
	return nil
}
