package monobanksim

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	subPath = "/api/merchant/subscription/"
	qrPath  = "/api/merchant/qr/"
)

// subscribe makes a subscription and returns its id.
func (w *world) subscribe(t *testing.T, body string) string {
	t.Helper()
	status, out := w.call(t, http.MethodPost, subPath+"create", body)
	require.Equal(t, 200, status, out)
	var made struct{ SubscriptionID, PageURL string }
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.Equal(t, w.url+"/subscribe/"+made.SubscriptionID, made.PageURL)
	return made.SubscriptionID
}

func TestSubscriptionRefusals(t *testing.T) {
	w := newWorld(t, nil)
	id := w.subscribe(t, `{"amount":4200,"interval":"1m"}`)
	post := func(name, body string) func() (int, string) {
		return func() (int, string) { return w.call(t, http.MethodPost, subPath+name, body) }
	}
	get := func(query string) func() (int, string) {
		return func() (int, string) { return w.call(t, http.MethodGet, subPath+query, "") }
	}
	for name, tt := range map[string]struct {
		call func() (int, string)
		code string
	}{
		"no amount":          {post("create", `{"interval":"1m"}`), "BAD_REQUEST"},
		"amount zero":        {post("create", `{"amount":0,"interval":"1m"}`), "BAD_REQUEST"},
		"amount as text":     {post("create", `{"amount":"1","interval":"1m"}`), "BAD_REQUEST"},
		"no interval":        {post("create", `{"amount":1}`), "BAD_REQUEST"},
		"interval in hours":  {post("create", `{"amount":1,"interval":"1h"}`), "BAD_REQUEST"},
		"interval zero":      {post("create", `{"amount":1,"interval":"0d"}`), "BAD_REQUEST"},
		"interval, bare":     {post("create", `{"amount":1,"interval":"m"}`), "BAD_REQUEST"},
		"currency":           {post("create", `{"amount":1,"interval":"1m","ccy":643}`), "BAD_REQUEST"},
		"a reference":        {post("create", `{"amount":1,"interval":"1m","reference":"r"}`), "BAD_REQUEST"},
		"other hooks":        {post("create", `{"amount":1,"interval":"1m","webHookUrls":{"status":"https://a.example"}}`), "BAD_REQUEST"},
		"case of hooks":      {post("create", `{"amount":1,"interval":"1m","webhookUrls":{}}`), "BAD_REQUEST"},
		"a relative hook":    {post("create", `{"amount":1,"interval":"1m","webHookUrls":{"statusUrl":"/s"}}`), "BAD_REQUEST"},
		"validity":           {post("create", `{"amount":1,"interval":"1m","validity":0}`), "BAD_REQUEST"},
		"status of none":     {get("status"), "BAD_REQUEST"},
		"status by subId":    {get("status?subId=" + id), "BAD_REQUEST"},
		"status of nobody":   {get("status?subscriptionId=x"), "NOT_FOUND"},
		"list from never":    {get("list"), "BAD_REQUEST"},
		"list from a day":    {get("list?dateFrom=2026-10-05"), "BAD_REQUEST"},
		"list to before":     {get("list?dateFrom=2026-10-05T00:00:00Z&dateTo=2026-10-04T00:00:00Z"), "BAD_REQUEST"},
		"list of canceled":   {get("list?dateFrom=2026-10-05T00:00:00Z&status=canceled"), "BAD_REQUEST"},
		"list, limit 101":    {get("list?dateFrom=2026-10-05T00:00:00Z&limit=101"), "BAD_REQUEST"},
		"list, page 0":       {get("list?dateFrom=2026-10-05T00:00:00Z&page=0"), "BAD_REQUEST"},
		"list, page twice":   {get("list?dateFrom=2026-10-05T00:00:00Z&page=1&page=2"), "BAD_REQUEST"},
		"payments of none":   {get("payments?dateFrom=2026-10-05T00:00:00Z"), "BAD_REQUEST"},
		"payments of nobody": {get("payments?subscriptionId=x&dateFrom=2026-10-05T00:00:00Z"), "NOT_FOUND"},
		"payments, no date":  {get("payments?subscriptionId=" + id), "BAD_REQUEST"},
		"edit, no action":    {post("edit", `{"subscriptionId":"`+id+`"}`), "BAD_REQUEST"},
		"edit, pause":        {post("edit", `{"subscriptionId":"`+id+`","action":"pause"}`), "BAD_REQUEST"},
		"edit of nobody":     {post("edit", `{"subscriptionId":"x","action":"cancel"}`), "NOT_FOUND"},
		"refund unpaid":      {post("edit", `{"subscriptionId":"`+id+`","action":"cancel","refundAmount":1}`), "BAD_REQUEST"},
		"remove nobody":      {post("remove", `{"subscriptionId":"x"}`), "NOT_FOUND"},
		"remove, more":       {post("remove", `{"subscriptionId":"`+id+`","force":true}`), "BAD_REQUEST"},
		"desk of none":       {func() (int, string) { return w.call(t, http.MethodGet, qrPath+"details", "") }, "BAD_REQUEST"},
		"desk of nobody":     {func() (int, string) { return w.call(t, http.MethodGet, qrPath+"details?qrId=x", "") }, "1004"},
		"desks, more":        {func() (int, string) { return w.call(t, http.MethodGet, qrPath+"list?page=1", "") }, "BAD_REQUEST"},
		"reset nobody":       {func() (int, string) { return w.call(t, http.MethodPost, qrPath+"reset-amount", `{"qrId":"x"}`) }, "1004"},
		"reset none":         {func() (int, string) { return w.call(t, http.MethodPost, qrPath+"reset-amount", `{}`) }, "BAD_REQUEST"},
		"reset by GET":       {func() (int, string) { return w.call(t, http.MethodGet, qrPath+"reset-amount?qrId=x", "") }, "METHOD_NOT_ALLOWED"},
		"employees, more":    {func() (int, string) { return w.call(t, http.MethodGet, "/api/merchant/employee/list?x=1", "") }, "BAD_REQUEST"},
		"a made-up wallet":   {func() (int, string) { return w.call(t, http.MethodGet, "/api/merchant/wallet", "") }, "BAD_REQUEST"},
	} {
		status, out := tt.call()
		require.GreaterOrEqual(t, status, 400, name)
		require.Contains(t, out, `"errCode":"`+tt.code+`"`, name)
	}
	require.Len(t, w.sim.Subscriptions(), 1)
	require.Len(t, w.sim.Effects(), 1)
	status, _, _ := w.send(t, http.MethodGet, subPath+"status?subscriptionId="+id, "application/json", "stranger", "")
	require.Equal(t, 403, status)
}

