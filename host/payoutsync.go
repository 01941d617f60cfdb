package host

import (
	"context"
	"errors"
	"strings"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// underWay reports whether a payout can still change by itself.
func underWay(s pay.PayoutStatus) bool { return s == pay.PayoutPending || s == pay.PayoutProcessing }

// RefreshPayout asks the provider for the truth about one payout now.
func (h *Host) RefreshPayout(ctx context.Context, id string) (*Payout, error) {
	if _, err := h.Payout(ctx, id); err != nil {
		return nil, err
	}
	if err := h.syncPayout(ctx, id, actorFrom(ctx).name); err != nil {
		return nil, err
	}
	return h.Payout(ctx, id)
}

// syncPayout makes one look at a payout at a time; see [flights].
func (h *Host) syncPayout(ctx context.Context, id, who string) error {
	f := h.syncs.ask(id, func() error {
		done, err := h.begin()
		if err != nil {
			return err
		}
		defer done()
		return h.syncPayoutNow(context.WithoutCancel(ctx), id, who)
	})
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return notSent(pay.KindProviderUnavailable, "the caller stopped waiting for the provider's answer")
	}
}

func (h *Host) syncPayoutNow(ctx context.Context, id, who string) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	row, err := h.store.Payout(ctx, id)
	if err != nil {
		return storageError(err)
	}
	account, err := h.account(ctx, row.AccountID)
	if err != nil {
		return err
	}
	if err := h.pace(ctx, account, pay.CanGetPayout); err != nil {
		return err
	}
	use, err := h.openFor(ctx, account, route{object: id})
	if err != nil {
		return err
	}
	defer use.release()
	getter, err := pay.Offered[pay.PayoutGetter](use.account, pay.CanGetPayout)
	if err != nil {
		return err
	}
	ctx, cut := use.within(ctx, CallGet)
	defer cut()
	call := h.readCall(ctx, account)
	state, err := getter.GetPayout(pay.WithCall(ctx, call), payoutRef(row))
	use.transport(err)
	if err != nil {
		return err
	}
	return h.recordPayoutSeen(ctx, id, state, pay.EvidenceAPISync, who)
}

// recordPayoutSeen applies an observation that settles the payout's open operation, too, when it proves the effect.
func (h *Host) recordPayoutSeen(ctx context.Context, id string, state pay.PayoutState, kind pay.EvidenceKind, who string) error {
	defer h.nudge()
	return h.write(ctx, func(tx *store.Tx) error {
		row, err := tx.Payout(ctx, id)
		if err != nil {
			return err
		}
		// The payout's own state proves that it was ordered, and nothing about an action on it.
		if row.UnresolvedOperation == "" || row.UnresolvedOperation != row.OperationID || state.Status == "" {
			return h.recordPayout(ctx, tx, id, state, kind, nil, who)
		}
		op, err := tx.Operation(ctx, row.UnresolvedOperation)
		if err != nil {
			return err
		}
		finish(&op, h.now())
		if err := h.recordPayout(ctx, tx, id, state, kind, &op, who); err != nil {
			return err
		}
		if op.State == store.OperationDone {
			if op.Result, err = h.objectView(ctx, &tx.Reader, op); err != nil {
				return err
			}
		}
		return tx.UpdateOperation(&op)
	})
}

// matchPayout finds the payout an event is about: by the URL's id, our key, the provider's id.
func (h *Host) matchPayout(ctx context.Context, row store.Webhook, ev pay.WebhookEvent) (store.Payout, bool, error) {
	if strings.HasPrefix(row.Tail, "po_") {
		p, err := h.store.Payout(ctx, row.Tail)
		return p, err == nil, storageError(err)
	}
	key := ev.ProviderKey
	if key == "" && ev.OperationID != "" {
		op, err := h.store.Operation(ctx, ev.OperationID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.Payout{}, false, storageError(err)
		}
		if op.AccountID == row.AccountID {
			key = op.ProviderKey
		}
	}
	for _, filter := range []store.PayoutFilter{{ProviderKey: key}, {ProviderRef: ev.ProviderRef}} {
		if filter.ProviderKey == "" && filter.ProviderRef == "" {
			continue
		}
		filter.AccountID, filter.Limit = row.AccountID, 1
		rows, err := h.store.Payouts(ctx, filter)
		if err != nil {
			return store.Payout{}, false, storageError(err)
		}
		if len(rows) > 0 {
			return rows[0], true, nil
		}
	}
	return store.Payout{}, false, nil
}

// applyPayoutEvent believes a verified event and asks the provider about a hint.
func (h *Host) applyPayoutEvent(ctx context.Context, row store.Webhook, ev pay.WebhookEvent, payout store.Payout) error {
	named := ev.ProviderKey == payout.ProviderKey || ev.ProviderRef != "" && ev.ProviderRef == payout.ProviderRef
	if ev.Strength == pay.StrengthVerified && ev.Payout != nil && named {
		state := *ev.Payout
		state.Report.Evidence.Raw = row.Body
		return h.recordPayoutSeen(ctx, payout.ID, state, pay.EvidenceVerifiedWebhook, "provider:"+row.Provider)
	}
	err := h.syncPayout(ctx, payout.ID, "system:webhook")
	if err == nil || errors.Is(err, pay.KindNotFound) || errors.Is(err, pay.KindUnsupported) {
		return nil
	}
	return err
}
