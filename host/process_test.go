package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

func thisBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	path, err = filepath.EvalSymlinks(path)
	require.NoError(t, err)
	return path
}

// twoProviders starts a host with two plugin processes, each with one account at r.
func twoProviders(t *testing.T, r *remote, edit ...func(*host.Config)) *hosttest.Host {
	t.Helper()
	return hosttest.Start(t, append(edit, func(c *host.Config) {
		c.KeepDumpable = true
		for _, name := range []string{"alpha", "beta"} {
			c.Plugins = append(c.Plugins, host.Plugin{Name: name, Path: thisBinary(t)})
			c.Accounts = append(c.Accounts, host.Account{
				ID: name + "-main", Provider: name, Config: json.RawMessage(`{"base_url":"` + r.URL + `"}`),
			})
		}
	})...)
}

func order(account, reference string) host.CreateInvoice {
	req := hosttest.Invoice(account+"/"+reference, "10.00")
	req.Account, req.Reference = account, reference
	return req
}

func pidOf(h *hosttest.Host, name string) int {
	for _, p := range h.Plugins().List() {
		if p.Name == name {
			return p.PID
		}
	}
	return 0
}

// gone waits until a process has ended. Before that, a call may still be handed to the dying process, and is unknown then.
func gone(t *testing.T, pid int) {
	t.Helper()
	poll(t, func() *bool {
		gone := syscall.Kill(pid, 0) != nil
		if !gone {
			return nil
		}
		return &gone
	})
}

// freeze stops a process and waits until none of its threads runs any more, which is a little later.
func freeze(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	poll(t, func() *bool {
		frozen := true
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		for _, path := range threads {
			if stat, err := os.ReadFile(path); err == nil && !strings.Contains(string(stat), ") T ") {
				return nil
			}
		}
		return &frozen
	})
}

// A call whose time is up before it leaves says nothing about the plugin, which others are using.
func TestACallerThatGivesUpEndsNoPlugin(t *testing.T) {
	r := newRemote(t)
	h := twoProviders(t, r, func(c *host.Config) { c.Timeouts.Adapter = 1 })
	pid := pidOf(h, "alpha")
	require.NotZero(t, pid)
	for i := range 20 {
		_, err := h.CreateInvoice(t.Context(), order("alpha-main", fmt.Sprint("order-", i)))
		require.Error(t, err)
	}
	state, err := h.Plugins().Status("alpha")
	require.NoError(t, err)
	require.Equal(t, pid, state.PID)
	require.Zero(t, state.Restarts)
}

// kill -9 of a plugin, idle and during a call, 20 times in a row.
func TestKillingAPluginHurtsOnlyItsOwnCall(t *testing.T) {
	r := newRemote(t)
	h := twoProviders(t, r)
	unresolved := 0
	for i := range 20 {
		pid := poll(t, func() *int {
			if pid := pidOf(h, "alpha"); pid != 0 {
				return &pid
			}
			return nil
		})
		if i%2 == 0 { // idle
			require.NoError(t, syscall.Kill(*pid, syscall.SIGKILL))
			gone(t, *pid)
		} else { // while the provider works on a create
			done := make(chan error, 1)
			var inv *host.Invoice
			go func() {
				var err error
				inv, err = h.CreateInvoice(t.Context(), order("alpha-main", fmt.Sprintf("hold-%d", i)))
				done <- err
			}()
			caller := <-r.held
			require.NoError(t, syscall.Kill(caller, syscall.SIGKILL))
			err := <-done
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.NotNil(t, inv)
			require.NotEmpty(t, inv.UnresolvedOperation)
			op, err := h.Operation(t.Context(), inv.UnresolvedOperation)
			require.NoError(t, err)
			require.Equal(t, "unknown", op.State)
			require.Equal(t, "ambiguous", op.Tries[0].Transport)
			require.NotEmpty(t, op.Tries[0].PluginDigest)
			unresolved++
		}
		_, err := h.CreateInvoice(t.Context(), order("beta-main", fmt.Sprintf("b-%d", i)))
		require.NoError(t, err, "other providers see no error")
		_, err = h.CreateInvoice(t.Context(), order("alpha-main", fmt.Sprintf("a-%d", i)))
		require.NoError(t, err, "the next call works: it waits for the new process")
	}
	total, most := r.total()
	require.Equal(t, 40+unresolved, total)
	require.Equal(t, 1, most, "nothing is ever sent twice")
	poll(t, func() *bool {
		yes := true
		page, err := h.Invoices(t.Context(), host.ListInvoices{Unresolved: &yes, Limit: 100})
		require.NoError(t, err)
		if len(page.Invoices) > 0 {
			return nil // every interrupted create stays visible until the resolver has found it
		}
		return &yes
	})
	page, err := h.Invoices(t.Context(), host.ListInvoices{Status: pay.StatusPending, Limit: 100})
	require.NoError(t, err)
	require.Len(t, page.Invoices, 40+unresolved, "the provider's truth")
}

