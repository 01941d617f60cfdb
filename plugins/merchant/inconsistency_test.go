package merchant

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// answeredWith runs the calls that read one invoice and hands each state to look.
func answeredWith(t *testing.T, body string, look func(t *testing.T, s pay.InvoiceState)) {
	t.Helper()
	for name, call := range map[string]func(*account) (pay.InvoiceState, error){
		"create": func(a *account) (pay.InvoiceState, error) { return a.CreateInvoice(t.Context(), request(t)) },
		"get": func(a *account) (pay.InvoiceState, error) {
			return a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID, ProviderKey: "op_1", Known: pending(t)})
		},
		"find": func(a *account) (pay.InvoiceState, error) { return a.FindInvoice(t.Context(), find("op_1")) },
	} {
		t.Run(name, func(t *testing.T) {
			acc, _ := against(t, always(200, body))
			got, err := call(acc)
			require.NoError(t, err)
			look(t, got)
		})
	}
}

// The pages speak of arrays and the samples are objects: both are read, and nothing else is.
func TestArrayOrObject(t *testing.T) {
	one := invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}})
	for _, body := range []string{one, "[" + one + "]", " \n[ " + one + " ] "} {
		answeredWith(t, body, func(t *testing.T, s pay.InvoiceState) {
			require.Equal(t, testID, s.ProviderRef)
			require.Equal(t, pay.NextTransfer, s.NextActions[0].Type)
		})
	}
	for _, body := range []string{"[]", "[" + one + "," + one + "]", "[[" + one + "]]", "[null]", `"` + testID + `"`, "null", "1"} {
		acc, _ := against(t, always(200, body))
		_, err := acc.CreateInvoice(t.Context(), request(t))
		require.ErrorIs(t, err, pay.KindOutcomeUnknown, body)
		_, err = acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
		require.ErrorIs(t, err, pay.KindProviderUnavailable, body)
	}
}

// expireAt everywhere but in the answer of cancel, which has expiredAt.
func TestExpireAtOrExpiredAt(t *testing.T) {
	want := time.Date(2024, 11, 4, 14, 55, 45, 0, time.UTC)
	for name, change := range map[string]map[string]any{
		"expireAt":  {"expireAt": "2024-11-04T14:55:45+00:00"},
		"expiredAt": {"expireAt": nil, "expiredAt": "2024-11-04T17:55:45+03:00"},
		"both":      {"expireAt": "2024-11-04T14:55:45+00:00", "expiredAt": "2030-01-01T00:00:00+00:00"},
		"unread":    {"expireAt": "soon", "expiredAt": "2024-11-04T14:55:45+00:00"},
	} {
		require.Equal(t, want, get(t, change, pending(t)).ExpiresAt, name)
	}
	require.True(t, get(t, map[string]any{"expireAt": []any{}}, pending(t)).ExpiresAt.IsZero(), "a time that cannot be read is none")
}

// An answer has deals, a callback has deal; an answer with deal is read too.
func TestDealsOrDeal(t *testing.T) {
	got := get(t, map[string]any{"deals": nil, "deal": dealJSON(nil)}, pending(t))
	require.Equal(t, dealID, got.Attempts[0].ProviderAttemptID)
	got = get(t, map[string]any{"deal": nil, "deals": []any{dealJSON(nil)}}, pending(t))
	require.Equal(t, dealID, got.Attempts[0].ProviderAttemptID)
	got = get(t, map[string]any{"deals": []any{}, "deal": dealJSON(nil)}, pending(t))
	require.Empty(t, got.Attempts, "an answer that lists none has none")
	got = get(t, map[string]any{"deals": []any{}, "deal": []any{}}, pending(t))
	require.Empty(t, got.Attempts)
}

