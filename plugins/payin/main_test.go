package payin

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testSecret = "some_key"
	testTime   = 1591040000
)

func testClock() time.Time { return time.Unix(testTime, 0) }

// received is one request the fake provider saw.
type received struct {
	path   string
	header http.Header
	body   string
}

func (r received) form(t *testing.T) url.Values {
	t.Helper()
	values, err := url.ParseQuery(r.body)
	require.NoError(t, err)
	return values
}

// recorder answers every request with one canned response and keeps what came.
type recorder struct {
	mu       sync.Mutex
	status   int
	header   http.Header
	answer   string
	requests []received
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, received{req.URL.Path, req.Header.Clone(), string(body)})
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(max(r.status, http.StatusOK))
	_, _ = io.WriteString(w, r.answer)
}

func (r *recorder) only(t *testing.T) received {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Len(t, r.requests, 1)
	return r.requests[0]
}

// open returns an account at the given address.
func open(t testing.TB, base string, change ...map[string]any) *account {
	t.Helper()
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	cfg := map[string]any{"user_id": 7026, "secret": testSecret, "base_url": base}
	for _, c := range change {
		maps.Copy(cfg, c)
	}
	raw, err := json.Marshal(cfg)
	require.NoError(t, err)
	acc, err := New("0.0.1").Open(t.Context(), pay.AccountConfig{
		AccountID: "payin-main", Config: raw, HTTP: client, Now: testClock, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return acc.(*account)
}

// against returns an account whose provider is the given recorder.
func against(t *testing.T, r *recorder, change ...map[string]any) *account {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return open(t, server.URL, change...)
}

func money(t testing.TB, value, code string) pay.Money {
	t.Helper()
	m, err := pay.ParseMoney(value, code)
	require.NoError(t, err)
	return m
}

func request(t testing.TB) pay.CreateInvoice {
	return pay.CreateInvoice{
		Call:        pay.Call{OperationID: "op_1", ProviderKey: "op_1"},
		InvoiceID:   "inv_1",
		Amount:      money(t, "10.00", "RUB"),
		Description: "123",
		Customer:    pay.Customer{ID: "6034"},
	}
}

func asError(t testing.TB, err error) *pay.Error {
	t.Helper()
	require.Error(t, err)
	var e *pay.Error
	require.ErrorAs(t, err, &e)
	require.NotContains(t, err.Error(), testSecret)
	require.NotContains(t, e.ProviderMessage, testSecret)
	return e
}
