package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Host runs provider plugins and keeps what they do. Make one with [New], run
// it with [Host.Run]. All methods are safe for concurrent use.
type Host struct {
	cfg      Config
	store    *store.Store
	log      *slog.Logger
	instance string

	names     []string
	providers map[string]*supervisor
	schemas   *schemas
	// recordings is written once, before the first plugin starts.
	recordings []recording

	started  sync.Once
	readyCh  chan struct{} // closed when commands may run
	stopping chan struct{} // closed when the drain begins
	stopped  chan struct{} // closed when Run has returned
	cutCh    chan struct{}
	cutOnce  sync.Once

	mu       sync.Mutex // spans the fields below
	closing  bool
	work     sync.WaitGroup               // operations and background jobs in flight
	slots    map[breakerKey]chan struct{} // places in flight
	turns    map[string]chan struct{}     // invoices with a mutating call in flight; closed when it ends
	problems map[string]string            // by account id
	awaited  map[string]string            // configured accounts that were not put yet, with their providers
	resolved map[string]resolvedConfig    // by account id
	hints    map[string]time.Time
	unknown  map[string]int  // operations with no known outcome, by account
	jobs     map[string]bool // looks in flight, by name
	busy     map[string]int  // and their number, by account
	limiters map[string]*rate.Limiter
	breakers map[breakerKey]*gobreaker.TwoStepCircuitBreaker[struct{}]

	syncs    *flights
	accounts accountCache
	inbox    *inbox
	// parked are the stored webhooks that match nothing yet.
	parked parked
	// due tells the resolver and the poller that there may be work before their next round.
	due chan struct{}
}

// New checks cfg and returns a host that is not running yet. It starts nothing
// but, with plugins and unless [Config.KeepDumpable] is set, it forbids the
// process to be dumped, because Run will hold secrets.
func New(cfg Config) (*Host, error) {
	cfg = cfg.withDefaults()
	if cfg.Store == nil {
		return nil, errors.New("host: Config.Store is required; open one with package sqlite")
	}
	if err := cfg.Record.check(); err != nil {
		return nil, err
	}
	h := &Host{
		cfg: cfg, store: cfg.Store, log: cfg.Logger, instance: newID("host", cfg.Now()),
		providers: map[string]*supervisor{}, schemas: newSchemas(),
		readyCh: make(chan struct{}), stopping: make(chan struct{}), stopped: make(chan struct{}), cutCh: make(chan struct{}),
		breakers: map[breakerKey]*gobreaker.TwoStepCircuitBreaker[struct{}]{},
		unknown:  map[string]int{}, jobs: map[string]bool{}, busy: map[string]int{}, limiters: map[string]*rate.Limiter{}, syncs: &flights{running: map[string]*flight{}},
		slots: map[breakerKey]chan struct{}{}, turns: map[string]chan struct{}{}, problems: map[string]string{}, awaited: map[string]string{}, resolved: map[string]resolvedConfig{}, hints: map[string]time.Time{},
		accounts: accountCache{rows: map[string]store.Account{}}, inbox: newInbox(), due: make(chan struct{}, 1),
	}
	for _, p := range cfg.Plugins {
		if err := h.install(p); err != nil {
			return nil, err
		}
	}
	for name, p := range cfg.Providers {
		if h.providers[name] != nil {
			return nil, fmt.Errorf("host: provider %s is configured twice", name)
		}
		if err := h.install(Plugin{Name: name, Provider: p}); err != nil {
			return nil, err
		}
	}
	slices.Sort(h.names)
	if len(cfg.Plugins) > 0 && !cfg.KeepDumpable {
		if err := process.Harden(); err != nil {
			return nil, fmt.Errorf("host: forbidding dumps of this process: %w", err)
		}
	}
	return h, nil
}

// install adds one version of a plugin before the host runs.
func (h *Host) install(p Plugin) error {
	if err := p.check(h.cfg.Timeouts.Operation); err != nil {
		return err
	}
	s := h.providers[p.Name]
	if s == nil {
		s = newSupervisor(h, p.Name)
		h.providers[p.Name] = s
		h.names = append(h.names, p.Name)
	}
	if _, twice := s.find(p.Version); twice {
		return fmt.Errorf("host: plugin %s is configured twice with the version %q", p.Name, p.Version)
	}
	s.installed = append(s.installed, p)
	return nil
}

// check refuses what no process could be started from. operation is how long the engine waits for one call.
func (p Plugin) check(operation time.Duration) error {
	switch {
	case !validName(p.Name):
		return fmt.Errorf("host: plugin name %q: want [a-z][a-z0-9-]{0,31}", p.Name)
	case p.Provider == nil && p.Path == "" && p.Attach == "":
		return fmt.Errorf("host: plugin %s has no path", p.Name)
	}
	if err := p.checkIdle(); err != nil {
		return err
	}
	return p.checkTimeouts(operation)
}

// Run owns every goroutine and child process of the host and blocks until all
// are gone. When ctx ends it drains: running operations finish, then plugins stop. It returns nil after a
// drain and an error when the store broke or start-up was impossible. It may be called once.
func (h *Host) Run(ctx context.Context) error {
	err := errors.New("host: Run was called twice")
	h.started.Do(func() { err = h.run(ctx) })
	return err
}

