package host

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
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

// supervisor decides, for one provider, which installed versions run and which of them a call takes: the stable one, the canary
// for its share of the invoices, or one that is kept because only it reads what it wrote for them. Each of them is a [lane].
type supervisor struct {
	h    *Host
	name string
	// change is held by the one change of versions that runs at a time.
	change chan struct{}
	tried  chan struct{} // closed after the first start, successful or not
	told   chan struct{} // closed when known is set for the first time

	mu          sync.Mutex // spans the fields below
	installed   []Plugin
	choice      store.PluginChoice
	stable      *lane
	canary      *lane
	kept        []*lane
	retiring    []*lane
	problem     string        // why no version runs
	paused      string        // by whom and why; empty when it is not
	moved       chan struct{} // closed and replaced when calls may take another lane
	known       *pay.Manifest // of the stable version, also from before this start
	before      float64       // share of unknown outcomes of the version before the stable one
	goingBack   bool          // a rollback by the host itself is on its way
	generations int64
	life        context.Context // of the lanes; nil before run
	launcher    *launcher
	lanes       sync.WaitGroup
}

func newSupervisor(h *Host, name string) *supervisor {
	return &supervisor{
		h: h, name: name, change: make(chan struct{}, 1), tried: make(chan struct{}), told: make(chan struct{}), moved: make(chan struct{}),
	}
}

