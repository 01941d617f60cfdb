package host

import (
	"context"
	"fmt"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Rollback returns to the version before: it ends a canary, else it uses [PluginChoice.Previous]. That version is started and proved like
// any other; invoices whose private state only the newer one reads stay with it until they are final.
func (p Plugins) Rollback(ctx context.Context, name, reason string) (PluginStatus, error) {
	if err := p.h.ready(ctx); err != nil {
		return PluginStatus{}, err
	}
	s, err := p.h.provider(name)
	if err != nil {
		return PluginStatus{}, err
	}
	if err := s.exclusively(func() error { return s.rollback(context.WithoutCancel(ctx), reason) }); err != nil {
		return PluginStatus{}, err
	}
	return s.status(), nil
}

func (s *supervisor) rollback(ctx context.Context, reason string) error {
	s.mu.Lock()
	canary, choice, current := s.canary, s.choice, s.stable
	previous, installed := s.find(choice.Previous)
	var running *lane
	for _, l := range s.kept {
		if installed && l.plugin.same(previous) {
			running = l
		}
	}
	s.mu.Unlock()
	if canary != nil {
		return s.dropCanary(ctx, stepRolledBack, reason)
	}
	if choice.Previous == "" {
		return pay.Errorf(pay.KindInvalidState, "plugin %s has no version to go back to; choose one with use", s.name)
	}
	if !installed {
		return pay.Errorf(pay.KindInvalidState, "plugin %s ran %s before, which is not installed any more; add it again, or choose another with use", s.name, choice.Previous)
	}
	if running == nil {
		var err error
		if running, err = s.proveBack(ctx, previous, reason); err != nil {
			return err
		}
	}
	back := store.PluginChoice{Provider: s.name, Version: previous.Version, Since: s.h.now(), Actor: actorFrom(ctx).name, Reason: reason}
	if current != nil {
		back.Reason = orElse(reason, "rolled back from "+current.plugin.Version)
	}
	return s.move(ctx, running, back, stepRolledBack)
}

// proveBack starts the version to go back to. It need not read what the newer one wrote: invoices with such states stay there.
func (s *supervisor) proveBack(ctx context.Context, p Plugin, reason string) (*lane, error) {
	candidate := s.launch(p)
	ctx, cancel := s.untilProved(ctx)
	defer cancel()
	var problem string
	select {
	case <-candidate.tried:
		g, state, why, _ := candidate.standing()
		if g == nil {
			problem = fmt.Sprintf("it is %s: %s", state, why)
		}
	case <-ctx.Done():
		problem = fmt.Sprintf("it did not start in time: %v", context.Cause(ctx))
	}
	if problem == "" {
		return candidate, nil
	}
	s.retire(candidate)
	problem = p.Version + " does not serve: " + problem
	ctx = context.WithoutCancel(ctx)
	if err := s.notePlugin(ctx, stepRollbackFailed, pluginEvent{Version: p.Version, Reason: reason, Problems: []string{problem}}, nil); err != nil {
		return nil, err
	}
	return nil, pay.Errorf(pay.KindInvalidState, "plugin %s cannot go back: %s", s.name, problem)
}

// laneDied looks, after the end of a process, whether its version must not stay.
func (s *supervisor) laneDied(l *lane) {
	if _, state, reason, _ := l.standing(); state == PluginQuarantined {
		ctx := WithActor(context.Background(), systemSupervisor)
		if err := s.notePlugin(ctx, stepQuarantined, pluginEvent{Version: l.plugin.Version, Reason: reason}, nil); err != nil {
			s.h.log.Warn("recording the quarantine of a plugin", "plugin", s.name, "error", err.Error())
		}
	}
	if l.looping() && s.onTrial(l) {
		s.goBack(l, "it crashes in a loop")
	}
}

// judge compares the unknown outcomes of a version on trial with those of the version before.
func (s *supervisor) judge(l *lane) {
	calls, unknowns := l.calls.Load(), l.unknowns.Load()
	// A version that leaves next to everything unknown opens the breakers, and then never gets to make the sample's calls.
	held := unknowns >= breakerFailures && 2*unknowns >= calls
	if calls < int64(s.h.cfg.Supervision.MinimumSample) && !held || unknowns == 0 || !s.onTrial(l) {
		return
	}
	rate := float64(unknowns) / float64(calls)
	if usual := s.usualRate(l); rate > 2*usual+0.05 {
		s.goBack(l, fmt.Sprintf("%d of %d outcomes are unknown, against %.1f %% before", unknowns, calls, 100*usual))
	}
}

// usualRate is the share of unknown outcomes of the version before l, while it still runs or when it stopped.
func (s *supervisor) usualRate(l *lane) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.canary == l && s.stable != nil {
		return s.stable.rate()
	}
	return s.before
}

// rate is the share of unknown outcomes of the version since its baseline and before.
func (l *lane) rate() float64 {
	calls, unknowns := l.calls.Load()+l.earlierCalls.Load(), l.unknowns.Load()+l.earlierUnknowns.Load()
	if calls == 0 {
		return 0
	}
	return float64(unknowns) / float64(calls)
}

// baseline begins a new count, keeping the former for comparison.
func (l *lane) baseline() {
	l.earlierCalls.Add(l.calls.Swap(0))
	l.earlierUnknowns.Add(l.unknowns.Swap(0))
}

// onTrial reports whether the host may take the version back by itself: it is the canary, or became the stable one not long ago.
func (s *supervisor) onTrial(l *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.canary == l {
		return true
	}
	return s.stable == l && s.canary == nil && s.choice.Previous != "" && s.h.now().Sub(s.choice.Since) < s.h.cfg.Supervision.KeepPrevious
}

// goBack rolls back in the background.
func (s *supervisor) goBack(l *lane, reason string) {
	s.mu.Lock()
	life := s.life
	if life.Err() != nil || s.goingBack {
		s.mu.Unlock()
		return
	}
	s.goingBack = true
	s.lanes.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.lanes.Done()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.goingBack = false
		}()
		select {
		case s.change <- struct{}{}:
			defer func() { <-s.change }()
		case <-life.Done():
			return
		}
		if !s.onTrial(l) {
			return // another change was first
		}
		s.h.log.Error("plugin version is rolled back", "plugin", s.name, "version", l.plugin.Version, "reason", reason)
		if err := s.rollback(WithActor(life, systemSupervisor), l.plugin.Version+": "+reason); err != nil {
			s.h.log.Error("plugin version could not be rolled back", "plugin", s.name, "version", l.plugin.Version, "error", err.Error())
		}
	}()
}

// systemSupervisor is who acts when the host changes versions by itself.
const systemSupervisor = "system:supervisor"
