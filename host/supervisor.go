package host

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// launcher is what all plugin processes of one host share.
type launcher struct {
	dir    *process.RunDir
	images *process.Images
}

// Restart delays after generations that died before they answered one call.
const (
	backoffFirst = 250 * time.Millisecond
	backoffMost  = 30 * time.Second
)

// supervisor keeps one provider serving: it starts generations, notices their
// end and starts the next. It never repeats a call.
type supervisor struct {
	h         *Host
	plugin    Plugin
	inProcess pay.Provider
	tried     chan struct{} // closed after the first start, successful or not
	restarts  chan struct{} // a request for a new generation

	mu      sync.Mutex // spans the fields below
	state   PluginState
	reason  string
	since   time.Time
	current *generation
	changed chan struct{} // closed and replaced when state or current changes
	known   *pay.Manifest
	count   int64
	deaths  int64
	exit    string
}

func newSupervisor(h *Host, p Plugin, inProcess pay.Provider) *supervisor {
	return &supervisor{
		h: h, plugin: p, inProcess: inProcess, tried: make(chan struct{}), restarts: make(chan struct{}, 1),
		state: PluginStopped, since: h.cfg.Now(), changed: make(chan struct{}),
	}
}

// run starts generations until ctx ends, then stops the last one.
func (s *supervisor) run(ctx context.Context, l *launcher) {
	tried := sync.OnceFunc(func() { close(s.tried) })
	defer tried()
	defer s.set(PluginStopped, "the host has stopped", nil)
	failures := 0
	for ctx.Err() == nil {
		s.set(PluginStarting, "", nil)
		g, err := s.start(ctx, l)
		if err != nil {
			failures++
			s.h.log.Error("plugin did not start", "plugin", s.plugin.Name, "failures", failures, "error", err.Error())
			s.set(PluginBackoff, err.Error(), nil)
			tried()
			s.pause(ctx, failures)
			continue
		}
		s.set(PluginServing, "", g)
		tried()
		died := s.watch(ctx, g)
		if g.answered.Load() {
			failures = 0
		} else if died {
			failures++
		}
		if died && failures > 1 {
			s.set(PluginBackoff, "died before answering a call", nil)
			s.pause(ctx, failures)
		}
	}
}

// start makes one generation serve: process, handshake, manifest.
func (s *supervisor) start(ctx context.Context, l *launcher) (*generation, error) {
	s.mu.Lock()
	s.count++
	id := s.count
	s.mu.Unlock()
	var g *generation
	var err error
	if s.inProcess != nil {
		g, err = s.h.inProcessGeneration(ctx, id, s.plugin.Name, s.inProcess)
	} else {
		g, err = s.h.processGeneration(ctx, id, s.plugin, l)
	}
	if err != nil {
		return nil, err
	}
	if g.manifest.Name != s.plugin.Name {
		g.stop(ctx)
		return nil, fmt.Errorf("the manifest says the provider is %q; the plugin must be configured under that name", g.manifest.Name)
	}
	if err := s.h.storeManifest(ctx, g); err != nil {
		g.stop(ctx)
		return nil, err
	}
	s.mu.Lock()
	s.known = &g.manifest
	s.mu.Unlock()
	return g, nil
}

// watch returns when the generation must be replaced; died is true when it ended unasked.
func (s *supervisor) watch(ctx context.Context, g *generation) (died bool) {
	select {
	case <-g.exited:
		s.mu.Lock()
		s.deaths++
		s.exit = g.exitText()
		s.mu.Unlock()
		s.h.log.Error("plugin died", "plugin", s.plugin.Name, "generation", g.id, "pid", g.pid, "exit", g.exitText())
		died = true
	case <-s.restarts:
		s.h.log.Info("plugin restarts on request", "plugin", s.plugin.Name, "generation", g.id)
	case <-ctx.Done():
	}
	s.set(PluginDraining, "", nil)
	if !died {
		g.drain(s.h.cfg.Timeouts.Operation)
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	g.stop(stopCtx)
	return died
}

// pause waits with jitter before the next start; a requested restart ends it.
func (s *supervisor) pause(ctx context.Context, failures int) {
	wait := min(backoffMost, backoffFirst<<min(failures-1, 10))
	wait = wait/2 + rand.N(wait/2)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.restarts:
	case <-ctx.Done():
	}
}

