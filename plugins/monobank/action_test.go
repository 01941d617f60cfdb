package monobank_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/sdk/pay"
)

// replies answers each path with one answer after the other, the last one for ever, and keeps what it was asked.
type replies struct {
	answers map[string][]answer
	mu      sync.Mutex
	asked   []string
}

// RoundTrip implements [http.RoundTripper].
func (s *replies) RoundTrip(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/merchant/")
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		line = strings.TrimSpace(line + " " + string(raw))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, line)
	path := strings.TrimPrefix(r.URL.Path, "/api/merchant/")
	one := answer{503, "<html>"}
	if list := s.answers[path]; len(list) > 0 {
		one = list[0]
		if len(list) > 1 {
			s.answers[path] = list[1:]
		}
	}
	return &http.Response{
		StatusCode: one.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(one.body)), Request: r,
	}, nil
}

// changes are the requests that may change something.
func (s *replies) changes() []string {
	return slices.DeleteFunc(slices.Clone(s.asked), func(line string) bool { return strings.HasPrefix(line, "GET ") })
}

func replying(t testing.TB, answers map[string][]answer) (pay.ActionProvider, *replies) {
	t.Helper()
	s := &replies{answers: answers}
	return runner(t, openWith(t, &http.Client{Transport: s}, "https://api.monobank.ua", newClock(), nil)), s
}

func runner(t testing.TB, a pay.Account) pay.ActionProvider {
	t.Helper()
	out, ok := a.(pay.ActionProvider)
	require.True(t, ok)
	return out
}

func run(t testing.TB, a pay.ActionProvider, name, input string) (pay.ActionResult, error) {
	t.Helper()
	return a.RunAction(t.Context(), pay.Action{Call: opCall(), Name: name, Input: json.RawMessage(input)})
}

