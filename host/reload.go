package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// Reload replaces the list of installed plugins while the host runs, for example after its lock file changed. Providers that the
// host did not know when it was made need a restart of the host, and say so in the error.
//
// A version that is stable, a canary or kept stays what it is as long as it is listed with the same bytes. Where no version was
// chosen with [Plugins.Use] and the list prefers another one, or the same version has other bytes, that one is proved and calls
// move to it as with Use. A version that runs and is not listed any more goes on until it is replaced: only its next start
// is refused. Problems of single plugins are joined in the error; the others are reloaded all the same.
func (p Plugins) Reload(ctx context.Context, list []Plugin) error {
	if err := p.h.ready(ctx); err != nil {
		return err
	}
	byName := map[string][]Plugin{}
	var problems []error
	for _, one := range list {
		if err := one.check(p.h.cfg.Timeouts.Operation); err != nil {
			return err
		}
		if slices.ContainsFunc(byName[one.Name], func(o Plugin) bool { return o.Version == one.Version }) {
			return fmt.Errorf("host: plugin %s is listed twice with the version %q", one.Name, one.Version)
		}
		if p.h.providers[one.Name] == nil && byName[one.Name] == nil {
			problems = append(problems, fmt.Errorf("plugin %s is new; it runs after the next start of the host", one.Name))
		}
		byName[one.Name] = append(byName[one.Name], one)
	}
	ctx = context.WithoutCancel(ctx)
	for _, name := range p.h.names {
		s := p.h.providers[name]
		if byName[name] == nil && s.inProcess() {
			continue // it was given to New as a value, and no list can have it
		}
		if err := s.exclusively(func() error { return s.reload(ctx, byName[name]) }); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// inProcess reports whether all versions run in the host's own process.
func (s *supervisor) inProcess() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(s.installed, func(p Plugin) bool { return p.Provider == nil })
}

func (s *supervisor) reload(ctx context.Context, list []Plugin) error {
	s.mu.Lock()
	s.installed = slices.Clone(list)
	stable, chosen := s.stable, s.choice.Version != ""
	wanted, err := s.configured()
	if chosen {
		var ok bool
		if wanted, ok = s.find(s.choice.Version); ok {
			err = nil
		} else {
			err = fmt.Errorf("version %s of plugin %s was chosen and is not installed any more; it goes on until its process ends", s.choice.Version, s.name)
		}
	}
	s.mu.Unlock()
	if err != nil || stable != nil && stable.plugin.same(wanted) {
		return err
	}
	candidate, err := s.proved(ctx, wanted, false, "the list of installed plugins changed")
	if err != nil {
		return err
	}
	if !chosen {
		return s.switchTo(ctx, candidate, "", "the configuration prefers it") // and goes on to decide
	}
	return s.switchTo(ctx, candidate, wanted.Version, "the list of installed plugins changed")
}

// Needed lists the open objects that keep a version from being removed: their private state is read by it and by no other
// installed version. Versions that run are needed too, which the error says.
func (p Plugins) Needed(ctx context.Context, name, version string) error {
	if err := p.h.ready(ctx); err != nil {
		return err
	}
	s, err := p.h.provider(name)
	if err != nil {
		return err
	}
	for _, l := range s.active() {
		if l.plugin.Version == version {
			return pay.Errorf(pay.KindInvalidState, "%s@%s runs now; use another version first", name, version)
		}
	}
	rows, err := p.h.store.Manifests(ctx, name)
	if err != nil {
		return storageError(err)
	}
	open, err := p.h.store.OpenStateVersions(ctx, name)
	if err != nil {
		return storageError(err)
	}
	reads := readsByVersion(rows)
	s.mu.Lock()
	others := slices.DeleteFunc(s.versions(), func(v string) bool { return v == version })
	choice := s.choice
	s.mu.Unlock()
	for _, state := range open {
		elsewhere := slices.ContainsFunc(others, func(v string) bool { return slices.Contains(reads[v], state) })
		if slices.Contains(reads[version], state) && !elsewhere {
			return pay.Errorf(pay.KindInvalidState, "open objects hold private states of version %d, which only %s@%s reads; wait until they are final", state, name, version)
		}
	}
	if choice.Previous == version && p.h.now().Sub(choice.Since) < p.h.cfg.Supervision.KeepPrevious {
		return pay.Errorf(pay.KindInvalidState, "%s@%s is what a rollback returns to until %s", name, version,
			choice.Since.Add(p.h.cfg.Supervision.KeepPrevious).Format("2006-01-02 15:04 MST"))
	}
	return nil
}