// TestSubscriptionDates: charges fall on the day of the month that the first one had, or on the last of a shorter one.
func TestSubscriptionDates(t *testing.T) {
	start := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	for interval, want := range map[string][]string{
		"1d": {"2026-02-01", "2026-02-02"}, "2w": {"2026-02-14", "2026-02-28"}, "1m": {"2026-02-28", "2026-03-31", "2026-04-30"},
		"3m": {"2026-04-30", "2026-07-31"}, "1y": {"2027-01-31", "2028-01-31"},
	} {
		for i, day := range want {
			require.Equal(t, day+"T09:00:00Z", wireTime(after(start, interval, i+1)), interval)
		}
	}
	require.Equal(t, "2025-02-28T00:00:00Z", wireTime(after(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), "1y", 1)))
}

// TestSubscriptionCharges: the bank charges by its clock, each charge at its own time, whoever looks and whenever.
func TestSubscriptionCharges(t *testing.T) {
	w := newWorld(t, nil)
	receiver := newShop(t)
	id := w.subscribe(t, `{"amount":4200,"ccy":978,"interval":"1w","validity":3600,"redirectUrl":"https://shop.example/back",`+
		`"webHookUrls":{"chargeUrl":"`+receiver.url+`","statusUrl":"`+receiver.url+`"}}`)
	status, out := w.call(t, http.MethodGet, subPath+"status?subscriptionId="+id, "")
	require.Equal(t, 200, status)
	made, err := w.sim.Subscription(id)
	require.NoError(t, err)
	require.JSONEq(t, `{"subscriptionId":"`+id+`","status":"active","startDate":"2026-10-05T12:00:00Z","amount":4200,"ccy":978,"interval":"1w",`+
		`"summary":{"totalPaid":0,"totalFailed":0},"walletData":{"cardToken":"","walletId":"`+made.WalletID+`","status":"new"}}`, out)

	status, out = w.call(t, http.MethodPost, "/_sim/subscription-charges", `{"status":"failed","times":1}`)
	require.Equal(t, 200, status, out)
	status, out, head := w.send(t, http.MethodPost, "/subscribe/"+id, "application/x-www-form-urlencoded", "", "do=subscribe")
	require.Equal(t, 303, status, out)
	require.Equal(t, "https://shop.example/back", head.Get("Location"))
	status, _ = w.call(t, http.MethodPost, "/_sim/subscribe", `{"id":"`+id+`"}`)
	require.Equal(t, 409, status, "only once")
	w.clock.advance(15 * 24 * time.Hour)
	_, out = w.call(t, http.MethodGet, subPath+"payments?subscriptionId="+id+"&dateFrom=2026-10-05T00:00:00Z&limit=2", "")
	require.JSONEq(t, `{"payments":[{"amount":4200,"status":"success","chargedAt":"2026-10-19T12:00:00Z","ccy":978},
		{"amount":4200,"status":"success","chargedAt":"2026-10-12T12:00:00Z","ccy":978}],
		"pagination":{"totalItems":3,"itemsPerPage":2,"currentPage":1,"totalPages":2}}`, out)
	_, out = w.call(t, http.MethodGet, subPath+"payments?subscriptionId="+id+"&dateFrom=2026-10-05T00:00:00Z&limit=2&page=2", "")
	require.Contains(t, out, `"status":"failed","chargedAt":"2026-10-05T12:00:00Z"`)
	_, out = w.call(t, http.MethodGet, subPath+"list?dateFrom=2026-10-05T00:00:00Z&status=active", "")
	require.NotContains(t, out, "ccy", "no row of this list has a currency")

	_, out = w.call(t, http.MethodPost, subPath+"remove", `{"subscriptionId":"`+id+`"}`)
	require.Contains(t, out, `"errCode":"1001"`)
	status, out = w.call(t, http.MethodPost, subPath+"edit", `{"subscriptionId":"`+id+`","action":"cancel","refundAmount":8400}`)
	require.Equal(t, 200, status, out)
	require.Empty(t, out)
	status, _ = w.call(t, http.MethodPost, subPath+"edit", `{"subscriptionId":"`+id+`","action":"cancel"}`)
	require.Equal(t, 400, status)
	require.Equal(t, []Effect{{Op: OpSubCreate, Key: id, Amount: 4200}, {Op: OpSubEdit, Key: id, Amount: 8400}}, w.sim.Effects())
	w.clock.advance(30 * 24 * time.Hour)
	made, err = w.sim.Subscription(id)
	require.NoError(t, err)
	require.Len(t, made.Charges, 3)
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	bodies := receiver.bodies
	require.Len(t, bodies, 5, "subscribed, three charges, cancelled")
	require.Contains(t, strings.Join(bodies, "\n"), `"subscriptionId":"`+id+`"`)
}

