package host

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// UsePlugin asks for another version of a plugin.
type UsePlugin struct {
	// Version is an installed version. Required.
	Version string `json:"version" doc:"An installed version."`
	// CanaryPercent from 1 to 99 gives the version that share of the invoices, by a hash of their ids: an invoice stays on its version
	// for all later operations. Raising it moves further invoices to the new version and none back. 0 or 100 moves all.
	CanaryPercent int `json:"canary_percent,omitempty" minimum:"0" maximum:"100" doc:"Share of the invoices, by a hash of their ids; 0 or 100 is all of them."`
	// Reason is kept with the choice.
	Reason string `json:"reason,omitempty" maxLength:"200" doc:"Kept with the choice."`
	// Force accepts a version that offers an account less than the one before. It never accepts one that cannot serve an open
	// invoice.
	Force bool `json:"force,omitempty" doc:"Accept a version that offers an account less than the one before."`
}

// The steps of a change, as types of events and actions of audit rows.
const (
	stepProving        = "plugin.proving"
	stepProofFailed    = "plugin.proof_failed"
	stepCanary         = "plugin.canary"
	stepSwitched       = "plugin.switched"
	stepRolledBack     = "plugin.rolled_back"
	stepRollbackFailed = "plugin.rollback_failed"
	stepDrained        = "plugin.drained"
	stepQuarantined    = "plugin.quarantined"
)

// Use makes an installed version serve, beside the present one as a canary or in its place.
//
// The version is proved first: it must start, answer, describe itself as what was installed, read the private states of all
// open objects, accept the config of every account that is not closed and offer it at least what it has. Nothing changes when
// the proof fails: the error is [pay.KindInvalidState] and lists what was found. Then the choice is stored, calls move, and
// the version before finishes its calls and stops. Within [Supervision.KeepPrevious] the host goes back by itself when the new
// version crashes in a loop or leaves clearly more outcomes unknown.
func (p Plugins) Use(ctx context.Context, name string, req UsePlugin) (PluginStatus, error) {
	if err := p.h.ready(ctx); err != nil {
		return PluginStatus{}, err
	}
	s, err := p.h.provider(name)
	if err != nil {
		return PluginStatus{}, err
	}
	var problems fieldErrors
	if req.Version == "" {
		problems.add("version", "is required")
	}
	if req.CanaryPercent < 0 || req.CanaryPercent > 100 {
		problems.add("canary_percent", "must be from 0 to 100")
	}
	if err := problems.err(); err != nil {
		return PluginStatus{}, err
	}
	// The change goes on when the caller hangs up: half a move is worse than either end.
	if err := s.exclusively(func() error { return s.use(context.WithoutCancel(ctx), req) }); err != nil {
		return PluginStatus{}, err
	}
	return s.status(), nil
}

// exclusively runs one change at a time.
func (s *supervisor) exclusively(do func() error) error {
	select {
	case s.change <- struct{}{}:
	default:
		return s.busyChange()
	}
	defer func() { <-s.change }()
	done, err := s.h.begin()
	if err != nil {
		return err
	}
	defer done()
	return do()
}

func (s *supervisor) use(ctx context.Context, req UsePlugin) error {
	s.mu.Lock()
	p, ok := s.find(req.Version)
	versions, stable, canary, choice := s.versions(), s.stable, s.canary, s.choice
	s.mu.Unlock()
	if !ok {
		e := pay.Errorf(pay.KindNotFound, "plugin %s has no installed version %s; installed are %v; install it with: payhost plugin add PATH", s.name, req.Version, versions)
		e.Fields = []pay.FieldError{{Path: "version", Message: "is not installed"}}
		return e
	}
	asCanary := req.CanaryPercent > 0 && req.CanaryPercent < 100
	switch {
	case stable != nil && stable.plugin.same(p):
		if asCanary {
			return pay.Invalid("canary_percent", "the version serves all invoices already")
		}
		if canary == nil && choice.Version == p.Version {
			return nil
		}
		return s.dropCanary(ctx, stepSwitched, req.Reason)
	case stable == nil && asCanary:
		return pay.Invalid("canary_percent", "no version runs that could serve the other invoices")
	case canary != nil && canary.plugin.same(p) && asCanary:
		return s.resize(ctx, req)
	}
	candidate := canary
	if canary == nil || !canary.plugin.same(p) {
		var err error
		if candidate, err = s.proved(ctx, p, req.Force, req.Reason); err != nil {
			return err
		}
	}
	if asCanary {
		return s.startCanary(ctx, candidate, req)
	}
	return s.switchTo(ctx, candidate, candidate.plugin.Version, req.Reason)
}

