package merchant

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func get(t *testing.T, change map[string]any, known pay.Known) pay.InvoiceState {
	t.Helper()
	acc, g := against(t, always(200, invoiceJSON(t, change)))
	got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID, ProviderKey: "op_1", Known: known})
	require.NoError(t, err)
	require.Equal(t, []string{"GET /api/merchant/invoices/" + testID}, g.calls())
	return got
}

func pending(t testing.TB) pay.Known {
	return pay.Known{Status: pay.StatusPending, Amount: money(t, "1000", "RUB"), Due: money(t, "1000", "RUB")}
}

func TestInvoiceStatuses(t *testing.T) {
	for status, want := range map[string]struct {
		status        pay.Status
		final, review bool
		disputes      int
	}{
		"new":           {status: pay.StatusPending},
		"paid":          {status: pay.StatusPaid, final: true},
		"canceled":      {status: pay.StatusCanceled, final: true},
		"expired":       {status: pay.StatusExpired, final: true},
		"dispute":       {status: pay.StatusProcessing, disputes: 1},
		"recalculated":  {review: true},
		"completed":     {review: true},
		"success":       {review: true},
		"cancelled":     {review: true},
		"PAID":          {review: true},
		"something new": {review: true},
	} {
		t.Run(status, func(t *testing.T) {
			got := get(t, map[string]any{"status": status}, pending(t))
			require.Equal(t, want.status, got.Status)
			require.Equal(t, want.final, got.Final)
			require.Equal(t, want.review, got.Review != "")
			require.Len(t, got.Disputes, want.disputes)
			require.Equal(t, status == "new", len(got.NextActions) > 0)
			require.Equal(t, "1000.00 RUB", got.Amount.String())
		})
	}
}

// The status of a deal never moves the invoice by itself.
func TestDealStatuses(t *testing.T) {
	for status, want := range map[string]pay.AttemptStatus{
		"new": pay.AttemptPending, "transfer_waiting": pay.AttemptPending, "transfer_confirmed": pay.AttemptProcessing,
		"completed": pay.AttemptSucceeded, "canceled": pay.AttemptCanceled, "expired": pay.AttemptExpired,
		"dispute": pay.AttemptProcessing, "unheard of": "",
	} {
		t.Run(status, func(t *testing.T) {
			active := status == "new" || status == "transfer_waiting" || status == "transfer_confirmed"
			got := get(t, map[string]any{"deals": []any{dealJSON(map[string]any{"status": status, "isActive": active})}}, pending(t))
			require.Equal(t, pay.StatusPending, got.Status)
			require.False(t, got.Received.IsSet() || got.Captured.IsSet())
			require.Len(t, got.Attempts, 1)
			require.Equal(t, want, got.Attempts[0].Status)
			require.Equal(t, dealID, got.Attempts[0].ProviderAttemptID)
			require.Equal(t, active, direct(got.NextActions))
			require.Equal(t, status == "completed", !got.Report.NextLookAt.IsZero())
		})
	}
}

