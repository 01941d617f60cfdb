package plugintest

import (
	"context"

	"github.com/payhost/payhost/sdk/pay"
)

func changeChecks() []check {
	return []check{{
		Check: Check{"cancel_works", "a canceled invoice that can still be paid takes money for an order that is gone"},
		needs: pay.NewAbilities(pay.CanCancel), run: cancelWorks,
	}, {
		Check: Check{"refund_works", "a refund that is not shown is ordered again, and pays the payer twice"},
		needs: pay.NewAbilities(pay.CanRefund), run: refundWorks,
	}, {
		Check: Check{"payout_works", "a payout cannot be called back: its key, amount and state must be exact"},
		needs: pay.NewAbilities(pay.CanPayout), run: payoutWorks,
	}, {
		Check: Check{"payout_cancel_works", "a payout that reads as canceled and is sent all the same is ordered again and paid twice"},
		needs: pay.NewAbilities(pay.CanPayout, pay.CanCancelPayout), run: payoutCancelWorks,
	}, {
		Check: Check{"change_reply_lost", "a cancel, refund or payout whose answer is lost is as unknown as a create; a second one moves money twice"},
		run:   changeReplyLost,
	}}
}

func cancelWorks(k *kit) {
	w := k.world()
	canceler, err := pay.Offered[pay.Canceler](w.account, pay.CanCancel)
	if err != nil {
		k.Fatalf("%v", err)
	}
	inv := w.create()
	req := inv.change()
	ctx, _ := w.call()
	state, err := canceler.CancelInvoice(ctx, req)
	if err != nil {
		k.Fatalf("CancelInvoice of an unpaid invoice failed: %v", err)
	}
	inv.agree("CancelInvoice", state)
	inv.learn(state)
	if got := inv.settle(); got.Status != pay.StatusCanceled && got.Status != pay.StatusExpired {
		k.Errorf("after CancelInvoice the invoice is %q", got.Status)
	}
	if w.sim.Pay(inv.ref.ProviderRef) == nil {
		if got := inv.get(); got.Status.Closed() {
			k.Errorf("money arrived after the cancel and the invoice still reads as %s", got.Status)
		}
	}
}

// refunder makes a paid invoice and refunds it.
func (w *world) refunder() (pay.Refunder, *invoice) {
	w.Helper()
	refunder, err := pay.Offered[pay.Refunder](w.account, pay.CanRefund)
	if err != nil {
		w.Fatalf("%v", err)
	}
	inv := w.create()
	inv.pay()
	inv.settle()
	return refunder, inv
}

func refundWorks(k *kit) {
	w := k.world()
	refunder, inv := w.refunder()
	req := inv.refund()
	ctx, _ := w.call()
	state, err := refunder.CreateRefund(ctx, req)
	if err != nil {
		k.Fatalf("CreateRefund of a paid invoice failed: %v", err)
	}
	switch state.Status {
	case pay.RefundPending, pay.RefundSucceeded:
	default:
		k.Errorf("CreateRefund returns status %q, want pending or succeeded", state.Status)
	}
	if state.Amount.IsSet() && !state.Amount.Equal(req.Amount) {
		k.Errorf("CreateRefund states %s, asked for %s", state.Amount, req.Amount)
	}
	if got := inv.get(); got.Status != pay.StatusPaid {
		k.Errorf("after a refund the invoice is %q; paid never regresses, refunds are facts beside it", got.Status)
	}
	getter, err := pay.Offered[pay.RefundGetter](w.account, pay.CanGetRefund)
	if err != nil {
		return
	}
	ctx, _ = w.call()
	got, err := getter.GetRefund(ctx, pay.RefundRef{
		RefundID: req.RefundID, OperationID: req.Call.OperationID, ProviderKey: req.Call.ProviderKey, ProviderRef: state.ProviderRef,
		Invoice: inv.ref, Amount: req.Amount, Status: state.Status, State: state.Report.State,
	})
	if err != nil {
		k.Fatalf("GetRefund failed: %v", err)
	}
	if got.Status != pay.RefundSucceeded && got.Status != pay.RefundPending || got.Amount.IsSet() && !got.Amount.Equal(req.Amount) {
		k.Errorf("GetRefund returns %s %s, want %s", got.Status, got.Amount, req.Amount)
	}
}

// mutation is a mutating call beside create, made anew for each try.
type mutation struct {
	name string
	// prepare makes what the call needs and returns the call.
	prepare func() func(context.Context) error
}

func (w *world) mutations() []mutation {
	var list []mutation
	if c, err := pay.Offered[pay.Canceler](w.account, pay.CanCancel); err == nil {
		list = append(list, mutation{"CancelInvoice", func() func(context.Context) error {
			req := w.create().change()
			return func(ctx context.Context) error { _, err := c.CancelInvoice(ctx, req); return err }
		}})
	}
	if w.offers.Has(pay.CanRefund) {
		list = append(list, mutation{"CreateRefund", func() func(context.Context) error {
			refunder, inv := w.refunder()
			req := inv.refund()
			return func(ctx context.Context) error { _, err := refunder.CreateRefund(ctx, req); return err }
		}})
	}
	if c, err := pay.Offered[pay.PayoutCreator](w.account, pay.CanPayout); err == nil {
		list = append(list, mutation{"CreatePayout", func() func(context.Context) error {
			req := w.payout()
			return func(ctx context.Context) error { _, err := c.CreatePayout(ctx, req); return err }
		}})
	}
	if w.offers.Has(pay.CanCancelPayout) && w.offers.Has(pay.CanPayout) {
		list = append(list, mutation{"CancelPayout", func() func(context.Context) error {
			canceler, ref := w.payoutCanceler()
			_, call := w.call()
			req := pay.CancelPayout{Call: call, Payout: ref}
			return func(ctx context.Context) error { _, err := canceler.CancelPayout(ctx, req); return err }
		}})
	}
	return list
}

func changeReplyLost(k *kit) {
	w := k.world()
	list := w.mutations()
	if len(list) == 0 {
		k.Skipf("the account offers no cancel, refund or payout")
	}
	for _, m := range list {
		do := m.prepare()
		ctx, _ := w.call()
		mark := w.traffic.len()
		if err := do(ctx); err != nil {
			k.Errorf("%s failed: %v", m.name, err)
			continue
		}
		shape := ""
		for _, r := range w.traffic.since(mark) {
			if r.method != "GET" && r.method != "HEAD" {
				shape = r.shape() // the last one: tokens and checks come before
			}
		}
		if shape == "" {
			k.Errorf("%s succeeded without a request that changes anything", m.name)
			continue
		}
		for _, f := range []fault{faultLost, faultErrorAfter, faultHTMLAfter} {
			do, mark := m.prepare(), w.traffic.len()
			w.traffic.once(f, shape)
			err := do(ctx)
			sent := 0
			for _, r := range w.traffic.since(mark) {
				if r.shape() == shape {
					sent++
				}
			}
			if sent != 1 {
				k.Errorf("%s, %s: the adapter sent %d requests, want 1", m.name, f, sent)
			}
			w.wantUnknown(m.name+" with "+string(f), err)
		}
	}
}