// same reports whether two installed plugins are the same bytes under the same version, run in the same way.
func (p Plugin) same(o Plugin) bool {
	sameUser := p.RunAs == o.RunAs || p.RunAs != nil && o.RunAs != nil && *p.RunAs == *o.RunAs
	return p.Version == o.Version && p.SHA256 == o.SHA256 && p.Path == o.Path && p.Attach == o.Attach && (p.Provider != nil) == (o.Provider != nil) &&
		maps.Equal(p.Files, o.Files) && p.Memory == o.Memory && p.GCPercent == o.GCPercent && p.Processors == o.Processors &&
		p.Unconfined == o.Unconfined && p.Unary == o.Unary && sameUser && p.Start.lazy() == o.Start.lazy() && p.IdleStop == o.IdleStop
}

func (s *supervisor) startCanary(ctx context.Context, candidate *lane, req UsePlugin) error {
	s.mu.Lock()
	choice := store.PluginChoice{
		Provider: s.name, Version: s.stable.plugin.Version, Previous: s.choice.Previous, Canary: candidate.plugin.Version,
		CanaryPercent: req.CanaryPercent, Since: s.h.now(), Actor: actorFrom(ctx).name, Reason: req.Reason,
	}
	s.mu.Unlock()
	err := s.notePlugin(ctx, stepCanary, pluginEvent{
		Version: choice.Version, Canary: choice.Canary, CanaryPercent: choice.CanaryPercent, Reason: req.Reason,
	}, &choice)
	if err != nil {
		s.retire(candidate)
		return err
	}
	s.mu.Lock()
	old := s.canary
	s.canary, s.choice = candidate, choice
	s.stable.baseline()
	s.shift()
	s.mu.Unlock()
	if old != nil && old != candidate {
		s.retire(old)
	}
	return nil
}

// resize changes the share of the running canary.
func (s *supervisor) resize(ctx context.Context, req UsePlugin) error {
	s.mu.Lock()
	choice := s.choice
	s.mu.Unlock()
	if req.CanaryPercent < choice.CanaryPercent {
		return pay.Errorf(pay.KindInvalidState,
			"the canary serves %d %% of the invoices; a smaller share would move invoices back; roll back instead", choice.CanaryPercent)
	}
	choice.CanaryPercent, choice.Actor, choice.Reason = req.CanaryPercent, actorFrom(ctx).name, orElse(req.Reason, choice.Reason)
	err := s.notePlugin(ctx, stepCanary, pluginEvent{
		Version: choice.Version, Canary: choice.Canary, CanaryPercent: choice.CanaryPercent, Reason: req.Reason,
	}, &choice)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choice = choice
	s.shift()
	return nil
}

// switchTo moves all calls to a version that is proved. choose is the version that is chosen thereby; empty when the configuration
// goes on to decide, and only where a rollback returns to is stored.
func (s *supervisor) switchTo(ctx context.Context, to *lane, choose, reason string) error {
	s.mu.Lock()
	choice := store.PluginChoice{
		Provider: s.name, Version: choose, Previous: s.goBackTo(s.stable, to), Since: s.h.now(), Actor: actorFrom(ctx).name, Reason: reason,
	}
	s.mu.Unlock()
	if err := s.move(ctx, to, choice, stepSwitched); err != nil {
		s.retire(to)
		return err
	}
	return nil
}

// goBackTo is the version to which a rollback returns after a change: not to the same version that only ran in another way. The
// caller holds mu.
func (s *supervisor) goBackTo(from, to *lane) string {
	if from == nil || from.plugin.Version == to.plugin.Version {
		return s.choice.Previous
	}
	return from.plugin.Version
}

// move commits the choice, lets all calls take the lane and retires what no open object needs.
func (s *supervisor) move(ctx context.Context, to *lane, choice store.PluginChoice, step string) error {
	err := s.notePlugin(ctx, step, pluginEvent{Version: to.plugin.Version, Previous: choice.Previous, Reason: choice.Reason}, &choice)
	if err != nil {
		return err
	}
	s.settleOn(to, choice)
	s.closeBreakers(ctx)
	s.retireKept(ctx)
	return nil
}

// closeBreakers lets calls pass that were held back for outcomes of a version that takes them no more.
func (s *supervisor) closeBreakers(ctx context.Context) {
	accounts, err := s.h.store.Accounts(ctx, "", s.name)
	if err != nil {
		s.h.log.Warn("reading the accounts of a plugin", "plugin", s.name, "error", err.Error())
		return
	}
	for _, account := range accounts {
		s.h.forgetBreakers(account.ID)
	}
}

