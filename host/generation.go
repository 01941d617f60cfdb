package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// generation is one process of a plugin, or an in-process provider. Calls hold
// it open; it is retired when the last has ended.
type generation struct {
	id          int64
	provider    pay.Provider
	manifest    pay.Manifest
	proc        running // nil for a provider without a process
	pid         int
	digest      string
	protocol    int
	containment string
	confinement *PluginConfinement // nil without a process of our own
	exited      <-chan struct{}    // closed when the process is gone; nil for one without
	// health asks the process whether it answers; nil for a provider without a process.
	health func(context.Context) (plugin.Health, error)
	// answered is set by the first call that was answered.
	answered atomic.Bool

	mu       sync.Mutex // spans the fields below
	draining bool
	lost     bool // a call could not be handed to it any more
	silent   bool // it does not answer the looks at its health
	seen     plugin.Health
	killed   string         // why the host ended it unasked
	inFlight map[string]int // operations of the calls, by id
	calls    int
	uses     int64         // calls it ever had
	idle     chan struct{} // closed when draining and the last call has ended
	accounts map[accountKey]*opened
}

// running is a process as a generation uses it, [process.Process]; tests have processes of their own.
type running interface {
	Alive() bool
	Kill()
	Stop(ctx context.Context) error
	Exit() process.ExitInfo
	Usage() process.Usage
	LastLog(n int) []string
}

type accountKey struct {
	id       string
	revision int64
}

// opened is one account handle of a generation.
type opened struct {
	done    chan struct{} // closed when account and err are set
	account pay.Account
	err     error
}

func newGeneration(id int64, p pay.Provider) *generation {
	return &generation{id: id, provider: p, idle: make(chan struct{}), accounts: map[accountKey]*opened{}, inFlight: map[string]int{}}
}

func (h *Host) runtime(provider string) plugin.Runtime {
	return plugin.Runtime{
		ProxyURL: h.cfg.Runtime.ProxyURL, CABundle: h.cfg.Runtime.CABundlePEM, UserAgent: h.cfg.Runtime.UserAgent,
		Timeout: h.cfg.Runtime.HTTPTimeout, AllowPlainHTTP: h.cfg.Runtime.AllowPlainHTTP, HostVersion: Version, HostInstance: h.instance,
		Recordings: h.recordingsOf(provider),
	}
}

func (h *Host) inProcessGeneration(_ context.Context, id int64, name string, p pay.Provider) (*generation, error) {
	guarded, err := plugin.InProcess(p, plugin.ClientConfig{Runtime: h.runtime(name), Logger: h.log, Now: h.cfg.Now})
	if err != nil {
		return nil, err
	}
	g := newGeneration(id, guarded)
	g.manifest, g.containment = guarded.Describe(), "none"
	return g, nil
}

func (h *Host) processGeneration(ctx context.Context, id int64, p Plugin, l *launcher) (*generation, error) {
	proc, err := startProcess(ctx, h.cfg, p, l, h.grants(p.Name))
	if err != nil {
		return nil, err
	}
	g, err := h.connect(ctx, id, p, proc)
	if err != nil {
		proc.Kill()
		return nil, err
	}
	return g, nil
}

func startProcess(ctx context.Context, cfg Config, p Plugin, l *launcher, grants []process.PathGrant) (*process.Process, error) {
	c := process.Config{
		Name: p.Name, Path: p.Path, SHA256: p.SHA256, Dir: l.dir, Images: l.images, Logger: cfg.Logger,
		Handshake: plugin.Handshake(), Plugins: plugin.VersionedPlugins(),
		DialOptions: plugin.DialOptions(),
		Files:       p.Files, Memory: p.Memory, GCPercent: p.GCPercent, Processors: p.Processors, Landlock: !p.Unconfined, Paths: grants,
	}
	if p.RunAs != nil {
		c.RunAs = &process.User{UID: p.RunAs.UID, GID: p.RunAs.GID}
	}
	return process.Start(ctx, c)
}

// grants are the directories that a confined plugin needs beside its own.
func (h *Host) grants(provider string) []process.PathGrant {
	var list []process.PathGrant
	for _, r := range h.recordingsOf(provider) {
		list = append(list, process.PathGrant{Path: r.Dir, Write: true})
	}
	return list
}

func (h *Host) connect(ctx context.Context, id int64, p Plugin, proc *process.Process) (*generation, error) {
	client := plugin.NewClient(proc.Conn(), plugin.ClientConfig{Runtime: h.runtime(p.Name), Logger: h.log, Unary: p.Unary})
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("asking the plugin to describe itself: %w", err)
	}
	g := newGeneration(id, client)
	g.proc, g.pid, g.digest, g.protocol = proc, proc.PID(), proc.Digest(), proc.Version()
	g.containment, g.exited, g.manifest, g.health = proc.Containment(), proc.Exited(), client.Describe(), healthOf(client)
	g.confinement = confinementView(proc)
	return g, nil
}