func (s *supervisor) set(state PluginState, reason string, g *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.reason, s.current, s.since = state, reason, g, s.h.cfg.Now().UTC()
	close(s.changed)
	s.changed = make(chan struct{})
}

// acquire returns the serving generation, held open for one call. It waits for a start for as long as ctx and
// [Timeouts.Start] allow; then nothing was sent.
func (s *supervisor) acquire(ctx context.Context) (*generation, error) {
	wait, cancel := context.WithTimeout(ctx, s.h.cfg.Timeouts.Start)
	defer cancel()
	for {
		s.mu.Lock()
		g, changed, state, reason := s.current, s.changed, s.state, s.reason
		s.mu.Unlock()
		if g != nil && g.hold() {
			return g, nil
		}
		select {
		case <-changed:
		case <-wait.Done():
			text := fmt.Sprintf("plugin %s is %s", s.plugin.Name, state)
			if reason != "" {
				text += ": " + reason
			}
			e := notSent(pay.KindPluginFault, "%s", text)
			e.Retry.After = time.Second
			return nil, e
		}
	}
}

// kill ends the current process at once.
func (s *supervisor) kill() {
	s.mu.Lock()
	g := s.current
	s.mu.Unlock()
	if g != nil {
		g.kill()
	}
}

func (s *supervisor) status() PluginStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := PluginStatus{
		Name: s.plugin.Name, State: s.state, Reason: s.reason, Path: s.plugin.Path, Pinned: s.plugin.SHA256 != "",
		InProcess: s.inProcess != nil, Required: s.plugin.Required, Generation: s.count, Restarts: s.deaths,
		Since: s.since, LastExit: s.exit,
	}
	if s.known != nil {
		st.Version, st.SDK, st.Abilities = s.known.Version, s.known.SDK, s.known.Abilities
	}
	if s.current != nil {
		st.PID, st.Digest, st.Containment = s.current.pid, s.current.digest, s.current.containment
	}
	return st
}

// RestartPlugin replaces a provider's process: calls in flight finish, new ones
// wait for the new process. For a plugin in back-off it ends the wait.
func (h *Host) RestartPlugin(ctx context.Context, name string) error {
	if err := h.ready(ctx); err != nil {
		return err
	}
	s, err := h.provider(name)
	if err != nil {
		return err
	}
	select {
	case s.restarts <- struct{}{}:
	default: // one is asked for already
	}
	return h.write(ctx, func(tx *store.Tx) error {
		return tx.AppendAudit(h.audit(ctx, "plugin.restart", "plugin", name, nil, nil))
	})
}

func (h *Host) provider(name string) (*supervisor, error) {
	if s, ok := h.providers[name]; ok {
		return s, nil
	}
	return nil, &pay.Error{
		Kind: pay.KindNotFound, Message: fmt.Sprintf("provider: no plugin serves %s", quoteShort(name)),
		Fields: []pay.FieldError{{Path: "provider", Message: "is not a configured plugin"}},
	}
}

// manifest returns what a provider said about itself last, also from before a restart of the host.
func (h *Host) manifest(name string) (pay.Manifest, error) {
	s, err := h.provider(name)
	if err != nil {
		return pay.Manifest{}, err
	}
	s.mu.Lock()
	known, reason := s.known, s.reason
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	return pay.Manifest{}, notSent(pay.KindPluginFault, "plugin %s has not described itself yet: %s", name, orElse(reason, "starting"))
}
