package host

import (
	"context"
	"errors"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// walk asks the provider about each of our objects of the window.
func (r *reconciler) walk(ctx context.Context) error {
	r.blind("anything that only the provider has: it offers no list of its own (missing here, duplicates)")
	if !r.abilities.Has(pay.CanGetPayout) && r.abilities.Has(pay.CanPayout) {
		r.blind("payouts: the provider cannot be asked about one")
	}
	at := store.Touched{AccountID: r.account.ID, CreatedBefore: r.window.to, ChangedSince: r.window.from}
	w := newWalkers(ctx, r)
	err := r.eachInvoice(ctx, at, func(inv store.Invoice) error {
		if !r.window.has(inv.CreatedAt) && !r.window.has(inv.ProviderTime) && !r.window.has(inv.ClosedAt) {
			return nil
		}
		r.withLock(func() { r.checked[checkedInvoices]++ })
		return w.look(func(ctx context.Context) error { return r.walkInvoice(ctx, inv) })
	})
	if err == nil {
		err = r.eachPayout(ctx, at, func(p store.Payout) error {
			if !r.window.has(p.CreatedAt) && !r.window.has(p.ProviderTime) {
				return nil
			}
			r.withLock(func() { r.checked[checkedPayouts]++ })
			return w.look(func(ctx context.Context) error { return r.walkPayout(ctx, p) })
		})
	}
	return errors.Join(err, w.wait())
}

// eachInvoice goes through the invoices of the account that can have moved in a time.
func (r *reconciler) eachInvoice(ctx context.Context, at store.Touched, do func(store.Invoice) error) error {
	for more := true; more; {
		var rows []store.Invoice
		var err error
		if rows, more, err = r.h.store.TouchedInvoices(ctx, at); err != nil {
			return storageError(err)
		}
		for _, inv := range rows {
			at.AfterTime, at.AfterID = inv.CreatedAt, inv.ID
			if err := do(inv); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// walkInvoice asks the provider about one invoice and reports in what its answer differs.
func (r *reconciler) walkInvoice(ctx context.Context, inv store.Invoice) error {
	if inv.ProviderRef == "" && (inv.UnresolvedOperation != "" || !r.abilities.Has(pay.CanFindInvoice)) {
		r.withLock(func() { r.blind("invoices whose id at the provider is not known; the resolver looks for them") })
		return nil
	}
	if inv.ProviderRef == "" && inv.Status == pay.StatusFailed {
		return nil // Its create was refused: there is nothing to compare.
	}
	var state pay.InvoiceState
	err := r.patiently(ctx, func(ctx context.Context) error {
		return r.call(ctx, lookAbility(inv), inv.ID, func(ctx context.Context, use *accountUse, account store.Account) (err error) {
			state, err = r.h.look(ctx, use, account, inv)
			return err
		})
	})
	d := difference{objectType: objectInvoice, object: inv.ID, ref: inv.ProviderRef, ours: invoiceSide(inv, inv.ProviderTime)}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, pay.KindNotFound):
		if inv.CreatedAt.Add(r.delay).After(r.started) || standingOf(string(inv.Status)) == standsClosed {
			return nil
		}
		d.class, d.detail = FindingMissingThere, "the provider does not know it"
	case err != nil:
		d.class, d.detail = FindingUnreadable, failure(err)
	default:
		found, err := r.compareState(ctx, inv, state)
		if err != nil || found == nil {
			return err
		}
		d.class, d.theirs, d.detail = found.class, found.theirs, found.detail
		if found.ours != nil {
			d.ours = found.ours
		}
	}
	now, readErr := r.h.store.Invoice(ctx, inv.ID)
	if readErr != nil {
		return storageError(readErr)
	}
	fresh := state.Report.Evidence.ProviderTime.After(r.settled())
	return r.walked(ctx, d, now.Version != inv.Version || fresh, err)
}

func lookAbility(inv store.Invoice) pay.Ability {
	if inv.ProviderRef == "" {
		return pay.CanFindInvoice
	}
	return pay.CanGetInvoice
}

// failure words why the provider could not be asked, without what it said.
func failure(err error) string {
	e := pay.AsError(err)
	return "the provider could not be asked (" + string(e.Kind) + ")"
}

// walked reports what a look showed, unless the object moved: between our reading it and the provider's answer, or so lately
// that we cannot have heard of it. A failed look is reported and returned.
func (r *reconciler) walked(ctx context.Context, d difference, moved bool, failed error) error {
	defer r.lock()()
	if d.class != FindingUnreadable && moved {
		r.checked[checkedInMotion]++
		return nil
	}
	if err := r.report(ctx, d); err != nil {
		return err
	}
	if d.class == FindingUnreadable && failed != nil {
		return &lookFailed{failed}
	}
	return nil
}

// compareState says in what the provider's answer about an invoice differs from what we hold; nil when in nothing.
func (r *reconciler) compareState(ctx context.Context, inv store.Invoice, s pay.InvoiceState) (*difference, error) {
	d := &difference{theirs: &FindingSide{Status: string(s.Status), At: timeOrNil(s.Report.Evidence.ProviderTime)}}
	for _, m := range []pay.Money{s.Captured, s.Received, s.Authorized, s.Amount} {
		if !m.IsSet() {
			continue
		}
		if !d.theirs.Amount.IsSet() {
			d.theirs.Amount = m
		}
		if m.Code() != inv.Amount.Code() {
			d.class, d.theirs.Amount, d.detail = FindingCurrency, m, "the provider shows another currency"
			return d, nil
		}
	}
	ours, theirs := standingOf(string(inv.Status)), standingOf(string(s.Status))
	switch {
	case s.ProviderRef != "" && inv.ProviderRef != "" && s.ProviderRef != inv.ProviderRef:
		d.class, d.detail = FindingDuplicate, "the provider answered about another object, "+s.ProviderRef
	case theirs != standsUnknown && ours != theirs:
		d.class, d.detail = FindingStatus, "we hold it as "+string(inv.Status)+", and the provider shows it as "+string(s.Status)
	case s.Amount.IsSet() && !s.Amount.Equal(inv.Amount):
		d.class, d.theirs.Amount, d.detail = FindingAmount, s.Amount, "we ordered "+inv.Amount.String()+", and the provider shows "+s.Amount.String()
	case ours == standsMoved && s.Captured.IsSet() && !s.Captured.Equal(takenOf(inv)):
		d.class, d.detail = FindingAmount, "we hold "+takenOf(inv).String()+", and the provider shows "+s.Captured.String()
	default:
		return r.compareReturned(ctx, inv, s)
	}
	return d, nil
}

// compareReturned compares what was returned of an invoice, as far as the provider says it.
func (r *reconciler) compareReturned(ctx context.Context, inv store.Invoice, s pay.InvoiceState) (*difference, error) {
	ours, err := r.ourRefunds(ctx, inv)
	if err != nil {
		return nil, err
	}
	held, shown, silent := pay.ZeroOf(inv.Amount.Currency()), pay.ZeroOf(inv.Amount.Currency()), !s.Refunded.IsSet()
	for _, f := range ours {
		if f.status == pay.RefundSucceeded {
			held = plus(held, f.amount)
		}
	}
	for _, f := range s.Refunds {
		silent = false
		if f.Status == pay.RefundSucceeded {
			shown = plus(shown, f.Amount)
		}
	}
	if s.Refunded.IsSet() && greater(s.Refunded, shown) {
		shown = s.Refunded
	}
	if silent {
		if held.IsZero() {
			return nil, nil
		}
		return r.askRefunds(ctx, inv)
	}
	if held.Equal(shown) {
		return nil, nil
	}
	return &difference{
		class: FindingRefund, ours: &FindingSide{Status: string(inv.Status), Amount: held}, theirs: &FindingSide{Status: string(s.Status), Amount: shown},
		detail: "we hold " + held.String() + " as returned, and the provider shows " + shown.String(),
	}, nil
}

// askRefunds asks about the refunds of an invoice one by one, where the provider says nothing of them with the invoice.
func (r *reconciler) askRefunds(ctx context.Context, inv store.Invoice) (*difference, error) {
	if !r.abilities.Has(pay.CanGetRefund) {
		r.withLock(func() { r.blind("refunds: the provider cannot be asked about them") })
		return nil, nil
	}
	rows, err := r.h.store.Refunds(ctx, inv.ID)
	if err != nil {
		return nil, storageError(err)
	}
	for _, row := range rows {
		if row.Status != pay.RefundSucceeded {
			continue
		}
		r.withLock(func() { r.checked[checkedRefunds]++ })
		var state pay.RefundState
		err := r.patiently(ctx, func(ctx context.Context) error {
			return r.call(ctx, pay.CanGetRefund, inv.ID, func(ctx context.Context, use *accountUse, account store.Account) error {
				getter, err := pay.Offered[pay.RefundGetter](use.account, pay.CanGetRefund)
				if err != nil {
					return err
				}
				ref, err := r.h.refundRef(ctx, row.ID)
				if err != nil {
					return err
				}
				ctx, cancel := use.within(ctx, CallGet)
				defer cancel()
				state, err = getter.GetRefund(pay.WithCall(ctx, r.h.readCall(ctx, account)), ref)
				return err
			})
		})
		d := &difference{class: FindingRefund, ours: &FindingSide{Status: string(row.Status), Amount: row.Amount}}
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, pay.KindNotFound):
			d.detail = "the provider does not know refund " + row.ID
		case err != nil:
			d.class, d.detail = FindingUnreadable, failure(err)
		case state.Status != "" && state.Status != pay.RefundSucceeded:
			d.detail = "the provider shows refund " + row.ID + " as " + string(state.Status)
		case state.Amount.IsSet() && !state.Amount.Equal(row.Amount):
			d.detail = "the provider shows another amount of refund " + row.ID
		default:
			continue
		}
		if err == nil {
			d.theirs = &FindingSide{Status: string(state.Status), Amount: state.Amount}
		}
		return d, nil
	}
	return nil, nil
}