func TestPaidIsComparedWithWhatWasDue(t *testing.T) {
	for name, c := range map[string]struct {
		received any
		known    pay.Known
		want     pay.Status
		overpaid bool
		review   bool
	}{
		"exact":                  {received: rub("1000.00"), known: pending(t), want: pay.StatusPaid},
		"exact without decimals": {received: rub("1000"), known: pending(t), want: pay.StatusPaid},
		"less":                   {received: rub("999.99"), known: pending(t), want: pay.StatusPartiallyPaid},
		"more":                   {received: rub("1000.01"), known: pending(t), want: pay.StatusPaid, overpaid: true},
		"raised and paid so":     {received: rub("1007.31"), known: pay.Known{Amount: money(t, "1000", "RUB"), Due: money(t, "1007.31", "RUB")}, want: pay.StatusPaid},
		"raised and less":        {received: rub("1000"), known: pay.Known{Amount: money(t, "1000", "RUB"), Due: money(t, "1007.31", "RUB")}, want: pay.StatusPartiallyPaid},
		"only amount known":      {received: rub("999"), known: pay.Known{Amount: money(t, "1000", "RUB")}, want: pay.StatusPartiallyPaid},
		"nothing known":          {received: rub("999"), want: pay.StatusPartiallyPaid},
		"corrected downwards":    {received: rub("900"), known: pay.Known{Status: pay.StatusPaid, Due: money(t, "1000", "RUB")}, want: pay.StatusPaid, review: true},
		"corrected upwards":      {received: rub("1100"), known: pay.Known{Status: pay.StatusPaid, Due: money(t, "1000", "RUB")}, want: pay.StatusPaid, overpaid: true},
		"not stated":             {received: nil, known: pending(t), want: pay.StatusPaid},
		"known in other money":   {received: rub("1000"), known: pay.Known{Amount: money(t, "1000", "USD")}, review: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(t, map[string]any{"status": "paid", "receivedSumFromTaker": c.received}, c.known)
			require.Equal(t, c.want, got.Status)
			require.Equal(t, c.overpaid, got.Overpaid)
			require.Equal(t, c.review, got.Review != "")
			require.Equal(t, c.want != "", got.Final)
			require.Equal(t, c.received != nil, got.Received.IsSet())
			require.True(t, got.Received.Equal(got.Captured))
		})
	}
}

func TestPaidAttempt(t *testing.T) {
	got := get(t, map[string]any{
		"status": "paid", "receivedSumFromTaker": rub("1000.00"), "receivedSumFromMaker": tether("10.07759750"),
		"serviceFeeSum": tether("0.50387988"), "payoutSum": tether("9.57371762"),
		"deals": []any{
			dealJSON(map[string]any{"id": "deal-0", "status": "expired", "isActive": false}),
			dealJSON(map[string]any{"status": "completed", "isActive": false, "payment": map[string]any{"date": "2024-11-04T14:00:00+03:00"}}),
		},
	}, pending(t))
	require.Equal(t, []pay.Attempt{
		{ProviderAttemptID: "deal-0", Status: pay.AttemptExpired, Amount: money(t, "1000.00", "RUB"), Rate: "99.23", Method: "TO_CARD/sberbank"},
		{
			ProviderAttemptID: dealID, Status: pay.AttemptSucceeded, Amount: money(t, "1000.00", "RUB"), Received: money(t, "1000.00", "RUB"),
			Fee: got.Attempts[1].Fee, Net: got.Attempts[1].Net, Rate: "99.23", Method: "TO_CARD/sberbank",
			ProviderTime: time.Date(2024, 11, 4, 11, 0, 0, 0, time.UTC),
		},
	}, got.Attempts)
	require.Equal(t, "0.50387988 USDT", got.Attempts[1].Fee.String())
	require.Equal(t, "9.57371762 USDT", got.Attempts[1].Net.String())
}

// Amounts that only inform do not decide: they become warnings.
func TestUnreadableFee(t *testing.T) {
	got := get(t, map[string]any{"status": "paid", "receivedSumFromTaker": rub("1000"), "serviceFeeSum": rub("1.005"), "payoutSum": map[string]any{"amount": "1", "currency": "USDT", "subunit": 6}}, pending(t))
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Len(t, got.Report.Warnings, 2)
}

func TestDisputeKeepsTheStatus(t *testing.T) {
	for known, want := range map[pay.Status]pay.Status{
		pay.StatusPending: pay.StatusProcessing, pay.StatusProcessing: pay.StatusProcessing, pay.StatusCreating: pay.StatusProcessing,
		pay.StatusPaid: pay.StatusPaid, pay.StatusPartiallyPaid: pay.StatusPartiallyPaid,
		pay.StatusExpired: pay.StatusExpired, pay.StatusCanceled: pay.StatusCanceled, pay.StatusFailed: pay.StatusFailed,
	} {
		got := get(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(map[string]any{
			"status": "dispute", "isActive": true, "disputeReason": "invalid_sum", "disputeReasonData": map[string]any{"amount": "210"},
		})}}, pay.Known{Status: known})
		require.Equal(t, want, got.Status, known)
		require.Equal(t, []pay.Dispute{{
			ProviderRef: dealID, Kind: pay.DisputeClaim, Status: pay.DisputeOpen, Reason: "invalid_sum",
			Amount: money(t, "210", "RUB"), ProviderTime: time.Date(2024, 11, 4, 13, 55, 46, 0, time.UTC),
		}}, got.Disputes)
		require.Empty(t, got.NextActions)
	}
}