// TestSubscriptionPage: the page ends with its validity, and says so.
func TestSubscriptionPage(t *testing.T) {
	w := newWorld(t, nil)
	id := w.subscribe(t, `{"amount":4200,"interval":"1m","validity":60}`)
	status, out, _ := w.send(t, http.MethodGet, "/subscribe/"+id, "", "", "")
	require.Equal(t, 200, status)
	require.Contains(t, out, "Subscribe")
	require.Contains(t, out, "42.00 UAH")
	w.clock.advance(time.Minute)
	status, _, _ = w.send(t, http.MethodPost, "/subscribe/"+id, "application/x-www-form-urlencoded", "", "")
	require.Equal(t, 409, status)
	status, _, _ = w.send(t, http.MethodGet, "/subscribe/nobody", "", "", "")
	require.Equal(t, 404, status)
	status, _, _ = w.send(t, http.MethodDelete, "/subscribe/"+id, "", "", "")
	require.Equal(t, 405, status)
	status, out = w.call(t, http.MethodPost, "/_sim/subscription-status", `{"id":"`+id+`","status":"dreaming"}`)
	require.Equal(t, 200, status)
	require.Contains(t, out, `"status":"dreaming"`)
	status, _ = w.call(t, http.MethodPost, "/_sim/subscription-charge", `{"id":"`+id+`"}`)
	require.Equal(t, 409, status, "there is no new charge")
	status, _ = w.call(t, http.MethodPost, "/_sim/subscription-charges", `{}`)
	require.Equal(t, 400, status)
}

