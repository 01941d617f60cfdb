package host

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// giveUp is how long the host tries to send a queued operation by itself.
const giveUp = time.Hour

// queue makes a command durable and returns: it is provably not sent yet, and
// the host sends it, also after a restart.
func (h *Host) queue(ctx context.Context, c command) (answer, error) {
	done, err := h.begin()
	if err != nil {
		return answer{}, err
	}
	defer done()
	op, mine, err := h.intend(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if !mine {
		return h.joined(ctx, c, op)
	}
	raw, err := h.objectView(ctx, &h.store.Reader, op)
	h.nudge()
	return answer{op: op, raw: raw}, err
}

// send carries out a queued operation. What is in its way leaves it queued.
func (h *Host) send(ctx context.Context, op store.Operation) error {
	c, err := h.rebuild(ctx, op)
	if err != nil {
		return h.sendLater(ctx, op.ID, err)
	}
	release, err := h.turn(ctx, c)
	if err != nil {
		return h.sendLater(ctx, op.ID, err)
	}
	defer release()
	tell, err := h.pass(op.AccountID, op.Kind)
	if err != nil {
		return h.sendLater(ctx, op.ID, err)
	}
	claimed := false
	err = h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Operation(ctx, op.ID)
		claimed = false
		if err != nil || current.State != store.OperationQueued {
			return err
		}
		claimed, op = true, current
		op.NextLookAt = time.Time{}
		return h.nextTry(ctx, tx, &op)
	})
	if err != nil || !claimed {
		tell(errNotTried)
		return err
	}
	_, err = h.carryOut(ctx, c, op, tell)
	if e := pay.AsError(err); e != nil && e.Kind != pay.KindInternal {
		return nil // journalled
	}
	return err
}

// sendLater sets when a queued operation is tried again, or gives it up for good: it was never sent.
func (h *Host) sendLater(ctx context.Context, id string, why error) error {
	e := *pay.AsError(why)
	return h.write(ctx, func(tx *store.Tx) error {
		op, err := tx.Operation(ctx, id)
		if err != nil || op.State != store.OperationQueued {
			return err
		}
		now := h.now()
		if now.Before(op.GiveUpAt) && !errors.Is(why, pay.KindInvalidRequest) && !errors.Is(why, pay.KindUnsupported) {
			op.LookCount++
			op.NextLookAt = now.Add(backOff(h.cfg.Timeouts.FirstLook, op.LookCount, now.Sub(op.CreatedAt)))
			return tx.UpdateOperation(&op)
		}
		e.Executed, e.Retry = pay.ExecutedNo, pay.Retry{Rule: pay.RetryNewAttempt}
		seen := h.markNotExecuted(&op, "it could not be sent: "+e.Message)
		if _, err := h.applySeen(ctx, tx, &op, seen, pay.EvidenceHost, "system:sender"); err != nil {
			return err
		}
		return tx.UpdateOperation(&op)
	})
}
