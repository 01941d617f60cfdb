package payinsim

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	testKey  = "some_key"
	testTime = int64(1591040000)
)

type world struct {
	sim    *Sim
	url    string
	client *http.Client
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	config := Config{UserID: 7026, Key: testKey, RetryDelays: []time.Duration{time.Millisecond, time.Millisecond},
		Payers: []Payer{{ID: 6034, Email: "a@example.com", Phone: "9131112233"}, {ID: 6035, Email: "b@example.com"}},
		Now:    func() time.Time { return time.Unix(testTime, 123456000) }}
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
	return &world{sim, server.URL, client}
}

func validCreate() map[string]string {
	return map[string]string{"user_id": "7026", "payer_id": "6034", "summ": "10.50", "currency_id": "643",
		"timestamp": strconv.FormatInt(testTime, 10), "descr": "Пополнение ~ *", "is_sos_topup": "1",
		"success_url": "https://shop.example/ok", "fail_url": "https://shop.example/fail", "id_pref": "125"}
}

func signed(fields map[string]string) url.Values {
	var params []param
	values := url.Values{}
	for key, value := range fields {
		params = append(params, param{key, value})
		values.Set(key, value)
	}
	values.Set("hash", hashOf(testKey, params))
	return values
}

type reply struct {
	Status  bool            `json:"status"`
	Result  json.RawMessage `json:"result"`
	UserMsg string          `json:"user_msg"`
	Tracker string          `json:"tracker"`
}

func (w *world) send(t *testing.T, method, path, contentType string, body io.Reader) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	resp, err := w.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(data), resp.Header
}

func (w *world) post(t *testing.T, path string, values url.Values) reply {
	t.Helper()
	status, body, _ := w.send(t, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
	require.Equal(t, 200, status)
	var out reply
	require.NoError(t, json.Unmarshal([]byte(body), &out), body)
	require.True(t, strings.HasPrefix(out.Tracker, " gid_"), "tracker %q", out.Tracker)
	return out
}

const (
	createPath = "/payment-in/create-invoice"
	findPath   = "/payment-in/find-payment"
	listPath   = "/payment-in/get-last-payments-for-user"
)

func (w *world) create(t *testing.T, change func(map[string]string)) Invoice {
	t.Helper()
	fields := validCreate()
	if change != nil {
		change(fields)
	}
	require.True(t, w.post(t, createPath, signed(fields)).Status)
	all := w.sim.Invoices()
	return all[len(all)-1]
}

func TestCreate(t *testing.T) {
	w := newWorld(t, nil)
	out := w.post(t, createPath, signed(validCreate()))
	require.True(t, out.Status, out.UserMsg)
	invoices := w.sim.Invoices()
	require.Len(t, invoices, 1)
	inv := invoices[0]
	require.JSONEq(t, `{"pay_link":"`+w.url+`/api/pay/`+inv.PaymentInID+`#/index","payment_in_id":`+inv.PaymentInID+
		`,"payment_in_inner_id":1,"payment_in_inner_id_user":6034,"pretty_id":"006034-000001"}`, string(out.Result))
	require.Regexp(t, `^64\d{12}$`, inv.PaymentInID)
	require.Equal(t, "Пополнение ~ *", inv.Descr)
	require.Equal(t, "10.50", inv.Summ)
	require.True(t, inv.SOSTopup)

	require.Equal(t, "006034-000002", w.create(t, nil).PrettyID, "an equal request makes another invoice")
	require.Equal(t, "006035-000001", w.create(t, func(f map[string]string) { f["payer_id"] = "6035" }).PrettyID)
}

func TestCreateMultipart(t *testing.T) {
	w := newWorld(t, nil)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, values := range signed(validCreate()) {
		require.NoError(t, form.WriteField(key, values[0]))
	}
	require.NoError(t, form.Close())
	_, out, _ := w.send(t, http.MethodPost, createPath, form.FormDataContentType(), &body)
	require.Contains(t, out, `"status":true`)
	require.Equal(t, "Пополнение ~ *", w.sim.Invoices()[0].Descr)
}

func TestCreateRefusals(t *testing.T) {
	set := func(key, value string) func(map[string]string) {
		return func(f map[string]string) { f[key] = value }
	}
	drop := func(key string) func(map[string]string) {
		return func(f map[string]string) { delete(f, key) }
	}
	tests := map[string]struct {
		change func(map[string]string)
		msg    string
	}{
		"timestamp 11 s old":   {set("timestamp", strconv.FormatInt(testTime-11, 10)), "incorrect timestamp"},
		"timestamp 11 s ahead": {set("timestamp", strconv.FormatInt(testTime+11, 10)), "incorrect timestamp"},
		"timestamp text":       {set("timestamp", "now"), "incorrect value of timestamp"},
		"no timestamp":         {drop("timestamp"), "parameter timestamp is required"},
		"no user":              {drop("user_id"), "parameter user_id is required"},
		"other user":           {set("user_id", "7027"), "user not found"},
		"user no number":       {set("user_id", "7026x"), "incorrect value of user_id"},
		"no payer":             {drop("payer_id"), "parameter payer_id is required"},
		"unknown payer":        {set("payer_id", "1"), "payer not found"},
		"payer zero padded":    {set("payer_id", "06034"), "incorrect value of payer_id"},
		"no summ":              {drop("summ"), "parameter summ is required"},
		"amount misspelled":    {set("amount", "10"), "unknown parameter amount"},
		"summ zero":            {set("summ", "0.00"), "incorrect value of summ"},
		"summ negative":        {set("summ", "-1"), "incorrect value of summ"},
		"summ three decimals":  {set("summ", "1.001"), "incorrect value of summ"},
		"summ comma":           {set("summ", "1,5"), "incorrect value of summ"},
		"summ exponent":        {set("summ", "1e3"), "incorrect value of summ"},
		"summ bare dot":        {set("summ", "1."), "incorrect value of summ"},
		"summ leading zero":    {set("summ", "01"), "incorrect value of summ"},
		"no currency":          {drop("currency_id"), "parameter currency_id is required"},
		"currency letters":     {set("currency_id", "RUB"), "incorrect value of currency_id"},
		"currency disabled":    {set("currency_id", "840"), "currency is not available"},
		"no description":       {drop("descr"), "parameter descr is required"},
		"empty description":    {set("descr", ""), "incorrect value of descr"},
		"preference text":      {set("id_pref", "card"), "incorrect value of id_pref"},
		"flag true":            {set("is_sos_topup", "true"), "incorrect value of is_sos_topup"},
		"relative address":     {set("success_url", "/ok"), "incorrect value of success_url"},
		"script address":       {set("fail_url", "javascript:alert(1)"), "incorrect value of fail_url"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			fields := validCreate()
			tt.change(fields)
			out := w.post(t, createPath, signed(fields))
			require.False(t, out.Status)
			require.Equal(t, tt.msg, out.UserMsg)
			require.Empty(t, out.Result)
			require.Empty(t, w.sim.Invoices())
		})
	}
}

