package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// release is one version of an in-process plugin in front of the scripted provider. It notes which invoices it was asked about.
type release struct {
	*hosttest.Provider
	version string
	reads   []int
	writes  int
	// lacks is an ability it does not offer; required a config key it demands.
	lacks    pay.Ability
	required string
	// broken makes every create an unknown outcome.
	broken bool

	mu   sync.Mutex
	seen map[string]int
}

func newRelease(p *hosttest.Provider, version string, state int, reads ...int) *release {
	return &release{Provider: p, version: version, writes: state, reads: append(reads, state), seen: map[string]int{}}
}

func (r *release) Describe() pay.Manifest {
	m := r.Provider.Describe()
	m.Version, m.StateReads, m.StateWrites = r.version, r.reads, r.writes
	m.Abilities = r.abilities()
	if r.required != "" {
		m.ConfigSchema = json.RawMessage(`{"type":"object","required":["` + r.required + `"]}`)
	}
	return m
}

func (r *release) abilities() pay.Abilities {
	all := pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice)
	return slices.DeleteFunc(all, func(a pay.Ability) bool { return a == r.lacks })
}

func (r *release) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	inner, err := r.Provider.Open(ctx, cfg)
	return &releaseAccount{inner, r}, err
}

type releaseAccount struct {
	pay.Account
	release *release
}

func (a *releaseAccount) Abilities() pay.Abilities { return a.release.abilities() }

func (a *releaseAccount) note(id string) {
	a.release.mu.Lock()
	defer a.release.mu.Unlock()
	a.release.seen[id]++
}

func (a *releaseAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	a.note(req.InvoiceID)
	if a.release.broken {
		return pay.InvoiceState{}, errors.New("the connection broke")
	}
	state, err := a.Account.CreateInvoice(ctx, req)
	state.Report.State = &pay.State{Version: a.release.writes, Data: []byte("x")}
	return state, err
}

func (a *releaseAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	a.note(ref.InvoiceID)
	if ref.State != nil && !slices.Contains(a.release.reads, ref.State.Version) {
		return pay.InvoiceState{}, pay.Errorf(pay.KindInternal, "version %s cannot read state %d", a.release.version, ref.State.Version)
	}
	return a.Account.GetInvoice(ctx, ref)
}

func (a *releaseAccount) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return a.Account.(pay.InvoiceFinder).FindInvoice(ctx, req)
}

func (r *release) served() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.seen)
}

// releases starts a host with the given versions, the first of them preferred.
func releases(t *testing.T, p *hosttest.Provider, list ...*release) *hosttest.Host {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return hosttest.StartOn(t, st, p, func(c *host.Config) {
		c.Providers = nil
		for i, r := range list {
			c.Plugins = append(c.Plugins, host.Plugin{Name: hosttest.ProviderName, Version: r.version, Provider: r, Preferred: i == 0})
		}
		c.KeepDumpable = true
	})
}

func use(version string, percent int) host.UsePlugin {
	return host.UsePlugin{Version: version, CanaryPercent: percent, Reason: "test"}
}

func createMany(t *testing.T, h *hosttest.Host, prefix string, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprintf("%s-%d", prefix, i), "10.00"))
		require.NoError(t, err)
		ids[i] = inv.ID
	}
	return ids
}

// steps are the events about the plugin so far.
func steps(t *testing.T, h *hosttest.Host) []string {
	t.Helper()
	return stepsOf(t, h, hosttest.ProviderName)
}

// stepsOf waits until each step is both an event and an audit row: the host may be writing the next one.
func stepsOf(t *testing.T, h *hosttest.Host, provider string) []string {
	t.Helper()
	return *poll(t, func() *[]string {
		events, err := h.ObjectEvents(t.Context(), "", 1000, "plugin", provider)
		require.NoError(t, err)
		audit, err := h.Store.Audit(t.Context(), 0, 1000)
		require.NoError(t, err)
		var list, audited []string
		for _, e := range events {
			list = append(list, e.Type)
		}
		for _, a := range audit {
			if a.ObjectType == "plugin" {
				audited = append(audited, a.Action)
			}
		}
		if !slices.Equal(list, audited) {
			return nil
		}
		return &list
	})
}

