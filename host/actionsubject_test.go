package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// One action on each kind of object, with what the adapter gets to find it by and what becomes of the state it answers.
func TestActionsOnEverySubject(t *testing.T) {
	var specs []pay.ActionSpec
	for _, subject := range []pay.Subject{pay.SubjectInvoice, pay.SubjectAccount, pay.SubjectPayout, pay.SubjectRefund, pay.SubjectDispute} {
		specs = append(specs, pay.ActionSpec{Name: "poke", Effect: pay.EffectChanges, Subject: subject})
	}
	h, p := act(t, specs...)
	h.Provider.NextOn(pay.OpRefund, hosttest.Paid)
	inv := at(t, h, "order", pay.StatusPaid)
	refund, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "r", Invoice: inv.ID, Amount: "10.00"})
	require.NoError(t, err)
	payout, err := h.CreatePayout(t.Context(), sendFive("p"))
	require.NoError(t, err)
	p.answer(func(_ context.Context, req pay.Action) (pay.ActionResult, error) {
		switch {
		case req.Refund != nil:
			return pay.ActionResult{Refund: &pay.RefundState{Status: pay.RefundFailed}}, nil
		case req.Payout != nil:
			return pay.ActionResult{Payout: &pay.PayoutState{Status: pay.PayoutProcessing, Data: map[string]string{"desk": "7"}}}, nil
		case req.Dispute != nil:
			return pay.ActionResult{Dispute: &pay.Dispute{Status: pay.DisputeUnderReview}}, nil
		case req.Invoice != nil:
			return pay.ActionResult{Invoice: &pay.InvoiceState{Disputes: []pay.Dispute{{ProviderRef: "d-1", Kind: pay.DisputeClaim, Status: pay.DisputeOpen}}}}, nil
		}
		return pay.ActionResult{}, nil
	})
	run := func(key string, req host.RunAction) *host.ActionResult {
		t.Helper()
		req.Name, req.IdempotencyKey = "poke", key
		result, err := h.RunAction(t.Context(), req)
		require.NoError(t, err)
		require.Empty(t, result.Output, "there was none, and the object is not taken for it")
		replayed, err := h.RunAction(t.Context(), req)
		require.NoError(t, err)
		require.True(t, replayed.Replayed)
		require.Equal(t, result.Operation, replayed.Operation)
		return result
	}
	result := run("a1", host.RunAction{Invoice: inv.ID})
	require.Len(t, result.Invoice.Disputes, 1)
	require.Equal(t, inv.ProviderRef, p.calls()[0].Invoice.ProviderRef)

	result = run("a2", host.RunAction{Refund: refund.ID})
	require.Equal(t, inv.ID, result.Invoice.ID)
	require.Equal(t, refund.ID, p.calls()[1].Refund.RefundID)
	shown, err := h.InvoiceRefunds(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Len(t, shown, 1, "it is the same refund")
	require.Equal(t, pay.RefundFailed, shown[0].Status)
	require.Equal(t, "10.00 UAH", shown[0].Amount.String())

	disputes, err := h.Disputes(t.Context(), host.ListObjects{Invoice: inv.ID})
	require.NoError(t, err)
	result = run("a3", host.RunAction{Dispute: disputes.Disputes[0].ID})
	require.Equal(t, "d-1", p.calls()[2].Dispute.ProviderRef)
	require.Equal(t, inv.ProviderRef, p.calls()[2].Dispute.Invoice.ProviderRef)
	require.Len(t, result.Invoice.Disputes, 1, "it is the same dispute")
	require.Equal(t, pay.DisputeUnderReview, result.Invoice.Disputes[0].Status)

	result = run("a4", host.RunAction{Payout: payout.ID})
	require.Equal(t, payout.ProviderRef, p.calls()[3].Payout.ProviderRef)
	require.Equal(t, pay.PayoutProcessing, result.Payout.Status)
	require.Equal(t, "7", result.Payout.ProviderData["desk"])

	require.Nil(t, run("a5", host.RunAction{Account: hosttest.AccountID}).Invoice)
	require.Len(t, p.calls(), 5)

	for name, req := range map[string]host.RunAction{
		"nothing": {Name: "poke"}, "two things": {Name: "poke", Invoice: inv.ID, Account: hosttest.AccountID},
	} {
		_, err := h.RunAction(t.Context(), req)
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
	}
	for name, req := range map[string]host.RunAction{
		"payout": {Payout: "po_none"}, "refund": {Refund: "ref_none"}, "dispute": {Dispute: "dsp_none"}, "invoice": {Invoice: "inv_none"},
		"account": {Account: "none"},
	} {
		req.Name, req.IdempotencyKey = "poke", "n"
		_, err := h.RunAction(t.Context(), req)
		require.ErrorIs(t, err, pay.KindNotFound, name)
	}
}

