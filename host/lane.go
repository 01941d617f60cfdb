package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// lane keeps one version of one plugin serving: it starts processes, notices their end and starts the next. It never repeats a
// call and knows nothing of other versions: which lane a call takes is the [supervisor]'s decision.
type lane struct {
	h      *Host
	plugin Plugin
	// start makes one generation serve.
	start func(ctx context.Context) (*generation, error)
	// died is told of every unrequested end and of every quarantine; judge of every mutating call. They must not block.
	died, judge func(*lane)

	tried    chan struct{} // closed after the first start, successful or not
	restarts chan struct{} // a person asks for a new process
	suspect  chan struct{} // a call ran into its deadline: look whether the process is frozen
	wakes    chan struct{} // a call needs a process while the lane is asleep

	// nap, when not empty, is why the lane begins without a process.
	nap string
	// describing says that the first process is started only to hear what the version says about itself.
	describing bool

	stopLane context.CancelFunc
	done     chan struct{} // closed when run has returned

	// calls and unknowns count mutating calls and those among them whose outcome is unknown.
	calls, unknowns atomic.Int64
	// earlierCalls and earlierUnknowns are those counted before the last change of versions.
	earlierCalls, earlierUnknowns atomic.Int64

	mu      sync.Mutex // spans the fields below
	state   PluginState
	reason  string
	since   time.Time
	asleep  bool // stopped until the next call
	current *generation
	changed chan struct{} // closed and replaced when state or current changes
	known   *pay.Manifest
	deaths  []time.Time // unrequested ends of the last minute
	total   int64       // all of them
	crash   *CrashReport
}

func newLane(h *Host, p Plugin, died, judge func(*lane)) *lane {
	return &lane{
		h: h, plugin: p, died: died, judge: judge, tried: make(chan struct{}), restarts: make(chan struct{}, 1), suspect: make(chan struct{}, 1),
		wakes: make(chan struct{}, 1), done: make(chan struct{}), state: PluginStopped, since: h.cfg.Now(), changed: make(chan struct{}),
	}
}

// run starts processes until ctx ends, then drains and stops the last one. While nothing needs one, it sleeps.
func (l *lane) run(ctx context.Context) {
	defer close(l.done)
	tried := sync.OnceFunc(func() { close(l.tried) })
	defer tried()
	defer func() { l.set(PluginStopped, "", nil) }()
	policy := restarts{rules: l.h.cfg.Supervision}
	nap := l.nap
	for ctx.Err() == nil {
		if nap != "" {
			l.sleep(ctx, nap, tried)
			nap = ""
			continue
		}
		l.set(PluginStarting, "", nil)
		g, err := l.start(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			l.h.log.Error("plugin did not start", "plugin", l.plugin.Name, "version", l.plugin.Version, "error", err.Error())
			l.rest(ctx, &policy, false, err.Error(), tried)
			continue
		}
		l.set(PluginServing, "", g)
		tried()
		began := l.h.cfg.Now()
		ended := l.watch(ctx, g)
		if ended == endedIdle {
			nap = l.idleReason(g)
		}
		switch {
		case g.answered.Load() || l.h.cfg.Now().Sub(began) >= l.h.cfg.Supervision.ProvedAfter:
			policy.reset()
		case ended == endedUnasked:
			l.rest(ctx, &policy, true, "died before it answered a call: "+g.exitText(), tried)
		}
	}
}

// rest waits as the policy says; a requested restart ends the wait.
func (l *lane) rest(ctx context.Context, policy *restarts, started bool, reason string, tried func()) {
	state, wait := policy.failed(started)
	if wait == 0 {
		return
	}
	if state == PluginQuarantined {
		reason = fmt.Sprintf("%d starts in a row failed; the next is tried in %s, or at once with a restart: %s",
			l.h.cfg.Supervision.QuarantineAfter, wait, reason)
		l.h.log.Error("plugin quarantined", "plugin", l.plugin.Name, "version", l.plugin.Version, "for", wait)
	}
	l.set(state, reason, nil)
	tried()
	if state == PluginQuarantined {
		l.died(l)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.restarts:
		policy.reset()
	case <-ctx.Done():
	}
}

