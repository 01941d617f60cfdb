package process

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// groupPrefix marks a control group as one host's. The host's process id and the name of its run directory follow, and the
	// host holds a lock on it: the sweep touches only those whose lock is free.
	groupPrefix = "payhost-"

	// emptyWait bounds the wait until the kernel has ended everything in a killed group.
	emptyWait  = 2 * time.Second
	emptyPause = 2 * time.Millisecond
)

// groupRoot is one host's own control group, below the one the host itself is in. Each process gets a group inside it, so
// that everything a plugin has started can be ended at once, also what has left its process group and session.
type groupRoot struct {
	path  string
	lock  *os.File
	count atomic.Int64
}

// openGroupRoot makes and locks the host's group, on any writable cgroup2 mount, and removes those of dead hosts. The error
// says why there is none.
func openGroupRoot(instance string) (*groupRoot, error) {
	bases, err := groupBases()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, base := range bases {
		sweepGroups(base)
		root, err := createGroupRoot(base, instance)
		if err == nil {
			return root, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func createGroupRoot(base, instance string) (*groupRoot, error) {
	path := filepath.Join(base, groupPrefix+strconv.Itoa(os.Getpid())+"-"+instance)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, fmt.Errorf("no control group can be made here: %w", err)
	}
	lock, err := os.Open(path)
	if err == nil {
		if err = tryLock(lock); err == nil && !sameAsPath(lock, path) {
			err = errors.New("another host's sweep took it")
		}
		if err == nil {
			_, err = os.Stat(filepath.Join(path, "cgroup.kill"))
			if err != nil {
				err = errors.New("this kernel has no cgroup.kill (5.14 or later is needed)")
			}
		}
		if err == nil {
			return &groupRoot{path: path, lock: lock}, nil
		}
		_ = lock.Close()
	}
	return nil, errors.Join(fmt.Errorf("control group %s: %w", path, err), os.Remove(path))
}

// groupBases are the directories of the control group this process is in, one per cgroup2 mount that shows it.
func groupBases() ([]string, error) {
	own, err := ownGroup("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("no control groups: %w", err)
	}
	var out []string
	for line := range strings.Lines(string(mounts)) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 || !strings.HasPrefix(after, "cgroup2 ") {
			continue
		}
		below, err := filepath.Rel(unescapeMount(fields[3]), own)
		if err != nil || below == ".." || strings.HasPrefix(below, "../") {
			continue // the mount shows another part of the tree
		}
		out = append(out, filepath.Join(unescapeMount(fields[4]), below))
	}
	if len(out) == 0 {
		return nil, errors.New("no cgroup2 file system is mounted")
	}
	return out, nil
}

// ownGroup is the path of this process in the unified hierarchy.
func ownGroup(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("no control groups: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if path, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "0::"); ok {
			if strings.HasPrefix(path, "/..") {
				return "", errors.New("the host's control group is outside its control group namespace")
			}
			return path, nil
		}
	}
	return "", errors.New("this system has no unified control group hierarchy")
}

// unescapeMount undoes the octal escapes of mountinfo.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// sweepGroups ends what hosts that are gone have left running, however it was hidden from their process groups.
func sweepGroups(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), groupPrefix) {
			continue
		}
		path := filepath.Join(base, entry.Name())
		lock, err := os.Open(path)
		if err != nil {
			continue
		}
		if tryLock(lock) == nil {
			_ = removeGroup(path)
		}
		_ = lock.Close()
	}
}

// removeGroup kills everything in the group and below it, and removes it.
func removeGroup(path string) error {
	if err := killControlGroup(path); err != nil {
		return err
	}
	deadline := time.Now().Add(emptyWait)
	for {
		err := removeGroupTree(path)
		if err == nil || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(emptyPause)
	}
}

func removeGroupTree(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() { // a plugin under the host's own user can make groups below its own
			if err := removeGroupTree(filepath.Join(path, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}

func killControlGroup(path string) error {
	return os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0)
}

// close removes the host's group when all processes have ended.
func (g *groupRoot) close() error {
	return errors.Join(removeGroup(g.path), g.lock.Close())
}

// group is the control group of one process.
type group struct {
	path string
	dir  *os.File // closed once the process has been placed
	// memory is active when the kernel itself enforces the memory limit.
	memory Measure
}

// create makes the group of one process. A memory limit that the kernel cannot enforce there is no error: see group.memory.
func (g *groupRoot) create(name string, memory int64) (*group, error) {
	path := filepath.Join(g.path, strconv.FormatInt(g.count.Add(1), 10)+"-"+name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("control group: %w", err), os.Remove(path))
	}
	out := &group{path: path, dir: dir}
	if memory > 0 {
		out.memory = because(fmt.Sprintf("%d bytes, by the control group", memory), g.limitMemory(path, memory))
	}
	return out, nil
}

// limitMemory needs the memory controller in the host's own group. The kernel refuses to pass it on from a group with
// processes in it, which the host's usually is; then the limit is watched from outside.
func (g *groupRoot) limitMemory(path string, memory int64) error {
	for _, dir := range []string{filepath.Dir(g.path), g.path} {
		file := filepath.Join(dir, "cgroup.subtree_control")
		enabled, err := os.ReadFile(file)
		if err == nil && !bytes.Contains(enabled, []byte("memory")) {
			err = os.WriteFile(file, []byte("+memory"), 0)
		}
		if err != nil {
			return fmt.Errorf("the memory controller cannot be used: %w", err)
		}
	}
	_ = os.WriteFile(filepath.Join(path, "memory.swap.max"), []byte("0"), 0) // absent without swap accounting
	_ = os.WriteFile(filepath.Join(path, "memory.oom.group"), []byte("1"), 0)
	return os.WriteFile(filepath.Join(path, "memory.max"), []byte(strconv.FormatInt(memory, 10)), 0)
}

// pids are the processes in the group now.
func (g *group) pids() []int {
	data, err := os.ReadFile(filepath.Join(g.path, "cgroup.procs"))
	if err != nil {
		return nil
	}
	var out []int
	for line := range bytes.Lines(data) {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(line))); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// outOfMemory says whether the kernel has ended a process of the group because of its memory limit.
func (g *group) outOfMemory() bool {
	f, err := os.Open(filepath.Join(g.path, "memory.events"))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if count, ok := strings.CutPrefix(lines.Text(), "oom_kill "); ok {
			return count != "0"
		}
	}
	return false
}

// kill ends everything in the group at once, also what forks faster than it could be listed.
func (g *group) kill() { _ = killControlGroup(g.path) }

func (g *group) remove() error { return removeGroup(g.path) }

// placed is called when the process is in the group, or will not be.
func (g *group) placed() { _ = g.dir.Close() }

// refusesGroup tells the errors of a clone that may be due to the group from those of the program. A clone into a group needs
// a kernel of 5.7 and a sandbox that lets clone3 pass.
func refusesGroup(err error) bool {
	for _, errno := range []error{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EBUSY, unix.EOPNOTSUPP, unix.EINVAL, unix.ENODEV, unix.E2BIG} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
