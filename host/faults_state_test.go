package host_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// leftovers is what a host could leave behind, as the system sees it.
type leftovers struct {
	goroutines  int
	descriptors int
	children    map[int]string // the processes of this one, dead ones included
	files       []string       // below the run directory
}

func lookAround(t *testing.T, dir string) leftovers {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	l := leftovers{goroutines: runtime.NumGoroutine(), descriptors: len(fds), children: map[int]string{}}
	for _, p := range processes(t) {
		if p.parent == os.Getpid() {
			l.children[p.pid] = p.state + " " + p.command
		}
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir && err == nil {
			l.files = append(l.files, path)
		}
		return nil // what vanishes meanwhile is no leftover
	}))
	return l
}

// backTo waits until nothing is left of what came after before.
func backTo(t *testing.T, before leftovers, dir string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		now := lookAround(t, dir)
		var more []string
		if now.goroutines > before.goroutines {
			more = append(more, fmt.Sprintf("%d goroutines, %d before", now.goroutines, before.goroutines))
		}
		if now.descriptors > before.descriptors {
			more = append(more, fmt.Sprintf("%d descriptors and sockets, %d before", now.descriptors, before.descriptors))
		}
		for _, pid := range slices.Sorted(maps.Keys(now.children)) {
			if _, was := before.children[pid]; !was {
				more = append(more, fmt.Sprintf("process %d: %s", pid, now.children[pid]))
			}
		}
		if len(now.files) > len(before.files) {
			more = append(more, fmt.Sprintf("files %v", now.files))
		}
		if len(more) == 0 {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<18)
			t.Fatalf("left behind: %s\n%s", strings.Join(more, "; "), stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// systemProcess is one line of the system's process table.
type systemProcess struct {
	pid, parent int
	state       string
	command     string
}

func processes(t *testing.T) []systemProcess {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	var list []systemProcess
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		command, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		// The name stands in parentheses and may hold anything; state and parent follow the last one.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		list = append(list, systemProcess{pid, parent, fields[0], strings.ReplaceAll(string(command), "\x00", " ")})
	}
	return list
}

// endOrphan ends a process that left its plugin's session, which nothing but a cgroup does, and says so.
func endOrphan(t *testing.T, containment string, pid int) {
	t.Helper()
	require.Positive(t, pid)
	if containment == "cgroup" {
		gone(t, pid)
		t.Log("containment cgroup: the process in a session of its own ended with its plugin")
		return
	}
	t.Logf("containment %s: the process in a session of its own outlives its plugin", containment)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	_, _ = syscall.Wait4(pid, nil, 0, nil) // it is a child of this process only if that is the first of its namespace
	gone(t, pid)
}
