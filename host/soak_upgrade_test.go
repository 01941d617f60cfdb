package host_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// phase is a stretch of the soak between two changes of versions.
type phase struct {
	number int
	// canary: two versions serve, and an invoice may meet one of them only.
	canary bool
	// broken: a version may serve whose answers are lost.
	broken bool
}

// traffic is the load of the soak: each caller places orders and looks at them.
type traffic struct {
	t       *testing.T
	h       *shopHost
	looks   int // at each order
	calls   atomic.Int64
	placed  atomic.Int64
	unknown atomic.Int64
	phase   atomic.Pointer[phase]
	stop    chan struct{}
	stopped sync.Once
	wg      sync.WaitGroup

	mu     sync.Mutex
	seen   map[string]string // the version of an invoice, by phase and invoice
	failed []string
}

func startTraffic(t *testing.T, h *shopHost, callers, looks int) *traffic {
	w := &traffic{t: t, h: h, looks: looks, stop: make(chan struct{}), seen: map[string]string{}}
	w.phase.Store(&phase{})
	t.Cleanup(w.finish) // before the host's
	for i := range callers {
		w.wg.Go(func() { w.caller(i) })
	}
	return w
}

func (w *traffic) caller(id int) {
	for n := 0; ; n++ {
		select {
		case <-w.stop:
			return
		default:
		}
		var inv *host.Invoice
		w.call("", func() (err error) {
			inv, err = w.h.create(fmt.Sprintf("%d-%d", id, n))
			if err != nil {
				inv = nil
			}
			return err
		})
		w.placed.Add(1)
		for range w.looks {
			if inv != nil {
				w.call(inv.ID, func() error { _, err := w.h.RefreshInvoice(w.t.Context(), inv.ID); return err })
			}
		}
	}
}

// call makes one call and holds it against what the phase allows.
func (w *traffic) call(invoice string, do func() error) {
	for attempt := 0; ; attempt++ {
		before := w.phase.Load()
		err := do()
		now := w.phase.Load()
		w.calls.Add(1)
		switch {
		case err == nil:
			w.note(before, now, invoice)
			return
		case before.broken || now.broken:
			w.unknown.Add(1)
			if invoice == "" && errors.Is(err, pay.KindOutcomeUnknown) {
				return // an answer lost with its process; looking finds the order
			}
			if attempt < 1000 && pay.AsError(err).WasExecuted() != pay.ExecutedYes {
				time.Sleep(5 * time.Millisecond)
				continue // a look that was cut, or an order that was not sent, is made again
			}
		}
		w.mu.Lock()
		w.failed = append(w.failed, fmt.Sprintf("phase %d: %v", now.number, err))
		w.mu.Unlock()
		return
	}
}

// note remembers which version an invoice met while a canary runs.
func (w *traffic) note(before, now *phase, invoice string) {
	if before != now || !now.canary || invoice == "" {
		return
	}
	version := w.h.shop.servedBy(invoice)
	key := fmt.Sprint(now.number, " ", invoice)
	w.mu.Lock()
	defer w.mu.Unlock()
	if was, ok := w.seen[key]; ok && was != version {
		w.failed = append(w.failed, fmt.Sprintf("phase %d: invoice %s changed from %s to %s", now.number, invoice, was, version))
	}
	w.seen[key] = version
}

// during begins a phase and lets n calls be made in it.
func (w *traffic) during(p phase, n int64) {
	w.t.Helper()
	p.number = w.phase.Load().number + 1
	w.phase.Store(&p)
	until := w.calls.Load() + n
	deadline := time.Now().Add(5 * time.Minute)
	for w.calls.Load() < until {
		st := w.h.status() // asked for all the time, as by an operator's page
		require.False(w.t, time.Now().After(deadline), "the calls do not go on: %+v", st)
		time.Sleep(time.Millisecond)
	}
}

func (w *traffic) finish() {
	w.stopped.Do(func() { close(w.stop) })
	w.wg.Wait()
}

// upgradePlan is how much of each the soak does.
type upgradePlan struct {
	swaps, canaries, rollbacks int
	calls                      int64
	// looks are made at each order; they are the cheaper calls.
	looks int
}

