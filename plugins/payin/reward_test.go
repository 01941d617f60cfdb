package payin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func reward(t testing.TB) pay.CreatePayout {
	return pay.CreatePayout{
		Call: pay.Call{OperationID: "op_1", ProviderKey: "op_1", Try: 1}, PayoutID: "po_1", Amount: money(t, "10.10", "RUB"),
		Destination: pay.Destination{Type: pay.DestinationAccount, Value: "6035"}, Description: "123",
	}
}

func TestRewardSendsExactly(t *testing.T) {
	provider := &recorder{answer: acceptedAnswer}
	got, err := against(t, provider, service()).CreatePayout(t.Context(), reward(t))
	require.NoError(t, err)
	sent := provider.only(t)
	require.Equal(t, "/service-of-services/create-reward-invoice", sent.path)
	signed := "amount=10.10&currency_id=643&description=123&external_id=op_1&receiver_id=6035&service_id=12&timestamp=1591040000&user_id=7026"
	require.Equal(t, signed+"&hash="+sign(testSecret, signed), sent.body)
	require.Equal(t, pay.PayoutProcessing, got.Status)
	require.Equal(t, "op_1", got.ProviderRef)
	require.Equal(t, map[string]string{"external_id": "op_1"}, got.ProviderRefs)
	require.False(t, got.Amount.IsSet())
}

func TestRewardToTheCustomer(t *testing.T) {
	provider := &recorder{answer: acceptedAnswer}
	req := reward(t)
	req.Destination, req.Customer.ID, req.Amount = pay.Destination{}, "6036", money(t, "1", "USD")
	_, err := against(t, provider, service(), map[string]any{"currencies": []string{"USD"}}).CreatePayout(t.Context(), req)
	require.NoError(t, err)
	form := provider.only(t).form(t)
	require.Equal(t, "6036", form.Get("receiver_id"))
	require.Equal(t, "840", form.Get("currency_id"))
}

func TestRewardRefusesBeforeSending(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.CreatePayout)
		kind   pay.Kind
		path   string
	}{
		"card":           {func(r *pay.CreatePayout) { r.Destination.Type = pay.DestinationCard }, pay.KindUnsupported, ""},
		"stored":         {func(r *pay.CreatePayout) { r.Destination.Type = pay.DestinationStored }, pay.KindUnsupported, ""},
		"bank":           {func(r *pay.CreatePayout) { r.Destination.Bank = "x" }, pay.KindUnsupported, ""},
		"network":        {func(r *pay.CreatePayout) { r.Destination.Network = "x" }, pay.KindUnsupported, ""},
		"country":        {func(r *pay.CreatePayout) { r.Destination.Country = "UA" }, pay.KindUnsupported, ""},
		"no integer":     {func(r *pay.CreatePayout) { r.Destination.Value = "bob" }, pay.KindInvalidRequest, "destination.value"},
		"nobody":         {func(r *pay.CreatePayout) { r.Destination = pay.Destination{} }, pay.KindInvalidRequest, "destination.value"},
		"somebody else":  {func(r *pay.CreatePayout) { r.Customer.ID = "6036" }, pay.KindInvalidRequest, "destination.value"},
		"no description": {func(r *pay.CreatePayout) { r.Description = "" }, pay.KindInvalidRequest, "description"},
		"nothing":        {func(r *pay.CreatePayout) { r.Amount = pay.Money{} }, pay.KindInvalidRequest, "amount.value"},
		"not enabled":    {func(r *pay.CreatePayout) { r.Amount = money(t, "1", "EUR") }, pay.KindInvalidRequest, "amount.currency"},
		"no key":         {func(r *pay.CreatePayout) { r.Call.ProviderKey = "" }, pay.KindInvalidRequest, "provider_key"},
		"options":        {func(r *pay.CreatePayout) { r.Options = []byte(`{"a":1}`) }, pay.KindInvalidRequest, "provider_options"},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: acceptedAnswer}
			req := reward(t)
			c.change(&req)
			_, err := against(t, provider, service()).CreatePayout(t.Context(), req)
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Empty(t, provider.requests)
		})
	}
	_, err := open(t, "http://127.0.0.1:1").CreatePayout(t.Context(), reward(t))
	require.ErrorIs(t, err, pay.KindUnsupported)
}

