package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// familyPeriods is after how many looks the list of a process group's members is made anew; that reads all of /proc.
	familyPeriods = 4

	// clockTicks is the kernel's USER_HZ, 100 on every architecture that Go knows.
	clockTicks = 100
)

// watchMemory ends the plugin when its processes together hold more than the limit. It returns with the process.
func (c *child) watchMemory(pid int, limit int64) {
	ticker := time.NewTicker(memoryPeriod)
	defer ticker.Stop()
	family := []int{pid}
	for look := 1; ; look++ {
		select {
		case <-c.exited:
			return
		case <-ticker.C:
		}
		switch {
		case c.group != nil && c.confinement().Tree.Active:
			family = c.group.pids()
		case look%familyPeriods == 0:
			family = groupMembers(pid)
		}
		var total int64
		for _, member := range family {
			total += resident(member)
		}
		if total > limit {
			c.killBecause(fmt.Sprintf("over its memory limit: %d of %d bytes in %d processes", total, limit, len(family)))
			return
		}
	}
}

// groupMembers are the processes of one process group.
func groupMembers(group int) []int {
	members := []int{group}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return members
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == group {
			continue
		}
		if of, err := unix.Getpgid(pid); err == nil && of == group {
			members = append(members, pid)
		}
	}
	return members
}

// resident is 0 for a process that is gone.
func resident(pid int) int64 {
	if !procIsOurs() {
		return 0
	}
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// usageOf reads what the kernel counts. The caller guarantees that the id still belongs to the process.
func usageOf(pid int) Usage {
	u := Usage{RSS: resident(pid)}
	if !procIsOurs() {
		return u
	}
	dir := "/proc/" + strconv.Itoa(pid)
	if stat, err := os.ReadFile(dir + "/stat"); err == nil {
		// The name may contain anything; the fields after its closing bracket do not. The first of them is the third of the file.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		const user, system, threads = 14 - 3, 15 - 3, 20 - 3
		if len(fields) > threads {
			ticks := number(fields[user]) + number(fields[system])
			u.CPU = time.Duration(ticks) * (time.Second / clockTicks)
			u.Threads = int(number(fields[threads]))
		}
	}
	if entries, err := os.ReadDir(dir + "/fd"); err == nil {
		u.Descriptors = len(entries)
	}
	return u
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// canWatchMemory needs the numbers in /proc to be those of the host's own namespace.
func canWatchMemory() bool { return procIsOurs() }
