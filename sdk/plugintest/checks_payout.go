package plugintest

import (
	"github.com/payhost/payhost/sdk/pay"
)

// payout returns the harness's sample, completed as the host does.
func (w *world) payout() pay.CreatePayout {
	w.Helper()
	if w.harness.Payout == nil {
		w.Fatalf("plugintest: the account offers payouts and Harness.Payout is missing")
	}
	_, call := w.call()
	req := w.harness.Payout()
	req.Call = call
	req.PayoutID = "po_" + call.OperationID[len("op_"):]
	req.WebhookURL = w.site.WebhookURL + "/" + req.PayoutID
	return req
}

func payoutWorks(k *kit) {
	w := k.world()
	creator, err := pay.Offered[pay.PayoutCreator](w.account, pay.CanPayout)
	if err != nil {
		k.Fatalf("%v", err)
	}
	req := w.payout()
	ctx, _ := w.call()
	state, err := creator.CreatePayout(ctx, req)
	if err != nil {
		k.Fatalf("CreatePayout failed: %v", err)
	}
	if state.ProviderRef == "" {
		k.Errorf("CreatePayout names no ProviderRef")
	}
	switch state.Status {
	case pay.PayoutPending, pay.PayoutProcessing, pay.PayoutSucceeded:
	default:
		k.Errorf("CreatePayout returns status %q", state.Status)
	}
	if state.Amount.IsSet() && !state.Amount.Equal(req.Amount) {
		k.Errorf("CreatePayout states %s, asked for %s", state.Amount, req.Amount)
	}
	getter, err := pay.Offered[pay.PayoutGetter](w.account, pay.CanGetPayout)
	if err != nil {
		return
	}
	for _, ref := range []string{state.ProviderRef, ""} { // by the provider's id, and by our key
		ctx, _ = w.call()
		got, err := getter.GetPayout(ctx, pay.PayoutRef{
			PayoutID: req.PayoutID, OperationID: req.Call.OperationID, ProviderKey: req.Call.ProviderKey, ProviderRef: ref,
			Amount: req.Amount, Status: state.Status, State: state.Report.State,
		})
		switch {
		case err != nil:
			k.Errorf("GetPayout with provider ref %q failed: %v", ref, err)
		case got.ProviderRef != state.ProviderRef:
			k.Errorf("GetPayout with provider ref %q finds %q, want %q", ref, got.ProviderRef, state.ProviderRef)
		case got.Amount.IsSet() && !got.Amount.Equal(req.Amount):
			k.Errorf("GetPayout states %s, asked for %s", got.Amount, req.Amount)
		}
	}
}

// payoutCanceler makes a payout and returns what calls it back.
func (w *world) payoutCanceler() (pay.PayoutCanceler, pay.PayoutRef) {
	w.Helper()
	creator, err := pay.Offered[pay.PayoutCreator](w.account, pay.CanPayout)
	if err != nil {
		w.Fatalf("%v", err)
	}
	canceler, err := pay.Offered[pay.PayoutCanceler](w.account, pay.CanCancelPayout)
	if err != nil {
		w.Fatalf("%v", err)
	}
	req := w.payout()
	ctx, _ := w.call()
	state, err := creator.CreatePayout(ctx, req)
	if err != nil {
		w.Fatalf("CreatePayout failed: %v", err)
	}
	return canceler, pay.PayoutRef{
		PayoutID: req.PayoutID, OperationID: req.Call.OperationID, ProviderKey: req.Call.ProviderKey, ProviderRef: state.ProviderRef,
		ProviderRefs: state.ProviderRefs, Amount: req.Amount, Status: state.Status, State: state.Report.State,
	}
}

// payoutCancelWorks accepts a provider that is too fast to call anything back, as long as it says so.
func payoutCancelWorks(k *kit) {
	w := k.world()
	canceler, ref := w.payoutCanceler()
	ctx, call := w.call()
	state, err := canceler.CancelPayout(ctx, pay.CancelPayout{Call: call, Payout: ref, Reason: "conformance"})
	switch {
	case err != nil:
		w.wantNothing("CancelPayout of a payout that was sent at once", err, pay.KindInvalidState)
	case state.Status != pay.PayoutCanceled && state.Status != pay.PayoutPending && state.Status != pay.PayoutProcessing:
		k.Errorf("CancelPayout returns status %q; a payout that is too far gone is an invalid_state", state.Status)
	case state.ProviderRef != "" && state.ProviderRef != ref.ProviderRef:
		k.Errorf("CancelPayout of %q answers about %q", ref.ProviderRef, state.ProviderRef)
	}
	getter, offered := pay.Offered[pay.PayoutGetter](w.account, pay.CanGetPayout)
	if offered != nil {
		return
	}
	ctx, _ = w.call()
	got, getErr := getter.GetPayout(ctx, ref)
	switch {
	case getErr != nil:
		k.Errorf("GetPayout after CancelPayout failed: %v", getErr)
	case err != nil && got.Status == pay.PayoutCanceled:
		k.Errorf("CancelPayout was refused and GetPayout says canceled")
	case err == nil && state.Status == pay.PayoutCanceled && got.Status != pay.PayoutCanceled:
		k.Errorf("CancelPayout says canceled, GetPayout says %q", got.Status)
	}
}
