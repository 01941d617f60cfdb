package payin

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func ref(known pay.Status) pay.InvoiceRef {
	return pay.InvoiceRef{
		InvoiceID: "inv_1", ProviderRef: "64471022258145", ProviderRefs: map[string]string{"pretty_id": "006034-000166"},
		Known: pay.Known{Status: known},
		State: &pay.State{Version: 1, Data: []byte(`{"pretty_id":"006034-000166","pay_link":"https://lk.payin-payout.net/api/pay/1"}`)},
	}
}

func foundAnswer(status string) string {
	return fmt.Sprintf(`{"status":true,"result":[{"account_number":"006034-000165","status":1,"done_time":null},`+
		`{"account_number":"006034-000166","status":%s,"done_time":"2015-12-30 14:36:16+06"}],"tracker":" gid_2"}`, status)
}

func TestStatusTable(t *testing.T) {
	for name, want := range map[string]struct {
		status         pay.Status
		final, review  bool
		refund, charge bool
		link           bool
	}{
		"0 new":                      {status: pay.StatusPending, link: true},
		"1 paid":                     {status: pay.StatusPaid, final: true},
		"2 canceled":                 {status: pay.StatusCanceled, final: true},
		"3 failed":                   {status: pay.StatusFailed, final: true},
		"4 frozen":                   {status: pay.StatusAuthorized},
		"5 went wrong":               {review: true},
		"6 expired":                  {status: pay.StatusExpired, final: true},
		"7 not listed":               {review: true},
		"8 refunded":                 {status: pay.StatusPaid, final: true, review: true, refund: true},
		"9 charged back":             {status: pay.StatusPaid, final: true, charge: true},
		"10 not listed":              {review: true},
		"11 in processing":           {status: pay.StatusProcessing, link: true},
		"12 not listed":              {review: true},
		"13 partly paid, frozen":     {status: pay.StatusPartiallyPaid},
		"14 partly paid":             {status: pay.StatusPartiallyPaid},
		"15 not listed":              {review: true},
		"99 not listed":              {review: true},
		"-1 negative":                {review: true},
		"4294967297 is 1 in 32 bits": {review: true},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, _ := strings.Cut(name, " ")
			provider := &recorder{answer: foundAnswer(code)}
			got, err := against(t, provider).GetInvoice(t.Context(), ref(pay.StatusPending))
			require.NoError(t, err)
			require.Equal(t, want.status, got.Status)
			require.Equal(t, want.final, got.Final)
			require.Equal(t, want.review, got.Review != "")
			require.Equal(t, want.link, len(got.NextActions) == 1)
			require.Equal(t, want.refund, len(got.Refunds) == 1)
			require.Equal(t, want.charge, len(got.Disputes) == 1)
			require.False(t, got.Amount.IsSet() || got.Received.IsSet() || got.Captured.IsSet() || got.Refunded.IsSet() || got.Authorized.IsSet())
			require.Equal(t, "gid_2", got.Report.Evidence.ProviderRequestID)
			require.Equal(t, "64471022258145", got.ProviderRef)
			form := provider.only(t).form(t)
			require.Equal(t, "006034-000166", form.Get("account_number"))
			require.Len(t, form, 4)
			require.Equal(t, "/payment-in/find-payment", provider.only(t).path)
		})
	}
}

// A code in another form is the same code or an unknown one, and the words of the actions follow the same table.
func TestStatusForms(t *testing.T) {
	for form, want := range map[string]struct {
		status pay.Status
		name   string
	}{
		`1`: {pay.StatusPaid, "paid"}, `"1"`: {pay.StatusPaid, "paid"}, `" 1 "`: {pay.StatusPaid, "paid"}, `"01"`: {"", "unknown"},
		`1.0`: {"", "unknown"}, `1e0`: {"", "unknown"}, `"+1"`: {"", "unknown"}, `"paid"`: {"", "unknown"}, `""`: {"", "unknown"}, `-1`: {"", "unknown"},
	} {
		got, err := against(t, &recorder{answer: foundAnswer(form)}).GetInvoice(t.Context(), ref(pay.StatusPending))
		require.NoError(t, err, form)
		require.Equal(t, want.status, got.Status, form)
		require.Equal(t, want.status == "", got.Review != "", form)
		var code codeText
		require.NoError(t, json.Unmarshal([]byte(form), &code))
		require.Equal(t, want.name, incomingName(code), form)
	}
	for _, form := range []string{`true`, `[]`, `{}`, `[1]`} {
		_, err := against(t, &recorder{answer: foundAnswer(form)}).GetInvoice(t.Context(), ref(pay.StatusPending))
		require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind, form)
	}
}

// The words of the actions name every documented code and no other, and are those of their schemas.
func TestStatusNames(t *testing.T) {
	incoming := map[int]string{
		0: "new", 1: "paid", 2: "canceled", 3: "failed", 4: "frozen", 5: "trouble", 6: "expired", 8: "refunded", 9: "charged_back", 11: "processing",
		13: "partly_frozen", 14: "partly_paid",
	}
	outgoing := map[int]string{0: "new", 1: "paid", 2: "canceled", 3: "failed", 5: "trouble", 8: "refunded"}
	schema := func(names string) []string {
		var list []string
		require.NoError(t, json.Unmarshal([]byte(names), &list))
		return list
	}
	for code := -2; code < 40; code++ {
		text := codeText(fmt.Sprint(code))
		want, known := incoming[code]
		if !known {
			want = "unknown"
		}
		require.Equal(t, want, incomingName(text))
		require.Contains(t, schema(incomingNames), want)
		require.Equal(t, known && code != 5, stateOf(text, "1-1", pay.Known{}).Status != "", "the words and the statuses have one table: %d", code)
		if want, known = outgoing[code]; !known {
			want = "unknown"
		}
		require.Equal(t, want, outgoingName(text))
		require.Contains(t, schema(outgoingNames), want)
		require.Equal(t, known && code != 5, outgoingState(text).Status != "", code)
	}
	require.Len(t, schema(incomingNames), len(incoming)+1)
	require.Len(t, schema(outgoingNames), len(outgoing)+1)
}