func TestAnInvoiceStaysOnItsVersionWhileACanaryRuns(t *testing.T) {
	t.Parallel()
	invoices, looks := 200, 3
	if matrixRace {
		invoices, looks = 80, 1
	}
	p := hosttest.NewProvider()
	old, next := newRelease(p, "1.0.0", 1), newRelease(p, "1.1.0", 1)
	h := releases(t, p, old, next)
	ctx := host.WithActor(t.Context(), "ops")
	before := createMany(t, h, "before", 20)

	st, err := h.Plugins().Use(ctx, hosttest.ProviderName, use("1.1.0", 30))
	require.NoError(t, err)
	require.Equal(t, "1.0.0", st.Version)
	require.Equal(t, "1.1.0", st.Choice.Canary)
	require.Equal(t, "ops", st.Choice.Actor)
	require.Len(t, st.Running, 2)
	during := createMany(t, h, "during", invoices)
	first := map[string]string{}
	for version, r := range map[string]*release{"1.0.0": old, "1.1.0": next} {
		for id := range r.served() {
			if slices.Contains(during, id) {
				first[id] = version
			}
		}
	}
	canary := 0
	for range looks {
		for _, id := range slices.Concat(during, before) {
			_, err := h.RefreshInvoice(ctx, id)
			require.NoError(t, err)
		}
	}
	for _, id := range during {
		seenOld, seenNext := old.served()[id], next.served()[id]
		require.True(t, (seenOld > 0) != (seenNext > 0), "one invoice, one version: %d and %d", seenOld, seenNext)
		if seenNext > 0 {
			canary++
		}
	}
	require.InDelta(t, 0.3*float64(invoices), canary, 25) // six times what chance spreads 80 invoices by, four times for 200

	// A greater share takes more invoices and gives none back; a smaller one is refused.
	onCanary := next.served()
	_, err = h.Plugins().Use(ctx, hosttest.ProviderName, use("1.1.0", 60))
	require.NoError(t, err)
	oldBefore := old.served()
	for _, id := range during {
		_, err := h.RefreshInvoice(ctx, id)
		require.NoError(t, err)
	}
	for id := range onCanary {
		require.Equal(t, oldBefore[id], old.served()[id])
	}
	_, err = h.Plugins().Use(ctx, hosttest.ProviderName, use("1.1.0", 10))
	require.ErrorIs(t, err, pay.KindInvalidState)

	// All of them, then back.
	st, err = h.Plugins().Use(ctx, hosttest.ProviderName, use("1.1.0", 0))
	require.NoError(t, err)
	require.Equal(t, "1.1.0", st.Version)
	require.Equal(t, "1.0.0", st.Choice.Previous)
	st, err = h.Plugins().Rollback(ctx, hosttest.ProviderName, "on a whim")
	require.NoError(t, err)
	require.Equal(t, "1.0.0", st.Version)
	require.Equal(t, []string{
		"plugin.proving", "plugin.canary", "plugin.canary", "plugin.switched", "plugin.drained", "plugin.rolled_back", "plugin.drained",
	}, steps(t, h))
}

func TestAVersionThatCannotGoOnIsRefusedAndNothingChanges(t *testing.T) {
	p := hosttest.NewProvider()
	old := newRelease(p, "1.0.0", 1)
	blind := newRelease(p, "2.0.0", 2) // does not read version 1
	poorer := newRelease(p, "2.1.0", 1)
	poorer.lacks = pay.CanFindInvoice
	picky := newRelease(p, "2.2.0", 1)
	picky.required = "region"
	liar := newRelease(p, "9.9.9", 1)
	h := releases(t, p, old, blind, poorer, picky)
	createMany(t, h, "open", 1)
	_ = liar
	for version, want := range map[string]string{
		"2.0.0": "open objects hold private states of version 1",
		"2.1.0": "would lose find_invoice",
		"2.2.0": "region",
	} {
		_, err := h.Plugins().Use(t.Context(), hosttest.ProviderName, use(version, 0))
		require.ErrorIs(t, err, pay.KindInvalidState, version)
		require.ErrorContains(t, err, want)
		st, err := h.Plugins().Status(hosttest.ProviderName)
		require.NoError(t, err)
		require.Equal(t, "1.0.0", st.Version)
		require.Nil(t, st.Choice)
	}
	_, err := h.Plugins().Use(t.Context(), hosttest.ProviderName, use("7.0.0", 0))
	require.ErrorIs(t, err, pay.KindNotFound)
	require.ErrorContains(t, err, "installed are [1.0.0 2.0.0 2.1.0 2.2.0]")
	req := use("2.1.0", 0)
	req.Force = true
	_, err = h.Plugins().Use(t.Context(), hosttest.ProviderName, req)
	require.NoError(t, err, "force accepts a poorer version")
	require.Equal(t, "plugin.proof_failed", steps(t, h)[1])
}

func TestAfterARollbackInvoicesStayWithTheVersionThatReadsTheirState(t *testing.T) {
	p := hosttest.NewProvider()
	old, next := newRelease(p, "1.0.0", 1), newRelease(p, "2.0.0", 2, 1)
	h := releases(t, p, old, next)
	ctx := t.Context()
	_, err := h.Plugins().Use(ctx, hosttest.ProviderName, use("2.0.0", 0))
	require.NoError(t, err)
	id := createMany(t, h, "new", 1)[0]
	st, err := h.Plugins().Rollback(ctx, hosttest.ProviderName, "back")
	require.NoError(t, err)
	require.Equal(t, "1.0.0", st.Version)
	require.Equal(t, host.RoleKept, st.Running[1].Role)
	_, err = h.RefreshInvoice(ctx, id)
	require.NoError(t, err)
	require.Zero(t, old.served()[id])
	other := createMany(t, h, "old", 1)[0]
	require.NotZero(t, old.served()[other])
}

