package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// dirPrefix and lockName together mark a directory as ours; the sweep touches nothing else.
	dirPrefix = "ph-"
	lockName  = "payhost.lock"

	// privateDir is the mode of a run directory; sharedDir once a plugin under a user of its own has to pass through it.
	privateDir = 0o700
	sharedDir  = 0o711

	// socketTail is the longest path go-plugin appends to a run directory:
	// "/plugin-dir" and "/plugin", each with a random number of up to 10 digits.
	socketTail = len("/plugin-dir") + 10 + len("/plugin") + 10
)

// RunDir is one host's private directory for plugin sockets and temporary files, together with the thread its plugins are
// started from. A host opens one and closes it last. It is safe for concurrent use.
type RunDir struct {
	path     string
	lock     *os.File
	launcher *launcher
	groups   *groupRoot // nil if there are no control groups
	noGroups error      // why groups is nil
	orphans  *orphanage // nil unless this process inherits the orphans of its namespace
	bundles  bundles

	mu     sync.Mutex // guards the fields below
	live   map[*Process]struct{}
	closed bool
}

// OpenRunDir creates a directory with mode 0700 and a short random name under parent (empty: the system's temporary
// directory) and holds a lock in it until Close. Directories of hosts that died are removed first; those of living hosts, and
// everything that is not a run directory of the same user, are left alone. It fails if parent is so long that a socket in the
// directory could not be bound.
func OpenRunDir(parent string) (*RunDir, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, fmt.Errorf("process: run directory: %w", err)
	}
	longest := len(parent) + len("/"+dirPrefix) + 10 + socketTail
	if longest > maxSocketPath {
		return nil, fmt.Errorf("process: run directory: %s is too long: a socket in it could have a path of %d bytes, and the system allows %d; "+
			"choose a parent directory of at most %d bytes, such as /tmp or /run/payhost",
			parent, longest, maxSocketPath, maxSocketPath-(longest-len(parent)))
	}
	sweepStale(parent)
	path, lock, err := createLocked(parent)
	if err != nil {
		return nil, fmt.Errorf("process: run directory: %w", err)
	}
	d := &RunDir{path: path, lock: lock, launcher: newLauncher(), live: map[*Process]struct{}{}, bundles: bundles{used: map[string]int{}}}
	d.groups, d.noGroups = openGroupRoot(filepath.Base(path))
	d.orphans = newOrphanage(d.owns)
	return d, nil
}

// Path is the absolute path of the directory.
func (d *RunDir) Path() string { return d.path }

// Close kills what still runs, removes the directory and releases the lock. Starts in flight fail. Closing twice is fine. An
// error names what could not be removed; the next OpenRunDir tries again.
func (d *RunDir) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	live := make([]*Process, 0, len(d.live))
	for p := range d.live {
		live = append(live, p)
	}
	d.mu.Unlock()

	var wg sync.WaitGroup
	for _, p := range live {
		wg.Go(p.Kill)
	}
	wg.Wait()
	d.launcher.close()
	d.orphans.close()
	var err error
	if d.groups != nil {
		err = d.groups.close()
	}
	if err = errors.Join(err, removeTree(d.path), d.lock.Close()); err != nil {
		return fmt.Errorf("process: closing the run directory: %w", err)
	}
	return nil
}

// register makes Close responsible for p. It fails when the directory is closed, and then the caller must not start p.
func (d *RunDir) register(p *Process) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	d.live[p] = struct{}{}
	return nil
}

func (d *RunDir) unregister(p *Process) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, p)
}

// owns says whether pid is a process that somebody here waits for.
func (d *RunDir) owns(pid int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.live {
		if p.child.pid() == pid {
			return true
		}
	}
	return false
}

// createLocked makes a directory and locks it. Another host's sweep may see the directory before the lock is held and remove
// it; that is noticed by comparing the locked file with the one at the path, and a new name is tried.
func createLocked(parent string) (string, *os.File, error) {
	const attempts = 10
	for range attempts {
		path, err := os.MkdirTemp(parent, dirPrefix)
		if err != nil {
			return "", nil, err
		}
		name := filepath.Join(path, lockName)
		lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			if os.IsNotExist(err) {
				continue
			}
			return "", nil, errors.Join(err, os.RemoveAll(path))
		}
		if tryLock(lock) == nil && sameAsPath(lock, name) {
			return path, lock, nil
		}
		_ = lock.Close() // the sweep that took it removes it
	}
	return "", nil, fmt.Errorf("%s: every new directory was removed by another program", parent)
}

// sweepStale removes run directories whose host is gone. It is best effort: what cannot be removed hurts nobody, and a start
// must not depend on it.
func sweepStale(parent string) {
	if !canLock {
		return // without locks a living host's directory could not be told from a dead one's
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), dirPrefix) {
			continue
		}
		path := filepath.Join(parent, entry.Name())
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.Mode().Perm() != privateDir && info.Mode().Perm() != sharedDir || !ownedByUs(info) {
			continue
		}
		removeIfFree(path)
	}
}

func removeIfFree(path string) {
	name := filepath.Join(path, lockName)
	lock, err := os.OpenFile(name, os.O_RDWR|openNoFollow, 0)
	if err != nil {
		return
	}
	defer func() { _ = lock.Close() }()
	if tryLock(lock) == nil && sameAsPath(lock, name) {
		_ = removeTree(path)
	}
}

func sameAsPath(f *os.File, name string) bool {
	held, err1 := f.Stat()
	there, err2 := os.Lstat(name)
	return err1 == nil && err2 == nil && os.SameFile(held, there)
}
