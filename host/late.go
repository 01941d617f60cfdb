package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// watch keeps an operation that was closed as not executed on the resolver's list for the manifest's late
// window: absence was judged, and the provider may still prove it wrong.
func (h *Host) watch(op *store.Operation, now time.Time) {
	op.GiveUpAt = time.Time{}
	m, err := h.manifest(op.Provider)
	if err != nil || m.LateWindow == 0 || op.Resolution == pay.ResolveHuman && !leavesTrace(op.Kind) {
		return
	}
	switch op.Kind {
	case pay.OpCreate, pay.OpCharge, pay.OpRefund, pay.OpPayout:
		op.GiveUpAt, op.NextLookAt = now.Add(m.LateWindow), lateAfter(now, now)
	default: // the invoice's own status shows it, and the invoice is polled
	}
}

func leavesTrace(kind pay.Operation) bool { return kind == pay.OpRefund || kind == pay.OpPayout }

// lateAfter is when something that ended at end is looked at next: after 1 h, after 6 h, then daily.
func lateAfter(end, now time.Time) time.Time {
	for _, after := range []time.Duration{time.Hour, 6 * time.Hour} {
		if at := end.Add(after); at.After(now) {
			return at
		}
	}
	return now.Add(24 * time.Hour)
}

// watchLate looks once more for an operation that was closed as not executed.
func (h *Host) watchLate(ctx context.Context, op store.Operation) error {
	f, err := h.trace(ctx, op)
	if err == nil && f.settled {
		return h.proveWrong(ctx, op, f.effect)
	}
	return h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Operation(ctx, op.ID)
		if err != nil || current.State != store.OperationDone {
			return err
		}
		now := h.now()
		current.NextLookAt = lateAfter(current.FinishedAt, now)
		if current.NextLookAt.After(current.GiveUpAt) {
			current.NextLookAt = time.Time{}
		}
		return tx.UpdateOperation(&current)
	})
}

// proveWrong takes over that an operation happened after all: its object says so, a person must look, and its amount counts again.
func (h *Host) proveWrong(ctx context.Context, op store.Operation, seen effect) error {
	return h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Operation(ctx, op.ID)
		if err != nil || current.State != store.OperationDone || current.Executed != pay.ExecutedNo {
			return err
		}
		current.NextLookAt = time.Time{}
		if err := tx.UpdateOperation(&current); err != nil {
			return err
		}
		if err := h.contradicted(ctx, tx, op.ID, "the provider shows it"); err != nil {
			return err
		}
		switch {
		case seen.refund != nil:
			return h.recordRefund(ctx, tx, op.ObjectID, *seen.refund, pay.EvidenceAPISync, nil, "system:resolver")
		case seen.payout != nil:
			return h.recordPayout(ctx, tx, op.ObjectID, *seen.payout, pay.EvidenceAPISync, nil, "system:resolver")
		case seen.invoice != nil:
			inv, err := tx.Invoice(ctx, op.InvoiceID)
			if err != nil {
				return err
			}
			_, err = h.recordIn(ctx, tx, inv, observation{
				kind: pay.EvidenceAPISync, state: *seen.invoice, actor: "system:resolver", cause: "late watch", at: h.now(),
			}, func(c *change) { c.review("its create was closed as not executed, and the provider shows it") })
			return err
		}
		return nil
	})
}