// settleOn lets all calls take the lane. The versions before are kept until it is known that nothing needs them.
func (s *supervisor) settleOn(to *lane, choice store.PluginChoice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var leaving []*lane
	for _, l := range []*lane{s.stable, s.canary} {
		if l != nil && l != to {
			leaving = append(leaving, l)
		}
	}
	s.kept = append(slices.DeleteFunc(s.kept, func(l *lane) bool { return l == to }), leaving...)
	s.stable, s.canary, s.choice, s.problem = to, nil, choice, ""
	s.learnLocked(to.manifest())
	if len(leaving) > 0 {
		s.before = leaving[0].rate()
	}
	for _, l := range append(leaving, to) {
		l.baseline()
	}
	s.shift()
}

// dropCanary returns all invoices to the stable version.
func (s *supervisor) dropCanary(ctx context.Context, step, reason string) error {
	s.mu.Lock()
	stable, canary := s.stable, s.canary
	choice := store.PluginChoice{
		Provider: s.name, Version: stable.plugin.Version, Previous: s.choice.Previous, Since: s.h.now(), Actor: actorFrom(ctx).name, Reason: reason,
	}
	s.mu.Unlock()
	data := pluginEvent{Version: choice.Version, Reason: reason}
	if canary != nil {
		data.Canary = canary.plugin.Version
	}
	if err := s.notePlugin(ctx, step, data, &choice); err != nil {
		return err
	}
	s.mu.Lock()
	s.canary, s.choice = nil, choice
	if canary != nil {
		s.kept = append(s.kept, canary)
	}
	s.shift()
	s.mu.Unlock()
	s.closeBreakers(ctx)
	s.retireKept(ctx)
	return nil
}

// retireKept stops the kept versions that no open object needs any more. Until it is known what is needed, they go on.
func (s *supervisor) retireKept(ctx context.Context) {
	s.mu.Lock()
	idle := len(s.kept) == 0
	s.mu.Unlock()
	if idle {
		return
	}
	open, err := s.h.store.OpenStateVersions(ctx, s.name)
	if err != nil {
		s.h.log.Warn("reading which plugin versions are still needed", "plugin", s.name, "error", err.Error())
		return
	}
	s.mu.Lock()
	var leaving, staying []*lane
	for i, l := range s.kept {
		others := append([]*lane{s.stable, s.canary}, s.kept[i+1:]...)
		if needs(l, append(others, staying...), open) {
			staying = append(staying, l)
		} else {
			leaving = append(leaving, l)
		}
	}
	s.kept = staying
	if len(leaving) > 0 {
		s.shift()
	}
	s.mu.Unlock()
	for _, l := range leaving {
		s.retire(l)
		if err := s.notePlugin(ctx, stepDrained, pluginEvent{Version: l.plugin.Version, Reason: "takes no more calls"}, nil); err != nil {
			s.h.log.Warn("recording the end of a plugin version", "plugin", s.name, "error", err.Error())
		}
	}
}

// needs reports whether an open object has a private state that only l reads.
func needs(l *lane, others []*lane, open []int) bool {
	for _, version := range open {
		elsewhere := slices.ContainsFunc(others, func(o *lane) bool { return o != nil && o != l && o.reads(version) })
		if l.reads(version) && version != 0 && !elsewhere {
			return true
		}
	}
	return false
}

// proved starts a version and returns it when nothing speaks against using it.
func (s *supervisor) proved(ctx context.Context, p Plugin, force bool, reason string) (*lane, error) {
	if err := s.notePlugin(ctx, stepProving, pluginEvent{Version: p.Version, Reason: reason}, nil); err != nil {
		return nil, err
	}
	candidate := s.launch(p)
	problems := s.prove(ctx, candidate, force)
	if len(problems) == 0 {
		return candidate, nil
	}
	s.retire(candidate)
	if err := s.notePlugin(ctx, stepProofFailed, pluginEvent{Version: p.Version, Reason: reason, Problems: problems}, nil); err != nil {
		return nil, err
	}
	e := pay.Errorf(pay.KindInvalidState, "%s@%s is not used, and what ran before goes on: %s", s.name, p.Version, problems[0])
	for i, problem := range problems {
		e.Fields = append(e.Fields, pay.FieldError{Path: fmt.Sprintf("proof[%d]", i), Message: problem})
	}
	return nil, e
}