// spec is what the manifest says of an action.
func spec(t testing.TB, name string) pay.ActionSpec {
	t.Helper()
	list := monobank.New("1").Describe().Actions
	i := slices.IndexFunc(list, func(s pay.ActionSpec) bool { return s.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return list[i]
}

// fits checks a result against the schema of its action.
func fits(t *testing.T, name string, got pay.ActionResult) {
	t.Helper()
	require.NoError(t, compile(t, spec(t, name).Output).Validate(parse(t, string(got.Output))), "%s: %s", name, got.Output)
}

// accountActions are the actions of this file's account, each with a complete input and the request it sends.
func accountActions() map[string]struct{ input, sends string } {
	return map[string]struct{ input, sends string }{
		"qr_list":         {``, "GET qr/list"},
		"qr_details":      {`{"qr_id":"XJ/1 &"}`, "GET qr/details?qrId=XJ%2F1+%26"},
		"qr_reset":        {`{"qr_id":"XJ_1"}`, `POST qr/reset-amount {"qrId":"XJ_1"}`},
		"wallet_cards":    {`{"wallet_id":"cust_9"}`, "GET wallet?walletId=cust_9"},
		"submerchants":    {`{}`, "GET submerchant/list"},
		"split_receivers": {`{}`, "GET split-receiver/list"},
		"employees":       {`{}`, "GET employee/list"},
		"subscription_create": {
			`{"amount":{"value":"42.5","currency":"USD"},"interval":"2w","expires_in":"720h","return_url":"https://shop.example/b?a=1&b=2",` +
				`"charge_webhook_url":"https://shop.example/c","status_webhook_url":"https://shop.example/s"}`,
			`POST subscription/create {"amount":4250,"ccy":840,"interval":"2w","redirectUrl":"https://shop.example/b?a=1&b=2",` +
				`"webHookUrls":{"chargeUrl":"https://shop.example/c","statusUrl":"https://shop.example/s"},"validity":2592000}`,
		},
		"subscription_status": {`{"subscription_id":"s1"}`, "GET subscription/status?subscriptionId=s1"},
		"subscription_list": {
			`{"from":"2026-03-01T02:00:00+02:00","to":"2026-04-01T00:00:00Z","limit":100,"page":2,"status":"canceled"}`,
			"GET subscription/list?dateFrom=2026-03-01T00%3A00%3A00Z&dateTo=2026-04-01T00%3A00%3A00Z&limit=100&page=2&status=cancelled",
		},
		"subscription_payments": {
			`{"subscription_id":"s1","from":"2026-03-01T00:00:00Z"}`,
			"GET subscription/payments?dateFrom=2026-03-01T00%3A00%3A00Z&subscriptionId=s1",
		},
		"subscription_cancel": {`{"subscription_id":"s1"}`, `POST subscription/edit {"subscriptionId":"s1","action":"cancel"}`},
		"subscription_edit":   {`{"subscription_id":"s1","action":"cancel"}`, `POST subscription/edit {"subscriptionId":"s1","action":"cancel"}`},
		"subscription_remove": {`{"subscription_id":"s1"}`, `POST subscription/remove {"subscriptionId":"s1"}`},
		"wallet_card_delete":  {`{"wallet_id":"cust_9","card_ref":"card_` + strings.Repeat("0", 32) + `"}`, "GET wallet?walletId=cust_9"},
	}
}

func TestActionsOfTheManifest(t *testing.T) {
	effects := map[string]pay.Effect{
		"qr_reset": pay.EffectChanges, "wallet_card_delete": pay.EffectChanges, "subscription_create": pay.EffectChanges,
		"subscription_cancel": pay.EffectChanges, "subscription_remove": pay.EffectChanges, "subscription_edit": pay.EffectMovesMoney,
	}
	for name, one := range accountActions() {
		got := spec(t, name)
		want, changes := effects[name]
		if !changes {
			want = pay.EffectRead
		}
		require.Equal(t, want, got.Effect, name)
		require.Equal(t, pay.SubjectAccount, got.Subject, name)
		require.NotEmpty(t, got.Title, name)
		if changes {
			require.Equal(t, pay.ResolveHuman, got.Resolution, "%s: nothing is sent again, and no reference finds it", name)
		}
		input := compile(t, got.Input)
		full := one.input
		if full == "" {
			full = "{}"
		}
		require.NoError(t, input.Validate(parse(t, full)), name)
		require.Error(t, input.Validate(parse(t, `{"explode":1}`)), name)
		require.Error(t, compile(t, got.Output).Validate(parse(t, `{"cardToken":"x"}`)), name)
	}
}

func TestActionsSendExactly(t *testing.T) {
	for name, one := range accountActions() {
		a, s := replying(t, nil)
		_, err := run(t, a, name, one.input)
		require.Error(t, err, "%s: 503", name)
		require.Equal(t, one.sends, s.asked[0], name)
		if len(s.changes()) > 0 {
			require.Len(t, s.changes(), 1, "%s: sent once", name)
		}
	}
	a, s := replying(t, map[string][]answer{"subscription/create": {{200, `{"subscriptionId":"s1","pageUrl":"https://pay.example/s1"}`}}})
	_, err := run(t, a, "subscription_create", `{"amount":{"value":"1","currency":"UAH"},"interval":"1m","charge_webhook_url":"https://shop.example/c"}`)
	require.NoError(t, err)
	require.Equal(t, []string{`POST subscription/create {"amount":100,"ccy":980,"interval":"1m","webHookUrls":{"chargeUrl":"https://shop.example/c"}}`}, s.asked)
}

func TestActionsAreRefusedBeforeSending(t *testing.T) {
	sub := func(more string) string {
		return `{"amount":{"value":"1","currency":"UAH"},"interval":"1m"` + more + `}`
	}
	long := strings.Repeat("x", 129)
	a, s := replying(t, nil)
	for _, tt := range []struct{ name, input, path string }{
		{"qr_list", `{"qr_id":"x"}`, "input.qr_id"}, {"qr_list", `[]`, "input"}, {"qr_list", `{} {}`, "input"},
		{"qr_details", ``, "input.qr_id"}, {"qr_details", `{"qr_id":"` + long + `"}`, "input.qr_id"}, {"qr_details", `{"qr_id":1}`, "input.qr_id"},
		{"qr_reset", `{}`, "input.qr_id"},
		{"wallet_cards", `{}`, "input.wallet_id"}, {"wallet_card_delete", `{"card_ref":"x"}`, "input.wallet_id"},
		{"wallet_card_delete", `{"wallet_id":"w"}`, "input.card_ref"}, {"wallet_card_delete", `{"wallet_id":"w","card_token":"x"}`, "input.card_token"},
		{"subscription_create", `{"interval":"1m"}`, "input.amount.currency"},
		{"subscription_create", `{"amount":{"value":"1","currency":"RUB"},"interval":"1m"}`, "input.amount.currency"},
		{"subscription_create", `{"amount":{"value":"0","currency":"UAH"},"interval":"1m"}`, "input.amount.value"},
		{"subscription_create", `{"amount":{"value":"-1","currency":"UAH"},"interval":"1m"}`, "input.amount.value"},
		{"subscription_create", `{"amount":{"value":"1.005","currency":"UAH"},"interval":"1m"}`, "input.amount.value"},
		{"subscription_create", `{"amount":{"value":1,"currency":"UAH"},"interval":"1m"}`, "input.amount.value"},
		{"subscription_create", `{"amount":{"value":"99999999999999999.99","currency":"UAH"},"interval":"1m"}`, "input.amount.value"},
		{"subscription_create", sub(`,"interval":"m"`), "input.interval"}, {"subscription_create", sub(`,"interval":"0m"`), "input.interval"},
		{"subscription_create", sub(`,"interval":"1h"`), "input.interval"}, {"subscription_create", sub(`,"interval":"1mm"`), "input.interval"},
		{"subscription_create", sub(`,"interval":""`), "input.interval"}, {"subscription_create", sub(`,"interval":"12345d"`), "input.interval"},
		{"subscription_create", sub(`,"interval":"-1d"`), "input.interval"},
		{"subscription_create", sub(`,"expires_in":"721h"`), "input.expires_in"}, {"subscription_create", sub(`,"expires_in":"1500ms"`), "input.expires_in"},
		{"subscription_create", sub(`,"expires_in":"-1h"`), "input.expires_in"}, {"subscription_create", sub(`,"expires_in":"soon"`), "input.expires_in"},
		{"subscription_create", sub(`,"return_url":"javascript:1"`), "input.return_url"},
		{"subscription_create", sub(`,"charge_webhook_url":"/x"`), "input.charge_webhook_url"},
		{"subscription_create", sub(`,"status_webhook_url":"ftp://x/y"`), "input.status_webhook_url"},
		{"subscription_create", sub(`,"reference":"order-1"`), "input.reference"},
		{"subscription_status", `{}`, "input.subscription_id"}, {"subscription_status", `{"subscription_id":"` + long + `"}`, "input.subscription_id"},
		{"subscription_list", `{}`, "input.from"}, {"subscription_list", `{"from":"2026-03-01"}`, "input.from"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","to":"x"}`, "input.to"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","to":"2026-02-01T00:00:00Z"}`, "input.to"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","limit":0}`, "input.limit"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","limit":101}`, "input.limit"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","page":0}`, "input.page"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","page":1000001}`, "input.page"},
		{"subscription_list", `{"from":"2026-03-01T00:00:00Z","status":"cancelled"}`, "input.status"},
		{"subscription_payments", `{"from":"2026-03-01T00:00:00Z"}`, "input.subscription_id"},
		{"subscription_payments", `{"subscription_id":"s1"}`, "input.from"},
		{"subscription_cancel", `{}`, "input.subscription_id"}, {"subscription_cancel", `{"subscription_id":"s1","refund_amount":{}}`, "input.refund_amount"},
		{"subscription_edit", `{"subscription_id":"s1"}`, "input.action"}, {"subscription_edit", `{"subscription_id":"s1","action":"pause"}`, "input.action"},
		{"subscription_edit", `{"action":"cancel"}`, "input.subscription_id"},
		{"subscription_edit", `{"subscription_id":"s1","action":"cancel","refund_amount":{"value":"0","currency":"UAH"}}`, "input.refund_amount.value"},
		{"subscription_edit", `{"subscription_id":"s1","action":"cancel","refund_amount":{"value":"1","currency":"EUROS"}}`, "input.refund_amount.currency"},
		{"subscription_remove", `{}`, "input.subscription_id"},
	} {
		_, err := run(t, a, tt.name, tt.input)
		require.ErrorIs(t, err, pay.KindInvalidRequest, "%s %s", tt.name, tt.input)
		e := pay.AsError(err)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted())
		require.Equal(t, tt.path, e.Fields[0].Path, "%s %s: %v", tt.name, tt.input, err)
	}
	_, err := run(t, a, "explode "+strings.Repeat("x", 200), "")
	require.ErrorIs(t, err, pay.KindUnsupported)
	_, err = a.RunAction(t.Context(), pay.Action{Name: "qr_list", Attachments: []pay.Attachment{{Name: "x", Content: strings.NewReader("x")}}})
	require.ErrorIs(t, err, pay.KindUnsupported)
	require.Empty(t, s.asked)
}

