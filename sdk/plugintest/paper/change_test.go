package paper_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// reopen opens the account with a state, as the host does after a report that brought one.
func (w *world) reopen(state *pay.State) {
	w.t.Helper()
	w.config.State = state
	var err error
	w.account, err = w.provider.Open(w.t.Context(), w.config)
	require.NoError(w.t, err)
}

// A token that comes with an answer reaches the host with the report, also beside an error, and outlives the one before.
func TestTokenRenewedByAnOrdinaryCall(t *testing.T) {
	for name, call := range map[string]func(*world) pay.Report{
		"beside a result": func(w *world) pay.Report { return w.create("").Report },
		"beside an error": func(w *world) pay.Report {
			_, err := w.account.GetInvoice(w.t.Context(), pay.InvoiceRef{ProviderRef: "pi_none"})
			require.ErrorIs(w.t, err, pay.KindNotFound)
			return pay.AsError(err).Report
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.config.State
			w.sim.OfferToken()
			renewed := call(w).AccountState
			require.NotNil(t, renewed)
			require.NotEqual(t, before.Data, renewed.Data)

			require.Nil(t, w.create("").Report.AccountState, "the present token is still good, and nothing was renewed")
			w.reopen(renewed)
			w.create("")
			w.sim.ExpireTokens()
			_, err := w.tryCreate("")
			require.ErrorIs(t, err, pay.KindAuth)
			require.Nil(t, pay.AsError(err).Report.AccountState)
			w.maintain(pay.MaintainAuthFailed)
			w.create("")
		})
	}
}

// Without the caller's consent a part is refused by the provider.
func TestPartsNeedTheCallersConsent(t *testing.T) {
	w := newWorld(t)
	ref := w.create("").ProviderRef
	require.Error(t, w.sim.PayPart(ref, "40.00", "EUR"))
	require.Equal(t, pay.StatusPending, w.get(ref).Status)
	require.NoError(t, w.sim.PayPart(ref, "4850.00", "UAH"), "the whole amount, in another currency")
	require.Equal(t, pay.StatusPaid, w.get(ref).Status)
}

// A refund of one attempt is limited by that attempt, not by the invoice.
func TestRefundOfOneAttempt(t *testing.T) {
	w := newWorld(t)
	w.parts = true
	ref := w.create("").ProviderRef
	require.NoError(t, w.sim.PayPart(ref, "40.00", "EUR"))
	require.NoError(t, w.sim.PayPart(ref, "60.00", "EUR"))
	attempts := w.get(ref).Attempts
	refund := func(attempt, amount string) error {
		state, err := w.account.(pay.Refunder).CreateRefund(t.Context(), pay.CreateRefund{
			Call: w.call(), RefundID: "ref_1", Invoice: pay.InvoiceRef{ProviderRef: ref}, AttemptRef: attempt, Amount: money(amount, "EUR"),
		})
		if err == nil {
			require.Equal(t, pay.RefundSucceeded, state.Status)
		}
		return err
	}
	first := attempts[0].ProviderAttemptID
	require.ErrorIs(t, refund(first, "40.01"), pay.KindInvalidState, "it took 40.00")
	require.ErrorIs(t, refund("pay_none", "1.00"), pay.KindInvalidState)
	require.NoError(t, refund(first, "30.00"))
	require.ErrorIs(t, refund(first, "10.01"), pay.KindInvalidState, "10.00 are left of it")
	require.NoError(t, refund("", "70.00"), "the provider chooses")
	require.Equal(t, "100.00 EUR", w.get(ref).Refunded.String())
}

// A payout can be called back until it is sent.
func TestPayoutIsCalledBackUntilItIsSent(t *testing.T) {
	w := newWorld(t)
	send := func() pay.PayoutRef {
		call := w.call()
		made, err := w.account.(pay.PayoutCreator).CreatePayout(t.Context(), pay.CreatePayout{
			Call: call, PayoutID: "po_1", Amount: money("25.10", "EUR"),
			Destination: pay.Destination{Type: pay.DestinationIBAN, Value: "UA213223130000026007233566001"},
		})
		require.NoError(t, err)
		require.Equal(t, pay.PayoutProcessing, made.Status)
		return pay.PayoutRef{PayoutID: "po_1", ProviderKey: call.ProviderKey, ProviderRef: made.ProviderRef}
	}
	cancel := func(ref pay.PayoutRef) (pay.PayoutState, error) {
		return w.account.(pay.PayoutCanceler).CancelPayout(t.Context(), pay.CancelPayout{Call: w.call(), Payout: ref, Reason: "typo"})
	}
	status := func(ref pay.PayoutRef) pay.PayoutStatus {
		got, err := w.account.(pay.PayoutGetter).GetPayout(t.Context(), ref)
		require.NoError(t, err)
		return got.Status
	}

	early := send()
	got, err := cancel(early)
	require.NoError(t, err)
	require.Equal(t, pay.PayoutCanceled, got.Status)
	require.Equal(t, pay.PayoutCanceled, status(early))
	require.Error(t, w.sim.SendPayout(early.ProviderRef))

	late := send()
	require.NoError(t, w.sim.SendPayout(late.ProviderRef))
	_, err = cancel(late)
	require.ErrorIs(t, err, pay.KindInvalidState)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.Equal(t, pay.PayoutSucceeded, status(late))

	_, err = cancel(pay.PayoutRef{PayoutID: "po_2"})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

// Closing an account takes its registration back, also when the provider has forgotten it.
func TestClosingUndoesTheRegistration(t *testing.T) {
	for name, forgotten := range map[string]bool{"registered": false, "forgotten": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.config.Config = bytes.Replace(w.config.Config, []byte(`{`), []byte(`{"webhooks":true,`), 1)
			w.reopen(w.config.State)
			maintain := func(reason string) {
				got, err := w.account.(pay.AccountMaintainer).Maintain(t.Context(), pay.Maintain{
					Call: w.call(), Reason: reason, State: w.config.State, WebhookURL: "http://127.0.0.1:1/hook",
				})
				require.NoError(t, err)
				w.reopen(got.State)
			}
			maintain(pay.MaintainConfigChanged)
			maintain(pay.MaintainDue)
			require.Equal(t, 1, w.sim.Webhooks())
			registered := w.config.State
			maintain(pay.MaintainClosing)
			require.Zero(t, w.sim.Webhooks())
			if forgotten {
				w.reopen(registered)
				maintain(pay.MaintainClosing)
			}
		})
	}
}
