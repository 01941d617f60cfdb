package host

import (
	"maps"
	"slices"
	"time"
)

// CrashReport says how a plugin process ended that nobody had asked to end.
type CrashReport struct {
	At         time.Time `json:"at"`
	Version    string    `json:"version,omitempty"`
	Generation int64     `json:"generation"`
	PID        int       `json:"pid,omitempty"`
	// Exit says in a few words how it ended; Code and Signal say it for programs. Code is -1 after a signal.
	Exit   string `json:"exit"`
	Code   int    `json:"code"`
	Signal string `json:"signal,omitempty"`
	// Reason is why the host itself ended it: frozen, or over its memory limit. Empty when the host did not.
	Reason string `json:"reason,omitempty"`
	// OutOfMemory says that the kernel ended it because of its memory limit.
	OutOfMemory bool `json:"out_of_memory,omitempty"`
	// InFlight are the operations whose calls it was working on; each becomes an unknown outcome and is resolved.
	InFlight []string `json:"in_flight,omitempty"`
	// Log are its last lines, at most 200, with secrets masked.
	Log []string `json:"log,omitempty"`
}

// crashReport describes the end of the process. It waits until its last output was read, at most a moment.
func (g *generation) crashReport(at time.Time) *CrashReport {
	report := &CrashReport{At: at, Version: g.manifest.Version, Generation: g.id, PID: g.pid, Code: -1}
	g.mu.Lock()
	report.InFlight = slices.Sorted(maps.Keys(g.inFlight))
	g.mu.Unlock()
	if g.proc == nil {
		return report
	}
	exit := g.proc.Exit()
	report.OutOfMemory = exit.OOM
	report.Exit, report.Code, report.Signal, report.Log = exit.String(), exit.Code, exit.Signal, exit.LastLog
	g.mu.Lock()
	report.Reason = orElse(g.killed, exit.Reason)
	g.mu.Unlock()
	return report
}