func TestRefundAndChargebackAreFactsBesideTheStatus(t *testing.T) {
	for known, want := range map[pay.Status]pay.Status{
		pay.StatusPaid: pay.StatusPaid, pay.StatusPartiallyPaid: pay.StatusPartiallyPaid, pay.StatusPending: pay.StatusPaid,
	} {
		refunded, err := against(t, &recorder{answer: foundAnswer("8")}).GetInvoice(t.Context(), ref(known))
		require.NoError(t, err)
		require.Equal(t, want, refunded.Status)
		require.Equal(t, []pay.RefundState{{ProviderRef: "006034-000166", Status: pay.RefundSucceeded, Origin: pay.OriginExternal}}, refunded.Refunds)

		charged, err := against(t, &recorder{answer: foundAnswer("9")}).GetInvoice(t.Context(), ref(known))
		require.NoError(t, err)
		require.Equal(t, want, charged.Status)
		require.Equal(t, pay.DisputeChargeback, charged.Disputes[0].Kind)
		require.Equal(t, pay.DisputeOpen, charged.Disputes[0].Status)
	}
}

func TestGetInvoiceFailures(t *testing.T) {
	for name, c := range map[string]struct {
		provider *recorder
		kind     pay.Kind
	}{
		"not found":        {&recorder{answer: `{"status":false,"user_msg":"Payment with such parameters not found"}`}, pay.KindNotFound},
		"not found 404":    {&recorder{status: 404, answer: `{"status":false,"user_msg":"Payment with such parameters not found"}`}, pay.KindNotFound},
		"empty list":       {&recorder{answer: `{"status":true,"result":[]}`}, pay.KindNotFound},
		"another payment":  {&recorder{answer: `{"status":true,"result":[{"account_number":"1-1","status":1}]}`}, pay.KindProviderUnavailable},
		"two answers":      {&recorder{answer: `{"status":true,"result":[{"account_number":"006034-000166","status":1},{"account_number":"006034-000166","status":2}]}`}, pay.KindProviderUnavailable},
		"no status":        {&recorder{answer: `{"status":true,"result":[{"account_number":"006034-000166"}]}`}, pay.KindProviderUnavailable},
		"an object":        {&recorder{answer: `{"status":true,"result":{"account_number":"006034-000166","status":1}}`}, pay.KindProviderUnavailable},
		"html":             {&recorder{answer: `<html>`}, pay.KindProviderUnavailable},
		"500":              {&recorder{status: 500}, pay.KindProviderUnavailable},
		"clock":            {&recorder{answer: `{"status":false,"user_msg":"incorrect timestamp"}`}, pay.KindProviderUnavailable},
		"wrong credential": {&recorder{status: 401}, pay.KindAuth},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, c.provider).GetInvoice(t.Context(), ref(pay.StatusPending))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
		})
	}
}

func TestGetInvoiceNeedsTheNumber(t *testing.T) {
	provider := &recorder{answer: foundAnswer("1")}
	acc := against(t, provider)
	_, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "64471022258145"})
	require.Equal(t, "provider_refs.pretty_id", asError(t, err).Fields[0].Path)
	require.Empty(t, provider.requests)

	// A person who resolves a create whose answer was lost gives the number that find_payments shows.
	got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "006034-000166"})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "006034-000166", got.ProviderRef)

	// The private state alone is enough; another version of it is not read.
	byState := ref(pay.StatusPending)
	byState.ProviderRefs = nil
	_, err = acc.GetInvoice(t.Context(), byState)
	require.NoError(t, err)
	byState.State.Version = 2
	_, err = acc.GetInvoice(t.Context(), byState)
	require.Error(t, err)
}

func TestCheck(t *testing.T) {
	for name, result := range map[string]string{"map": `{"643":"8726.47000000","999":"0.00000000"}`, "number": `8726.47`} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: `{"status":true,"result":` + result + `}`}
			info, err := against(t, provider).Check(t.Context(), pay.Check{})
			require.NoError(t, err)
			require.Equal(t, "7026", info.ProviderAccountRef)
			require.Equal(t, []string{"RUB"}, info.Currencies)
			require.Empty(t, info.Mode, "a foreign host says nothing about the environment")
			got := provider.only(t)
			require.Equal(t, "/user/api-get-balance", got.path)
			require.Equal(t, "7026", got.form(t).Get("balance_user_id"))
		})
	}
	_, err := against(t, &recorder{answer: `{"status":true,"result":[1]}`}).Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
}

func TestIDTextKeepsEveryDigit(t *testing.T) {
	for in, want := range map[string]string{`9007199254740993`: "9007199254740993", `" 12 "`: "12", `null`: "", `"x"`: "x"} {
		var id idText
		require.NoError(t, json.Unmarshal([]byte(in), &id))
		require.Equal(t, want, string(id))
	}
	for _, in := range []string{`1.5`, `1e5`, `-1`, `true`, `[]`, `{}`} {
		var id idText
		require.Error(t, json.Unmarshal([]byte(in), &id), in)
	}
}
