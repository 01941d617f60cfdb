package merchant

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
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
	testKey    = "store_key_1"
	testSecret = "merchant_secret_0123456789"
	testID     = "991a0e40-8cbd-405a-80fa-c84f2e4d5c6a"
	dealID     = "595af0e7-0000-4000-8000-000000000001"
)

func testClock() time.Time { return time.Date(2024, 11, 4, 13, 55, 45, 0, time.UTC) }

// received is one request the fake gateway saw.
type received struct {
	method, uri string
	header      http.Header
	body        []byte
}

// answer is one canned response.
type answer struct {
	status int
	body   string
	header http.Header
}

// gateway answers by method and path, "*" for all others, and keeps what came. It checks every signature: multipart
// bodies take no part in it, and public addresses get neither key nor signature.
type gateway struct {
	url     string
	answers map[string]answer

	mu       sync.Mutex
	requests []received
	unsigned int
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, received{r.Method, r.RequestURI, r.Header.Clone(), body})
	signed := body
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		signed = nil
	}
	key, proof := testKey, signature(testSecret, r.Method, g.url+r.RequestURI, signed)
	if strings.HasPrefix(r.URL.Path, "/api/public/") {
		key, proof = "", ""
	}
	if r.Header.Get("X-Signature") != proof || r.Header.Get("X-Identity") != key {
		g.unsigned++
	}
	a, ok := g.answers[r.Method+" "+r.URL.Path]
	if !ok {
		a = g.answers["*"]
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = io.WriteString(w, a.body)
}

func (g *gateway) calls() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []string
	for _, r := range g.requests {
		out = append(out, r.method+" "+r.uri)
	}
	return out
}

// open returns an account at the given address.
func open(t testing.TB, base string, change ...map[string]any) *account {
	t.Helper()
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	cfg := map[string]any{"api_key": testKey, "secret": testSecret, "base_url": base}
	for _, c := range change {
		maps.Copy(cfg, c)
	}
	raw, err := json.Marshal(cfg)
	require.NoError(t, err)
	acc, err := New("0.0.1").Open(t.Context(), pay.AccountConfig{
		AccountID: "p2p-main", Config: raw, HTTP: client, Now: testClock, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return acc.(*account)
}

// against returns an account whose gateway gives the answers.
func against(t *testing.T, answers map[string]answer) (*account, *gateway) {
	t.Helper()
	g := &gateway{answers: answers}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		require.Zero(t, g.unsigned, "every request must be signed as it was sent")
	})
	g.url = server.URL
	return open(t, server.URL), g
}

func always(status int, body string) map[string]answer {
	return map[string]answer{"*": {status: status, body: body}}
}

func money(t testing.TB, value, code string) pay.Money {
	t.Helper()
	m, err := pay.ParseMoney(value, code)
	require.NoError(t, err)
	return m
}

func request(t testing.TB) pay.CreateInvoice {
	return pay.CreateInvoice{
		Call:       pay.Call{OperationID: "op_1", ProviderKey: "op_1"},
		InvoiceID:  "inv_1",
		WebhookURL: "https://merchant.example/webhooks/p2p-main/inv_1",
		Amount:     money(t, "1000", "RUB"),
	}
}

func withOptions(t testing.TB, options string) pay.CreateInvoice {
	req := request(t)
	req.Options = json.RawMessage(options)
	return req
}

// invoiceJSON is an answer about the test invoice; change replaces top-level members, nil removes one.
func invoiceJSON(t testing.TB, change map[string]any) string {
	t.Helper()
	doc := map[string]any{
		"id": testID, "internalId": "op_1", "userId": nil, "type": "in", "status": "new",
		"paymentMethod": nil, "paymentOption": nil, "paymentRequisites": nil,
		"sum":     map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 2},
		"storeId": 1, "storeName": "Store", "receivedSumFromTaker": nil, "receivedSumFromMaker": nil,
		"serviceFeeSum": nil, "payoutSum": nil, "createdAt": "2024-11-04T13:55:45+00:00",
		"expireAt": "2024-11-04T14:55:45+00:00", "updatedAt": "2024-11-04T13:55:46+00:00",
		"invoiceUrl": "https://pay.example.club/" + testID, "deals": []any{},
	}
	maps.Copy(doc, change)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return string(raw)
}

// dealJSON is a deal of the test invoice.
func dealJSON(change map[string]any) map[string]any {
	doc := map[string]any{
		"id": dealID, "isActive": true, "type": "in", "status": "transfer_waiting", "paymentMethod": "sberbank",
		"paymentMethodName": "Sberbank", "paymentOption": "TO_CARD",
		"requisites": map[string]any{"requisites": "4444 4444 4444 4444", "holder": "Ivan I."},
		"canceledAt": "2024-11-04T14:10:45+00:00", "disputeAttachment": nil, "disputeReason": nil,
		"disputeReasonData": []any{}, "disputeResult": nil, "attachments": []any{}, "payment": nil,
		"rate": "99.23", "qrCodeLink": nil,
	}
	maps.Copy(doc, change)
	return doc
}

func rub(amount string) map[string]any {
	return map[string]any{"amount": amount, "currency": "RUB", "subunit": 2}
}

func tether(amount string) map[string]any {
	return map[string]any{"amount": amount, "currency": "USDT", "subunit": 8}
}

func asError(t testing.TB, err error) *pay.Error {
	t.Helper()
	require.Error(t, err)
	var e *pay.Error
	require.ErrorAs(t, err, &e)
	for _, secret := range []string{testSecret, testKey, "4444 4444"} {
		require.NotContains(t, err.Error()+e.ProviderMessage, secret)
		for _, warning := range e.Report.Warnings {
			require.NotContains(t, warning, secret)
		}
	}
	return e
}