// canceledAt stands on active deals: it is their deadline and no cancellation.
func TestCanceledAtIsTheDeadline(t *testing.T) {
	got := get(t, map[string]any{"deals": []any{dealJSON(nil)}}, pending(t))
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, pay.AttemptPending, got.Attempts[0].Status)
	require.Equal(t, time.Date(2024, 11, 4, 14, 10, 45, 0, time.UTC), got.NextActions[0].ExpiresAt)
	require.Equal(t, got.ExpiresAt, got.NextActions[1].ExpiresAt, "the page lives as long as the invoice")

	for deadline, offered := range map[string]bool{
		"2024-11-04T13:55:46+00:00": true, "2024-11-04T13:55:45+00:00": false, "2024-11-04T16:55:46+03:00": true, "2024-11-04T13:00:00+00:00": false, "": true,
	} {
		got := get(t, map[string]any{"deals": []any{dealJSON(map[string]any{"canceledAt": deadline})}}, pending(t))
		require.Equal(t, offered, direct(got.NextActions), deadline)
		require.Equal(t, pay.StatusPending, got.Status)
	}
}

// The received sums stand on unpaid invoices: they are what is due, and money only once the invoice is paid.
func TestReceivedSumsBeforePayment(t *testing.T) {
	sums := map[string]any{"receivedSumFromTaker": rub("1000.37"), "receivedSumFromMaker": tether("10"), "serviceFeeSum": tether("0.5"),
		"payoutSum": tether("9.5")}
	for _, status := range []string{"transfer_waiting", "transfer_confirmed"} {
		change := map[string]any{"deals": []any{dealJSON(map[string]any{"status": status})}}
		maps.Copy(change, sums)
		got := get(t, change, pending(t))
		require.Equal(t, pay.StatusPending, got.Status)
		require.False(t, got.Received.IsSet() || got.Captured.IsSet() || got.Overpaid)
		require.Equal(t, "1000.37 RUB", got.Due.String())
	}
	for _, status := range []string{"canceled", "expired", "dispute"} {
		change := map[string]any{"status": status}
		maps.Copy(change, sums)
		got := get(t, change, pending(t))
		require.False(t, got.Received.IsSet() || got.Captured.IsSet(), status)
	}
}

// disputeReasonData is an object or an empty array; its amount a text or a number.
func TestEmptyArrayForEmptyObject(t *testing.T) {
	for data, want := range map[string]string{
		`[]`: "", `null`: "", `{}`: "", `{"amount":"210"}`: "210.00 RUB", `{"amount":210}`: "210.00 RUB", `{"amount":null}`: "", `{"amount":{}}`: "",
		`{"amount":"lots"}`: "", `"210"`: "",
	} {
		got := get(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(map[string]any{
			"status": "dispute", "disputeReason": "invalid_sum", "disputeReasonData": json.RawMessage(data),
		})}}, pending(t))
		require.Len(t, got.Disputes, 1, data)
		require.Equal(t, want != "", got.Disputes[0].Amount.IsSet(), data)
		if want != "" {
			require.Equal(t, want, got.Disputes[0].Amount.String())
		}
	}
	for _, empty := range []any{[]any{}, nil, map[string]any{}} {
		got := get(t, map[string]any{"paymentRequisites": empty, "deals": []any{dealJSON(map[string]any{"requisites": empty, "payment": empty,
			"attachments": empty})}}, pending(t))
		require.Equal(t, pay.StatusPending, got.Status)
		require.False(t, direct(got.NextActions))
	}
}

// Members that tables or samples leave out, add or write otherwise change nothing.
func TestMissingAndExtraMembers(t *testing.T) {
	var doc map[string]any
	require.NoError(t, json.Unmarshal([]byte(invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}})), &doc))
	for _, name := range []string{"storeId", "storeName", "userId", "paymentMethod", "paymentOption", "paymentRequisites", "createdAt", "updatedAt",
		"invoiceUrl",
		"receivedSumFromTaker", "receivedSumFromMaker", "serviceFeeSum", "payoutSum", "type"} {
		one := maps.Clone(doc)
		delete(one, name)
		raw, err := json.Marshal(one)
		require.NoError(t, err)
		acc, _ := against(t, always(200, string(raw)))
		got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
		require.NoError(t, err, name)
		require.Equal(t, pay.StatusPending, got.Status, name)
		require.Equal(t, pay.NextTransfer, got.NextActions[0].Type, name)
	}
	for _, name := range []string{"paymentMethodName", "disputeAttachment", "disputeResult", "attachments", "payment", "rate", "qrCodeLink", "type",
		"canceledAt"} {
		d := dealJSON(nil)
		delete(d, name)
		require.Equal(t, pay.NextTransfer, get(t, map[string]any{"deals": []any{d}}, pending(t)).NextActions[0].Type, name)
	}
	got := get(t, map[string]any{"flow": "x", "flowData": []any{}, "deeplinks": map[string]any{"a": 1}, "isSumChanged": true, "storeId": "seven",
		"deals": []any{dealJSON(map[string]any{"deeplinks": []any{1}, "rate": 99.23})}}, pending(t))
	require.Equal(t, "99.23", got.Attempts[0].Rate)
}