// soakUpgrades changes versions under load: good ones by full switch, by canary and by a list that prefers another, and broken ones,
// which the host must take back by itself.
func soakUpgrades(t *testing.T, h *shopHost, list []host.Plugin, plan upgradePlan, broken ...string) {
	ctx := host.WithActor(t.Context(), "soak")
	w := startTraffic(t, h, 8, plan.looks)
	good := []string{"1.0.0", "1.1.0"}
	each := plan.calls / int64(plan.swaps+2*plan.canaries+2*plan.rollbacks)
	serving := 0
	change := func(version string, percent int) {
		_, err := h.Plugins().Use(ctx, shopPlugin, use(version, percent))
		require.NoError(t, err)
	}
	w.during(phase{}, each)
	for range plan.swaps {
		serving = 1 - serving
		change(good[serving], 0)
		require.NoError(t, h.Plugins().Reload(ctx, list), "the same list changes nothing, under load too")
		w.during(phase{}, each)
	}
	for i := range plan.canaries {
		change(good[1-serving], 30)
		w.during(phase{canary: true}, each)
		w.during(phase{}, 0)
		if i%2 == 0 {
			serving = 1 - serving
			change(good[serving], 0)
		} else {
			_, err := h.Plugins().Rollback(ctx, shopPlugin, "soak")
			require.NoError(t, err)
		}
		w.during(phase{}, each)
	}
	for i := range plan.rollbacks {
		w.during(phase{broken: true}, 0)
		bad, percent := broken[i%len(broken)], []int{0, 50}[i/len(broken)%2]
		change(bad, percent)
		st := h.awaits("the host goes back from "+bad, func(st host.PluginStatus) bool {
			return st.Choice.Canary == "" && st.Version == good[serving] && len(st.Running) == 1
		})
		require.Equal(t, "system:supervisor", st.Choice.Actor)
		w.during(phase{broken: true}, each) // calls begun before end with the old process
		w.during(phase{}, each)
	}
	w.finish()
	require.Empty(t, w.failed)
	cut := h.everythingSettled()
	orders := h.shop.calm(t)
	require.EqualValues(t, w.placed.Load(), orders+cut, "every order is there once")
	require.LessOrEqual(t, int64(cut), w.unknown.Load(), "only orders that died with a broken version did not happen")
	rolledBack := slices.DeleteFunc(h.steps(), func(s string) bool { return s != "plugin.rolled_back" })
	t.Logf("%d calls, %d orders, %d swaps, %d canaries over %d invoices, %d rollbacks by the host; %d calls cut by broken versions, %d of them before they did anything; 0 failed, 0 doubled",
		w.calls.Load(), orders, plan.swaps, plan.canaries, len(w.seen), len(rolledBack)-plan.canaries/2, w.unknown.Load(), cut)
}

// everythingSettled waits until no outcome is unknown, and holds every order against the shop's books. It returns the number of orders
// that were cut before the shop had them and are known to have failed.
func (h *shopHost) everythingSettled() (cut int) {
	h.t.Helper()
	settled(h.t, h.Host)
	for cursor := ""; ; {
		page, err := h.Invoices(h.t.Context(), host.ListInvoices{Limit: 200, Cursor: cursor})
		require.NoError(h.t, err)
		for _, inv := range page.Invoices {
			row, err := h.Store.Invoice(h.t.Context(), inv.ID)
			require.NoError(h.t, err)
			want := pay.StatusPending
			if !h.shop.has(row.ProviderKey) {
				want = pay.StatusFailed
				cut++
			}
			require.Equal(h.t, want, inv.Status, inv.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return cut
		}
	}
}

// TestUpgradesUnderLoad changes versions of real processes while calls are made: none fails, none is made twice, none meets a
// process that was told to end, and an invoice stays on its version while a canary runs.
func TestUpgradesUnderLoad(t *testing.T) {
	list := installed(t,
		shopVersion{Version: "1.0.0", Reads: []int{1}, Writes: 1}, shopVersion{Version: "1.1.0", Reads: []int{1}, Writes: 1},
		shopVersion{Version: "2.0.0", Reads: []int{1}, Writes: 1, Flaw: flawExit}, shopVersion{Version: "2.1.0", Reads: []int{1}, Writes: 1, Flaw: flawVague})
	h := startShop(t, newShop(t), list)
	plan := upgradePlan{swaps: 4, canaries: 2, rollbacks: 2, calls: 400, looks: 4}
	if soaking() {
		plan = upgradePlan{swaps: 50, canaries: 10, rollbacks: 5, calls: 100_000, looks: 4}
	}
	soakUpgrades(t, h, list, plan, "2.0.0", "2.1.0")
}

// TestInProcessUpgradesUnderLoad does the same with providers in the host's own process, with more calls.
func TestInProcessUpgradesUnderLoad(t *testing.T) {
	s := newShop(t)
	var list []host.Plugin
	for i, v := range []shopVersion{
		{Version: "1.0.0", Reads: []int{1}, Writes: 1}, {Version: "1.1.0", Reads: []int{1}, Writes: 1},
		{Version: "2.1.0", Reads: []int{1}, Writes: 1, Flaw: flawVague},
	} {
		list = append(list, host.Plugin{
			Name: shopPlugin, Version: v.Version, Preferred: i == 0, Provider: shopProvider{name: shopPlugin, shopVersion: v, desk: s},
		})
	}
	h := startShop(t, s, list)
	soakUpgrades(t, h, list, upgradePlan{
		swaps: rounds(50, 5), canaries: rounds(10, 1), rollbacks: rounds(5, 1), calls: int64(rounds(100_000, 10_000)), looks: rounds(4, 19),
	}, "2.1.0")
}
