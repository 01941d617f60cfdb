package host

import (
	"context"
	"slices"
	"time"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// PluginState is where a plugin, or one version of it, stands.
type PluginState string

// The states of a plugin.
const (
	// PluginStopped: no process runs and none is about to, unless it is asleep: then the next call starts one.
	PluginStopped PluginState = "stopped"
	// PluginStarting: a process is being started; calls wait for it.
	PluginStarting PluginState = "starting"
	PluginServing  PluginState = "serving"
	// PluginDegraded: the process does not answer the looks at its health; calls wait, and it is killed if it stays silent.
	PluginDegraded PluginState = "degraded"
	// PluginDraining: calls in flight end, no further call is handed to it.
	PluginDraining PluginState = "draining"
	// PluginBackoff: the host waits before the next start.
	PluginBackoff PluginState = "backoff"
	// PluginQuarantined: process after process ended before it answered a call; one is tried after a cool-down, or at once with a
	// restart.
	PluginQuarantined PluginState = "quarantined"
)

// PluginStates returns every state.
func PluginStates() []PluginState {
	return []PluginState{
		PluginStopped, PluginStarting, PluginServing, PluginDegraded, PluginDraining, PluginBackoff, PluginQuarantined,
	}
}

// PluginRole is what a running version is for.
type PluginRole string

// The roles of a version.
const (
	RoleStable PluginRole = "stable"
	RoleCanary PluginRole = "canary"
	// RoleKept: it serves only open invoices whose private state no other running version reads.
	RoleKept PluginRole = "kept"
	// RoleRetiring: it finishes its calls and stops.
	RoleRetiring PluginRole = "retiring"
)

// PluginStatus is what the host knows of one provider plugin. State to Digest are those of the stable version.
type PluginStatus struct {
	Name    string      `json:"name"`
	State   PluginState `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Version string      `json:"version,omitempty"`
	SDK     string      `json:"sdk,omitempty"`
	// Asleep says that it is stopped because nothing needs it, see [Plugin.Start] and [Plugin.IdleStop]: the next call starts it, so
	// it is as good as serving.
	Asleep bool `json:"asleep,omitempty"`
	// Path and Digest say which bytes run; Pinned whether they had to match a digest.
	Path   string `json:"path,omitempty"`
	Digest string `json:"digest,omitempty"`
	Pinned bool   `json:"pinned"`
	// InProcess marks a provider without a process of its own.
	InProcess bool `json:"in_process"`
	Required  bool `json:"required"`
	PID       int  `json:"pid,omitempty"`
	// Generation counts the processes started; Restarts those that ended unasked.
	Generation  int64         `json:"generation"`
	Restarts    int64         `json:"restarts"`
	Containment string        `json:"containment,omitempty"`
	Abilities   pay.Abilities `json:"abilities,omitempty"`
	Since       time.Time     `json:"since"`
	LastExit    string        `json:"last_exit,omitempty"`
	// Choice says which version was chosen, by whom and why; nil while the configuration decides.
	Choice *PluginChoice `json:"choice,omitempty"`
	// Installed are the versions that may run; Running those that do.
	Installed []string        `json:"installed,omitempty"`
	Running   []PluginVersion `json:"running,omitempty"`
	// LastCrash is the newest unrequested end of a process of this provider since the host started.
	LastCrash *CrashReport `json:"last_crash,omitempty"`
}

// PluginVersion is one version of a plugin that runs.
type PluginVersion struct {
	Version string      `json:"version,omitempty"`
	Role    PluginRole  `json:"role"`
	State   PluginState `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	// Asleep says that it is stopped until the next call.
	Asleep     bool      `json:"asleep,omitempty"`
	Since      time.Time `json:"since"`
	Generation int64     `json:"generation,omitempty"`
	PID        int       `json:"pid,omitempty"`
	Digest     string    `json:"digest,omitempty"`
	Restarts   int64     `json:"restarts"`
	// InFlight is the number of calls it is working on now.
	InFlight int `json:"in_flight"`
	// Calls and Unknown count its mutating calls since it runs, and those with an unknown outcome.
	Calls   int64 `json:"calls"`
	Unknown int64 `json:"unknown"`
	// Usage is what its process uses now; nil without a process of its own, and where the system does not tell.
	Usage *PluginUsage `json:"usage,omitempty"`
	// Containment names what ends its whole process tree.
	Containment string `json:"containment,omitempty"`
	// OpenAccounts and AbandonedCalls are what it answered last when it was asked how it is: the account handles it holds, and the
	// calls it still works on although their deadline has passed.
	OpenAccounts   int64 `json:"open_accounts,omitempty"`
	AbandonedCalls int64 `json:"abandoned_calls,omitempty"`
	// Confinement is what holds the process back, measure by measure; nil without a process of the host's own.
	Confinement *PluginConfinement `json:"confinement,omitempty"`
}

// PluginConfinement is what holds a plugin process back. Nothing in it is assumed: a measure is active when the call that
// establishes it has succeeded for this very process.
type PluginConfinement struct {
	// Sealed says that it runs from memory that nobody can change; otherwise from a private copy. Image says why or how.
	Sealed   bool            `json:"sealed"`
	Image    string          `json:"image"`
	Measures []PluginMeasure `json:"measures"`
}

// PluginMeasure is one measure of confinement.
type PluginMeasure struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	// Detail is the value in force, or why the measure is not there.
	Detail string `json:"detail"`
}

func confinementView(p *process.Process) *PluginConfinement {
	image := p.Image()
	view := &PluginConfinement{Sealed: image.Sealed, Image: image.Reason}
	for _, m := range p.Confinement().All() {
		view.Measures = append(view.Measures, PluginMeasure{m.Name, m.Active, m.Detail})
	}
	return view
}