func TestRewardRefusals(t *testing.T) {
	for text, want := range refusals() {
		t.Run(text, func(t *testing.T) {
			provider := &recorder{answer: refusedAnswer(t, text)}
			_, err := against(t, provider, service()).CreatePayout(t.Context(), reward(t))
			e := asError(t, err)
			if want.kind == pay.KindInvalidState {
				// A reward with this id exists, perhaps this one: uniqueness is not stated.
				require.Equal(t, pay.KindOutcomeUnknown, e.Kind)
				require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
				return
			}
			require.Equal(t, want.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			provider.only(t)
		})
	}
}

func TestRewardAmbiguousAnswers(t *testing.T) {
	for name, provider := range ambiguous() {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, provider, service()).CreatePayout(t.Context(), reward(t))
			e := asError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			provider.only(t)
		})
	}
}

func payoutRef() pay.PayoutRef {
	return pay.PayoutRef{
		PayoutID: "po_1", ProviderKey: "op_1", ProviderRef: "op_1", Status: pay.PayoutProcessing, SentAt: testClock(),
		ProviderRefs: map[string]string{"external_id": "op_1", "payment_out_id": "007026-030254"},
	}
}

func outgoingAnswer(status string) string {
	return fmt.Sprintf(`{"status":true,"result":{"account_number":"007026-030254","client_status":%s,"system_status":7,"last_update_time":null},`+
		`"tracker":" gid_2"}`, status)
}

func TestOutgoingStatuses(t *testing.T) {
	for name, want := range map[string]struct {
		status pay.PayoutStatus
		review bool
	}{
		"0 new":            {pay.PayoutProcessing, false},
		"1 paid":           {pay.PayoutSucceeded, false},
		"2 cancelled":      {pay.PayoutCanceled, false},
		"3 failed":         {pay.PayoutFailed, false},
		"5 wrong":          {"", true},
		"8 refunded":       {pay.PayoutSucceeded, true},
		"4 not listed":     {"", true},
		"6 not listed":     {"", true},
		"7 not listed":     {"", true},
		"9 not listed":     {"", true},
		"10 not listed":    {"", true},
		"11 not listed":    {"", true},
		"12 not listed":    {"", true},
		"13 not listed":    {"", true},
		"14 not listed":    {"", true},
		"-1 negative":      {"", true},
		"1.5 a fraction":   {"", true},
		`"x" a text`:       {"", true},
		`"1" paid, a text`: {pay.PayoutSucceeded, false},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, _ := strings.Cut(name, " ")
			provider := &recorder{answer: outgoingAnswer(code)}
			got, err := against(t, provider, service()).GetPayout(t.Context(), payoutRef())
			require.NoError(t, err)
			sent := provider.only(t)
			require.Equal(t, "/payment-out/find-payment", sent.path)
			require.Equal(t, "007026-030254", sent.form(t).Get("account_number"))
			require.Equal(t, want.status, got.Status)
			require.Equal(t, want.review, got.Review != "")
			require.Equal(t, "op_1", got.ProviderRef)
		})
	}
}

