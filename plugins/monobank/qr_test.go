package monobank_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// actionAnswer is a 200 of one path and what an action makes of it: a result, or a failure.
type actionAnswer struct {
	body string
	want string
	fail pay.Kind
}

// checkAnswers runs an action against each answer of its path.
func checkAnswers(t *testing.T, action, input, path string, answers map[string]actionAnswer) {
	t.Helper()
	for name, tt := range answers {
		a, _ := replying(t, map[string][]answer{path: {{200, tt.body}}})
		got, err := run(t, a, action, input)
		if tt.fail != "" {
			wantFailure(t, name, err, tt.fail, "")
			continue
		}
		require.NoError(t, err, name)
		require.JSONEq(t, tt.want, string(got.Output), name)
		fits(t, action, got)
	}
}

func TestQRListAnswers(t *testing.T) {
	checkAnswers(t, "qr_list", "", "qr/list", map[string]actionAnswer{
		"every amount type": {
			body: `{"list":[{"shortQrId":"OBJE","qrId":"XJ_1","amountType":"merchant","pageUrl":"https://pay.mbnk.biz/XJ_1","new":1},
				{"shortQrId":"B","qrId":"XJ_2","amountType":"client","pageUrl":"https://pay.mbnk.biz/XJ_2"},
				{"shortQrId":"C","qrId":"XJ_3","amountType":"fix","pageUrl":"https://pay.mbnk.biz/XJ_3"}]}`,
			want: `{"desks":[{"qr_id":"XJ_1","short_qr_id":"OBJE","amount_type":"merchant","page_url":"https://pay.mbnk.biz/XJ_1"},
				{"qr_id":"XJ_2","short_qr_id":"B","amount_type":"client","page_url":"https://pay.mbnk.biz/XJ_2"},
				{"qr_id":"XJ_3","short_qr_id":"C","amount_type":"fix","page_url":"https://pay.mbnk.biz/XJ_3"}]}`,
		},
		"a type of tomorrow":  {body: `{"list":[{"qrId":"q","amountType":"dream"}]}`, want: `{"desks":[{"qr_id":"q","amount_type":"dream"}]}`},
		"an id as a number":   {body: `{"list":[{"qrId":9007199254740993}]}`, want: `{"desks":[{"qr_id":"9007199254740993","amount_type":""}]}`},
		"a script as a page":  {body: `{"list":[{"qrId":"q","amountType":"fix","pageUrl":"javascript:1"}]}`, want: `{"desks":[{"qr_id":"q","amount_type":"fix"}]}`},
		"none":                {body: `{"list":[]}`, want: `{"desks":[]}`},
		"null":                {body: `{"list":null}`, want: `{"desks":[]}`},
		"no list":             {body: `{}`, fail: pay.KindProviderUnavailable},
		"an object as a list": {body: `{"list":{"qrId":"q"}}`, fail: pay.KindProviderUnavailable},
		"a row without id":    {body: `{"list":[{"qrId":"q"},{"shortQrId":"x"}]}`, fail: pay.KindProviderUnavailable},
		"a null row":          {body: `{"list":[null]}`, fail: pay.KindProviderUnavailable},
		"empty":               {body: ``, fail: pay.KindProviderUnavailable},
	})
}