// walkPayout asks the provider about one payout and reports in what its answer differs.
func (r *reconciler) walkPayout(ctx context.Context, p store.Payout) error {
	if !r.abilities.Has(pay.CanGetPayout) || p.UnresolvedOperation != "" {
		return nil
	}
	var state pay.PayoutState
	err := r.patiently(ctx, func(ctx context.Context) error {
		return r.call(ctx, pay.CanGetPayout, p.ID, func(ctx context.Context, use *accountUse, account store.Account) error {
			getter, err := pay.Offered[pay.PayoutGetter](use.account, pay.CanGetPayout)
			if err != nil {
				return err
			}
			ctx, cancel := use.within(ctx, CallGet)
			defer cancel()
			state, err = getter.GetPayout(pay.WithCall(ctx, r.h.readCall(ctx, account)), payoutRef(p))
			return err
		})
	})
	d := difference{objectType: objectPayout, object: p.ID, ref: p.ProviderRef, ours: payoutSide(p)}
	stands := standingOf(string(p.Status))
	d.theirs = &FindingSide{Status: string(state.Status), Amount: state.Amount, At: timeOrNil(state.ProviderTime)}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, pay.KindNotFound):
		if p.CreatedAt.Add(r.delay).After(r.started) || stands == standsClosed {
			return nil
		}
		d.class, d.theirs, d.detail = FindingMissingThere, nil, "the provider does not know it"
	case err != nil:
		d.class, d.theirs, d.detail = FindingUnreadable, nil, failure(err)
	case state.Status != "" && standingOf(string(state.Status)) != stands:
		d.class, d.detail = FindingStatus, "we hold it as "+string(p.Status)+", and the provider shows it as "+string(state.Status)
	case state.Amount.IsSet() && state.Amount.Code() != p.Requested.Code():
		d.class, d.detail = FindingCurrency, "the provider shows another currency"
	case state.Amount.IsSet() && !state.Amount.Equal(sentOf(p)):
		d.class, d.detail = FindingAmount, "we hold "+sentOf(p).String()+", and the provider shows "+state.Amount.String()
	default:
		return nil
	}
	now, readErr := r.h.store.Payout(ctx, p.ID)
	if readErr != nil {
		return storageError(readErr)
	}
	return r.walked(ctx, d, now.Version != p.Version, err)
}