func TestAPinnedPluginOfOtherBytesDoesNotRun(t *testing.T) {
	h := hosttest.Start(t, func(c *host.Config) {
		c.KeepDumpable = true
		c.Timeouts.Start = 1 // a nanosecond: the plugin never serves
		c.Plugins = []host.Plugin{{Name: "alpha", Path: thisBinary(t), SHA256: fmt.Sprintf("%064x", 1), Required: true}}
		c.Accounts = append(c.Accounts, host.Account{ID: "alpha-main", Provider: "alpha", Config: json.RawMessage(`{"base_url":"http://127.0.0.1:1"}`)})
	})
	for _, p := range h.Plugins().List() {
		if p.Name == "alpha" {
			require.Equal(t, host.PluginBackoff, p.State)
			require.Contains(t, p.Reason, fmt.Sprintf("%064x", 1), "names what was expected")
		}
	}
	require.ErrorContains(t, h.ReadyProblem(), "alpha")
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err, "other providers work")
	err = h.PutAccount(t.Context(), host.Account{ID: "alpha-main", Provider: "alpha", Config: json.RawMessage(`{}`)})
	require.ErrorIs(t, err, pay.KindPluginFault)
}

// runHostForTest is a host process that a test kills. It prints its plugins' pids when ready.
func runHostForTest(database, baseURL string) {
	st, err := sqlite.Open(database, sqlite.Options{})
	if err != nil {
		panic(err)
	}
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	h, err := host.New(host.Config{
		Store: st, KeepDumpable: true, PublicURL: hosttest.PublicURL, RunDir: filepath.Dir(database),
		Plugins:  []host.Plugin{{Name: "alpha", Path: path}},
		Accounts: []host.Account{{ID: "alpha-main", Provider: "alpha", Config: json.RawMessage(`{"base_url":"` + baseURL + `"}`)}},
	})
	if err != nil {
		panic(err)
	}
	go func() {
		<-h.Ready()
		fmt.Println(h.Plugins().List()[0].PID)
		_, _ = h.CreateInvoice(context.Background(), order("alpha-main", "answer-1"))
	}()
	if err := h.Run(context.Background()); err != nil {
		panic(err)
	}
}

// kill -9 of the host between the provider's answer and the commit.
func TestKillingTheHostLeavesAnUnresolvedOperationAndNothingElse(t *testing.T) {
	r := newRemote(t)
	// Short, because sockets live below it.
	dir, err := os.MkdirTemp("", "ph") //nolint:usetesting // t.TempDir is too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	database := filepath.Join(dir, "payhost.db")

	cmd := exec.CommandContext(t.Context(), thisBinary(t), "run-host", database, r.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	var plugin int
	_, err = fmt.Sscan(line, &plugin)
	require.NoError(t, err)
	require.Equal(t, plugin, <-r.held, "the plugin holds the provider's answer")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()

	gone(t, plugin)
	close(r.free)

	st, err := sqlite.Open(database, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	h := hosttest.StartOn(t, st, hosttest.NewProvider(), func(c *host.Config) {
		patient(c)
		c.KeepDumpable, c.RunDir = true, dir
		c.Plugins = []host.Plugin{{Name: "alpha", Path: thisBinary(t)}}
	})
	left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	require.NoError(t, err)
	for _, path := range left {
		require.NotContains(t, path, fmt.Sprintf("-%d", cmd.Process.Pid), "no socket of the old host")
	}
	yes := true
	page, err := h.Invoices(t.Context(), host.ListInvoices{Unresolved: &yes})
	require.NoError(t, err)
	require.Len(t, page.Invoices, 1)
	inv := page.Invoices[0]
	require.Equal(t, pay.StatusCreating, inv.Status)
	op, err := h.Operation(t.Context(), inv.UnresolvedOperation)
	require.NoError(t, err)
	require.Equal(t, "unknown", op.State)

	_, err = h.CreateInvoice(t.Context(), order("alpha-main", "answer-1"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown, "the same key is not sent again")
	_, most := r.total()
	require.Equal(t, 1, most)
	found, err := h.RefreshInvoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, found.Status)
	require.Empty(t, found.UnresolvedOperation)
}