func TestQRDetailsAnswers(t *testing.T) {
	checkAnswers(t, "qr_details", `{"qr_id":"q"}`, "qr/details", map[string]actionAnswer{
		"an amount": {
			body: `{"shortQrId":"OBJE","invoiceId":"i1","amount":4200,"ccy":980}`,
			want: `{"qr_id":"q","short_qr_id":"OBJE","amount_set":true,"invoice_id":"i1","amount":{"value":"42.00","currency":"UAH"}}`,
		},
		"beyond 2^53": {
			body: `{"shortQrId":"s","invoiceId":"i1","amount":9007199254740993,"ccy":980}`,
			want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"invoice_id":"i1","amount":{"value":"90071992547409.93","currency":"UAH"}}`,
		},
		"none":            {body: `{"shortQrId":"s"}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":false}`},
		"nulls":           {body: `{"shortQrId":"s","amount":null,"ccy":null,"invoiceId":null}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":false}`},
		"an invoice only": {body: `{"shortQrId":"s","invoiceId":"i1"}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"invoice_id":"i1"}`},
		"no currency":     {body: `{"shortQrId":"s","amount":4200}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"amount_minor":"4200"}`},
		"an unknown one":  {body: `{"shortQrId":"s","amount":4200,"ccy":1}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"amount_minor":"4200"}`},
		"a cut one": {
			body: `{"shortQrId":"s","amount":4200,"ccy":4294968276}`,
			want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"amount_minor":"4200"}`,
		},
		"negative":           {body: `{"shortQrId":"s","amount":-1,"ccy":980}`, want: `{"qr_id":"q","short_qr_id":"s","amount_set":true,"amount_minor":"-1"}`},
		"a fraction":         {body: `{"shortQrId":"s","amount":42.5,"ccy":980}`, fail: pay.KindProviderUnavailable},
		"no shortQrId":       {body: `{"amount":4200,"ccy":980}`, fail: pay.KindProviderUnavailable},
		"empty":              {body: ``, fail: pay.KindProviderUnavailable},
		"an array":           {body: `[{"shortQrId":"s"}]`, fail: pay.KindProviderUnavailable},
		"an amount as words": {body: `{"shortQrId":"s","amount":"4200"}`, fail: pay.KindProviderUnavailable},
	})
	a, _ := replying(t, map[string][]answer{"qr/details": {refuses("1004")}})
	_, err := run(t, a, "qr_details", `{"qr_id":"q"}`)
	require.ErrorIs(t, err, pay.KindNotFound)
	require.Contains(t, err.Error(), "not activated")
}

func TestQRResetAnswers(t *testing.T) {
	free, taken := answer{200, `{"shortQrId":"s"}`}, answer{200, `{"shortQrId":"s","amount":1,"ccy":980,"invoiceId":"i"}`}
	for name, tt := range map[string]struct {
		reset, look answer
		fail        pay.Kind
		rule        pay.RetryRule
		looks       int
	}{
		"empty":                   {reset: answer{200, ""}},
		"an empty object":         {reset: answer{200, "{}"}},
		"being paid":              {reset: refuses("ORDER_IN_PROGRESS"), fail: pay.KindInvalidState, rule: pay.RetrySameOperation},
		"no such desk":            {reset: refuses("NOT_FOUND"), fail: pay.KindNotFound, rule: pay.RetryNever},
		"lost, and off":           {reset: answer{502, "<html>"}, look: free, looks: 1},
		"lost, and on":            {reset: answer{502, "<html>"}, look: taken, looks: 1, fail: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"lost, and nothing seen":  {reset: refuses("INTERNAL_ERROR"), look: answer{503, ""}, looks: 1, fail: pay.KindOutcomeUnknown},
		"lost, and gone":          {reset: refuses("INTERNAL_ERROR"), look: refuses("NOT_FOUND"), looks: 1, fail: pay.KindOutcomeUnknown},
		"a page, and off":         {reset: answer{200, "<html>"}, look: free, looks: 1},
		"an error as 200, and on": {reset: answer{200, `{"errCode":"X"}`}, look: taken, looks: 1, fail: pay.KindOutcomeUnknown},
	} {
		a, s := replying(t, map[string][]answer{"qr/reset-amount": {tt.reset}, "qr/details": {tt.look}})
		got, err := run(t, a, "qr_reset", `{"qr_id":"q"}`)
		require.Len(t, s.changes(), 1, name)
		require.Len(t, s.asked, 1+tt.looks, name)
		if tt.fail != "" {
			wantFailure(t, name, err, tt.fail, tt.rule)
			if tt.rule == pay.RetrySameOperation {
				require.Equal(t, 30*time.Second, pay.AsError(err).Retry.After)
			}
			continue
		}
		require.NoError(t, err, name)
		require.JSONEq(t, `{"qr_id":"q","reset":true}`, string(got.Output), name)
		require.NotEmpty(t, got.Report.Evidence.HTTPStatus, name)
		fits(t, "qr_reset", got)
	}
}

// TestSimDesk: an amount goes onto a desk by a create and comes off by a reset, but not while it is being paid.
func TestSimDesk(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	a := runner(t, b.account)
	for _, d := range []monobanksim.Desk{{QrID: "XJ_1"}, {QrID: "XJ_2", Inactive: true}, {QrID: "XJ_3", AmountType: monobanksim.AmountByClient}} {
		_, err := b.sim.AddDesk(d)
		require.NoError(t, err)
	}
	list, err := run(t, a, "qr_list", "")
	require.NoError(t, err)
	fits(t, "qr_list", list)
	require.Len(t, parse(t, string(list.Output)).(map[string]any)["desks"], 3)
	_, err = run(t, a, "qr_details", `{"qr_id":"XJ_2"}`)
	require.ErrorIs(t, err, pay.KindNotFound, "a desk that is listed and not activated")

	shown := func() map[string]any {
		got, err := run(t, a, "qr_details", `{"qr_id":"XJ_1"}`)
		require.NoError(t, err)
		fits(t, "qr_details", got)
		return parse(t, string(got.Output)).(map[string]any)
	}
	put := func(id string) (pay.InvoiceState, error) {
		return b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "42", "UAH"), Options: []byte(`{"qr_id":"` + id + `"}`)})
	}
	require.Equal(t, false, shown()["amount_set"])
	first, err := put("XJ_1")
	require.NoError(t, err)
	require.Equal(t, first.ProviderRef, shown()["invoice_id"])
	require.Equal(t, map[string]any{"value": "42.00", "currency": "UAH"}, shown()["amount"])
	got, err := run(t, a, "qr_reset", `{"qr_id":"XJ_1"}`)
	require.NoError(t, err)
	require.JSONEq(t, `{"qr_id":"XJ_1","reset":true}`, string(got.Output))
	require.Equal(t, false, shown()["amount_set"])

	second, err := put("XJ_1")
	require.NoError(t, err)
	require.NoError(t, b.sim.Process(second.ProviderRef))
	_, err = run(t, a, "qr_reset", `{"qr_id":"XJ_1"}`)
	wantFailure(t, "being paid", err, pay.KindInvalidState, pay.RetrySameOperation)
	_, err = put("XJ_1")
	require.ErrorIs(t, err, pay.KindInvalidState, "another amount, while one is being paid")
	require.NoError(t, b.sim.Pay(second.ProviderRef))
	require.Equal(t, false, shown()["amount_set"])
	for id, kind := range map[string]pay.Kind{"XJ_2": pay.KindNotFound, "XJ_3": pay.KindInvalidRequest, "nobody": pay.KindNotFound} {
		_, err = put(id)
		require.ErrorIs(t, err, kind, id)
	}

	require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpQRReset, "XJ_1"))
	require.NoError(t, b.sim.Kit().Faults.Add(monobanksim.Fault{Op: monobanksim.OpQRReset, Kind: "cut_after"}))
	_, err = run(t, a, "qr_reset", `{"qr_id":"XJ_1"}`)
	require.NoError(t, err, "the look shows that nothing is left to do")
	require.Equal(t, 2, b.sim.EffectsOf(monobanksim.OpQRReset, "XJ_1"))
}
