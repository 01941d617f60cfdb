package monobank_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "u3AulkpZFI1lIuGsik6vuPsVWqN7GoWs6o_MO2sdf301"

// account is everything a monobank account can do.
type account interface {
	pay.Account
	pay.InvoiceFinder
	pay.Canceler
	pay.Capturer
	pay.Voider
	pay.Refunder
	pay.RefundGetter
	pay.Charger
	pay.WebhookHandler
	pay.Checker
	pay.TransactionLister
	pay.ActionProvider
}

// clock is a settable time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t testing.TB, baseURL string, c *clock, extra map[string]any) account {
	t.Helper()
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return openWith(t, client, baseURL, c, extra)
}

func openWith(t testing.TB, client *http.Client, baseURL string, c *clock, extra map[string]any) account {
	t.Helper()
	cfg := map[string]any{"token": token, "base_url": baseURL}
	maps.Copy(cfg, extra)
	raw, err := json.Marshal(cfg)
	require.NoError(t, err)
	opened, err := monobank.New("0.1.0").Open(t.Context(), pay.AccountConfig{
		Config: raw, HTTP: client, Log: slog.New(slog.DiscardHandler), Now: c.now,
	})
	require.NoError(t, err)
	a, ok := opened.(account)
	require.True(t, ok, "the account must have every ability of the manifest")
	return a
}

// seen is the last request a canned server got.
type seen struct {
	mu     sync.Mutex
	method string
	uri    string
	header http.Header
	body   string
	count  int
}

// canned answers every request the same and remembers the last one.
func canned(t *testing.T, status int, body string) (string, *seen) {
	t.Helper()
	s := &seen{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.method, s.uri, s.header, s.body = r.Method, r.RequestURI, r.Header.Clone(), string(raw)
		s.count++
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, s
}

func money(t testing.TB, value, code string) pay.Money {
	t.Helper()
	m, err := pay.ParseMoney(value, code)
	require.NoError(t, err)
	return m
}

func TestOpenRefusesBadConfig(t *testing.T) {
	for name, cfg := range map[string]string{
		"no token":         `{}`,
		"short token":      `{"token":"abc"}`,
		"token with break": `{"token":"hush-hush\r\nX: y"}`,
		"unknown key":      `{"token":"hush-hush","hush":1}`,
		"wrong type":       `{"token":["hush-hush"]}`,
		"plain http":       `{"token":"hush-hush","base_url":"http://192.0.2.1"}`,
		"relative":         `{"token":"hush-hush","base_url":"api.monobank.ua"}`,
		"user info":        `{"token":"hush-hush","base_url":"https://u:hush-pw@api.monobank.ua"}`,
		"cms":              `{"token":"hush-hush","cms_name":"магазин"}`,
		"statement code":   `{"token":"hush-hush","statement_codes":["a","a"]}`,
		"odd code":         `{"token":"hush-hush","statement_codes":["hush-\u0456"]}`,
		"not JSON":         `hush-hush`,
	} {
		_, err := monobank.New("0.1.0").Open(t.Context(), pay.AccountConfig{
			Config: json.RawMessage(cfg), HTTP: &http.Client{}, Log: slog.New(slog.DiscardHandler), Now: newClock().now,
		})
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
		require.NotContains(t, err.Error(), "hush-", name)
	}
	_, err := monobank.New("0.1.0").Open(t.Context(), pay.AccountConfig{Config: json.RawMessage(`{"token":"hush-hush"}`)})
	require.ErrorIs(t, err, pay.KindInternal)
}

func TestCheck(t *testing.T) {
	url, s := canned(t, 200, `{"merchantId":"12o4Vv7EWy","merchantName":"Your Favourite Company","edrpou":"4242424242"}`)
	info, err := open(t, url, newClock(), nil).Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.Equal(t, "12o4Vv7EWy", info.ProviderAccountRef)
	require.Equal(t, "Your Favourite Company", info.Title)
	require.Empty(t, info.Mode, "the mode cannot be observed")
	require.Equal(t, "GET /api/merchant/details", s.method+" "+s.uri)
	require.Equal(t, token, s.header.Get("X-Token"))

	url, _ = canned(t, 200, `{}`)
	_, err = open(t, url, newClock(), nil).Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
}