func TestDisputeResults(t *testing.T) {
	for _, c := range []struct {
		result, invoice string
		want            pay.DisputeStatus
	}{
		{"", "dispute", pay.DisputeOpen}, {"UNKNOWN", "dispute", pay.DisputeOpen},
		{"WAITING_CONFIRM_DOCS_FROM_MERCHANT", "dispute", pay.DisputeEvidenceDue},
		{"WAITING_CONFIRM_DOCS_FROM_TRADER", "dispute", pay.DisputeUnderReview},
		{"ACCEPTED", "paid", pay.DisputeWon}, {"AMOUNT_CHANGED", "paid", pay.DisputeWon}, {"", "paid", pay.DisputeWon},
		{"REQUISITES_MISMATCH_IN_CONFIRM_DOCS", "canceled", pay.DisputeLost}, {"INVALID_PAYMENT_METHOD", "expired", pay.DisputeLost},
		{"TTL_EXPIRED", "canceled", pay.DisputeLost}, {"FRAUD_CONFIRM_DOCS", "canceled", pay.DisputeLost},
		{"", "expired", pay.DisputeLost}, {"WAITING_CONFIRM_DOCS_FROM_TRADER", "canceled", pay.DisputeLost},
	} {
		t.Run(c.result+"/"+c.invoice, func(t *testing.T) {
			deal := dealJSON(map[string]any{"disputeReason": "has_payment", "isActive": false})
			if c.result != "" {
				deal["disputeResult"] = c.result
			}
			got := get(t, map[string]any{"status": c.invoice, "deals": []any{deal}}, pending(t))
			require.Len(t, got.Disputes, 1)
			require.Equal(t, c.want, got.Disputes[0].Status)
		})
	}
}

func TestDueFollowsTheActiveDeal(t *testing.T) {
	raised := map[string]any{"receivedSumFromTaker": rub("1007.31"), "deals": []any{dealJSON(nil)}}
	got := get(t, raised, pending(t))
	require.Equal(t, "1007.31 RUB", got.Due.String())
	require.Equal(t, "1000.00 RUB", got.Amount.String())
	require.Equal(t, "1007.31 RUB", got.NextActions[0].Amount.String())
	require.False(t, got.Received.IsSet(), "it is what must be sent, nothing has come")
	require.False(t, got.Attempts[0].Received.IsSet())

	raised["deals"] = []any{dealJSON(map[string]any{"isActive": false, "status": "expired"})}
	got = get(t, raised, pending(t))
	require.False(t, got.Due.IsSet())
	require.False(t, direct(got.NextActions))
}

func TestOtherSpellings(t *testing.T) {
	acc, _ := against(t, always(200, fmt.Sprintf(
		`{"id":%q,"internalId":"op_1","type":"in","status":"canceled","sum":{"amount":"1000.00","currency":"RUB","subunit":2},"isSumChanged":false,"expiredAt":"2024-11-04T17:55:45+03:00","deals":[]}`, testID)))
	got, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, got.Status)
	require.Equal(t, time.Date(2024, 11, 4, 14, 55, 45, 0, time.UTC), got.ExpiresAt)

	// Empty arrays where objects are documented.
	got = get(t, map[string]any{"deals": []any{dealJSON(map[string]any{"requisites": []any{}, "payment": []any{}, "disputeReasonData": nil})}}, pending(t))
	require.False(t, direct(got.NextActions))
	require.Empty(t, got.Disputes)
}
