package monobanksim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const testToken = "uToken123"

type world struct {
	sim    *Sim
	url    string
	client *http.Client
	clock  *clock
}

// clock is the bank's clock, moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	clk := &clock{now: time.Date(2026, 10, 5, 12, 0, 0, 123456789, time.UTC)}
	config := Config{Token: testToken, RetryDelays: []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}, Now: clk.read}
	if change != nil {
		change(&config)
	}
	sim := New(config)
	server := httptest.NewServer(sim)
	sim.SetPublicURL(server.URL + "/")
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &world{sim, server.URL, client, clk}
}

func (w *world) send(t *testing.T, method, path, contentType, token, body string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Token", token)
	req.Header.Set("X-Cms", "payhost")
	req.Header.Set("X-Cms-Version", "1.2")
	resp, err := w.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data), resp.Header
}

func (w *world) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	status, out, _ := w.send(t, method, path, "application/json", testToken, body)
	return status, out
}

const (
	createPath = "/api/merchant/invoice/create"
	statusPath = "/api/merchant/invoice/status?invoiceId="
)

func (w *world) create(t *testing.T, body string) Invoice {
	t.Helper()
	status, out := w.call(t, http.MethodPost, createPath, body)
	require.Equal(t, 200, status, out)
	all := w.sim.Invoices()
	return all[len(all)-1]
}

func TestCreate(t *testing.T) {
	w := newWorld(t, nil)
	status, out := w.call(t, http.MethodPost, createPath, `{"amount":4200,"merchantPaymInfo":{"reference":"order-1",`+
		`"destination":"Кава","comment":"c","customerEmails":["a@example.com"],"metadata":{"k":"v"},"basketOrder":[{"name":"Стілець",`+
		`"qty":2,"sum":2100,"total":4200,"code":"c1","tax":[1]}]},"redirectUrl":"https://shop.example/back",`+
		`"webHookUrl":"https://shop.example/hook","validity":3600,"withAppUrl":true,"agentFeePercent":1.42,"displayType":"iframe"}`)
	require.Equal(t, 200, status, out)
	inv := w.sim.Invoices()[0]
	require.Len(t, w.sim.Invoices(), 1)
	require.JSONEq(t, `{"invoiceId":"`+inv.InvoiceID+`","pageUrl":"`+w.url+`/pay/`+inv.InvoiceID+`","appUrl":"`+w.url+`/or/`+inv.InvoiceID+`"}`, out)
	require.Regexp(t, `^261005\w{14}$`, inv.InvoiceID)
	require.Equal(t, "payhost", inv.CMS)
	require.Equal(t, "1.2", inv.CMSVersion)
	require.Equal(t, map[string]string{"k": "v"}, inv.Metadata)
	require.Equal(t, time.Hour, inv.ExpiresAt.Sub(inv.CreatedAt))

	status, out = w.call(t, http.MethodGet, statusPath+inv.InvoiceID, "")
	require.Equal(t, 200, status)
	require.Equal(t, `{"invoiceId":"`+inv.InvoiceID+`","status":"created","amount":4200,"ccy":980,`+
		`"createdDate":"2026-10-05T12:00:00Z","modifiedDate":"2026-10-05T12:00:00Z","reference":"order-1","destination":"Кава"}`, out)

	second := w.create(t, `{"amount":4200}`)
	require.Empty(t, second.AppURL)
	require.Equal(t, 24*time.Hour, second.ExpiresAt.Sub(second.CreatedAt))
	require.Equal(t, 30*24*time.Hour, func() time.Duration {
		inv := w.create(t, `{"amount":1,"validity":99999999}`)
		return inv.ExpiresAt.Sub(inv.CreatedAt)
	}(), "cut silently")
	require.Empty(t, w.sim.Kit().Requests.All()[0].Header.Get("X-Token"))
}

