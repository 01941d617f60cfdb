package merchant

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func payoutRequest(t testing.TB) pay.CreatePayout {
	return pay.CreatePayout{
		Call: pay.Call{OperationID: "op_1", ProviderKey: "op_1"}, PayoutID: "po_1",
		WebhookURL: "https://merchant.example/webhooks/p2p-main/po_1", Amount: money(t, "1000", "RUB"),
		Destination: pay.Destination{Type: pay.DestinationCard, Value: "4444 4444 4444 4444", Holder: "Ivan I."},
	}
}

// payoutJSON is an answer about the test payout, with its deal.
func payoutJSON(t testing.TB, change map[string]any) string {
	t.Helper()
	doc := map[string]any{"type": "out", "deals": []any{dealJSON(map[string]any{"type": "out", "status": "new"})}}
	maps.Copy(doc, change)
	return invoiceJSON(t, doc)
}

func TestPayoutSendsExactly(t *testing.T) {
	acc, g := against(t, always(200, payoutJSON(t, nil)))
	req := payoutRequest(t)
	req.Customer.ID = "uid-1"
	got, err := acc.CreatePayout(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{createCall}, g.calls())
	require.JSONEq(t, `{"type":"out","amount":"1000.00","currency":"RUB","notificationUrl":"https://merchant.example/webhooks/p2p-main/po_1",
		"notificationToken":"`+notificationToken(testSecret, "op_1")+`","internalId":"op_1","userId":"uid-1","paymentOption":"TO_CARD",
		"paymentMethod":"unknown","paymentRequisites":{"requisites":"4444 4444 4444 4444","holder":"Ivan I."}}`, string(g.requests[0].body))
	require.Equal(t, "application/json", g.requests[0].header.Get("Content-Type"))

	require.Equal(t, pay.PayoutPending, got.Status)
	require.Equal(t, testID, got.ProviderRef)
	require.Equal(t, map[string]string{"internal_id": "op_1"}, got.ProviderRefs)
	require.Equal(t, "1000.00 RUB", got.Amount.String())
	require.Equal(t, "99.23", got.Rate)
	require.NotContains(t, fmt.Sprint(got.Data), "4444", "requisites are personal data")
}

func TestPayoutRoutes(t *testing.T) {
	for name, c := range map[string]struct {
		destination    pay.Destination
		options        string
		option, method string
	}{
		"card":          {pay.Destination{Type: pay.DestinationCard, Value: "4444444444444444"}, "", "TO_CARD", "unknown"},
		"card of bank":  {pay.Destination{Type: pay.DestinationCard, Value: "4444-4444-4444-4444", Bank: "vtb"}, "", "TO_CARD", "vtb"},
		"phone":         {pay.Destination{Type: pay.DestinationPhone, Value: "+7(996)777-99-77", Bank: "sberbank"}, "", "SBP", "sberbank"},
		"phone, option": {pay.Destination{Type: pay.DestinationPhone, Value: "+79967779977", Bank: "megafon"}, `{"payment_option":"MOBILE_TOP_UP"}`, "MOBILE_TOP_UP", "megafon"},
		"account":       {pay.Destination{Type: pay.DestinationAccount, Value: "40817810000000000001", Bank: "sberbank"}, "", "TO_ACCOUNT", "sberbank"},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, payoutJSON(t, nil)))
			req := payoutRequest(t)
			req.Destination, req.Options = c.destination, json.RawMessage(c.options)
			_, err := acc.CreatePayout(t.Context(), req)
			require.NoError(t, err)
			var sent map[string]any
			require.NoError(t, json.Unmarshal(g.requests[0].body, &sent))
			require.Equal(t, c.option, sent["paymentOption"])
			require.Equal(t, c.method, sent["paymentMethod"])
			require.Equal(t, map[string]any{"requisites": c.destination.Value}, sent["paymentRequisites"])
		})
	}
	acc, g := against(t, always(200, payoutJSON(t, nil)))
	req := payoutRequest(t)
	req.Options = json.RawMessage(`{"allow_matching":true,"matching_settings":{"min_part_amount":"100","max_part_amount":"500.00"}}`)
	_, err := acc.CreatePayout(t.Context(), req)
	require.NoError(t, err)
	require.Contains(t, string(g.requests[0].body), `"allowMatching":true,"matchingSettings":{"minPartAmount":"100","maxPartAmount":"500.00"}`)
}