// PluginUsage is what a plugin process uses now.
type PluginUsage struct {
	// ResidentBytes is its memory in RAM, shared pages of the program included.
	ResidentBytes int64 `json:"resident_bytes"`
	// CPU is the processor time since its start.
	CPU time.Duration `json:"cpu_ns"`
	// Descriptors and Threads are how many it has open and runs; 0 descriptors when the host may not look.
	Descriptors int `json:"descriptors"`
	Threads     int `json:"threads"`
}

// PluginChoice is which version should run.
type PluginChoice struct {
	Version string `json:"version"`
	// Previous is the version before, to which a rollback returns.
	Previous string `json:"previous,omitempty"`
	// Canary gets CanaryPercent of the invoices.
	Canary        string `json:"canary,omitempty"`
	CanaryPercent int    `json:"canary_percent,omitempty"`
	// Since, Actor and Reason say when, by whom and why it was chosen.
	Since  time.Time `json:"since"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason,omitempty"`
}

func choiceView(c store.PluginChoice) *PluginChoice {
	if c.Version == "" {
		return nil
	}
	return &PluginChoice{c.Version, c.Previous, c.Canary, c.CanaryPercent, c.Since, c.Actor, c.Reason}
}

// status describes the provider and its versions.
func (s *supervisor) status() PluginStatus {
	s.mu.Lock()
	st := PluginStatus{
		Name: s.name, State: PluginStopped, Reason: orElse(s.problem, s.paused), Generation: s.generations, Installed: s.versions(), Choice: choiceView(s.choice),
	}
	// Cloned, because lanes are removed from the lists in place.
	stable, canary, kept, retiring, known := s.stable, s.canary, slices.Clone(s.kept), slices.Clone(s.retiring), s.known
	for _, p := range s.installed {
		st.Required = st.Required || p.Required
	}
	s.mu.Unlock()
	if known != nil {
		st.Version, st.SDK, st.Abilities = known.Version, known.SDK, known.Abilities
	}
	add := func(l *lane, role PluginRole) {
		v, crash := l.status(role)
		st.Running = append(st.Running, v)
		st.Restarts += v.Restarts
		if crash != nil && (st.LastCrash == nil || crash.At.After(st.LastCrash.At)) {
			st.LastCrash, st.LastExit = crash, crash.Exit
		}
	}
	if stable != nil {
		add(stable, RoleStable)
		v := st.Running[0]
		st.State, st.Since, st.PID, st.Digest, st.Containment = v.State, v.Since, v.PID, v.Digest, v.Containment
		st.Asleep = v.Asleep
		st.Reason = orElse(st.Reason, v.Reason)
		st.Path, st.Pinned, st.InProcess = stable.plugin.Path, stable.plugin.SHA256 != "" && !stable.plugin.Development, stable.plugin.Provider != nil
	}
	if canary != nil {
		add(canary, RoleCanary)
	}
	for _, l := range kept {
		add(l, RoleKept)
	}
	for _, l := range retiring {
		add(l, RoleRetiring)
	}
	return st
}

func (l *lane) status(role PluginRole) (PluginVersion, *CrashReport) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := PluginVersion{
		Version: l.plugin.Version, Role: role, State: l.state, Reason: l.reason, Asleep: l.asleep, Since: l.since, Restarts: l.total,
		Calls: l.calls.Load(), Unknown: l.unknowns.Load(),
	}
	if l.known != nil {
		v.Version = l.known.Version
	}
	if g := l.current; g != nil {
		v.Generation, v.PID, v.Digest, v.Containment, v.Confinement = g.id, g.pid, g.digest, g.containment, g.confinement
		if g.proc != nil {
			if u := g.proc.Usage(); u != (process.Usage{}) {
				v.Usage = &PluginUsage{ResidentBytes: u.RSS, CPU: u.CPU, Descriptors: u.Descriptors, Threads: u.Threads}
			}
		}
		g.mu.Lock()
		v.InFlight, v.OpenAccounts, v.AbandonedCalls = g.calls, g.seen.OpenAccounts, g.seen.AbandonedCalls
		g.mu.Unlock()
	}
	return v, l.crash
}

// logLines is how many of the newest log lines of a process are kept.
const logLines = 200

// PluginLogs is what the processes of a plugin said last.
type PluginLogs struct {
	Running   []PluginLog  `json:"running"`
	LastCrash *CrashReport `json:"last_crash,omitempty"`
}

// PluginLog is what one process said last.
type PluginLog struct {
	Version string   `json:"version"`
	PID     int      `json:"pid"`
	Lines   []string `json:"lines"`
}

// Logs returns the newest log lines, at most 200, of the processes of a plugin that run now, and of its newest crash, oldest first,
// with secrets masked.
func (p Plugins) Logs(name string) (PluginLogs, error) {
	s, err := p.h.provider(name)
	if err != nil {
		return PluginLogs{}, err
	}
	logs := PluginLogs{Running: []PluginLog{}, LastCrash: s.status().LastCrash}
	for _, l := range s.active() {
		if g, _, _, _ := l.standing(); g != nil && g.proc != nil {
			logs.Running = append(logs.Running, PluginLog{Version: g.manifest.Version, PID: g.pid, Lines: g.proc.LastLog(logLines)})
		}
	}
	return logs, nil
}

// Manifest returns what a provider says about itself, from its running plugin or from its last run.
func (h *Host) Manifest(ctx context.Context, provider string) (pay.Manifest, error) {
	if err := h.ready(ctx); err != nil {
		return pay.Manifest{}, err
	}
	return h.manifest(provider)
}
