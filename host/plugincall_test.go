package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
)

// The deadline that is set for a call of a plugin is the one its adapter has, over the wire. A plugin for which nothing is set
// keeps the host's, and a change is taken up while the plugin runs.
func TestACallHasTheDeadlineThatIsSetForIt(t *testing.T) {
	const adapter, create, get = 20 * time.Second, 7 * time.Second, 3 * time.Second
	r := newRemote(t)
	var installed []host.Plugin
	h := twoProviders(t, r, func(c *host.Config) { c.Timeouts.Adapter = adapter })
	for _, name := range []string{"alpha", "beta"} {
		installed = append(installed, host.Plugin{Name: name, Path: thisBinary(t)})
	}
	pid := pidOf(h, "alpha")
	requireDeadline := func(path string, limit time.Duration, call func()) {
		t.Helper()
		before := time.Now()
		call()
		after := time.Now()
		r.mu.Lock()
		defer r.mu.Unlock()
		// Milliseconds are lost where a duration is written for the wire.
		require.False(t, r.until[path].Before(before.Add(limit-5*time.Millisecond)), "%s: %s too early", path, before.Add(limit).Sub(r.until[path]))
		require.False(t, r.until[path].After(after.Add(limit+5*time.Millisecond)), "%s: %s too late", path, r.until[path].Sub(after.Add(limit)))
	}
	number := 0
	creating := func(account string) func() {
		return func() {
			number++
			_, err := h.CreateInvoice(t.Context(), order(account, "o-"+string(rune('a'+number))))
			require.NoError(t, err)
		}
	}
	requireDeadline("create", adapter, creating("alpha-main"))

	installed[0].Timeouts = map[host.PluginCall]time.Duration{host.CallCreate: create, host.CallGet: get}
	require.NoError(t, h.Plugins().Reload(t.Context(), installed))
	requireDeadline("create", create, creating("alpha-main"))
	requireDeadline("create", adapter, creating("beta-main"))
	inv, err := h.CreateInvoice(t.Context(), order("alpha-main", "read"))
	require.NoError(t, err)
	requireDeadline("get", get, func() {
		_, err := h.RefreshInvoice(t.Context(), inv.ID)
		require.NoError(t, err)
	})
	require.Equal(t, pid, pidOf(h, "alpha"), "no process was replaced")
}

// Deadlines that could never hold are refused with what to write instead.
func TestDeadlinesOfCallsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		call  host.PluginCall
		limit time.Duration
		want  string
	}{
		"unknown":  {"dance", time.Second, `Timeouts names the call "dance"; known are create, get, find`},
		"zero":     {host.CallGet, 0, `Timeouts["get"] is 0s; it must be above zero, or be left out`},
		"negative": {host.CallGet, -time.Second, "must be above zero"},
		"too long": {host.CallCreate, 25 * time.Second, `Timeouts["create"] is 25s; it must be shorter than Config.Timeouts.Operation (25s)`},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := sqlite.OpenMemory(sqlite.Options{})
			require.NoError(t, err)
			defer func() { require.NoError(t, st.Close()) }()
			p := host.Plugin{Name: "alpha", Path: "/plugin", Timeouts: map[host.PluginCall]time.Duration{c.call: c.limit}}
			_, err = host.New(host.Config{Store: st, Plugins: []host.Plugin{p}, KeepDumpable: true})
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A plugin that keeps a call beyond the deadline that is set for it leaves an unknown outcome then, and not when the host's own is over.
func TestACallEndsAtTheDeadlineThatIsSetForIt(t *testing.T) {
	r := newRemote(t)
	h := hosttest.Start(t, func(c *host.Config) {
		c.KeepDumpable, c.Timeouts.Operation, c.Timeouts.Adapter, c.Runtime.HTTPTimeout = true, 24*time.Hour, 23*time.Hour, 22*time.Hour
		c.Plugins = []host.Plugin{{Name: "alpha", Path: thisBinary(t), Timeouts: map[host.PluginCall]time.Duration{host.CallCreate: 300 * time.Millisecond}}}
		c.Accounts = []host.Account{{ID: "alpha-main", Provider: "alpha", Config: []byte(`{"base_url":"` + r.URL + `"}`)}}
	})
	inv, err := h.CreateInvoice(t.Context(), order("alpha-main", "hold-1"))
	require.Error(t, err)
	require.NotNil(t, inv)
	require.NotEmpty(t, inv.UnresolvedOperation)
	close(r.free)
}
