package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Each account that is to be recorded is, and no other; the secrets of its config do not reach the files.
func TestRecordedAccount(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(`{"echo":"` + r.URL.Query().Get("q") + `"}`))
	}))
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	f := newFake()
	f.manifest.ConfigSchema = json.RawMessage(`{"properties":{"token":{"secret":true},"login":{}}}`)
	f.account.create = func(ctx context.Context, _ pay.CreateInvoice) (pay.InvoiceState, error) {
		f.mu.Lock()
		cfg := f.opened[len(f.opened)-1]
		f.mu.Unlock()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/?q=canary-token", nil)
		if err != nil {
			return pay.InvoiceState{}, err
		}
		_, err = httpx.Do(ctx, cfg.HTTP, req)
		return pay.InvoiceState{Status: pay.StatusPending}, err
	}
	var log bytes.Buffer
	c, err := InProcess(f, ClientConfig{Logger: slog.New(slog.NewTextHandler(&log, nil)), Runtime: Runtime{Recordings: []Recording{
		{AccountID: "main", Dir: dir, MaxExchanges: 1}, {AccountID: "broken", Dir: filepath.Join(dir, "missing")},
	}}})
	require.NoError(t, err)
	t.Cleanup(c.conn.conn.(directConn).server.guard.closeIdle)
	for _, id := range []string{"main", "other", "broken"} {
		account, err := c.Open(t.Context(), pay.AccountConfig{AccountID: id, Revision: 1, Config: json.RawMessage(`{"token":"canary-token","login":"shop"}`)})
		require.NoError(t, err)
		for range 2 {
			_, err = account.CreateInvoice(t.Context(), pay.CreateInvoice{Call: pay.Call{OperationID: "op_7", Try: 1}})
			require.NoError(t, err, "recording never fails a call")
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1, "one account, and no more than its limit")
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	var e httpx.RecordedExchange
	require.NoError(t, json.Unmarshal(raw, &e))
	require.Equal(t, httpx.RecordedCall{Name: "create_invoice", OperationID: "op_7", Try: 1}, e.Call)
	require.Equal(t, []string{"main", "fake"}, []string{e.Account, e.Provider})
	require.NotContains(t, string(raw), "canary-token")
	require.Contains(t, log.String(), "exchanges of the account are recorded")
	require.Contains(t, log.String(), "the account cannot be recorded")
	require.Equal(t, 1, strings.Count(log.String(), "was not recorded"))
}

func TestSecretsOfAConfig(t *testing.T) {
	schema := `{"properties":{"token":{"secret":true},"old":{"secret":true,"items":{}},"list":{"items":{"secret":true}},"plain":{},
		"nested":{"properties":{"password":{"secret":true},"user":{}}},"all":{"secret":true,"properties":{"a":{}}}}}`
	config := `{"token":"t","old":["o1","o2"],"list":["l"],"plain":"p","nested":{"password":"pw","user":"u"},"all":{"a":"x","b":["y"]},"unknown":"z","n":1}`
	for text, want := range map[string][]string{
		schema: {"l", "o1", "o2", "pw", "t", "x", "y"},
		`{`:    {"l", "o1", "o2", "p", "pw", "t", "u", "x", "y", "z"},
		``:     {"l", "o1", "o2", "p", "pw", "t", "u", "x", "y", "z"},
	} {
		got := secretsOf(json.RawMessage(text), json.RawMessage(config))
		slices.Sort(got)
		require.Equal(t, want, got, "schema %q", text)
	}
	require.Empty(t, secretsOf(json.RawMessage(schema), json.RawMessage(`{`)))
}