func TestClockEdgeIsAccepted(t *testing.T) {
	w := newWorld(t, nil)
	for _, off := range []int64{-10, 10} {
		w.create(t, func(f map[string]string) { f["timestamp"] = strconv.FormatInt(testTime+off, 10) })
	}
}

func TestHashRefusals(t *testing.T) {
	w := newWorld(t, nil)
	tests := map[string]func(url.Values){
		"wrong":      func(v url.Values) { v.Set("hash", strings.Repeat("0", 32)) },
		"upper case": func(v url.Values) { v.Set("hash", strings.ToUpper(v.Get("hash"))) },
		"changed":    func(v url.Values) { v.Set("summ", "11.50") },
		"added":      func(v url.Values) { v.Set("more", "") },
	}
	for name, change := range tests {
		values := signed(validCreate())
		change(values)
		require.Equal(t, "incorrect hash", w.post(t, createPath, values).UserMsg, name)
	}
	values := signed(validCreate())
	values.Del("hash")
	require.Equal(t, "parameter hash is required", w.post(t, createPath, values).UserMsg)
	require.Empty(t, w.sim.Invoices())
}

func TestRequestShapeRefusals(t *testing.T) {
	w := newWorld(t, nil)
	good := signed(validCreate()).Encode()
	const form = "application/x-www-form-urlencoded"
	for name, tt := range map[string]struct{ method, path, contentType, body, want string }{
		"GET":             {"GET", createPath, form, "", "Method Not Allowed"},
		"json":            {"POST", createPath, "application/json", "{}", "is not a form"},
		"no content type": {"POST", createPath, "", good, "content type"},
		"query":           {"POST", createPath + "?" + good, form, "", "belong into the body"},
		"twice":           {"POST", createPath, form, good + "&summ=1", "given twice"},
		"bad escape":      {"POST", createPath, form, "a=%zz", "invalid URL escape"},
		"bad multipart":   {"POST", createPath, "multipart/form-data; boundary=x", "--x\r\nbroken", "malformed"},
		"file part":       {"POST", createPath, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nc\r\n--x--\r\n", "plain named field"},
		"unknown path":    {"POST", "/payment-in/other", form, good, "404"},
	} {
		_, out, _ := w.send(t, tt.method, tt.path, tt.contentType, strings.NewReader(tt.body))
		require.Contains(t, out, tt.want, name)
	}
	require.Empty(t, w.sim.Invoices())
}

func TestErrorsAreHTMLWithoutAcceptHeader(t *testing.T) {
	w := newWorld(t, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+createPath, strings.NewReader("a=b"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := w.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Contains(t, resp.Header.Get("Content-Type"), "text/html")
}

func search(extra map[string]string) url.Values {
	fields := map[string]string{"user_id": "7026", "timestamp": strconv.FormatInt(testTime, 10)}
	maps.Copy(fields, extra)
	return signed(fields)
}

func TestFind(t *testing.T) {
	w := newWorld(t, nil)
	for range 12 {
		w.create(t, nil)
	}
	other := w.create(t, func(f map[string]string) { f["payer_id"] = "6035" })
	require.NoError(t, w.sim.Pay(other.PrettyID))

	out := w.post(t, findPath, search(map[string]string{"account_number": other.PrettyID}))
	require.JSONEq(t, `[{"account_number":"006035-000001","status":1,"done_time":"2020-06-02 01:33:20.123456+06"}]`, string(out.Result))

	out = w.post(t, findPath, search(map[string]string{"email": "a@example.com"}))
	var list []foundPayment
	require.NoError(t, json.Unmarshal(out.Result, &list))
	require.Len(t, list, 10)
	require.Equal(t, "006034-000012", list[0].AccountNumber)
	require.Nil(t, list[0].DoneTime)

	for name, extra := range map[string]map[string]string{
		"nothing given":  nil,
		"unknown number": {"account_number": "000001-000001"},
		"other's number": {"account_number": other.PrettyID, "email": "a@example.com"},
		"by payment id":  {"phone": other.PaymentInID},
	} {
		out = w.post(t, findPath, search(extra))
		require.False(t, out.Status, name)
		require.Equal(t, "Payment with such parameters not found", out.UserMsg, name)
	}
	require.Equal(t, "unknown parameter payment_in_id",
		w.post(t, findPath, search(map[string]string{"payment_in_id": other.PaymentInID})).UserMsg)
}

func TestList(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.create(t, nil), w.create(t, nil)
	out := w.post(t, listPath, search(map[string]string{"phone": "9131112233", "limit": "1000"}))
	var list []listedPayment
	require.NoError(t, json.Unmarshal(out.Result, &list))
	require.Equal(t, []any{float64(second.ListID), float64(first.ListID)}, []any{list[0].ID, list[1].ID})
	require.Equal(t, "2020-06-02 01:33:20.123456+06", list[0].Created)

	out = w.post(t, listPath, search(map[string]string{"email": "a@example.com", "limit": "1"}))
	require.NoError(t, json.Unmarshal(out.Result, &list))
	require.Len(t, list, 1)
	out = w.post(t, listPath, search(map[string]string{"email": "b@example.com", "limit": "1"}))
	require.Equal(t, "[]", string(out.Result))

	for msg, extra := range map[string]map[string]string{
		"parameter limit is required":          {"email": "a@example.com"},
		"incorrect value of limit":             {"email": "a@example.com", "limit": "1001"},
		"parameter email or phone is required": {"limit": "5"},
	} {
		require.Equal(t, msg, w.post(t, listPath, search(extra)).UserMsg)
	}
}

func TestWithoutKeyNobodyGetsIn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Key = "" })
	values := signed(validCreate())
	values.Del("hash")
	var params []param
	for key := range values {
		params = append(params, param{key, values.Get(key)})
	}
	values.Set("hash", hashOf("", params))
	require.Equal(t, "incorrect hash", w.post(t, createPath, values).UserMsg)
}
