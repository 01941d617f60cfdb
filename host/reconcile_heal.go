package host

import (
	"context"
	"errors"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// heal goes through the findings of the run and lets the provider settle each.
func (r *reconciler) heal(ctx context.Context) error {
	for after := int64(0); ; {
		rows, err := r.h.store.Findings(ctx, store.FindingFilter{RunID: r.row.ID, After: after, Limit: findingBatch})
		if err != nil {
			return storageError(err)
		}
		for _, f := range rows {
			after = f.Number
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			healed, err := r.healOne(ctx, f)
			if err != nil {
				healed = "failed: " + string(pay.AsError(err).Kind)
			}
			if err := r.noteHealed(ctx, f, healed); err != nil {
				return err
			}
		}
		if len(rows) < findingBatch {
			return nil
		}
	}
}

// noteHealed stores what became of a finding, and tells of one about which nothing of ours can be asked.
func (r *reconciler) noteHealed(ctx context.Context, f store.ReconciliationFinding, healed string) error {
	return r.h.write(ctx, func(tx *store.Tx) error {
		if err := tx.SetHealed(f.RunID, f.Number, healed); err != nil {
			return err
		}
		if healed != HealedReported {
			return nil
		}
		view := f
		view.Healed = healed
		return r.emit(tx, "reconciliation.finding", r.row, findingView(view))
	})
}

// healOne asks the provider about the object of one finding. Nothing is ever made up: what only the provider has is
// reported.
func (r *reconciler) healOne(ctx context.Context, f store.ReconciliationFinding) (string, error) {
	switch {
	case f.ObjectID == "":
		return HealedReported, nil
	case f.ObjectType == objectPayout:
		before, err := r.h.store.Payout(ctx, f.ObjectID)
		if err != nil {
			return "", storageError(err)
		}
		if err := r.h.syncPayout(ctx, before.ID, r.row.Actor); err != nil {
			return "", err
		}
		after, err := r.h.store.Payout(ctx, f.ObjectID)
		return healedIf(payoutMoney(before) != payoutMoney(after)), storageError(err)
	case f.ObjectType == objectRefund:
		refund, err := r.h.store.Refund(ctx, f.ObjectID)
		if err != nil {
			return "", storageError(err)
		}
		return r.healInvoice(ctx, refund.InvoiceID)
	case f.Class == string(FindingMissingHere):
		return r.healLost(ctx, f.ObjectID)
	}
	return r.healInvoice(ctx, f.ObjectID)
}

func healedIf(yes bool) string {
	if yes {
		return HealedChanged
	}
	return HealedUnchanged
}

// invoiceMoney and payoutMoney are what a look can heal: where the money stands, and how much.
func invoiceMoney(inv store.Invoice) [6]string {
	return [6]string{
		string(inv.Status), inv.ProviderRef, inv.Captured.String(), inv.Authorized.String(), inv.Refunded.String(), inv.ReviewReason,
	}
}

func payoutMoney(p store.Payout) [5]string {
	return [5]string{string(p.Status), p.ProviderRef, p.Amount.String(), p.Debited.String(), p.ReviewReason}
}

func (r *reconciler) healInvoice(ctx context.Context, id string) (string, error) {
	before, err := r.h.store.Invoice(ctx, id)
	if err != nil {
		return "", storageError(err)
	}
	if err := r.h.sync(ctx, id, r.row.Actor); err != nil {
		return "", err
	}
	after, err := r.h.store.Invoice(ctx, id)
	return healedIf(invoiceMoney(before) != invoiceMoney(after)), storageError(err)
}

// healLost hands an invoice whose answer was lost to the resolver: an operation that is not settled is due now, and one
// that was closed as not executed is looked at once more.
func (r *reconciler) healLost(ctx context.Context, id string) (string, error) {
	inv, err := r.h.store.Invoice(ctx, id)
	if err != nil {
		return "", storageError(err)
	}
	op, err := r.h.store.Operation(ctx, orElse(inv.UnresolvedOperation, inv.CreateOperationID))
	if errors.Is(err, store.ErrNotFound) {
		return HealedReported, nil
	}
	if err != nil {
		return "", storageError(err)
	}
	switch {
	case op.State == store.OperationUnknown:
		woken := false
		err := r.h.write(ctx, func(tx *store.Tx) error {
			current, err := tx.Operation(ctx, op.ID)
			woken = err == nil && current.State == store.OperationUnknown
			if !woken {
				return err
			}
			current.NextLookAt = r.h.now()
			return tx.UpdateOperation(&current)
		})
		r.h.nudge()
		if woken {
			return HealedWoken, err
		}
		return HealedUnchanged, err
	case op.State == store.OperationDone && op.Executed == pay.ExecutedNo:
		if err := r.h.watchLate(ctx, op); err != nil {
			return "", err
		}
		after, err := r.h.store.Invoice(ctx, id)
		return healedIf(invoiceMoney(inv) != invoiceMoney(after)), storageError(err)
	}
	return HealedReported, nil // A person has to settle it.
}
