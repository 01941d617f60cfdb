package restrictedtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The kinds of environments, the strictest first.
const (
	kindNamespaces = "namespaces" // a user, mount and process namespace
	kindMounts     = "mounts"     // root gives a mount and a process namespace and then itself up
	kindUser       = "user"       // only a user who is not root, and a noexec temporary directory where one is mounted
)

// nobody is the user and the group whom root becomes.
const nobody = 65534

// environment is what a started process needs to know.
type environment struct {
	kind     string
	dir      string // holds the program
	temp     string // the temporary directory, which becomes a mount of its own except for kindUser
	uid, gid int    // neither is 0
}

// program is a copy of the test binary: the directory in which go test builds it is open to its builder only.
func (e environment) program() string { return filepath.Join(e.dir, "tests") }

// Run runs the tests that match the pattern, as for go test -run, in the strictest environment that the system allows, and returns
// the names of those that ran and passed, subtests included. The calling test fails if one of them fails or none runs, with their
// output in its log. The log also tells the environment, and what could not be shown in it. The flags are passed to the tests.
//
// The directory for the environment is made in the system's temporary directory, which must allow to execute programs.
func Run(t *testing.T, pattern string, flags ...string) []string {
	t.Helper()
	e := prepare(t)
	flags = append([]string{"-test.v", "-test.run=" + pattern}, flags...)
	kinds := []string{kindNamespaces, kindMounts, kindUser}
	for _, e.kind = range kinds {
		if e.kind == kindMounts && os.Getuid() != 0 {
			continue
		}
		if e.kind == kindUser {
			e.temp = existingNoexec(t, e)
		}
		output, err := e.run(t, flags)
		where, began := line(output, entered)
		if reason, no := refusal(output, err); !began && no && e.kind != kindUser {
			t.Logf("NOT SHOWN HERE, the tests run where less is forbidden: no environment of %s: %s", e.kind, reason)
			continue
		}
		passed := passes(output)
		if err != nil || !began || len(passed) == 0 {
			t.Fatalf("in the restricted environment (%s): %v, %d tests passed\n%s", e.kind, err, len(passed), output)
		}
		t.Logf("%d tests and subtests passed in the environment of %s: %s", len(passed), e.kind, where)
		return passed
	}
	return nil
}

// prepare makes the directory, which any user can look into.
func prepare(t *testing.T) environment {
	t.Helper()
	dir, err := os.MkdirTemp("", "re") //nolint:usetesting // t.TempDir is too long for the sockets below it, and closed to others
	must(t, err)
	e := environment{dir: dir, uid: os.Getuid(), gid: os.Getgid()}
	if e.uid == 0 {
		e.uid, e.gid = nobody, nobody
	}
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chown(dir, e.uid, e.gid))
	e.temp = filepath.Join(dir, "t")
	must(t, os.Mkdir(e.temp, 0o700))
	must(t, os.Chown(e.temp, e.uid, e.gid))
	self, err := os.Executable()
	must(t, err)
	must(t, copyProgram(self, e.program()))
	return e
}

// existingNoexec is a temporary directory on a file system that is mounted noexec already, or else the one that e has.
func existingNoexec(t *testing.T, e environment) string {
	t.Helper()
	mounts, err := readMounts()
	must(t, err)
	for _, m := range mounts {
		if m.kind != "tmpfs" || !m.has("noexec") {
			continue
		}
		dir, err := os.MkdirTemp(m.where, "re") //nolint:usetesting // on a mount that a test does not choose
		if err != nil {
			continue // it is not for this user
		}
		t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
		must(t, os.Chown(dir, e.uid, e.gid))
		return dir
	}
	t.Log("NOT SHOWN HERE: no noexec file system for a temporary directory")
	return e.temp
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func copyProgram(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// run starts the process and waits for it. Nothing of it outlives the test: its namespace ends with its first process.
func (e environment) run(t *testing.T, flags []string) (string, error) {
	t.Helper()
	args := append([]string{Arg, e.kind, e.dir, e.temp, strconv.Itoa(e.uid), strconv.Itoa(e.gid)}, flags...)
	cmd := exec.CommandContext(t.Context(), e.program(), args...)
	cmd.SysProcAttr = e.attributes()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	runtime.LockOSThread() // the death signal is sent when this thread ends
	defer runtime.UnlockOSThread()
	err := cmd.Run()
	return output.String(), err
}

func (e environment) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	root := os.Getuid() == 0
	switch e.kind {
	case kindNamespaces:
		attr.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: e.uid, HostID: e.uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: e.gid, HostID: e.gid, Size: 1}}
		attr.GidMappingsEnableSetgroups = root
		attr.Credential = &syscall.Credential{Uid: uint32(e.uid), Gid: uint32(e.gid), NoSetGroups: !root}
		attr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN} // for the mounts; given up before the tests
	case kindMounts:
		attr.Cloneflags = unix.CLONE_NEWNS | unix.CLONE_NEWPID
	}
	return attr
}

// refusal tells why the system did not allow the environment, and whether that is what happened.
func refusal(output string, err error) (string, bool) {
	if reason, ok := line(output, refused); ok {
		return reason, true
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) && forbidden(err) {
		return fmt.Sprintf("starting it: %v", err), true
	}
	return "", false
}

// line returns the rest of the first line with the prefix anywhere in it.
func line(output, prefix string) (string, bool) {
	_, rest, ok := strings.Cut(output, prefix)
	rest, _, _ = strings.Cut(rest, "\n")
	return rest, ok
}

// passes returns the names of the tests that passed.
func passes(output string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^ *--- PASS: (\S+) `).FindAllStringSubmatch(output, -1) {
		names = append(names, m[1])
	}
	return names
}
