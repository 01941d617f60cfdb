package host_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
)

// cell is one operation broken at one cut point, on an account and a provider of its own.
type cell struct {
	op      operation
	cut     cut
	h       *hosttest.Host
	clock   *matrixClock
	gate    *gate
	sim     simulated
	account string
	unary   bool // the plugin is called without the stream lane

	// What prepare and run leave behind.
	invoice, resource, credential string
	// before counts the effects of the preparation; operation is the journalled one.
	before    int
	operation string
	err       error
}

func (c *cell) name() string {
	name := c.op.plugin + " " + c.op.kind + ", " + c.cut.name
	if c.unary {
		name += ", unary"
	}
	return name
}

// group is the cells that share a host and a plugin process: all breaks of the network, or one break of the process.
type group struct {
	h     *hosttest.Host
	clock *matrixClock
	cells []*cell
	cut   *cut // the break of the process, if that is what the group is about
	unary bool // calls are made one by one instead of over the stream lane
}

// matrixClock is the real time, moved forward past visibility delays once all verdicts are in.
type matrixClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (k *matrixClock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Add(k.ahead)
}

func (k *matrixClock) jump(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ahead += d
}

// Every mutating operation of every plugin, as real plugin processes, broken at every cut point. See docs/cut-points.md. Calls go over
// the stream lane; every break of a process is also shown, with one of the plugins, for calls that are made one by one.
func TestCutPointMatrix(t *testing.T) {
	certs, trusted := gateCertificates(t)
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"result": true}`)) // callbacks are lost: looking has to do
	}))
	t.Cleanup(sink.Close)
	var groups []*group
	plugins := []string{"monobank", "payin", "merchant"}
	for number, plugin := range plugins {
		network := &group{}
		list := []*group{network}
		for i, at := range cuts() {
			if matrixRace && os.Getenv("PAYHOST_SOAK") != "1" && i%len(plugins) != number {
				continue
			}
			into := []*group{network}
			if at.process {
				into = []*group{{cut: &at}}
				if i%len(plugins) == number {
					into = append(into, &group{cut: &at, unary: true})
				}
				list = append(list, into...)
			}
			for _, g := range into {
				for _, op := range matrix() {
					if op.plugin == plugin {
						account := strings.ReplaceAll(fmt.Sprintf("%s-%s-%d", op.plugin, op.kind, i), "_", "-")
						g.cells = append(g.cells, &cell{op: op, cut: at, account: account, unary: g.unary})
					}
				}
			}
		}
		for _, g := range list {
			g.start(t, plugin, sink.URL, certs, trusted)
			groups = append(groups, g)
		}
	}
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(func() { g.play(t.Context()) })
	}
	wg.Wait()
	for _, g := range groups {
		for _, c := range g.cells {
			t.Run(c.name(), func(t *testing.T) {
				if c.err != nil {
					t.Error(c.err)
				}
			})
		}
	}
}

// start runs the group's host with its plugin and gives every cell its provider.
func (g *group) start(t *testing.T, plugin, sink string, certs [2]tls.Certificate, trusted []byte) {
	t.Helper()
	g.clock = &matrixClock{}
	g.h = hosttest.Start(t, func(c *host.Config) {
		c.KeepDumpable, c.PublicURL, c.Now = true, sink+"/pay", g.clock.now
		c.Plugins = []host.Plugin{{Name: plugin, Path: thisBinary(t), Required: true, Unary: g.unary}}
		c.Runtime.CABundlePEM, c.Runtime.HTTPTimeout = trusted, 4*time.Second
		c.Timeouts.Adapter, c.Timeouts.Operation, c.Timeouts.FirstLook = 6*time.Second, 7*time.Second, 100*time.Millisecond
		c.Supervision.HealthMisses = 1000 // a frozen plugin stays frozen until its cell thaws it
	})
	for _, c := range g.cells {
		c.h, c.clock, c.sim, c.gate = g.h, g.clock, simulate(plugin), newGate(t, certs)
		t.Cleanup(c.sim.close)
		c.gate.sim = c.sim
		c.sim.publish(c.gate.url())
	}
}

// each runs step for every cell that has not failed yet, some at a time.
func (g *group) each(stage string, atOnce int, step func(*cell) error) {
	places := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for _, c := range g.cells {
		if c.err != nil {
			continue
		}
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := step(c); err != nil {
				c.err = fmt.Errorf("%s: %w", stage, err)
			}
		})
	}
	wg.Wait()
}

// play takes the group through its stages. A cell's verdict is read while
// everything that follows its break is held back.
func (g *group) play(ctx context.Context) {
	g.each("preparing", 6, func(c *cell) error { return c.prepare(ctx) })
	if g.cut != nil {
		struck := make(chan error, 1)
		go func() { struck <- g.strike(ctx) }()
		g.each("verdict", len(g.cells), func(c *cell) error { return c.call(ctx) })
		if err := errors.Join(<-struck, g.bury()); err != nil {
			for _, c := range g.cells {
				c.err = errors.Join(c.err, err)
			}
		}
	} else {
		g.each("verdict", 24, func(c *cell) error { return c.call(ctx) })
	}
	for _, c := range g.cells {
		c.gate.release()
	}
	g.each("before the visibility delay", len(g.cells), func(c *cell) error { return c.notYet(ctx) })
	g.clock.jump(3 * time.Minute)
	g.each("end", len(g.cells), func(c *cell) error { return c.end(ctx) })
}

// strike kills or freezes the plugin when all its calls are at the provider.
func (g *group) strike(ctx context.Context) error {
	for _, c := range g.cells {
		if c.err != nil {
			continue
		}
		select {
		case <-c.gate.held:
		case <-time.After(20 * time.Second):
			return errors.New("the call did not reach the provider")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	signal := syscall.SIGKILL
	if g.cut.freezes() {
		signal = syscall.SIGSTOP
	}
	return g.signal(signal)
}

// signal goes to the plugin's process and to no other.
func (g *group) signal(signal syscall.Signal) error {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if pid := pidOf(g.h, g.cells[0].op.plugin); pid > 1 {
			return syscall.Kill(pid, signal)
		}
		if time.Now().After(deadline) {
			return errors.New("the plugin has no process")
		}
	}
}

// bury ends a frozen plugin; one that is dead already needs nothing.
func (g *group) bury() error {
	if !g.cut.freezes() {
		return nil
	}
	return g.signal(syscall.SIGKILL)
}
