package process

import (
	"fmt"
)

// ExitInfo describes how a process ended.
type ExitInfo struct {
	// Code is the exit code, or -1 if a signal ended the process or it is not known.
	Code int
	// Signal is the name of the signal that ended the process, or empty.
	Signal string
	// Requested says that the host wanted the end: Stop or Kill was called first.
	Requested bool
	// Forced says that the host killed the process because it did not end by itself.
	Forced bool
	// Reason is why the host ended the process without being asked by a caller, such as "over its memory limit: …". Empty
	// otherwise.
	Reason string
	// OOM says that the kernel ended a process of the plugin because of its memory limit.
	OOM bool
	// LastLog are the last lines, at most 200, that the plugin logged or printed, oldest first, with secrets masked.
	LastLog []string
}

// String says in a few words how the process ended.
func (e ExitInfo) String() string {
	switch {
	case e.Reason != "":
		return "was ended: " + e.Reason
	case e.OOM && e.Signal != "":
		return "was ended by the kernel: over its memory limit"
	case e.Signal != "":
		return "ended by signal: " + e.Signal
	case e.Code < 0:
		return "ended in an unknown way"
	}
	return fmt.Sprintf("exited with code %d", e.Code)
}

// Exit describes the end of the process. It waits for the end; after Exited is closed that is at most the 200 ms in which the
// last output is read.
func (p *Process) Exit() ExitInfo {
	<-p.child.drained
	info := p.child.exitInfo()
	info.Requested, info.Forced = p.requested.Load(), p.forced.Load()
	info.LastLog = p.child.logs.last(tailLines)
	return info
}

// ExitError is nil while the process runs, and when it ended because Stop or Kill was called or with exit code 0. Otherwise
// it says how the process died.
func (p *Process) ExitError() error {
	select {
	case <-p.child.exited:
	default:
		return nil
	}
	info := p.child.exitInfo()
	if p.requested.Load() || info.Code == 0 {
		return nil
	}
	return fmt.Errorf("process: %s (pid %d) %s", p.cfg.Name, p.pid, info)
}

// exitInfo is for after the end.
func (c *child) exitInfo() ExitInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	info := ExitInfo{Code: -1, Reason: c.reason, OOM: c.oom}
	if c.state != nil {
		info.Code, info.Signal = c.state.ExitCode(), signalName(c.state)
	}
	return info
}