func sendFive(key string) host.CreatePayout {
	return host.CreatePayout{
		IdempotencyKey: key, Account: hosttest.AccountID, Amount: host.Amount{Value: "5.00", Currency: "UAH"},
		Destination: host.Destination{Type: pay.DestinationCard, Value: "4444333322221111"},
	}
}

// A failed or lost action on a payout says nothing about the payout itself.
func TestActionOnPayoutLeavesThePayout(t *testing.T) {
	h, p := act(t, pay.ActionSpec{Name: "hurry", Effect: pay.EffectChanges, Subject: pay.SubjectPayout})
	payout, err := h.CreatePayout(t.Context(), sendFive("p"))
	require.NoError(t, err)
	p.answer(func(context.Context, pay.Action) (pay.ActionResult, error) {
		return pay.ActionResult{}, pay.Errorf(pay.KindInvalidState, "too late")
	})
	hurry := func(key string) (*host.ActionResult, error) {
		return h.RunAction(t.Context(), host.RunAction{IdempotencyKey: key, Payout: payout.ID, Name: "hurry"})
	}
	_, err = hurry("k1")
	require.ErrorIs(t, err, pay.KindInvalidState)
	shown, err := h.Payout(t.Context(), payout.ID)
	require.NoError(t, err)
	require.Equal(t, pay.PayoutPending, shown.Status, "a refused action does not fail the payout")

	p.answer(lost)
	result, err := hurry("k2")
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Equal(t, result.Operation, result.Payout.UnresolvedOperation)
	_, err = hurry("k3")
	require.ErrorIs(t, err, pay.KindInProgress)
	require.Equal(t, result.Operation, pay.AsError(err).OperationID)

	// The provider's word about the payout does not settle the action.
	_, err = h.RefreshPayout(t.Context(), payout.ID)
	require.NoError(t, err)
	op, err := h.Operation(t.Context(), result.Operation)
	require.NoError(t, err)
	require.Equal(t, "needs_review", op.State)
	_, err = h.ResolveOperation(t.Context(), host.Resolve{Operation: op.ID, Outcome: host.ResolveExecuted, Reason: "seen"})
	require.NoError(t, err)
	shown, err = h.Payout(t.Context(), payout.ID)
	require.NoError(t, err)
	require.Equal(t, pay.PayoutPending, shown.Status)
	require.Empty(t, shown.UnresolvedOperation)
	require.False(t, shown.NeedsReview)
}

// An output that nobody could take is the plugin's fault; what an action did is not forgotten for it.
func TestOutputsThatAreRefused(t *testing.T) {
	h, p := act(t,
		pay.ActionSpec{Name: "receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice},
		pay.ActionSpec{Name: "remind", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice})
	inv := at(t, h, "order", pay.StatusPending)
	large := `"` + strings.Repeat("x", pay.MaxActionOutput-2) + `"`
	put := func(output string) {
		p.answer(func(context.Context, pay.Action) (pay.ActionResult, error) {
			return pay.ActionResult{Output: json.RawMessage(output)}, nil
		})
	}
	put(large)
	result, err := h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "receipt"})
	require.NoError(t, err)
	require.Len(t, result.Output, pay.MaxActionOutput)
	remind := func(key string) error {
		_, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: key, Invoice: inv.ID, Name: "remind"})
		return err
	}

	put(`{"a":`)
	_, err = h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "receipt"})
	require.ErrorIs(t, err, pay.KindPluginFault)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.ErrorContains(t, err, `for action "receipt" is not valid JSON`)
	for range 2 { // the second answer comes from the journal
		err = remind("a")
		require.ErrorIs(t, err, pay.KindPluginFault)
		require.Equal(t, pay.ExecutedYes, pay.AsError(err).WasExecuted())
	}

	put(large[:len(large)-1] + `x"`)
	_, err = h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "receipt"})
	require.ErrorIs(t, err, pay.KindPluginFault)
	require.ErrorContains(t, err, "output_json has 2097153 bytes, more than the 2097152 allowed")
	// The answer is refused before it is known to be one: whether the reminder was sent, a person must say.
	require.ErrorIs(t, remind("b"), pay.KindOutcomeUnknown)
	require.Len(t, p.calls(), 5)
}

