package merchant

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestCreateSendsTheSmallestRequest(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	_, err := acc.CreateInvoice(t.Context(), request(t))
	require.NoError(t, err)
	require.Equal(t, []string{"POST /api/merchant/invoices"}, g.calls())
	require.Equal(t, "application/json", g.requests[0].header.Get("Content-Type"))
	require.JSONEq(t, `{"type":"in","amount":"1000.00","currency":"RUB",
		"notificationUrl":"https://merchant.example/webhooks/p2p-main/inv_1",
		"notificationToken":"`+notificationToken(testSecret, "op_1")+`","internalId":"op_1"}`, string(g.requests[0].body))
}

// Every field of the gateway's table, with the exact wire names.
func TestCreateSendsEveryField(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}})))
	req := withOptions(t, `{"payment_option":"CROSS_BORDER","start_deal":true,"cross_border_currency":"TJS",
		"cross_border_requisite_type":"PHONE","allow_matching":true,
		"matching_settings":{"max_amount":"2000","min_part_amount":"100","max_part_amount":"500"},
		"lang":"ky","strictly_single_transfer":true}`)
	req.Amount = money(t, "1000.50", "RUB")
	req.MaxAmount = money(t, "1010", "RUB")
	req.Customer.ID = "uid-1"
	req.PaymentMethod = "sberbank"
	req.Payer.Locale = "ru-RU"
	req.ReturnURLs = pay.ReturnURLs{Default: "https://m.example/d", Success: "https://m.example/ok?a=1&b=<2>", Failure: "https://m.example/no"}
	_, err := acc.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"in","amount":"1000.50","currency":"RUB",
		"notificationUrl":"https://merchant.example/webhooks/p2p-main/inv_1",
		"notificationToken":"`+notificationToken(testSecret, "op_1")+`","internalId":"op_1","userId":"uid-1",
		"paymentOption":"CROSS_BORDER","paymentMethod":"sberbank","startDeal":true,"maxAmount":"1010.00",
		"crossBorderCurrency":"TJS","crossBorderRequisiteType":"PHONE","allowMatching":true,
		"matchingSettings":{"maxAmount":"2000","minPartAmount":"100","maxPartAmount":"500"},"lang":"ky",
		"successUrl":"https://m.example/ok?a=1&b=<2>","cancelUrl":"https://m.example/no","strictlySingleTransfer":true}`,
		string(g.requests[0].body))
}

func TestCreateOptionalFields(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.CreateInvoice)
		want   map[string]string
	}{
		"locale":                {func(r *pay.CreateInvoice) { r.Payer.Locale = "en-GB" }, map[string]string{"lang": "en"}},
		"locale of no page":     {func(r *pay.CreateInvoice) { r.Payer.Locale = "uk-UA" }, map[string]string{"lang": ""}},
		"option beats locale":   {func(r *pay.CreateInvoice) { r.Payer.Locale, r.Options = "en", json.RawMessage(`{"lang":"ru"}`) }, map[string]string{"lang": "ru"}},
		"default address":       {func(r *pay.CreateInvoice) { r.ReturnURLs.Default = "https://m.example/d" }, map[string]string{"successUrl": "https://m.example/d", "cancelUrl": "https://m.example/d"}},
		"failure address only":  {func(r *pay.CreateInvoice) { r.ReturnURLs.Failure = "https://m.example/f" }, map[string]string{"successUrl": "", "cancelUrl": "https://m.example/f"}},
		"no maxAmount unasked":  {func(*pay.CreateInvoice) {}, map[string]string{"maxAmount": ""}},
		"max equal to amount":   {func(r *pay.CreateInvoice) { r.MaxAmount = r.Amount }, map[string]string{"maxAmount": "1000.00"}},
		"amount without minors": {func(r *pay.CreateInvoice) { r.Amount = money(t, "500", "KRW") }, map[string]string{"amount": "500", "currency": "KRW"}},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, invoiceJSON(t, nil)))
			req := request(t)
			c.change(&req)
			_, err := acc.CreateInvoice(t.Context(), req)
			require.NoError(t, err)
			var sent map[string]any
			require.NoError(t, json.Unmarshal(g.requests[0].body, &sent))
			for field, want := range c.want {
				if want == "" {
					require.NotContains(t, sent, field)
				} else {
					require.Equal(t, want, sent[field], field)
				}
			}
		})
	}
}

func TestKeyFromTheCallOfTheContext(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, map[string]any{"internalId": "op_ctx"})))
	req := request(t)
	req.Call = pay.Call{}
	_, err := acc.CreateInvoice(pay.WithCall(t.Context(), pay.Call{ProviderKey: "op_ctx"}), req)
	require.NoError(t, err)
	require.Contains(t, string(g.requests[0].body), `"internalId":"op_ctx"`)
}

func TestCreateRefusesBeforeSending(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.CreateInvoice)
		kind   pay.Kind
		path   string
	}{
		"no key":           {func(r *pay.CreateInvoice) { r.Call.ProviderKey = "" }, pay.KindInvalidRequest, "provider_key"},
		"key with a slash": {func(r *pay.CreateInvoice) { r.Call.ProviderKey = "a/../b" }, pay.KindInvalidRequest, "provider_key"},
		"no webhook":       {func(r *pay.CreateInvoice) { r.WebhookURL = "" }, pay.KindInvalidRequest, "webhook_url"},
		"no amount":        {func(r *pay.CreateInvoice) { r.Amount = pay.Money{} }, pay.KindInvalidRequest, "amount.value"},
		"foreign currency": {func(r *pay.CreateInvoice) {
			m, err := pay.ParseMoneyIn("1.5", pay.Currency{Code: "DOGE", Exponent: 8})
			require.NoError(t, err)
			r.Amount = m
		}, pay.KindInvalidRequest, "amount.currency"},
		"max below amount":  {func(r *pay.CreateInvoice) { r.MaxAmount = money(t, "999.99", "RUB") }, pay.KindInvalidRequest, "amount_limits.max"},
		"max other money":   {func(r *pay.CreateInvoice) { r.MaxAmount = money(t, "2000", "USD") }, pay.KindInvalidRequest, "amount_limits.max"},
		"option unknown":    {func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"startDeal":true}`) }, pay.KindInvalidRequest, "provider_options"},
		"option wrong type": {func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"start_deal":"yes"}`) }, pay.KindInvalidRequest, "provider_options"},
		"manual capture":    {func(r *pay.CreateInvoice) { r.Capture = pay.CaptureManual }, pay.KindUnsupported, ""},
		"expires_in":        {func(r *pay.CreateInvoice) { r.ExpiresIn = time.Hour }, pay.KindUnsupported, ""},
		"items":             {func(r *pay.CreateInvoice) { r.Items = []pay.Item{{Name: "x"}} }, pay.KindUnsupported, ""},
		"save":              {func(r *pay.CreateInvoice) { r.SaveCredential = true }, pay.KindUnsupported, ""},
		"verification":      {func(r *pay.CreateInvoice) { r.Purpose = pay.PurposeVerification }, pay.KindUnsupported, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, invoiceJSON(t, nil)))
			req := request(t)
			c.change(&req)
			_, err := acc.CreateInvoice(t.Context(), req)
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Empty(t, g.calls())
		})
	}
}

func TestCreateRedirect(t *testing.T) {
	for name, body := range map[string]string{"object": invoiceJSON(t, nil), "array of one": "[" + invoiceJSON(t, nil) + "]"} {
		t.Run(name, func(t *testing.T) {
			acc, _ := against(t, always(200, body))
			got, err := acc.CreateInvoice(t.Context(), request(t))
			require.NoError(t, err)
			require.Equal(t, testID, got.ProviderRef)
			require.Equal(t, map[string]string{"internal_id": "op_1"}, got.ProviderRefs)
			require.Equal(t, pay.StatusPending, got.Status)
			require.Equal(t, "1000.00 RUB", got.Amount.String())
			require.Equal(t, "1000.00 RUB", got.Due.String())
			require.False(t, got.Received.IsSet())
			require.Equal(t, []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: "https://pay.example.club/" + testID, ExpiresAt: got.ExpiresAt}}, got.NextActions)
			require.Equal(t, "2024-11-04T14:55:45Z", got.ExpiresAt.Format(time.RFC3339))
			require.Equal(t, "2024-11-04T13:55:46Z", got.Report.Evidence.ProviderTime.Format(time.RFC3339))
			require.Empty(t, got.Review)
		})
	}
}

// Whatever is no definite answer leaves the outcome unknown; the look-up settles it.
func TestCreateAmbiguousAnswers(t *testing.T) {
	good := invoiceJSON(t, nil)
	for name, a := range map[string]answer{
		"html":              {body: "<html>"},
		"html 404":          {status: 404, body: "<html>"},
		"html 400":          {status: 400, body: " <html>"},
		"empty":             {},
		"truncated":         {body: good[:len(good)-9]},
		"null":              {body: "null"},
		"empty list":        {body: "[]"},
		"two invoices":      {body: "[" + good + "," + good + "]"},
		"no id":             {body: invoiceJSON(t, map[string]any{"id": ""})},
		"id with a path":    {body: invoiceJSON(t, map[string]any{"id": "../x"})},
		"no status":         {body: invoiceJSON(t, map[string]any{"status": ""})},
		"a payout":          {body: invoiceJSON(t, map[string]any{"type": "out"})},
		"another operation": {body: invoiceJSON(t, map[string]any{"internalId": "op_2"})},
		"500":               {status: 500, body: `{"message":"x"}`},
		"502":               {status: 502, body: "<html>"},
		"503":               {status: 503},
		"408":               {status: 408},
		"redirect":          {status: 307, header: http.Header{"Location": {"/elsewhere"}}},
		"documented unsure": {status: 400, body: `[{"message":"Invoice data not available"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{"*": a})
			_, err := acc.CreateInvoice(t.Context(), request(t))
			e := asError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			require.Equal(t, pay.RetryAfterLookup, e.RetryRule())
			require.Len(t, g.calls(), 1, "nothing may be sent twice")
		})
	}
	acc, _ := against(t, always(200, invoiceJSON(t, map[string]any{"deals": nil})))
	_, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
}

