package host_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// fault is one way to misbehave and what the host makes of it.
type fault struct {
	name string
	// refused is a part of the reason why the plugin never serves; empty for one that does.
	refused string
	// kind is that of the error of the faulty call; empty when the call succeeds. dies says that its process does not outlive it.
	kind pay.Kind
	dies bool
	// held marks an answer that the host does not believe: the invoice waits for a person.
	held bool
	// twice marks a second faulty call whose answer the host does not believe.
	twice bool
	// settles marks an unknown outcome that looking settles as pending.
	settles bool
	// slow faults take their time by nature: they run only in the soak.
	slow bool
}

func faults() []fault {
	unknown := func(name string, dies bool) fault {
		return fault{name: name, kind: pay.KindOutcomeUnknown, dies: dies, settles: true}
	}
	return []fault{
		{name: "none"},
		unknown("freeze", true),
		unknown("fork", true),
		{name: "double-fork"},
		{name: "ignore-term"},
		{name: "hold-fds"},
		{name: "spin"},
		{name: "eat-memory"},
		{name: "flood"},
		{name: "long-lines"},
		{name: "garbage"},
		{name: "odd-message"},
		unknown("huge-answer", false),
		unknown("drip", true),
		unknown("hang", false),
		unknown("panic", false),
		unknown("panic-goroutine", true),
		unknown("exit-zero", true),
		unknown("rude-error", false),
		{name: "lie-amount", held: true},
		{name: "lie-currency", held: true},
		{name: "lie-status", held: true},
		{name: "lie-id", twice: true},
		{name: "slow-start"},
		{name: "exit-at-start", refused: "exited with code 3 before it was ready"},
		{name: "no-handshake", slow: true, refused: "Hello, I am a plugin."},
		{name: "garbled-handshake", refused: "carrier-pigeon"},
		{name: "protocol-99", refused: "Plugin version: 99, Client versions: [1]"},
		{name: "protocol-0", refused: "Plugin version: 0, Client versions: [1]"},
		{name: "other-name", refused: `the manifest says the provider is "somebody-else"`},
		{name: "other-version", refused: `the manifest says version "9.9.9"`},
	}
}

// TestFaultSuite lets a plugin misbehave in every way we could think of, beside a witness on the same host that sees no error.
// When the host has stopped, nothing of it is left.
func TestFaultSuite(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it looks at /proc")
	}
	dir, err := os.MkdirTemp("", "ph") //nolint:usetesting // t.TempDir is too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	bank := newRemote(t)
	t.Run("warm up", func(t *testing.T) { newFaultyHost(t, bank, dir, fault{name: "none"}) })
	for _, f := range faults() {
		if f.slow && !soaking() {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			bank.CloseClientConnections()
			before := lookAround(t, dir)
			var containment string
			var orphan int
			t.Run("host", func(t *testing.T) {
				h := newFaultyHost(t, bank, dir, f)
				if f.refused != "" {
					h.neverServes()
					return
				}
				h.misbehaves()
				containment, orphan = h.status().Containment, h.orphan
			})
			if f.name == "double-fork" {
				endOrphan(t, containment, orphan)
			}
			bank.CloseClientConnections()
			backTo(t, before, dir)
		})
	}
}

// faultyHost is a host with a faulty plugin and a witness.
type faultyHost struct {
	*hosttest.Host
	t      *testing.T
	fault  fault
	plugin string
	calls  int
	orphan int // a process that the plugin left alone
}

func newFaultyHost(t *testing.T, bank *remote, dir string, f fault) *faultyHost {
	t.Helper()
	h := &faultyHost{t: t, fault: f, plugin: faultPrefix + f.name}
	h.Host = hosttest.Start(t, func(c *host.Config) {
		c.KeepDumpable, c.RunDir, c.StopTimeout = true, dir, 10*time.Second
		c.Supervision = host.Supervision{HealthEvery: 200 * time.Millisecond, HealthTimeout: 2 * time.Second, HealthMisses: 2}
		if f.name == "hang" {
			c.Timeouts.Operation, c.Timeouts.Adapter = 5*time.Second, 4*time.Second
		}
		if f.refused != "" {
			c.Timeouts.Start = 50 * time.Millisecond
		} else {
			c.Timeouts.Start = 20 * time.Second
		}
		c.Plugins = []host.Plugin{
			{Name: "witness", Version: "1.0.0", Path: thisBinary(t)}, {Name: h.plugin, Version: "1.0.0", Path: thisBinary(t)},
		}
		c.Accounts = append(c.Accounts,
			host.Account{ID: "witness-main", Provider: "witness", Config: json.RawMessage(`{"base_url":"` + bank.URL + `"}`)})
		if f.refused == "" {
			c.Accounts = append(c.Accounts, host.Account{ID: "faulty-main", Provider: h.plugin, Config: json.RawMessage(`{}`)})
		}
	})
	return h
}

