package process

import "time"

// Usage is what a process uses now. All of it is 0 outside Linux and after the end.
type Usage struct {
	RSS         int64         // resident memory in bytes, shared pages of the program included
	CPU         time.Duration // user and system time since the start, in steps of 10 ms
	Descriptors int           // open file descriptors; 0 if the host may not look
	Threads     int
}

// Usage looks the process up in the kernel's accounts. It costs a few reads of /proc.
func (p *Process) Usage() Usage {
	c := p.child
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil || c.over {
		return Usage{}
	}
	return usageOf(c.proc.Pid)
}

// LastLog returns the newest n lines, at most 200, that the plugin has logged or printed so far, oldest first, with secrets
// masked. It works while the process runs and after its end.
func (p *Process) LastLog(n int) []string { return p.child.logs.last(max(0, n)) }
