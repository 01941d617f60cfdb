package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// eachPayout goes through the payouts of the account that can have moved in the window.
func (r *reconciler) eachPayout(ctx context.Context, at store.Touched, do func(store.Payout) error) error {
	for more := true; more; {
		var rows []store.Payout
		var err error
		if rows, more, err = r.h.store.TouchedPayouts(ctx, at); err != nil {
			return storageError(err)
		}
		for _, p := range rows {
			at.AfterTime, at.AfterID = p.CreatedAt, p.ID
			if err := do(p); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// ourPayouts compares our payouts with the ledger. Where the ledger shows none at all, it may not be meant to: then they
// are asked for one by one.
func (l *ledgerRun) ourPayouts(ctx context.Context) error {
	byReference := map[string]*theirObject{}
	for _, o := range l.book.payouts {
		if o.reference != "" {
			byReference[o.reference] = o
		}
	}
	return l.eachPayout(ctx, l.touched(), func(p store.Payout) error {
		l.checked[checkedPayouts]++
		theirs := l.book.payouts[p.ProviderRef]
		if p.ProviderRef == "" || theirs == nil {
			theirs = byReference[p.ProviderKey]
		}
		switch {
		case theirs != nil && (theirs.ours == "" || theirs.ours == p.ID):
			theirs.ours = p.ID
			return l.comparePayout(ctx, p, theirs)
		case p.Status != pay.PayoutSucceeded || !l.judges(payoutAt(p)):
			return nil
		case len(l.book.payouts) == 0:
			l.blind("payouts in the provider's ledger: it shows none, so ours were asked for one by one")
			return tolerate(l.walkPayout(ctx, p))
		case l.inMotion(p.UpdatedAt):
			return nil
		}
		return l.report(ctx, difference{
			class: FindingMissingThere, objectType: objectPayout, object: p.ID, ref: p.ProviderRef, ours: payoutSide(p),
			detail: "we hold the money as sent, and the provider's ledger does not show it",
		})
	})
}

// payoutAt is when a payout moved its money, as well as we know.
func payoutAt(p store.Payout) time.Time { return orTime(p.ProviderTime, p.CreatedAt) }

func payoutSide(p store.Payout) *FindingSide {
	return &FindingSide{Status: string(p.Status), Amount: sentOf(p), At: timeOrNil(payoutAt(p))}
}

// sentOf is what a payout moves, as we hold it: what the provider states, else what was asked for.
func sentOf(p store.Payout) pay.Money {
	if p.Amount.IsSet() {
		return p.Amount
	}
	return p.Requested
}

func (l *ledgerRun) comparePayout(ctx context.Context, p store.Payout, theirs *theirObject) error {
	if !l.inWindow(theirs.lines()) {
		return nil
	}
	stands, line := strongest(theirs.payments)
	d := difference{objectType: objectPayout, object: p.ID, ref: theirs.ref, ours: payoutSide(p), theirs: lineSide(line)}
	switch sum, ok := total(theirs.payments, stands); {
	case len(theirs.again) > 0:
		d.class, d.detail = FindingDuplicate, "the provider's ledger shows this twice"
	case stands == standsUnknown:
		l.blind("transactions whose status the plugin does not know")
		return nil
	case disagree(standingOf(string(p.Status)), stands):
		d.class, d.detail = FindingStatus, "we hold it as "+string(p.Status)+", and the provider shows it as "+line.status
	case stands != standsMoved || !ok:
		return nil
	case sum.Code() != sentOf(p).Code() && sum.Code() != p.Debited.Code():
		d.class, d.detail = FindingCurrency, "the provider shows another currency"
	case !sum.Equal(sentOf(p)) && !sum.Equal(p.Debited):
		d.theirs.Amount = sum
		d.class, d.detail = FindingAmount, "we hold "+sentOf(p).String()+", and the provider shows "+sum.String()
		if repeated(theirs.payments, stands, sentOf(p)) {
			d.class, d.detail = FindingDuplicate, "the provider shows the whole amount more than once"
		}
	default:
		return nil
	}
	if l.inMotion(p.UpdatedAt) {
		return nil
	}
	return l.report(ctx, d)
}

// theirPayouts goes through the payouts that the provider shows and none of ours was compared with.
func (l *ledgerRun) theirPayouts(ctx context.Context) error {
	for _, o := range unmatched(l.book.payouts) {
		stands, line := strongest(o.payments)
		if stands == standsClosed || !l.inWindow(o.lines()) {
			continue
		}
		for _, filter := range []store.PayoutFilter{{ProviderRef: o.ref}, {ProviderKey: o.reference}} {
			if o.ours != "" || filter.ProviderRef == "" && filter.ProviderKey == "" {
				continue
			}
			filter.AccountID, filter.Limit = l.account.ID, 1
			rows, err := l.h.store.Payouts(ctx, filter)
			if err != nil {
				return storageError(err)
			}
			if len(rows) == 0 {
				continue
			}
			o.ours = rows[0].ID
			if err := l.comparePayout(ctx, rows[0], o); err != nil {
				return err
			}
		}
		if o.ours != "" {
			continue
		}
		if err := l.report(ctx, difference{
			class: FindingMissingHere, objectType: objectPayout, ref: o.ref, theirs: lineSide(line),
			detail: "the provider shows a payout that we do not know",
		}); err != nil {
			return err
		}
	}
	return nil
}