// ending is why a process is not there any more.
type ending int

const (
	endedOnOrder ending = iota // a person or the host's end
	endedUnasked
	endedIdle
)

// watch returns when the process has ended, by itself or because it must.
func (l *lane) watch(ctx context.Context, g *generation) (ended ending) {
	idle := l.idleness(g)
	defer idle.stop()
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var monitor sync.WaitGroup
	monitor.Go(func() { l.monitor(watching, g) })
	for waiting := true; waiting; {
		waiting = false
		select {
		case <-g.exited:
			ended = endedUnasked
			l.noteDeath(g)
		case <-l.restarts:
			l.h.log.Info("plugin restarts on request", "plugin", l.plugin.Name, "generation", g.id)
		case <-idle.looks():
			if ended = endedIdle; !idle.passed() {
				ended, waiting = endedOnOrder, true
			}
		case <-ctx.Done():
		}
	}
	cancel()
	monitor.Wait()
	if ended == endedUnasked {
		l.set(PluginDraining, "", nil)
	} else {
		l.set(PluginDraining, "finishing calls in flight", nil)
		g.drain(l.h.cfg.Timeouts.Operation)
	}
	stopCtx, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancelStop()
	g.stop(stopCtx)
	return ended
}

// stopTimeout bounds the polite end of one process; then it is killed.
const stopTimeout = 5 * time.Second

// noteDeath keeps the report of an unrequested end.
func (l *lane) noteDeath(g *generation) {
	now := l.h.now()
	report := g.crashReport(now)
	l.mu.Lock()
	l.total++
	l.deaths = slices.DeleteFunc(append(l.deaths, now), func(at time.Time) bool { return now.Sub(at) > crashInterval })
	l.crash = report
	l.mu.Unlock()
	l.h.log.Error("plugin died", "plugin", l.plugin.Name, "version", l.plugin.Version, "generation", g.id, "pid", g.pid,
		"exit", report.Exit, "calls_in_flight", len(report.InFlight))
	l.died(l)
}

// looping reports whether the version dies again and again.
func (l *lane) looping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == PluginQuarantined || len(l.deaths) >= l.h.cfg.Supervision.CrashLoop
}

func (l *lane) set(state PluginState, reason string, g *generation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.reason, l.current, l.since = state, reason, g, l.h.now()
	close(l.changed)
	l.changed = make(chan struct{})
}

// standing returns where the lane is, and a channel that is closed when that changes.
func (l *lane) standing() (g *generation, state PluginState, reason string, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current, l.state, l.reason, l.changed
}

// manifest is what the version said about itself last; nil before its first start.
func (l *lane) manifest() *pay.Manifest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}

func (l *lane) learn(m *pay.Manifest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = m
}

// reads reports whether the version understands a private state. Version zero is no state.
func (l *lane) reads(version int) bool {
	m := l.manifest()
	return version == 0 || m != nil && slices.Contains(m.StateReads, version)
}

// restart asks for a new process, or ends a wait for one.
func (l *lane) restart() {
	select {
	case l.restarts <- struct{}{}:
	default: // one is asked for already
	}
}

// doubt makes the monitor look at once: a call ran into its deadline.
func (l *lane) doubt() {
	select {
	case l.suspect <- struct{}{}:
	default:
	}
}

// count takes one mutating call into the version's record.
func (l *lane) count(err error) {
	l.calls.Add(1)
	if e, ok := errors.AsType[*pay.Error](err); ok && e.WasExecuted() == pay.ExecutedUnknown {
		l.unknowns.Add(1)
	}
}

// kill ends the current process at once.
func (l *lane) kill() {
	if g, _, _, _ := l.standing(); g != nil {
		g.kill("")
	}
}