func TestCreateRefusals(t *testing.T) {
	long := strings.Repeat("ї", 281)
	tests := map[string]struct{ body, code string }{
		"empty":                  {``, "BAD_REQUEST"},
		"array":                  {`[]`, "BAD_REQUEST"},
		"trailing":               {`{"amount":1} {}`, "BAD_REQUEST"},
		"no amount":              {`{}`, "BAD_REQUEST"},
		"amount zero":            {`{"amount":0}`, "BAD_REQUEST"},
		"amount negative":        {`{"amount":-1}`, "BAD_REQUEST"},
		"amount string":          {`{"amount":"4200"}`, "BAD_REQUEST"},
		"amount fraction":        {`{"amount":42.5}`, "BAD_REQUEST"},
		"amount null":            {`{"amount":null}`, "BAD_REQUEST"},
		"amount twice":           {`{"amount":1,"amount":2}`, "BAD_REQUEST"},
		"amount too large":       {`{"amount":9223372036854775808}`, "BAD_REQUEST"},
		"ccy string":             {`{"amount":1,"ccy":"980"}`, "BAD_REQUEST"},
		"ccy not enabled":        {`{"amount":1,"ccy":643}`, "BAD_REQUEST"},
		"unknown member":         {`{"amount":1,"description":"x"}`, "BAD_REQUEST"},
		"wrong case":             {`{"amount":1,"webhookUrl":"https://a.example"}`, "BAD_REQUEST"},
		"seed's member":          {`{"amount":1,"merchantPayload":{}}`, "BAD_REQUEST"},
		"relative webhook":       {`{"amount":1,"webHookUrl":"/hook"}`, "BAD_REQUEST"},
		"successUrl not enabled": {`{"amount":1,"successUrl":"https://a.example"}`, "BAD_REQUEST"},
		"validity zero":          {`{"amount":1,"validity":0}`, "BAD_REQUEST"},
		"validity text":          {`{"amount":1,"validity":"1d"}`, "BAD_REQUEST"},
		"unknown type":           {`{"amount":1,"paymentType":"authorize"}`, "BAD_REQUEST"},
		"hold in dollars":        {`{"amount":1,"ccy":840,"paymentType":"hold"}`, "BAD_REQUEST"},
		"save card not enabled":  {`{"amount":1,"saveCardData":{"saveCard":true}}`, "BAD_REQUEST"},
		"unknown display":        {`{"amount":1,"displayType":"popup"}`, "BAD_REQUEST"},
		"fee as text":            {`{"amount":1,"agentFeePercent":"1.42"}`, "BAD_REQUEST"},
		"unknown desk":           {`{"amount":1,"qrId":"x"}`, "1004"},
		"unknown submerchant":    {`{"amount":1,"code":"x"}`, "BAD_REQUEST"},
		"info unknown member":    {`{"amount":1,"merchantPaymInfo":{"description":"x"}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"info wrong case":        {`{"amount":1,"merchantPaymInfo":{"Reference":"x"}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"info no object":         {`{"amount":1,"merchantPaymInfo":"x"}`, "INVALID_MERCHANT_PAYM_INFO"},
		"reference number":       {`{"amount":1,"merchantPaymInfo":{"reference":5}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"metadata number":        {`{"amount":1,"merchantPaymInfo":{"metadata":{"k":5}}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"metadata bool":          {`{"amount":1,"merchantPaymInfo":{"metadata":{"k":true}}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"long destination":       {`{"amount":1,"merchantPaymInfo":{"destination":"` + long + `"}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"long comment":           {`{"amount":1,"merchantPaymInfo":{"comment":"` + long + `"}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"emails repeated":        {`{"amount":1,"merchantPaymInfo":{"customerEmails":["a@b","a@b"]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket sum":             {`{"amount":1,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":2,"code":"c"}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket total":           {`{"amount":3,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":2,"total":3,"code":"c"}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket no code":         {`{"amount":2,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":2}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket qty text":        {`{"amount":2,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":"1","sum":2,"code":"c"}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket huge exponent":   {`{"amount":2,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1e999999,"sum":2,"code":"c"}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket unknown":         {`{"amount":2,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":2,"code":"c","price":2}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"discount type":          {`{"amount":2,"merchantPaymInfo":{"discounts":[{"type":"x","mode":"VALUE","value":1}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"discount mode":          {`{"amount":2,"merchantPaymInfo":{"discounts":[{"type":"DISCOUNT","mode":"x","value":1}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"discount value":         {`{"amount":2,"merchantPaymInfo":{"discounts":[{"type":"DISCOUNT","mode":"VALUE","value":0.001}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
	}
	w := newWorld(t, nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, out := w.call(t, http.MethodPost, createPath, tt.body)
			require.Contains(t, []int{400, 404}, status)
			require.Contains(t, out, `{"errCode":"`+tt.code+`","errText":"`)
			require.Empty(t, w.sim.Invoices())
		})
	}
}

func TestBasketsThatAddUp(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.FiscalLink = true })
	w.create(t, `{"amount":315,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1.5,"sum":210,"code":"c"}]}}`)
	w.create(t, `{"amount":1,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":2,"code":"c","discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":50}]}]}}`)
	status, out := w.call(t, http.MethodPost, createPath, `{"amount":1}`)
	require.Equal(t, 400, status)
	require.Contains(t, out, "INVALID_MERCHANT_PAYM_INFO")
}

func TestSwitchedOnFeatures(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AllowSaveCard, c.AllowReturnURLs = true, true })
	inv := w.create(t, `{"amount":0,"paymentType":"verification","withAppUrl":true,"saveCardData":{"saveCard":true,"walletId":"w1"}}`)
	require.Empty(t, inv.AppURL)
	require.NoError(t, w.sim.Pay(inv.InvoiceID))
	_, out := w.call(t, http.MethodGet, statusPath+inv.InvoiceID, "")
	require.Contains(t, out, `"finalAmount":0`)
	require.Contains(t, out, `"walletId":"w1","status":"created"`)

	for name, body := range map[string]string{
		"amount":       `{"amount":1,"paymentType":"verification","saveCardData":{"saveCard":true}}`,
		"not saved":    `{"amount":0,"paymentType":"verification","saveCardData":{"saveCard":false}}`,
		"no save data": `{"amount":0,"paymentType":"verification"}`,
		"no saveCard":  `{"amount":1,"saveCardData":{"walletId":"w"}}`,
		"returnUrl":    `{"amount":1,"saveCardData":{"saveCard":true,"returnUrl":"https://a.example"}}`,
	} {
		status, out := w.call(t, http.MethodPost, createPath, body)
		require.Equal(t, 400, status, name)
		require.Contains(t, out, "BAD_REQUEST", name)
	}
	w.create(t, `{"amount":1,"successUrl":"https://a.example/s","failUrl":"https://a.example/f"}`)
}

func TestTokenMethodAndPath(t *testing.T) {
	w := newWorld(t, nil)
	inv := w.create(t, `{"amount":1}`)
	const kind = "application/json"
	for name, tt := range map[string]struct {
		method, path, kind, token, body string
		status                          int
		want                            string
	}{
		"wrong token":        {"POST", createPath, kind, "no", `{"amount":1}`, 403, `{"errCode":"FORBIDDEN"`},
		"no token":           {"GET", "/api/merchant/details", kind, "", "", 403, `FORBIDDEN`},
		"pubkey needs token": {"GET", "/api/merchant/pubkey", kind, "", "", 403, `FORBIDDEN`},
		"GET create":         {"GET", createPath, kind, testToken, "", 405, `METHOD_NOT_ALLOWED`},
		"POST status":        {"POST", statusPath + inv.InvoiceID, kind, testToken, "", 405, `METHOD_NOT_ALLOWED`},
		"form":               {"POST", createPath, "application/x-www-form-urlencoded", testToken, `{"amount":1}`, 400, `BAD_REQUEST`},
		"query":              {"POST", createPath + "?a=1", kind, testToken, `{"amount":1}`, 400, `BAD_REQUEST`},
		"unknown path":       {"GET", "/api/merchant/other", kind, testToken, "", 404, `NOT_FOUND`},
		"unknown invoice":    {"GET", statusPath + "x", kind, testToken, "", 404, `{"errCode":"1004"`},
		"no invoice":         {"GET", statusPath, kind, testToken, "", 400, `BAD_REQUEST`},
		"by reference":       {"GET", "/api/merchant/invoice/status?reference=r", kind, testToken, "", 400, `BAD_REQUEST`},
		"details":            {"GET", "/api/merchant/details", kind, testToken, "", 200, `"merchantId":"`},
	} {
		status, out, _ := w.send(t, tt.method, tt.path, tt.kind, tt.token, tt.body)
		require.Equal(t, tt.status, status, name)
		require.Contains(t, out, tt.want, name)
	}
	require.Len(t, w.sim.Invoices(), 1)
	require.Zero(t, w.sim.PubkeyFetches())
}

func TestScriptedFaultsSpeakTheBanksErrors(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		fault  Fault
		status int
		out    string
		count  int
	}{
		{Fault{Op: OpCreate, Kind: "status", Status: 429}, 429, `{"errCode":"TMR","errText":"too many requests"}`, 0},
		{Fault{Op: OpCreate, Kind: "status_after"}, 500, `"INTERNAL_ERROR"`, 1},
		{Fault{Op: OpCreate, Kind: "html"}, 502, "<html>", 1},
	} {
		require.NoError(t, w.sim.Kit().Faults.Add(tt.fault))
		status, out := w.call(t, http.MethodPost, createPath, `{"amount":1}`)
		require.Equal(t, tt.status, status)
		require.Contains(t, out, tt.out)
		require.Len(t, w.sim.Invoices(), tt.count)
	}
}

func TestWithoutTokenNobodyGetsIn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Token = "" })
	for _, token := range []string{"", testToken} {
		status, _, _ := w.send(t, http.MethodGet, "/api/merchant/details", "", token, "")
		require.Equal(t, 403, status)
	}
}

func FuzzCreate(f *testing.F) {
	f.Add(`{"amount":1,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1.5,"sum":2,"code":"c"}]}}`)
	f.Add(`{"amount":1,"validity":-1}`)
	f.Fuzz(func(t *testing.T, body string) {
		q, err := parseCreate([]byte(body))
		if err != nil {
			return
		}
		require.True(t, json.Valid([]byte(body)))
		if info, err := parsePaymInfo(q.paymInfo); err == nil {
			sim := &Sim{}
			_ = sim.checkBasket(info, 1)
		}
	})
}
