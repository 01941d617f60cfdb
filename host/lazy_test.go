package host_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

func thisDigest(t *testing.T) string {
	t.Helper()
	f, err := os.Open(thisBinary(t))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	require.NoError(t, err)
	return hex.EncodeToString(sum.Sum(nil))
}

// asleep waits until the plugin has no process and the host is ready without it.
func asleep(t *testing.T, h *hosttest.Host) host.PluginStatus {
	t.Helper()
	status := poll(t, func() *host.PluginStatus {
		s, err := h.Plugins().Status("alpha")
		require.NoError(t, err)
		if !s.Asleep {
			return nil
		}
		return &s
	})
	require.Equal(t, host.PluginStopped, status.State)
	require.Zero(t, status.PID)
	require.NoError(t, h.ReadyProblem())
	return *status
}

// One life of a lazy plugin over two starts of the host, with real processes: it describes itself once, sleeps, and is started by calls
// and by proofs only.
func TestALazyPluginRunsOnlyWhileItIsNeeded(t *testing.T) {
	r := newRemote(t)
	st, err := sqlite.Open(filepath.Join(t.TempDir(), "lazy.db"), sqlite.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, st.Close()) }()
	digest := thisDigest(t)
	start := func(t *testing.T, st *store.Store) *hosttest.Host {
		return hosttest.StartOn(t, st, hosttest.NewProvider(), func(c *host.Config) {
			c.KeepDumpable = true
			for _, version := range []string{"one", "two"} {
				c.Plugins = append(c.Plugins, host.Plugin{
					Name: "alpha", Version: version, Path: thisBinary(t), SHA256: digest, Development: true, Preferred: version == "one",
					Required: true, Start: host.StartLazy, IdleStop: time.Second,
				})
			}
			c.Accounts = append(c.Accounts, host.Account{ID: "alpha-main", Provider: "alpha", Config: []byte(`{"base_url":"` + r.URL + `"}`)})
		})
	}
	t.Run("first start", func(t *testing.T) {
		h := start(t, st)
		status, err := h.Plugins().Status("alpha")
		require.NoError(t, err)
		require.EqualValues(t, 1, status.Generation, "it was started to describe itself, and its account was opened")
		require.Contains(t, asleep(t, h).Reason, "the next call starts it")
	})
	t.Run("second start", func(t *testing.T) {
		h := start(t, st)
		status := asleep(t, h)
		require.Zero(t, status.Generation, "nothing needed a process")
		require.Equal(t, "lazy: its first call starts it", status.Reason)
		require.Equal(t, "1.0.0", status.Version)
		account, err := h.Account(t.Context(), "alpha-main")
		require.NoError(t, err)
		require.Contains(t, account.Abilities, pay.CanCreateInvoice, "what it can do is known without it")

		inv, err := h.CreateInvoice(t.Context(), order("alpha-main", "order-1"))
		require.NoError(t, err)
		require.NotZero(t, pidOf(h, "alpha"))
		require.Contains(t, asleep(t, h).Reason, "no call for 1s")
		_, err = h.RefreshInvoice(t.Context(), inv.ID)
		require.NoError(t, err)
		status = asleep(t, h)
		require.EqualValues(t, 2, status.Generation)
		require.Zero(t, status.Restarts)

		status, err = h.Plugins().Use(t.Context(), "alpha", host.UsePlugin{Version: "two", CanaryPercent: 50})
		require.NoError(t, err, "a proof starts a process of its own")
		require.Len(t, status.Running, 2)
		_, err = h.CreateInvoice(t.Context(), order("alpha-main", "order-2"))
		require.NoError(t, err)
		_, err = h.Plugins().Use(t.Context(), "alpha", host.UsePlugin{Version: "two"})
		require.NoError(t, err)
		asleep(t, h)
		status, err = h.Plugins().Rollback(t.Context(), "alpha", "test")
		require.NoError(t, err)
		require.Equal(t, "one", status.Choice.Version)
		_, err = h.CreateInvoice(t.Context(), order("alpha-main", "order-3"))
		require.NoError(t, err)
		asleep(t, h)
	})
}
