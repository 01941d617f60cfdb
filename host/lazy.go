package host

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// PluginStart says when the process of a plugin is started.
type PluginStart string

// When a process is started.
const (
	// StartEager: with the host.
	StartEager PluginStart = "eager"
	// StartLazy: by the first call that needs it. What the version says about itself is known from its last run; a version that never ran
	// here is started once with the host, to describe itself.
	StartLazy PluginStart = "lazy"
)

func (s PluginStart) lazy() bool { return s == StartLazy }

// leastIdleStop is the shortest [Plugin.IdleStop]: below it, processes would be started and stopped more than they work.
const leastIdleStop = time.Second

// describeLinger is how long a process that was started only to describe itself waits for a first call, because the accounts of the
// configuration are opened right after it.
const describeLinger = 5 * time.Second

// checkIdle refuses values of Start and IdleStop that mean nothing.
func (p Plugin) checkIdle() error {
	switch {
	case p.Start != "" && p.Start != StartEager && p.Start != StartLazy:
		return fmt.Errorf("host: plugin %s: Start is %q; it must be %q or %q", p.Name, p.Start, StartEager, StartLazy)
	case p.IdleStop < 0 || p.IdleStop > 0 && p.IdleStop < leastIdleStop:
		return fmt.Errorf("host: plugin %s: IdleStop is %s; it must be at least %s, or 0 for a process that is never stopped", p.Name, p.IdleStop, leastIdleStop)
	case (p.Provider != nil || p.Attach != "") && (p.Start.lazy() || p.IdleStop != 0):
		return fmt.Errorf("host: plugin %s is no process that the host starts; leave out Start and IdleStop", p.Name)
	}
	return nil
}

// sleep waits without a process until a call, or a person, needs one or ctx ends.
func (l *lane) sleep(ctx context.Context, reason string, tried func()) {
	l.mu.Lock()
	l.asleep = true
	l.mu.Unlock()
	l.set(PluginStopped, reason, nil)
	tried()
	select {
	case <-l.wakes:
	case <-l.restarts:
	case <-ctx.Done():
	}
	l.describing = false
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asleep = false
	select {
	case <-l.wakes: // of a second call, while the first one's was taken
	default:
	}
}

// wake ends the lane's sleep, if it sleeps: a call needs a process. Any number of calls start one.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.asleep {
		return
	}
	select {
	case l.wakes <- struct{}{}:
	default:
	}
}

// idleReason says why the lane sleeps after the process of g.
func (l *lane) idleReason(g *generation) string {
	if uses, _ := g.load(); uses == 0 && l.describing {
		return "lazy: it has described itself, its first call starts it"
	}
	reason := fmt.Sprintf("no call for %s; the next call starts it", l.plugin.IdleStop)
	l.h.log.Info("plugin has nothing to do and is stopped", "plugin", l.plugin.Name, "version", l.plugin.Version, "generation", g.id, "reason", reason)
	return reason
}

// remembered is what the lazy versions of the plugin said about themselves before this start of the host, by the digest of their bytes.
func (s *supervisor) remembered(ctx context.Context) map[string]pay.Manifest {
	known := map[string]pay.Manifest{}
	rows, err := s.h.store.Manifests(ctx, s.name)
	if err != nil {
		s.h.log.Warn("reading what a plugin said about itself", "plugin", s.name, "error", err.Error())
		return known
	}
	for _, row := range rows { // the newest word first
		var m pay.Manifest
		if _, newer := known[row.Digest]; !newer && json.Unmarshal(row.Manifest, &m) == nil {
			known[row.Digest] = m
		}
	}
	return known
}

// bootLocked starts the lane of a version at the host's start: asleep when it is lazy and these very bytes have described themselves
// before. The caller holds mu.
func (s *supervisor) bootLocked(p Plugin, manifests map[string]pay.Manifest) *lane {
	l := newLane(s.h, p, s.laneDied, s.judge)
	if p.Start.lazy() {
		m, ok := manifests[p.SHA256]
		if ok = ok && p.SHA256 != "" && p.describes(m) == nil; ok {
			l.known, l.nap = &m, "lazy: its first call starts it"
		}
		l.describing = !ok
	}
	s.goLocked(l)
	return l
}

// asleep reports whether the next call to a provider would have to start its process.
func (h *Host) asleep(provider string) bool {
	s, err := h.provider(provider)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stable != nil && s.stable.isAsleep()
}

func (l *lane) isAsleep() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asleep
}