func (h *faultyHost) status() host.PluginStatus {
	h.t.Helper()
	st, err := h.Plugins().Status(h.plugin)
	require.NoError(h.t, err)
	return st
}

// witness makes 20 calls through the other plugin, fewer under the race detector.
func (h *faultyHost) witness() {
	h.t.Helper()
	n := 20
	if matrixRace {
		n = 5
	}
	for range n {
		h.calls++
		_, err := h.CreateInvoice(h.t.Context(), order("witness-main", fmt.Sprintf("w-%d", h.calls)))
		require.NoError(h.t, err, "another provider sees no error")
	}
}

// create places an order with the faulty plugin.
func (h *faultyHost) create(reference string) (*host.Invoice, error) {
	return h.CreateInvoice(h.t.Context(), order("faulty-main", reference))
}

func (h *faultyHost) neverServes() {
	st := h.status()
	require.NotEqual(h.t, host.PluginServing, st.State)
	poll(h.t, func() *bool { // it may be at its next start just now, with no reason to tell
		found := strings.Contains(h.status().Reason, h.fault.refused)
		if !found {
			return nil
		}
		return &found
	})
	poll(h.t, func() *host.AccountStatus { // the host was ready without it if it took longer than the short patience of this test
		account, err := h.Account(h.t.Context(), "witness-main")
		if err != nil {
			require.ErrorIs(h.t, err, pay.KindPluginFault)
			return nil
		}
		return account
	})
	require.NoError(h.t, h.Plugins().Restart(h.t.Context(), h.plugin))
	poll(h.t, func() *bool {
		again := h.status().Generation > st.Generation
		if !again {
			return nil
		}
		return &again
	})
	h.witness()
}

func (h *faultyHost) misbehaves() {
	t := h.t
	st := h.status()
	require.Equal(t, host.PluginServing, st.State, st.Reason)
	pid := st.PID
	type outcome struct {
		inv *host.Invoice
		err error
	}
	ended := make(chan outcome, 1)
	go func() {
		inv, err := h.create("fault-1")
		ended <- outcome{inv, err}
	}()
	h.witness()
	var o outcome
	select {
	case o = <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the faulty call does not end")
	}
	h.judge(o.inv, o.err)
	if h.fault.twice {
		inv, err := h.create("fault-2")
		require.NotNil(t, inv, "%v", err)
		require.True(t, inv.NeedsReview || err != nil, "%+v", inv)
	}
	if h.fault.dies {
		gone(t, pid)
	}
	h.witness()
	inv, err := h.create("after")
	require.NoError(t, err, "it serves again")
	require.Equal(t, pay.StatusPending, inv.Status)

	if h.fault.name != "ignore-term" { // its stop takes the full 5 s; one is enough
		h.restarts()
	}
	if h.fault.settles {
		h.settlesAsPending(o.inv.ID)
	}
}

// restarts replaces the process.
func (h *faultyHost) restarts() {
	t := h.t
	generation := h.status().Generation
	require.NoError(t, h.Plugins().Restart(t.Context(), h.plugin))
	poll(t, func() *bool {
		st := h.status()
		serves := st.Generation > generation && st.State == host.PluginServing
		if !serves {
			return nil
		}
		return &serves
	})
}

// judge holds what came of the faulty call against what the fault deserves.
func (h *faultyHost) judge(inv *host.Invoice, err error) {
	t := h.t
	if h.fault.kind != "" {
		require.ErrorIs(t, err, h.fault.kind)
		require.NotNil(t, inv)
		require.Less(t, len(err.Error()), 4096)
		return
	}
	if h.fault.held {
		require.NotNil(t, inv, "%v", err)
		require.True(t, inv.NeedsReview || err != nil, "%+v", inv)
		require.NotEqual(t, pay.StatusPaid, inv.Status, "a lie is not believed")
		return
	}
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, inv.Status)
	h.orphan, _ = strconv.Atoi(inv.ProviderData["orphan"])
}

// settlesAsPending waits until looking has found what became of the cut call.
func (h *faultyHost) settlesAsPending(id string) {
	poll(h.t, func() *host.Invoice {
		inv, err := h.Invoice(h.t.Context(), id)
		require.NoError(h.t, err)
		if inv.UnresolvedOperation != "" {
			return nil
		}
		require.Equal(h.t, pay.StatusPending, inv.Status)
		return inv
	})
}