func TestPayoutRefusesBeforeSending(t *testing.T) {
	type request = *pay.CreatePayout
	for name, c := range map[string]struct {
		change func(request)
		kind   pay.Kind
		path   string
	}{
		"iban":           {func(r request) { r.Destination.Type = pay.DestinationIBAN }, pay.KindUnsupported, ""},
		"wallet":         {func(r request) { r.Destination.Type = pay.DestinationWallet }, pay.KindUnsupported, ""},
		"stored":         {func(r request) { r.Destination.Type = pay.DestinationStored }, pay.KindUnsupported, ""},
		"nowhere":        {func(r request) { r.Destination = pay.Destination{} }, pay.KindUnsupported, ""},
		"short card":     {func(r request) { r.Destination.Value = "4444 4444" }, pay.KindInvalidRequest, "destination.value"},
		"card of text":   {func(r request) { r.Destination.Value = "4444 4444 4444 444x" }, pay.KindInvalidRequest, "destination.value"},
		"no phone":       {func(r request) { r.Destination = pay.Destination{Type: pay.DestinationPhone, Value: "12", Bank: "b"} }, pay.KindInvalidRequest, "destination.value"},
		"phone, no bank": {func(r request) { r.Destination = pay.Destination{Type: pay.DestinationPhone, Value: "+79967779977"} }, pay.KindInvalidRequest, "destination.bank"},
		"account empty":  {func(r request) { r.Destination = pay.Destination{Type: pay.DestinationAccount, Bank: "b"} }, pay.KindInvalidRequest, "destination.value"},
		"bank of text":   {func(r request) { r.Destination.Bank = "a bank" }, pay.KindInvalidRequest, "destination.bank"},
		"network":        {func(r request) { r.Destination.Network = "x" }, pay.KindUnsupported, ""},
		"country":        {func(r request) { r.Destination.Country = "RU" }, pay.KindUnsupported, ""},
		"no key":         {func(r request) { r.Call.ProviderKey = "" }, pay.KindInvalidRequest, "provider_key"},
		"no address":     {func(r request) { r.WebhookURL = "" }, pay.KindInvalidRequest, "webhook_url"},
		"nothing":        {func(r request) { r.Amount = pay.Money{} }, pay.KindInvalidRequest, "amount.value"},
		"options":        {func(r request) { r.Options = json.RawMessage(`{"start_deal":true}`) }, pay.KindInvalidRequest, "provider_options"},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, payoutJSON(t, nil)))
			req := payoutRequest(t)
			c.change(&req)
			_, err := acc.CreatePayout(t.Context(), req)
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

// Every documented text for a payout; none repeats whom to pay.
func TestPayoutRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		message, field string
		kind           pay.Kind
		executed       pay.Executed
		path           string
	}{
		"blank":         {400, "this value should not be blank", "paymentRequisites", pay.KindInvalidRequest, pay.ExecutedNo, "destination.value"},
		"no number":     {400, "this value should not be blank", "paymentRequisites.requisites", pay.KindInvalidRequest, pay.ExecutedNo, "destination.value"},
		"no bank":       {400, "this value should not be blank", "paymentMethod", pay.KindInvalidRequest, pay.ExecutedNo, "destination.bank"},
		"repeats":       {400, "4444 4444 4444 4444 of Ivan I. is wrong", "paymentRequisites", pay.KindInvalidRequest, pay.ExecutedNo, "destination.value"},
		"too small":     {400, "Invoice amount should be not less than 1000.00", "", pay.KindInvalidRequest, pay.ExecutedNo, "amount.value"},
		"too large":     {400, "Invoice amount should be not greater than 100000.00", "", pay.KindInvalidRequest, pay.ExecutedNo, "amount.value"},
		"option":        {400, "Payment option not allowed", "", pay.KindInvalidRequest, pay.ExecutedNo, "provider_options.payment_option"},
		"method":        {400, "Payment method not allowed", "", pay.KindInvalidRequest, pay.ExecutedNo, "destination.bank"},
		"no requisites": {400, "PAYMENT_METHOD_NOT_AVAILABLE", "", pay.KindDeclined, pay.ExecutedNo, ""},
		"unsure":        {400, "Invoice data not available", "", pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"funds":         {400, "Insufficient funds", "", pay.KindDeclined, pay.ExecutedNo, ""},
		"unauthorized":  {401, "Unauthorized", "", pay.KindAuth, pay.ExecutedNo, ""},
		"off":           {404, "Pay out disabled", "", pay.KindUnsupported, pay.ExecutedNo, ""},
		"429":           {429, "x", "", pay.KindRateLimited, pay.ExecutedNo, ""},
		"500":           {500, "x", "", pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal([]map[string]string{{"message": c.message, "field": c.field}})
			require.NoError(t, err)
			acc, g := against(t, always(c.status, string(body)))
			_, err = acc.CreatePayout(t.Context(), payoutRequest(t))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.executed, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.NotContains(t, fmt.Sprintf("%v %+v", e, e.Fields), "Ivan")
			require.Len(t, g.calls(), 1)
		})
	}
}