func (h *Host) run(ctx context.Context) (err error) {
	defer close(h.stopped)
	if err := h.store.Acquire(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("host: opening the store: %w", err)
	}
	if err := h.loadManifests(ctx); err != nil {
		return err
	}
	if err := h.recoverJournal(ctx); err != nil {
		return err
	}
	if err := h.interruptReconciliations(ctx); err != nil {
		return err
	}
	h.prepareRecordings(ctx)
	launcher, closeLauncher, err := h.launcher()
	if err != nil {
		return err
	}
	defer closeLauncher()
	// Children and loops outlive ctx, because draining needs them.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	defer loops.Wait()
	defer end()
	for _, name := range h.names {
		s := h.providers[name]
		loops.Go(func() { s.run(life, launcher) })
	}
	booting, stopBoot := context.WithCancel(ctx)
	defer stopBoot()
	h.boot(booting, &loops)
	loops.Go(func() { h.processInbox(life) })
	loops.Go(func() { h.resolveUnknowns(life) })
	close(h.readyCh)
	h.log.Info("ready", "instance", h.instance, "providers", h.names)

	select {
	case <-ctx.Done():
	case <-h.cutCh:
	case <-h.store.Broken():
		err = fmt.Errorf("host: the store failed and this process must not go on: %w", h.store.BrokenError())
	}
	h.drain()
	return err
}

// Ready is closed when the host serves commands.
func (h *Host) Ready() <-chan struct{} { return h.readyCh }

// ReadyProblem says why the host is not ready; nil when it is.
func (h *Host) ReadyProblem() error {
	select {
	case <-h.stopping:
		return errors.New("stopping")
	default:
	}
	select {
	case <-h.readyCh:
	default:
		return errors.New("starting")
	}
	for _, name := range h.names {
		if s := h.providers[name].status(); s.Required && s.State != PluginServing && !s.Asleep {
			return fmt.Errorf("required plugin %s is %s: %s", name, s.State, s.Reason)
		}
	}
	return h.Health()
}

// Health is nil while the host is able to work: its store is sound.
func (h *Host) Health() error {
	select {
	case <-h.store.Broken():
		return h.store.BrokenError()
	default:
		return nil
	}
}

// Cut stops the host without waiting for running operations. Those that were
// sent become unknown and are found in the journal at the next start.
func (h *Host) Cut() { h.cutOnce.Do(func() { close(h.cutCh) }) }

// drain refuses new work and waits for running work, until StopTimeout or [Host.Cut].
func (h *Host) drain() {
	h.mu.Lock()
	h.closing = true
	h.mu.Unlock()
	close(h.stopping)
	idle := make(chan struct{})
	go func() {
		h.work.Wait()
		close(idle)
	}()
	timer := time.NewTimer(h.cfg.StopTimeout)
	defer timer.Stop()
	select {
	case <-idle:
		return
	case <-timer.C:
		h.log.Warn("stopping with operations in flight; they become unknown", "after", h.cfg.StopTimeout)
	case <-h.cutCh:
	case <-h.store.Broken():
	}
	// Killing the plugins ends every call, and with it the wait.
	for _, name := range h.names {
		h.providers[name].kill()
	}
	<-idle
}

// ready waits until commands may run. Reading goes on during the drain; [Host.begin] refuses new work.
func (h *Host) ready(ctx context.Context) error {
	select {
	case <-h.stopped:
		return errStopped()
	default:
	}
	select {
	case <-h.readyCh:
		return nil
	case <-h.stopped:
		return errStopped()
	case <-ctx.Done():
		return notSent(pay.KindProviderUnavailable, "the host is not ready yet: %v", context.Cause(ctx))
	}
}

// begin counts a piece of work that the drain waits for.
func (h *Host) begin() (done func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return nil, errStopped()
	}
	h.work.Add(1)
	return h.work.Done, nil
}

// now is the time as records keep it, in whole microseconds: a row that was just written is the row that will be read.
func (h *Host) now() time.Time { return h.cfg.Now().UTC().Truncate(time.Microsecond) }

// write runs one job in the store's group commit and classifies its errors. The job may run twice and must
// touch nothing but tx.
func (h *Host) write(ctx context.Context, job func(tx *store.Tx) error) error {
	return storageError(h.store.Write(context.WithoutCancel(ctx), job))
}

func (h *Host) launcher() (*launcher, func(), error) {
	if len(h.cfg.Plugins) == 0 {
		return nil, func() {}, nil
	}
	dir, err := process.OpenRunDir(h.cfg.RunDir)
	if err != nil {
		return nil, nil, fmt.Errorf("host: preparing the directory for plugin sockets: %w", err)
	}
	images := process.NewImages()
	return &launcher{dir: dir, images: images}, func() {
		if err := images.Close(); err != nil {
			h.log.Warn("releasing the plugin images", "error", err)
		}
		if err := dir.Close(); err != nil {
			h.log.Warn("removing the directory for plugin sockets", "error", err)
		}
	}, nil
}
