package process

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// orphanPeriod is how often the first process of a namespace looks for dead orphans.
const orphanPeriod = time.Second

// orphanage buries the dead whom nobody else waits for. A host that is the first process of its namespace, as in most
// containers, becomes the parent of everything that a plugin's children leave behind; without it their entries would fill the
// process table. A host with another number leaves that to the first process: it never makes itself a subreaper, because the
// embedding program has not asked for other people's children.
//
// The embedding program may have children of its own and be slow to wait for them. Those are told apart: they are in the
// host's process group, or their parent waits within a period. What is seen dead twice, and belongs to neither a plugin nor
// the host's group, is an orphan.
type orphanage struct {
	owns func(pid int) bool
	stop chan struct{}
	done chan struct{}
	seen map[int]bool // dead at the last look; only for the goroutine
}

// newOrphanage is nil unless this process inherits orphans.
func newOrphanage(owns func(int) bool) *orphanage {
	if os.Getpid() != 1 {
		return nil
	}
	o := &orphanage{owns: owns, stop: make(chan struct{}), done: make(chan struct{})}
	go o.run()
	return o
}

func (o *orphanage) run() {
	defer close(o.done)
	ticker := time.NewTicker(orphanPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			o.look()
		case <-o.stop:
			return
		}
	}
}

func (o *orphanage) look() {
	dead := map[int]bool{}
	for _, pid := range deadChildren() {
		group, err := unix.Getpgid(pid)
		if err != nil || group == unix.Getpgrp() || o.owns(pid) {
			continue
		}
		if o.seen[pid] {
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
			continue
		}
		dead[pid] = true
	}
	o.seen = dead
}

// deadChildren peeks: everything stays for the one who waits for it.
func deadChildren() []int {
	var out []int
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 || !procIsOurs() {
		// Without the lists only the first dead child can be seen; the next shows when it has been buried.
		if pid, ok := peekDead(unix.P_ALL, 0); ok {
			out = append(out, pid)
		}
		return out
	}
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended
		}
		for field := range strings.FieldsSeq(string(data)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				continue
			}
			if _, ok := peekDead(unix.P_PID, pid); ok {
				out = append(out, pid)
			}
		}
	}
	return out
}

// procIsOurs is false in a namespace that still sees its parent's /proc, whose numbers mean other processes.
func procIsOurs() bool {
	self, err := os.Readlink("/proc/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}

func peekDead(kind, id int) (int, bool) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(kind, id, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || info.Signo == 0 {
			return 0, false
		}
		return deadPID(&info), true
	}
}

// deadPID is the field of siginfo that package unix does not name: it follows signo, errno and code at the next boundary of a
// pointer, see sigaction(2).
func deadPID(info *unix.Siginfo) int {
	const word = unsafe.Sizeof(uintptr(0))
	offset := (unsafe.Offsetof(info.Code) + unsafe.Sizeof(info.Code) + word - 1) / word * word
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), offset)))
}

// close ends the goroutine and buries whom the host's own end has left dead, for which it takes a period if there are any: the
// embedding program may live on, and nobody would do it later. It is called when no plugin is left, and fine on nil.
func (o *orphanage) close() {
	if o == nil {
		return
	}
	close(o.stop)
	<-o.done
	o.seen = nil
	if o.look(); len(o.seen) > 0 {
		time.Sleep(orphanPeriod)
		o.look()
	}
}