// Slashes come escaped.
func TestEscapedSlashes(t *testing.T) {
	body := strings.ReplaceAll(invoiceJSON(t, map[string]any{"deals": []any{dealJSON(map[string]any{"paymentOption": "SBP_QR",
		"requisites": map[string]any{"requisites": "https://qr.nspk.ru/AD1?a=1"}})}}), "/", `\/`)
	answeredWith(t, body, func(t *testing.T, s pay.InvoiceState) {
		require.Equal(t, "https://qr.nspk.ru/AD1?a=1", s.NextActions[0].QRPayload)
		require.Equal(t, "https://pay.example.club/"+testID, s.NextActions[1].URL)
	})
}

// subunit is a number of decimals and not an amount; where it contradicts the currency no amount is believed.
func TestSubunit(t *testing.T) {
	for name, c := range map[string]struct {
		sum    any
		want   string
		review bool
	}{
		"rub":            {rub("1000.00"), "1000.00 RUB", false},
		"fewer decimals": {rub("1000"), "1000.00 RUB", false},
		"a number":       {map[string]any{"amount": 1000.5, "currency": "RUB", "subunit": 2}, "1000.50 RUB", false},
		"tether":         {tether("0.00000001"), "0.00000001 USDT", false},
		"unknown code":   {map[string]any{"amount": "1.5", "currency": "XYZ", "subunit": 1}, "1.5 XYZ", false},
		"minor units":    {map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 100000}, "", true},
		"other unit":     {map[string]any{"amount": "1000.00", "currency": "RUB", "subunit": 3}, "", true},
		"too exact":      {rub("1000.001"), "", true},
		"missing":        {map[string]any{"amount": "1000.00", "currency": "RUB"}, "", true},
		"no text":        {rub("ten"), "", true},
		"exponent":       {rub("1e3"), "", true},
		"negative":       {rub("-1"), "", true},
		"zero":           {rub("0.00"), "", true},
		"null":           {nil, "", true},
		"beyond 2^53":    {rub("9007199254740993.01"), "9007199254740993.01 RUB", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(t, map[string]any{"status": "paid", "sum": c.sum}, pay.Known{})
			require.Equal(t, c.review, got.Review != "", got.Review)
			require.Equal(t, c.review, got.Status == "", "an unbelievable amount is never paid")
			if !c.review {
				require.Equal(t, c.want, got.Amount.String())
			}
		})
	}
	got := get(t, map[string]any{"status": "paid", "receivedSumFromTaker": rub("-1")}, pending(t))
	require.Empty(t, got.Status)
	require.NotEmpty(t, got.Review)
}

// Ids are texts, or numbers where a brand writes them so; every digit is kept.
func TestIDsAsTextOrNumber(t *testing.T) {
	const id = "90071992547409931234"
	body := strings.NewReplacer(`"`+testID+`"`, id, `"op_1"`, "77").Replace(invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}, "invoiceUrl": nil}))
	body = strings.Replace(body, `"`+dealID+`"`, "9007199254740993", 1)
	acc, _ := against(t, always(200, body))
	got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: id, ProviderKey: "77"})
	require.NoError(t, err)
	require.Equal(t, id, got.ProviderRef)
	require.Equal(t, map[string]string{"internal_id": "77"}, got.ProviderRefs)
	require.Equal(t, "9007199254740993", got.Attempts[0].ProviderAttemptID)
	for _, bad := range []string{"1.5", "-1", "true", "{}", `[]`, "1e3"} {
		acc, _ := against(t, always(200, strings.Replace(body, id, bad, 1)))
		_, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: id})
		require.ErrorIs(t, err, pay.KindProviderUnavailable, bad)
	}
}