// What only reads goes on where other looks at the provider go on, and stops where they stop.
func TestReadsGoOnWhileAnAccountIsPaused(t *testing.T) {
	read := pay.ActionSpec{Name: "receipt", Title: "Receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice}
	change := pay.ActionSpec{Name: "remind", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice}
	h, p := act(t, read, change, pay.ActionSpec{Name: "rates", Effect: pay.EffectRead, Subject: pay.SubjectAccount})
	inv := at(t, h, "order", pay.StatusPending)
	require.Subset(t, inv.AllowedActions, []string{"action:receipt", "action:remind"})
	require.NotContains(t, inv.AllowedActions, "action:rates", "that is one of the account")
	account, err := h.Account(t.Context(), hosttest.AccountID)
	require.NoError(t, err)
	require.Len(t, account.Actions, 3)
	require.Equal(t, host.AccountAction{Name: "receipt", Title: "Receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice}, account.Actions[0])

	_, err = h.PauseAccount(t.Context(), hosttest.AccountID, "night")
	require.NoError(t, err)
	_, err = h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "receipt"})
	require.NoError(t, err)
	_, err = h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k", Invoice: inv.ID, Name: "remind"})
	require.ErrorIs(t, err, pay.KindAccountPaused)
	offers, err := h.InvoiceActions(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, hosttest.ProviderName, offers.Provider)
	require.True(t, offers.Actions[0].Allowed)
	require.False(t, offers.Actions[1].Allowed)
	_, err = h.ResumeAccount(t.Context(), hosttest.AccountID, "day")
	require.NoError(t, err)

	// While an outcome is open, only reading is possible.
	p.answer(lost)
	result, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: "k", Invoice: inv.ID, Name: "remind"})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.Contains(t, result.Invoice.AllowedActions, "action:receipt")
	require.NotContains(t, result.Invoice.AllowedActions, "action:remind")

	_, err = h.RunAction(t.Context(), host.RunAction{Invoice: inv.ID, Name: "dance"})
	require.ErrorIs(t, err, pay.KindUnsupported)
	require.ErrorContains(t, err, `has no action "dance" on invoice; it has receipt, remind`)
}

// Reads neither open a breaker nor wait behind one.
func TestReadsAndTheBreaker(t *testing.T) {
	h, p := act(t,
		pay.ActionSpec{Name: "rates", Effect: pay.EffectRead, Subject: pay.SubjectAccount},
		pay.ActionSpec{Name: "sweep", Effect: pay.EffectChanges, Subject: pay.SubjectAccount})
	p.answer(func(context.Context, pay.Action) (pay.ActionResult, error) {
		return pay.ActionResult{}, pay.Errorf(pay.KindProviderUnavailable, "connection refused")
	})
	rates := func() error {
		_, err := h.RunAction(t.Context(), host.RunAction{Account: hosttest.AccountID, Name: "rates"})
		return err
	}
	sweep := func(key string) error {
		_, err := h.RunAction(t.Context(), host.RunAction{IdempotencyKey: key, Account: hosttest.AccountID, Name: "sweep"})
		return err
	}
	for range 12 {
		require.ErrorIs(t, rates(), pay.KindProviderUnavailable)
	}
	require.Len(t, p.calls(), 12)
	for i := range 11 {
		require.ErrorIs(t, sweep(string(rune('a'+i))), pay.KindProviderUnavailable)
	}
	require.Len(t, p.calls(), 22, "the eleventh is held back")
	p.answer(nil)
	require.ErrorContains(t, sweep("z"), "held back")
	require.NoError(t, rates())
}

// Reads count towards the rate limits of the manifest, and end with their deadline.
func TestReadsKeepRateLimitsAndDeadlines(t *testing.T) {
	p := &acting{
		Provider: hosttest.NewProvider(),
		specs:    []pay.ActionSpec{{Name: "rates", Effect: pay.EffectRead, Subject: pay.SubjectAccount}},
		limits:   []pay.RateLimitSpec{{Scope: pay.RatePerAccount, Abilities: pay.NewAbilities(pay.CanRunAction), Rate: "0.0001", Burst: 2}},
	}
	h := actOn(t, p)
	rates := func() error {
		_, err := h.RunAction(t.Context(), host.RunAction{Account: hosttest.AccountID, Name: "rates"})
		return err
	}
	require.NoError(t, rates())
	p.answer(func(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
		deadline, ok := ctx.Deadline()
		if !ok || req.Call.Deadline.After(deadline.Add(1)) {
			return pay.ActionResult{}, errors.New("the deadline is not told")
		}
		return pay.ActionResult{}, nil
	})
	require.NoError(t, rates())
	require.ErrorIs(t, rates(), pay.KindRateLimited, "the burst is over and the wait would be too long")
	require.Len(t, p.calls(), 2)
}