// hold counts a call of an operation, or of none; false when the generation takes no more now.
func (g *generation) hold(operation string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.draining || g.lost || g.silent || g.gone() {
		return false
	}
	g.calls++
	g.uses++
	if operation != "" {
		g.inFlight[operation]++
	}
	return true
}

// well says whether the process answers; while it does not, no further call is handed to it.
func (g *generation) well(is bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent = !is
}

func (g *generation) noteHealth(health plugin.Health) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = health
}

func (g *generation) gone() bool {
	return g.proc != nil && !g.proc.Alive()
}

// unreachable retires a generation that a call could not be handed to: it is dying, or has closed its
// socket and is ended, so that the supervisor starts the next.
func (g *generation) unreachable() {
	g.mu.Lock()
	first := !g.lost
	g.lost = true
	g.mu.Unlock()
	if first && g.proc != nil {
		go g.proc.Kill()
	}
}

func (g *generation) release(operation string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls--
	if g.inFlight[operation]--; g.inFlight[operation] <= 0 {
		delete(g.inFlight, operation)
	}
	if g.draining && g.calls == 0 {
		close(g.idle)
	}
}

// drain refuses new calls and waits for those in flight, for at most limit.
func (g *generation) drain(limit time.Duration) {
	g.mu.Lock()
	if !g.draining {
		g.draining = true
		if g.calls == 0 {
			close(g.idle)
		}
	}
	g.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-g.idle:
	case <-timer.C:
	case <-g.exited:
	}
}

// load is how many calls it ever had, and whether it has one now.
func (g *generation) load() (uses int64, busy bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.uses, g.calls > 0
}

// retireUnused lets it take no further calls, unless there was one beyond uses.
func (g *generation) retireUnused(uses int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.draining || g.calls > 0 || g.uses != uses {
		return false
	}
	g.draining = true
	close(g.idle)
	return true
}

func (g *generation) stop(ctx context.Context) {
	g.mu.Lock()
	accounts := g.accounts
	g.accounts = map[accountKey]*opened{}
	g.mu.Unlock()
	if g.proc != nil {
		_ = g.proc.Stop(ctx)
		return
	}
	for _, o := range accounts {
		<-o.done
		if closer, ok := o.account.(pay.Closer); ok && o.err == nil {
			_ = closer.Close()
		}
	}
}

// kill ends the process at once; reason is for the crash report, empty when the host itself stops.
func (g *generation) kill(reason string) {
	g.mu.Lock()
	if g.killed == "" {
		g.killed = reason
	}
	g.mu.Unlock()
	if g.proc != nil {
		g.proc.Kill()
	}
}

func (g *generation) exitText() string {
	if g.proc == nil {
		return ""
	}
	return g.proc.Exit().String()
}

// handle returns the handle of a stored account if it is open: its config is resolved once per revision and process.
func (g *generation) handle(row store.Account) (pay.Account, bool) {
	g.mu.Lock()
	o, ok := g.accounts[accountKey{row.ID, row.Revision}]
	g.mu.Unlock()
	if !ok {
		return nil, false
	}
	select {
	case <-o.done:
		return o.account, o.err == nil
	default:
		return nil, false
	}
}

// account returns the generation's handle of a stored account, opening it
// once. An account that cannot be opened fails alone and is tried again by the
// next call.
func (g *generation) account(ctx context.Context, row store.Account, cfg pay.AccountConfig) (pay.Account, error) {
	key := accountKey{row.ID, row.Revision}
	g.mu.Lock()
	o, ok := g.accounts[key]
	if !ok {
		o = &opened{done: make(chan struct{})}
		g.accounts[key] = o
	}
	g.mu.Unlock()
	if !ok {
		o.account, o.err = g.provider.Open(ctx, cfg)
		close(o.done)
		g.mu.Lock()
		if o.err != nil {
			delete(g.accounts, key)
		}
		g.mu.Unlock()
		return o.account, o.err
	}
	select {
	case <-o.done:
		return o.account, o.err
	case <-ctx.Done():
		return nil, notSent(pay.KindPluginFault, "opening account %s takes too long", row.ID)
	}
}

// storeManifest keeps what a provider says about itself, so that the host can
// answer while the plugin is down.
func (h *Host) storeManifest(ctx context.Context, g *generation) error {
	raw, err := json.Marshal(g.manifest)
	if err != nil {
		return err
	}
	return h.write(ctx, func(tx *store.Tx) error {
		return tx.PutManifest(g.manifest.Name, g.manifest.Version, g.digest, raw)
	})
}

// loadManifests reads what providers said before this start.
func (h *Host) loadManifests(ctx context.Context) error {
	for _, name := range h.names {
		raw, err := h.store.Manifest(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return storageError(err)
		}
		var m pay.Manifest
		if json.Unmarshal(raw.Manifest, &m) == nil && m.Name == name {
			h.providers[name].learn(&m)
		}
	}
	return nil
}