// TestActionErrors: every code of the API and every answer without one means of an action what it means of any call.
func TestActionErrors(t *testing.T) {
	type meaning struct {
		reads, changes pay.Kind
		code           string
	}
	both := func(k pay.Kind, code string) meaning { return meaning{k, k, code} }
	for name, tt := range map[string]struct {
		answer answer
		want   meaning
	}{
		"bad request":         {refuses("BAD_REQUEST"), both(pay.KindInvalidRequest, "BAD_REQUEST")},
		"order in progress":   {refuses("ORDER_IN_PROGRESS"), both(pay.KindInvalidState, "ORDER_IN_PROGRESS")},
		"token not found":     {refuses("TOKEN_NOT_FOUND"), both(pay.KindInvalidRequest, "TOKEN_NOT_FOUND")},
		"forbidden":           {refuses("FORBIDDEN"), both(pay.KindAuth, "FORBIDDEN")},
		"not found":           {refuses("NOT_FOUND"), both(pay.KindNotFound, "NOT_FOUND")},
		"1004":                {refuses("1004"), both(pay.KindNotFound, "1004")},
		"method":              {refuses("METHOD_NOT_ALLOWED"), both(pay.KindInvalidRequest, "METHOD_NOT_ALLOWED")},
		"too many":            {refuses("TMR"), both(pay.KindRateLimited, "TMR")},
		"internal":            {refuses("INTERNAL_ERROR"), meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, "INTERNAL_ERROR"}},
		"a code of tomorrow":  {answer{400, `{"errCode":"TOMORROW"}`}, both(pay.KindInvalidRequest, "TOMORROW")},
		"a page of the edge":  {answer{403, "<html>"}, both(pay.KindRateLimited, "")},
		"404 without a code":  {answer{404, "<html>"}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"bad gateway":         {answer{502, "<html>"}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"200 that is a page":  {answer{200, "<html>"}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"200 that is a list":  {answer{200, `[{}]`}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"200 with a refusal":  {answer{200, `{"errCode":"BAD_REQUEST"}`}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"200 that is a null":  {answer{200, `null`}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
		"200 that is cut off": {answer{200, `{"list":[{"qrId":"a"`}, meaning{pay.KindProviderUnavailable, pay.KindOutcomeUnknown, ""}},
	} {
		for action, one := range accountActions() {
			path := strings.FieldsFunc(one.sends, func(r rune) bool { return r == ' ' || r == '?' })[1]
			a, s := replying(t, map[string][]answer{path: {tt.answer}})
			_, err := run(t, a, action, one.input)
			want := tt.want.changes
			if strings.HasPrefix(one.sends, "GET ") {
				want = tt.want.reads
			}
			wantFailure(t, name+": "+action, err, want, "")
			require.Equal(t, tt.want.code, pay.AsError(err).ProviderCode, "%s: %s", name, action)
			require.LessOrEqual(t, len(s.changes()), 1)
			if want == pay.KindRateLimited {
				require.Equal(t, pay.RetrySameOperation, pay.AsError(err).RetryRule())
			}
		}
	}
}