func TestOutgoingAnswers(t *testing.T) {
	list := `{"status":true,"result":[{"account_number":"007026-030254","client_status":1}]}`
	provider := &recorder{answer: list}
	got, err := against(t, provider, service()).GetPayout(t.Context(), payoutRef())
	require.NoError(t, err)
	require.Equal(t, pay.PayoutSucceeded, got.Status)
	for name, c := range map[string]struct {
		answer string
		kind   pay.Kind
	}{
		"another":   {`{"status":true,"result":{"account_number":"007026-030255","client_status":1}}`, pay.KindProviderUnavailable},
		"no status": {`{"status":true,"result":{"account_number":"007026-030254"}}`, pay.KindProviderUnavailable},
		"several":   {`{"status":true,"result":[{"client_status":1},{"client_status":1}]}`, pay.KindProviderUnavailable},
		"nothing":   {`{"status":true,"result":[]}`, pay.KindNotFound},
		"null":      {`{"status":true,"result":null}`, pay.KindProviderUnavailable},
		"html":      {`<html>`, pay.KindProviderUnavailable},
		"absent":    {refusedAnswer(t, "Payment with account number 007026-030254 not found"), pay.KindNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, &recorder{answer: c.answer}, service()).GetPayout(t.Context(), payoutRef())
			require.Equal(t, c.kind, asError(t, err).Kind)
		})
	}
}

// What came back after success says when, where the provider tells the time of its last change.
func TestRefundedReward(t *testing.T) {
	for last, want := range map[string]time.Time{
		`"2015-12-30 14:36:16.5+06"`: time.Date(2015, 12, 30, 8, 36, 16, 5e8, time.UTC), `null`: {}, `"soon"`: {},
	} {
		for code, back := range map[string]bool{"8": true, "1": false} {
			answer := fmt.Sprintf(`{"status":true,"result":{"account_number":"007026-030254","client_status":%s,"last_update_time":%s}}`, code, last)
			got, err := against(t, &recorder{answer: answer}, service()).GetPayout(t.Context(), payoutRef())
			require.NoError(t, err)
			require.Equal(t, pay.PayoutSucceeded, got.Status)
			require.Equal(t, back, got.Review != "", "how much came back is not said")
			require.True(t, got.Report.Evidence.ProviderTime.IsZero(), "the time of a change must not outdate a callback")
			if back {
				require.Equal(t, want, got.ReturnedAt)
			} else {
				require.Zero(t, got.ReturnedAt)
			}
			require.Equal(t, !want.IsZero(), got.Data["last_update_time"] != "")
		}
	}
}

// Without a number nothing is asked and nothing is claimed to be absent.
func TestPayoutWithoutANumber(t *testing.T) {
	for name, c := range map[string]struct {
		ref    string
		known  pay.PayoutStatus
		age    time.Duration
		status pay.PayoutStatus
		review bool
		kind   pay.Kind
	}{
		"young":          {"op_1", pay.PayoutProcessing, 0, pay.PayoutProcessing, false, ""},
		"old":            {"op_1", pay.PayoutProcessing, outcomePatience, "", true, ""},
		"by key":         {"", pay.PayoutProcessing, 0, pay.PayoutProcessing, false, ""},
		"succeeded":      {"op_1", pay.PayoutSucceeded, time.Hour, pay.PayoutSucceeded, false, ""},
		"failed":         {"op_1", pay.PayoutFailed, time.Hour, pay.PayoutFailed, false, ""},
		"unknown create": {"", pay.PayoutCreating, 0, "", false, pay.KindUnsupported},
		"nothing known":  {"", "", 0, "", false, pay.KindUnsupported},
		"a stranger":     {"op_2", pay.PayoutProcessing, 0, "", false, pay.KindInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: outgoingAnswer("1")}
			acc := against(t, provider, service())
			acc.now = func() time.Time { return testClock().Add(c.age) }
			ref := payoutRef()
			ref.ProviderRef, ref.Status, ref.ProviderRefs = c.ref, c.known, nil
			got, err := acc.GetPayout(t.Context(), ref)
			require.Empty(t, provider.requests)
			if c.kind != "" {
				require.Equal(t, c.kind, asError(t, err).Kind)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.status, got.Status)
			require.Equal(t, c.review, got.Review != "")
			require.Equal(t, "op_1", got.ProviderRef)
		})
	}
}