func TestAVersionThatLeavesMoreOutcomesUnknownIsRolledBackByTheHost(t *testing.T) {
	p := hosttest.NewProvider()
	old, next := newRelease(p, "1.0.0", 1), newRelease(p, "1.1.0", 1)
	next.broken = true
	h := releases(t, p, old, next)
	_, err := h.Plugins().Use(t.Context(), hosttest.ProviderName, use("1.1.0", 50))
	require.NoError(t, err)
	for i := range 100 {
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprintf("i-%d", i), "10.00"))
		if err != nil {
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		}
	}
	st := poll(t, func() *host.PluginStatus {
		st, err := h.Plugins().Status(hosttest.ProviderName)
		require.NoError(t, err)
		if st.Choice == nil || st.Choice.Canary != "" {
			return nil
		}
		return &st
	})
	require.Equal(t, "1.0.0", st.Version)
	require.Contains(t, st.Choice.Reason, "outcomes are unknown")
	require.Equal(t, "system:supervisor", st.Choice.Actor)
	require.Contains(t, steps(t, h), "plugin.rolled_back")
	createMany(t, h, "after", 50)
}

func TestTheChoiceOutlivesTheHost(t *testing.T) {
	p := hosttest.NewProvider()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	for round, installed := range [][]string{{"1.0.0", "1.1.0"}, {"1.0.0", "1.1.0"}, {"1.0.0"}} {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			h := hosttest.StartOn(t, st, p, func(c *host.Config) {
				c.Providers, c.KeepDumpable = nil, true
				for i, v := range installed {
					c.Plugins = append(c.Plugins, host.Plugin{Name: hosttest.ProviderName, Version: v, Provider: newRelease(p, v, 1), Preferred: i == 0})
				}
			})
			status, err := h.Plugins().Status(hosttest.ProviderName)
			require.NoError(t, err)
			switch round {
			case 0:
				require.Equal(t, "1.0.0", status.Version)
				_, err := h.Plugins().Use(t.Context(), hosttest.ProviderName, use("1.1.0", 0))
				require.NoError(t, err)
			case 1:
				require.Equal(t, "1.1.0", status.Version)
			case 2:
				require.Equal(t, host.PluginStopped, status.State)
				require.Contains(t, status.Reason, "version 1.1.0 was chosen (test, by ")
				require.Contains(t, status.Reason, "payhost plugin use")
				_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("x", "10.00"))
				require.ErrorIs(t, err, pay.KindPluginFault)
				_, err = h.Plugins().Use(t.Context(), hosttest.ProviderName, use("1.0.0", 0))
				require.NoError(t, err)
			}
		})
	}
}

func TestPausingAPluginRefusesCallsBeforeTheyAreSent(t *testing.T) {
	h := hosttest.Start(t)
	ctx := t.Context()
	require.NoError(t, h.Plugins().Pause(ctx, hosttest.ProviderName, "maintenance"))
	_, err := h.CreateInvoice(ctx, hosttest.Invoice("k", "10.00"))
	require.ErrorIs(t, err, pay.KindAccountPaused)
	require.ErrorContains(t, err, "maintenance")
	require.NoError(t, h.Plugins().Resume(ctx, hosttest.ProviderName))
	_, err = h.CreateInvoice(ctx, hosttest.Invoice("k", "10.00"))
	require.NoError(t, err, "the same key runs the same operation again")
}

// A version dies before it answers, again and again: back-off, quarantine, a probe after the cool-down, an operator's word.
func TestQuarantineAndProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &brokenProvider{}
		st, err := sqlite.OpenMemory(sqlite.Options{})
		require.NoError(t, err)
		h, err := host.New(host.Config{Store: st, Providers: map[string]pay.Provider{"broken": p}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- h.Run(ctx) }()
		<-h.Ready()
		status := func() host.PluginStatus { return h.Plugins().List()[0] }
		time.Sleep(10 * time.Second) // of the bubble's clock
		synctest.Wait()
		require.Equal(t, host.PluginQuarantined, status().State)
		require.Equal(t, int64(5), status().Generation)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, host.PluginQuarantined, status().State)
		require.Equal(t, int64(6), status().Generation, "one probe after the cool-down")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, int64(6), status().Generation, "the next cool-down is longer")
		require.NoError(t, h.Plugins().Restart(t.Context(), "broken"))
		synctest.Wait()
		require.Equal(t, host.PluginBackoff, status().State, "an operator's word is a clean slate")
		require.Equal(t, int64(7), status().Generation)
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, st.Close())
	})
}