// TestRemovedSubscription: what was never charged can be taken back, and is gone.
func TestRemovedSubscription(t *testing.T) {
	w := newWorld(t, nil)
	id := w.subscribe(t, `{"amount":4200,"interval":"1m"}`)
	status, out := w.call(t, http.MethodPost, subPath+"remove", `{"subscriptionId":"`+id+`"}`)
	require.Equal(t, 200, status, out)
	require.Empty(t, out)
	status, _ = w.call(t, http.MethodGet, subPath+"status?subscriptionId="+id, "")
	require.Equal(t, 404, status)
	_, err := w.sim.Subscription(id)
	require.ErrorIs(t, err, ErrNotFound)
}

// TestDesks: desks and lists are filled by scripting calls too, and a create takes only what is there.
func TestDesks(t *testing.T) {
	w := newWorld(t, nil)
	for path, body := range map[string]string{
		"/_sim/desks": `{"qr_id":"q1","short_qr_id":"S"}`, "/_sim/submerchants": `{"code":"c1","iban":"UA1"}`,
		"/_sim/split-receivers": `{"splitReceiverId":"s1","edrpou":"1","name":"n"}`, "/_sim/employees": `{"id":"e1","name":"n","extRef":"r"}`,
	} {
		status, out := w.call(t, http.MethodPost, path, body)
		require.Equal(t, 200, status, out)
	}
	for body, code := range map[string]int{`{"qr_id":"q1"}`: 409, `{"amount_type":"dream"}`: 400} {
		status, _ := w.call(t, http.MethodPost, "/_sim/desks", body)
		require.Equal(t, code, status, body)
	}
	_, out := w.call(t, http.MethodGet, qrPath+"list", "")
	require.JSONEq(t, `{"list":[{"shortQrId":"S","qrId":"q1","amountType":"merchant","pageUrl":"`+w.url+`/qr/q1"}]}`, out)
	_, out = w.call(t, http.MethodGet, "/api/merchant/submerchant/list", "")
	require.JSONEq(t, `{"list":[{"code":"c1","iban":"UA1"}]}`, out)
	_, out = w.call(t, http.MethodGet, "/api/merchant/split-receiver/list", "")
	require.JSONEq(t, `{"list":[{"splitReceiverId":"s1","edrpou":"1","name":"n"}]}`, out)
	_, out = w.call(t, http.MethodGet, "/api/merchant/employee/list", "")
	require.JSONEq(t, `{"list":[{"id":"e1","name":"n","extRef":"r"}]}`, out)

	inv := w.create(t, `{"amount":4200,"qrId":"q1","withAppUrl":true,"code":"c1"}`)
	require.Empty(t, inv.AppURL, "not for desks")
	_, out = w.call(t, http.MethodGet, qrPath+"details?qrId=q1", "")
	require.JSONEq(t, `{"shortQrId":"S","invoiceId":"`+inv.InvoiceID+`","amount":4200,"ccy":980}`, out)
	w.clock.advance(24 * time.Hour)
	_, out = w.call(t, http.MethodGet, qrPath+"details?qrId=q1", "")
	require.JSONEq(t, `{"shortQrId":"S"}`, out, "an invoice that ended leaves the desk free")
	taken := w.create(t, `{"amount":4200,"qrId":"q1"}`)
	status, _ := w.call(t, http.MethodPost, "/api/merchant/invoice/remove", `{"invoiceId":"`+taken.InvoiceID+`"}`)
	require.Equal(t, 200, status)
	_, out = w.call(t, http.MethodGet, qrPath+"details?qrId=q1", "")
	require.JSONEq(t, `{"shortQrId":"S"}`, out, "and so does one that was removed")
	status, _ = w.call(t, http.MethodPost, createPath, `{"amount":1,"qrId":"q1","code":"nobody"}`)
	require.Equal(t, 400, status)
	require.Len(t, w.sim.Invoices(), 2)
	require.Equal(t, taken.InvoiceID, w.sim.Desks()[0].InvoiceID, "what was refused is not on the desk")
	_, out = w.call(t, http.MethodGet, "/_sim/desks", "")
	require.Contains(t, out, `"qr_id":"q1"`)
	_, out = w.call(t, http.MethodGet, "/_sim/subscriptions", "")
	require.JSONEq(t, `[]`, out)
}
