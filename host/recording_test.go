package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/httpx"
)

// A plugin process writes the exchanges of the account it is told to, and of no other.
func TestPluginsRecordTheAccountsTheyAreToldTo(t *testing.T) {
	var logs safeBuffer
	dir := filepath.Join(t.TempDir(), "data", "recordings")
	h, _, list := allProviders(t, func(c *host.Config) {
		c.Logger = logs.logger()
		c.Record = host.Record{Dir: dir, Accounts: []string{"mono-main", "p2p-main"}}
	})
	for _, p := range list {
		_, err := h.CreateInvoice(t.Context(), p.request)
		require.NoError(t, err)
	}
	for account, provider := range map[string]string{"mono-main": "monobank", "p2p-main": "merchant"} {
		files, err := filepath.Glob(filepath.Join(dir, account, "*", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files, account)
		raw, err := os.ReadFile(files[len(files)-1])
		require.NoError(t, err)
		var e httpx.RecordedExchange
		require.NoError(t, json.Unmarshal(raw, &e))
		require.Equal(t, "create_invoice", e.Call.Name)
		require.Equal(t, provider, e.Provider)
		for _, canary := range []string{canarySecret, canaryToken, canaryKey, canaryEmail, canaryPhone, canaryName} {
			require.NotContains(t, string(raw), canary)
		}
	}
	require.NoDirExists(t, filepath.Join(dir, "payin-main"))
	require.Contains(t, string(logs.bytes()), "RECORDING: what this account exchanges")
}

// A directory that others could read, or a link, is not used; the host works without, and says so.
func TestRecordingIsNeverARisk(t *testing.T) {
	base := t.TempDir()
	open := filepath.Join(base, "open")
	require.NoError(t, os.Mkdir(open, 0o755))
	link := filepath.Join(base, "link")
	require.NoError(t, os.Symlink(t.TempDir(), link))
	for _, dir := range []string{open, link, filepath.Join(os.Args[0], "no-directory")} {
		var logs safeBuffer
		h := hosttest.Start(t, func(c *host.Config) {
			c.Logger = logs.logger()
			c.Record = host.Record{Dir: dir, Accounts: []string{hosttest.AccountID}}
		})
		_, err := h.CreateInvoice(t.Context(), host.CreateInvoice{
			IdempotencyKey: "k", Account: hosttest.AccountID, Amount: host.Amount{Value: "1.00", Currency: "UAH"},
		})
		require.NoError(t, err)
		require.Contains(t, string(logs.bytes()), "RECORDING IS NOT POSSIBLE")
	}
	for _, r := range []host.Record{{Accounts: []string{"../../etc"}, Dir: base}, {Accounts: []string{"shop"}}} {
		_, err := host.New(host.Config{Store: openStore(t, filepath.Join(base, "x.db")), Record: r})
		require.ErrorContains(t, err, "Record")
	}
}