// Amounts that contradict what we know are never shown to a payer.
func TestCreateWithUnbelievableAmounts(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"subunit differs":     {"sum": map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 3}},
		"no subunit":          {"sum": map[string]any{"amount": "1000.00", "currency": "RUB"}},
		"sum missing":         {"sum": nil},
		"too many decimals":   {"sum": rub("1000.001")},
		"exponent":            {"sum": rub("1e3")},
		"received elsewhere":  {"receivedSumFromTaker": map[string]any{"amount": "1000.00", "currency": "USD", "subunit": 2}},
		"received unreadable": {"receivedSumFromTaker": rub("many")},
	} {
		t.Run(name, func(t *testing.T) {
			change["deals"] = []any{dealJSON(nil)}
			acc, _ := against(t, always(200, invoiceJSON(t, change)))
			got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
			require.NoError(t, err)
			require.Empty(t, got.Status)
			require.NotEmpty(t, got.Review)
			require.Empty(t, got.NextActions)
			require.Equal(t, testID, got.ProviderRef)
		})
	}
}

func TestNothingListens(t *testing.T) {
	_, err := open(t, "http://127.0.0.1:1").CreateInvoice(t.Context(), request(t))
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, asError(t, err).WasExecuted())
}

func TestDeadline(t *testing.T) {
	acc, _ := against(t, always(200, invoiceJSON(t, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := acc.CreateInvoice(ctx, request(t))
	require.Error(t, err)
	require.False(t, strings.Contains(err.Error(), testSecret))
}