// Samples show http for the payment page; payers are sent over https.
func TestPageOverHTTPS(t *testing.T) {
	acc := open(t, "https://api.example.club")
	require.Equal(t, "https://pay.example.club/1", acc.page("http://pay.example.club/1"))
}

// The gateway raises the amount only by opt-in, and then the raised one is due.
func TestAmountIsRaisedByOptInOnly(t *testing.T) {
	raised := invoiceJSON(t, map[string]any{"receivedSumFromTaker": rub("1007.31"), "deals": []any{dealJSON(nil)}})
	acc, g := against(t, always(200, raised))
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
	require.NoError(t, err)
	require.NotContains(t, string(g.requests[0].body), "maxAmount")
	require.Equal(t, "1007.31 RUB", got.Due.String(), "what the gateway asks for is told, so that the host can object")
	req := withOptions(t, `{"start_deal":true}`)
	req.MaxAmount = money(t, "1010", "RUB")
	got, err = acc.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Contains(t, string(g.requests[1].body), `"maxAmount":"1010.00"`)
	require.Equal(t, "1007.31 RUB", got.NextActions[0].Amount.String())
}

// A request for one option may be answered with another: the deal's own option says how to read its requisites.
func TestDealOfAnotherOption(t *testing.T) {
	acc, _ := against(t, always(200, invoiceJSON(t, map[string]any{"paymentOption": "CROSS_BORDER", "deals": []any{dealJSON(nil)}})))
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true,"payment_option":"CROSS_BORDER","cross_border_currency":"TJS"}`))
	require.NoError(t, err)
	require.Equal(t, "card", got.NextActions[0].Requisites.Kind)
	require.Equal(t, "TO_CARD", got.Data["payment_option"])
}

// Flows that the gateway documents apart are not mixed.
func TestOptionsOfOtherFlowsAreRefused(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	for options, path := range map[string]string{
		`{"payment_option":"CROSS_BORDER"}`:                                                           "provider_options.cross_border_currency",
		`{"cross_border_currency":"TJS"}`:                                                             "provider_options.cross_border_currency",
		`{"payment_option":"TO_CARD","cross_border_currency":"TJS"}`:                                  "provider_options.cross_border_currency",
		`{"payment_option":"SBP_QR","cross_border_requisite_type":"PHONE"}`:                           "provider_options.cross_border_requisite_type",
		`{"matching_settings":{"max_amount":"1"}}`:                                                    "provider_options.matching_settings",
		`{"allow_matching":false,"matching_settings":{"max_amount":"1"}}`:                             "provider_options.matching_settings",
		`{"payment_option":"SBP_QR","cross_border_currency":"TJS","matching_settings":{}}`:            "provider_options.matching_settings",
		`{"payment_option":"SBP","cross_border_currency":"TJS","cross_border_requisite_type":"CARD"}`: "provider_options.cross_border_currency",
	} {
		_, err := acc.CreateInvoice(t.Context(), withOptions(t, options))
		e := asError(t, err)
		require.Equal(t, pay.KindInvalidRequest, e.Kind, options)
		require.Equal(t, path, e.Fields[0].Path, options)
	}
	req := payoutRequest(t)
	req.Options = json.RawMessage(`{"matching_settings":{"max_amount":"1"}}`)
	_, err := acc.CreatePayout(t.Context(), req)
	require.Equal(t, "provider_options.matching_settings", asError(t, err).Fields[0].Path)
	require.Empty(t, g.calls())
}

// An invoice that another store's key made is not there for ours.
func TestInvoiceOfAnotherStore(t *testing.T) {
	acc, _ := against(t, always(404, "null"))
	_, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
	require.ErrorIs(t, err, pay.KindNotFound)
}

// Words of the gateway are bounded between characters, whatever their alphabet.
func TestClip(t *testing.T) {
	require.Equal(t, "abc", clipTo("abc", 3))
	require.Equal(t, "я", clipTo("яя", 3))
	require.Empty(t, clipTo("я", 1))
	got := get(t, map[string]any{"status": strings.Repeat("я", 100)}, pending(t))
	require.Empty(t, got.Status)
	require.LessOrEqual(t, len(got.Data["status"]), 64)
	require.NotContains(t, fmt.Sprint(got.Data, got.Review), "\ufffd")
}