// run keeps the chosen versions serving until ctx ends, then stops them all.
func (s *supervisor) run(ctx context.Context, l *launcher) {
	defer s.lanes.Wait()
	s.mu.Lock()
	s.life, s.launcher = ctx, l
	s.mu.Unlock()
	first := s.boot(ctx)
	if first != nil {
		select {
		case <-first.tried:
		case <-ctx.Done():
		}
	}
	close(s.tried)
	ticker := time.NewTicker(keptRound)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.retireKept(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// keptRound is how often the host looks whether a kept version is still needed.
const keptRound = time.Minute

// boot starts what was chosen: by a person before, else by the configuration.
func (s *supervisor) boot(ctx context.Context) *lane {
	choice, err := s.h.store.PluginChoice(ctx, s.name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.refuse("reading which version was chosen: " + err.Error())
		return nil
	}
	p, err := s.chosen(choice)
	if err != nil {
		s.refuse(err.Error())
		s.h.log.Error("plugin cannot run", "plugin", s.name, "error", err.Error())
		return nil
	}
	manifests := s.remembered(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choice, s.stable = choice, s.bootLocked(p, manifests)
	s.learnLocked(s.stable.manifest())
	if choice.Canary != "" {
		if c, ok := s.find(choice.Canary); ok {
			s.canary = s.bootLocked(c, manifests)
		}
	}
	s.shift()
	return s.stable
}

func (s *supervisor) refuse(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem = reason
	s.shift()
}

// launch starts a lane that takes no calls yet, with a process even where its version is lazy.
func (s *supervisor) launch(p Plugin) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := newLane(s.h, p, s.laneDied, s.judge)
	s.goLocked(l)
	return l
}

// goLocked lets a new lane run. The caller holds mu.
func (s *supervisor) goLocked(l *lane) {
	launcher := s.launcher
	l.start = func(ctx context.Context) (*generation, error) { return s.start(ctx, l, launcher) }
	ctx, cancel := context.WithCancel(s.life)
	l.stopLane = cancel
	s.lanes.Go(func() { l.run(ctx) })
}

// start makes one generation of a version serve: process, handshake, manifest.
func (s *supervisor) start(ctx context.Context, l *lane, launcher *launcher) (*generation, error) {
	s.mu.Lock()
	s.generations++
	id := s.generations
	s.mu.Unlock()
	var g *generation
	var err error
	switch {
	case l.plugin.Provider != nil:
		g, err = s.h.inProcessGeneration(ctx, id, l.plugin.Name, l.plugin.Provider)
	case l.plugin.Attach != "":
		g, err = s.h.attachedGeneration(ctx, id, l.plugin)
	default:
		g, err = s.h.processGeneration(ctx, id, l.plugin, launcher)
	}
	if err != nil {
		return nil, err
	}
	if err := l.plugin.describes(g.manifest); err != nil {
		g.stop(ctx)
		return nil, err
	}
	if err := s.h.storeManifest(ctx, g); err != nil {
		g.stop(ctx)
		return nil, err
	}
	l.learn(&g.manifest)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stable == l {
		s.learnLocked(&g.manifest)
	}
	return g, nil
}

// learnLocked keeps what the stable version says about itself, if it says anything. The caller holds mu.
func (s *supervisor) learnLocked(m *pay.Manifest) {
	if m == nil {
		return
	}
	if s.known == nil {
		close(s.told)
	}
	s.known = m
}

func (s *supervisor) learn(m *pay.Manifest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learnLocked(m)
}

// described reports whether the provider has ever told what it can do.
func (s *supervisor) described() bool {
	select {
	case <-s.told:
		return true
	default:
		return false
	}
}

// describes checks that a manifest is that of the plugin.
func (p Plugin) describes(m pay.Manifest) error {
	if m.Name != p.Name {
		return fmt.Errorf("the manifest says the provider is %q; the plugin must be configured under that name", m.Name)
	}
	if p.Version != "" && !p.Development && p.Attach == "" && m.Version != p.Version {
		return fmt.Errorf("the manifest says version %q, but the plugin is installed as %s@%s; add it again under its own version", m.Version, p.Name, p.Version)
	}
	return nil
}

// shift wakes the calls that wait for a lane. The caller holds mu.
func (s *supervisor) shift() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// find returns an installed version. The caller holds mu.
func (s *supervisor) find(version string) (Plugin, bool) {
	i := slices.IndexFunc(s.installed, func(p Plugin) bool { return p.Version == version })
	if i < 0 {
		return Plugin{}, false
	}
	return s.installed[i], true
}

func (s *supervisor) versions() []string {
	list := make([]string, 0, len(s.installed))
	for _, p := range s.installed {
		list = append(list, p.Version)
	}
	return list
}

// chosen returns the version that shall be the stable one: the stored choice, else the configuration's, else the only one.
func (s *supervisor) chosen(choice store.PluginChoice) (Plugin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if choice.Version != "" {
		if p, ok := s.find(choice.Version); ok {
			return p, nil
		}
		return Plugin{}, fmt.Errorf("version %s was chosen (%s, by %s), but installed are only %v; add it again, or choose another with: payhost plugin use %s@VERSION",
			choice.Version, orElse(choice.Reason, "no reason given"), choice.Actor, s.versions(), s.name)
	}
	return s.configured()
}

// configured returns the version that the configuration prefers, or the only one. The caller holds mu.
func (s *supervisor) configured() (Plugin, error) {
	if i := slices.IndexFunc(s.installed, func(p Plugin) bool { return p.Preferred }); i >= 0 {
		return s.installed[i], nil
	}
	switch len(s.installed) {
	case 0:
		return Plugin{}, fmt.Errorf("no version of plugin %s is installed any more", s.name)
	case 1:
		return s.installed[0], nil
	}
	return Plugin{}, fmt.Errorf("versions %v are installed and none was chosen; choose one with: payhost plugin use %s@VERSION", s.versions(), s.name)
}

// route names what a call is about, so that all calls about one object take one version.
type route struct {
	// object is the id of the invoice, payout or refund; empty for calls about the account.
	object string
	// operation is the journalled operation the call belongs to; empty for reads.
	operation string
}

// acquire returns a serving generation of the version that the call takes, held open for it. It waits for a start for as long
// as ctx and [Timeouts.Start] allow; then nothing was sent.
func (s *supervisor) acquire(ctx context.Context, r route) (*lane, *generation, error) {
	wait, cancel := context.WithTimeout(ctx, s.h.cfg.Timeouts.Start)
	defer cancel()
	for {
		l, moved, problem, err := s.pick(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		var changed <-chan struct{}
		state := PluginStopped
		if l != nil {
			var g *generation
			if g, state, problem, changed = l.standing(); g != nil && g.hold(r.operation) {
				return l, g, nil
			}
			l.wake()
		}
		select {
		case <-changed:
		case <-moved:
		case <-wait.Done():
			text := fmt.Sprintf("plugin %s is %s", s.name, state)
			if problem != "" {
				text += ": " + problem
			}
			e := notSent(pay.KindPluginFault, "%s", text)
			e.Retry.After = time.Second
			return nil, nil, e
		}
	}
}

// pick chooses the lane of a call. Where several versions run, an invoice whose private state the chosen one does not read takes one
// that does.
func (s *supervisor) pick(ctx context.Context, r route) (*lane, <-chan struct{}, string, error) {
	s.mu.Lock()
	l, moved, problem, paused := s.stable, s.moved, s.problem, s.paused
	if s.canary != nil && r.object != "" && bucket(s.canary.plugin.Version, r.object) < s.choice.CanaryPercent*100 {
		l = s.canary
	}
	var others []*lane
	if s.canary != nil || len(s.kept) > 0 {
		others = append(slices.Clone(s.kept), s.canary, s.stable)
	}
	s.mu.Unlock()
	if paused != "" {
		return nil, nil, "", notSent(pay.KindAccountPaused, "plugin %s is paused: %s", s.name, paused)
	}
	if len(others) == 0 || r.object == "" {
		return l, moved, problem, nil
	}
	version, err := s.h.store.StateVersion(ctx, r.object)
	if err != nil {
		return nil, nil, "", storageError(err)
	}
	if l != nil && l.reads(version) {
		return l, moved, problem, nil
	}
	for _, other := range others {
		if other != nil && other.reads(version) {
			return other, moved, problem, nil
		}
	}
	return l, moved, problem, nil
}

// bucket spreads ids evenly over 0…9999, differently for each canary. It depends on nothing else, so that an id keeps its place
// over restarts and on every host, and a share that grows only adds to it.
func bucket(canary, id string) int {
	sum := sha256.Sum256([]byte(canary + "\x00" + id))
	return int(binary.BigEndian.Uint64(sum[:8]) % 10_000)
}

// serves reports whether the lane is the stable one.
func (s *supervisor) serves(l *lane) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stable == l
}

// active are the lanes that run, the stable one first.
func (s *supervisor) active() []*lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*lane
	for _, l := range slices.Concat([]*lane{s.stable, s.canary}, s.kept, s.retiring) {
		if l != nil {
			list = append(list, l)
		}
	}
	return list
}

// kill ends all processes of the provider at once.
func (s *supervisor) kill() {
	for _, l := range s.active() {
		l.kill()
	}
}

// retire stops a lane that takes no more calls once those in flight have ended.
func (s *supervisor) retire(l *lane) {
	s.mu.Lock()
	s.retiring = append(s.retiring, l)
	s.mu.Unlock()
	l.stopLane()
	s.lanes.Go(func() {
		<-l.done
		s.mu.Lock()
		defer s.mu.Unlock()
		s.retiring = slices.DeleteFunc(s.retiring, func(other *lane) bool { return other == l })
		s.h.log.Info("plugin version stopped", "plugin", s.name, "version", l.plugin.Version)
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
	known, reason := s.known, s.problem
	stable := s.stable
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	if stable != nil {
		_, _, reason, _ = stable.standing()
	}
	return pay.Manifest{}, notSent(pay.KindPluginFault, "plugin %s has not described itself yet: %s", name, orElse(reason, "starting"))
}

// routeOf is the route of an operation: that of the invoice it is about, or of the payout.
func routeOf(op store.Operation) route {
	r := routeTo(orElse(op.InvoiceID, op.ObjectID))
	r.operation = op.ID
	return r
}

// routeTo is the route of an object by its id; anything else, such as the name of an account, takes the stable version.
func routeTo(id string) route {
	if !isID(id) {
		return route{}
	}
	return route{object: id}
}