func TestPayoutAmbiguousAnswers(t *testing.T) {
	for name, a := range map[string]answer{
		"html": {body: "<html>"}, "html 400": {status: 400, body: "<html>"}, "empty": {}, "object": {body: "{}"}, "list": {body: "[]"},
		"truncated": {body: payoutJSON(t, nil)[:80]}, "an invoice": {body: invoiceJSON(t, nil)}, "two": {body: "[" + payoutJSON(t, nil) + "," + payoutJSON(t, nil) + "]"},
		"another operation": {body: payoutJSON(t, map[string]any{"internalId": "op_2"})}, "502": {status: 502, body: payoutJSON(t, nil)},
		"no status": {body: payoutJSON(t, map[string]any{"status": ""})}, "408": {status: 408}, "302": {status: 302},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(a.status, a.body))
			_, err := acc.CreatePayout(t.Context(), payoutRequest(t))
			e := asError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			require.Equal(t, []string{createCall}, g.calls(), "a payout is sent once")
		})
	}
}

func payoutRef() pay.PayoutRef {
	return pay.PayoutRef{PayoutID: "po_1", OperationID: "op_1", ProviderKey: "op_1", ProviderRef: testID, Status: pay.PayoutPending}
}

func TestPayoutStatuses(t *testing.T) {
	for status, want := range map[string]struct {
		status  pay.PayoutStatus
		review  bool
		decline bool
	}{
		"new":          {status: pay.PayoutPending},
		"paid":         {status: pay.PayoutSucceeded},
		"canceled":     {status: pay.PayoutCanceled},
		"expired":      {status: pay.PayoutFailed, decline: true},
		"dispute":      {status: pay.PayoutProcessing, review: true},
		"completed":    {review: true},
		"recalculated": {review: true},
		"PAID":         {review: true},
	} {
		t.Run(status, func(t *testing.T) {
			acc, g := against(t, always(200, payoutJSON(t, map[string]any{"status": status})))
			got, err := acc.GetPayout(t.Context(), payoutRef())
			require.NoError(t, err)
			require.Equal(t, []string{readCall}, g.calls())
			require.Equal(t, want.status, got.Status)
			require.Equal(t, want.review, got.Review != "")
			require.Equal(t, want.decline, got.Decline != nil)
			require.Equal(t, time.Date(2024, 11, 4, 13, 55, 46, 0, time.UTC), got.ProviderTime)
			require.Equal(t, "1000.00 RUB", got.Amount.String())
		})
	}
}

func TestPaidPayoutAmounts(t *testing.T) {
	paid := map[string]any{
		"status": "paid", "receivedSumFromTaker": rub("1000.00"), "receivedSumFromMaker": tether("10.58147738"),
		"serviceFeeSum": tether("0.50387988"), "payoutSum": tether("10.07759750"),
	}
	acc, _ := against(t, always(200, payoutJSON(t, paid)))
	got, err := acc.GetPayout(t.Context(), payoutRef())
	require.NoError(t, err)
	require.Empty(t, got.Review)
	require.Equal(t, "0.50387988 USDT", got.Fee.String())
	require.Equal(t, "10.58147738 USDT", got.Debited.String())

	paid["receivedSumFromTaker"] = rub("900.00")
	acc, _ = against(t, always(200, payoutJSON(t, paid)))
	got, err = acc.GetPayout(t.Context(), payoutRef())
	require.NoError(t, err)
	require.Equal(t, pay.PayoutSucceeded, got.Status)
	require.NotEmpty(t, got.Review)
	require.Equal(t, "900.00 RUB", got.Amount.String())

	acc, _ = against(t, always(200, payoutJSON(t, map[string]any{"status": "paid", "sum": map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 3}})))
	got, err = acc.GetPayout(t.Context(), payoutRef())
	require.NoError(t, err)
	require.Empty(t, got.Status, "amounts in another unit are believed in nothing")
	require.NotEmpty(t, got.Review)
}

func TestPayoutLookups(t *testing.T) {
	byKey := payoutRef()
	byKey.ProviderRef = ""
	for name, c := range map[string]struct {
		ref    pay.PayoutRef
		answer answer
		call   string
		kind   pay.Kind
	}{
		"by key":                {byKey, answer{body: payoutJSON(t, nil)}, "GET /api/merchant/invoices/internal-id/op_1", ""},
		"by key, list":          {byKey, answer{body: "[" + payoutJSON(t, nil) + "]"}, "GET /api/merchant/invoices/internal-id/op_1", ""},
		"absent":                {byKey, answer{status: 404, body: "null"}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindNotFound},
		"absent, html":          {byKey, answer{status: 404, body: "<html>"}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindProviderUnavailable},
		"several":               {byKey, answer{body: "[" + payoutJSON(t, nil) + "," + payoutJSON(t, nil) + "]"}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindIntegrityMismatch},
		"another operation":     {byKey, answer{body: payoutJSON(t, map[string]any{"internalId": "op_2"})}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindIntegrityMismatch},
		"no internal id":        {byKey, answer{body: payoutJSON(t, map[string]any{"internalId": nil})}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindIntegrityMismatch},
		"an invoice":            {byKey, answer{body: invoiceJSON(t, nil)}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindProviderUnavailable},
		"empty list":            {byKey, answer{body: "[]"}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindProviderUnavailable},
		"by id, other":          {payoutRef(), answer{body: payoutJSON(t, map[string]any{"id": dealID})}, readCall, pay.KindIntegrityMismatch},
		"by id, other op":       {payoutRef(), answer{body: payoutJSON(t, map[string]any{"internalId": "op_2"})}, readCall, pay.KindIntegrityMismatch},
		"by id, absent":         {payoutRef(), answer{status: 404, body: `[{"message":null}]`}, readCall, pay.KindNotFound},
		"by id, an invoice":     {payoutRef(), answer{body: invoiceJSON(t, nil)}, readCall, pay.KindProviderUnavailable},
		"id that is a path":     {pay.PayoutRef{ProviderKey: "op_1", ProviderRef: "../x"}, answer{}, "", pay.KindInvalidRequest},
		"key that is a path":    {pay.PayoutRef{ProviderKey: "../x"}, answer{}, "", pay.KindInvalidRequest},
		"gateway in difficulty": {byKey, answer{status: 503}, "GET /api/merchant/invoices/internal-id/op_1", pay.KindProviderUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{"*": c.answer})
			got, err := acc.GetPayout(t.Context(), c.ref)
			if c.call == "" {
				require.Empty(t, g.calls())
			} else {
				require.Equal(t, []string{c.call}, g.calls())
			}
			if c.kind != "" {
				require.Equal(t, c.kind, asError(t, err).Kind)
				return
			}
			require.NoError(t, err)
			require.Equal(t, testID, got.ProviderRef)
			require.Equal(t, pay.PayoutPending, got.Status)
		})
	}
}

func TestBalances(t *testing.T) {
	account := func(id, sum, frozen string) string {
		return fmt.Sprintf(`{"id":%q,"currency":"USDT","sum":{"amount":%q,"currency":"USDT","subunit":8},"frozenSum":%s,"withdrawalFee":null,"new":1}`, id, sum, frozen)
	}
	frozen := `{"amount":"0.5","currency":"USDT","subunit":8}`
	acc, g := against(t, always(200, "["+account("a1", "12.34500000", frozen)+"]"))
	got, err := acc.ReadBalances(t.Context(), pay.ReadBalances{})
	require.NoError(t, err)
	require.Equal(t, []string{"GET /api/merchant/accounts"}, g.calls())
	require.Len(t, got.Balances, 1)
	require.Empty(t, got.Balances[0].Name)
	require.Equal(t, "12.34500000 USDT", got.Balances[0].Available.String())
	require.Equal(t, "0.50000000 USDT", got.Balances[0].Reserved.String())

	acc, _ = against(t, always(200, "["+account("a1", "1", "null")+","+account("a2", "2", "null")+"]"))
	got, err = acc.ReadBalances(t.Context(), pay.ReadBalances{})
	require.NoError(t, err)
	require.Equal(t, "a1", got.Balances[0].Name)
	require.Equal(t, "a2", got.Balances[1].Name)
	require.False(t, got.Balances[0].Reserved.IsSet())

	for name, body := range map[string]string{
		"object": "{}", "html": "<html>", "empty": "", "no sum": `[{"id":"a"}]`, "no digits": "[" + account("a", "x", "null") + "]",
		"other unit": `[{"id":"a","sum":{"amount":"1","currency":"USDT","subunit":2}}]`,
		"two kinds":  "[" + account("a", "1", `{"amount":"1","currency":"RUB","subunit":2}`) + "]",
	} {
		acc, _ := against(t, always(200, body))
		_, err := acc.ReadBalances(t.Context(), pay.ReadBalances{})
		require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind, name)
	}
	_, err = acc.ReadBalances(t.Context(), pay.ReadBalances{Owner: "x"})
	require.ErrorIs(t, err, pay.KindUnsupported)
}
