package host

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// listed compares an invoice with what the ledger shows under its id.
func (l *ledgerRun) listed(ctx context.Context, inv store.Invoice, theirs *theirObject) error {
	if theirs.ours != "" && theirs.ours != inv.ID {
		return l.sharedBy(ctx, inv, theirs)
	}
	theirs.ours = inv.ID
	if len(theirs.payments) == 0 && inv.Status.Settled() && takenOf(inv).Sign() > 0 && !inv.CreatedAt.Before(l.window.from) {
		if at, err := l.paidAt(ctx, inv); err != nil || l.judges(at) {
			if err != nil {
				return err
			}
			return l.missingThere(ctx, inv)
		}
	}
	return l.compareInvoice(ctx, inv, theirs, l.inWindow(theirs.payments))
}

// sharedBy reports that two invoices of ours claim one object of the provider's: its money counts once.
func (l *ledgerRun) sharedBy(ctx context.Context, inv store.Invoice, theirs *theirObject) error {
	if !l.inWindow(theirs.lines()) {
		return nil
	}
	_, line := strongest(theirs.lines())
	return l.report(ctx, difference{
		class: FindingDuplicate, objectType: objectInvoice, object: inv.ID, ref: theirs.ref, ours: invoiceSide(inv, time.Time{}), theirs: lineSide(line),
		detail: "invoice " + theirs.ours + " has the same object of the provider's",
	})
}

// compareInvoice reports in what an invoice and its object in the ledger differ. payment says whether its payment is
// judged; refunds are judged by their own times and with a payment that is.
func (l *ledgerRun) compareInvoice(ctx context.Context, inv store.Invoice, theirs *theirObject, payment bool) error {
	if len(theirs.again) > 0 && l.inWindow(theirs.again) {
		return l.report(ctx, difference{
			class: FindingDuplicate, objectType: objectInvoice, object: inv.ID, ref: theirs.ref,
			ours: invoiceSide(inv, time.Time{}), theirs: lineSide(theirs.again[0]), detail: "the provider's ledger shows this twice",
		})
	}
	if payment {
		d, differs := l.comparePayment(inv, theirs)
		if differs && !l.inMotion(inv.UpdatedAt) {
			return l.report(ctx, d)
		}
		if differs {
			return nil
		}
	}
	return l.compareRefunds(ctx, inv, theirs)
}

// comparePayment says in what an invoice and the payment lines of its object differ, if in anything.
func (l *ledgerRun) comparePayment(inv store.Invoice, theirs *theirObject) (difference, bool) {
	stands, line := strongest(theirs.payments)
	d := difference{objectType: objectInvoice, object: inv.ID, ref: theirs.ref, ours: invoiceSide(inv, time.Time{}), theirs: lineSide(line)}
	if stands == standsUnknown {
		l.blind("transactions whose status the plugin does not know")
		return d, false
	}
	for _, p := range theirs.payments {
		if p.gross.IsSet() && p.gross.Code() != inv.Amount.Code() && standingOf(p.status) > standsClosed {
			d.class, d.theirs, d.detail = FindingCurrency, lineSide(p), "the provider shows another currency"
			return d, true
		}
	}
	ours := standingOf(string(inv.Status))
	if disagree(ours, stands) {
		d.class, d.detail = FindingStatus, "we hold it as "+string(inv.Status)+", and the provider shows it as "+line.status
		return d, true
	}
	want := takenOf(inv)
	if stands == standsHeld {
		want = heldOf(inv)
	}
	if stands < standsHeld || !want.IsSet() {
		return d, false
	}
	sum, ok := total(theirs.payments, stands)
	if !ok {
		l.blind("the amounts of transactions that state none")
		return d, false
	}
	if sum.Equal(want) {
		return d, false
	}
	d.theirs.Amount = sum
	d.class, d.detail = FindingAmount, "we hold "+want.String()+", and the provider shows "+sum.String()
	if repeated(theirs.payments, stands, want) {
		d.class, d.detail = FindingDuplicate, "the provider shows the whole amount more than once"
	}
	return d, true
}

// disagree reports whether two standings contradict each other. A try that failed beside an invoice that is still open
// is no contradiction: the payer may try again.
func disagree(ours, theirs standing) bool {
	if theirs == standsClosed {
		return ours >= standsHeld
	}
	return ours != theirs
}

// repeated reports whether several lines each are the whole amount.
func repeated(lines []*theirLine, of standing, whole pay.Money) bool {
	n := 0
	for _, l := range lines {
		if standingOf(l.status) != of {
			continue
		}
		if !l.gross.Equal(whole) {
			return false
		}
		n++
	}
	return n > 1
}

// takenOf is the money of an invoice that was taken, as we hold it.
func takenOf(inv store.Invoice) pay.Money {
	if inv.Captured.IsSet() {
		return inv.Captured
	}
	return implied(inv)
}

// heldOf is the money of an invoice that is reserved, as we hold it.
func heldOf(inv store.Invoice) pay.Money {
	if inv.Authorized.IsSet() {
		return inv.Authorized
	}
	return inv.Amount
}

func invoiceSide(inv store.Invoice, at time.Time) *FindingSide {
	s := &FindingSide{Status: string(inv.Status), Amount: inv.Amount, At: timeOrNil(at)}
	switch {
	case inv.Status.Settled():
		s.Amount = takenOf(inv)
	case inv.Status == pay.StatusAuthorized:
		s.Amount = heldOf(inv)
	}
	return s
}

func lineSide(line *theirLine) *FindingSide {
	if line == nil {
		return nil
	}
	return &FindingSide{Status: line.status, Amount: line.gross, At: timeOrNil(line.at)}
}

// theirInvoices goes through what the provider shows and no invoice of ours was compared with.
func (l *ledgerRun) theirInvoices(ctx context.Context) error {
	for _, o := range unmatched(l.book.invoices) {
		if !l.inWindow(o.lines()) {
			continue
		}
		rows, err := l.h.store.Invoices(ctx, store.InvoiceFilter{AccountID: l.account.ID, ProviderRef: o.ref, Limit: 10})
		if err != nil {
			return storageError(err)
		}
		for _, inv := range rows {
			if err := l.listed(ctx, inv, o); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			continue
		}
		if err := l.missingHere(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// missingHere reports an object of the provider's that no invoice of ours is known by. Where an order of ours never got
// its answer, it says which it may be.
func (l *ledgerRun) missingHere(ctx context.Context, o *theirObject) error {
	lines := o.payments
	if len(lines) == 0 {
		lines = o.refunds
	}
	stands, line := strongest(lines)
	if stands == standsClosed || line == nil {
		return nil // Nothing came of it.
	}
	d := difference{
		class: FindingMissingHere, objectType: objectInvoice, ref: o.ref, theirs: lineSide(line),
		detail: "the provider shows money of an invoice that we do not know",
	}
	inv, byKey, err := l.orderOf(ctx, o.reference)
	switch {
	case err != nil:
		return err
	case inv.ID == "":
	case inv.ProviderRef != "":
		d.class, d.object, d.ours = FindingDuplicate, inv.ID, invoiceSide(inv, time.Time{})
		d.detail = "the provider made a second object, beside " + inv.ProviderRef + ", under the key of one operation of ours"
	case byKey:
		d.object, d.ours = inv.ID, invoiceSide(inv, time.Time{})
		d.detail = "the provider shows it under the key of an operation whose answer we never got"
	default:
		d.object, d.ours = inv.ID, invoiceSide(inv, time.Time{})
		d.detail = "the provider shows it under the reference of an invoice whose answer we never got"
	}
	return l.report(ctx, d)
}

// orderOf finds the invoice that an object of the provider's may be: the one that sent the reference as its key, or
// the only one with this reference that has no id of the provider's yet.
func (l *ledgerRun) orderOf(ctx context.Context, reference string) (inv store.Invoice, byKey bool, err error) {
	if reference == "" {
		return inv, false, nil
	}
	inv, err = l.h.store.InvoiceByProviderKey(ctx, l.account.ID, reference)
	if err == nil {
		return inv, true, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return inv, false, storageError(err)
	}
	rows, err := l.h.store.Invoices(ctx, store.InvoiceFilter{AccountID: l.account.ID, Reference: reference, Limit: 50})
	if err != nil {
		return store.Invoice{}, false, storageError(err)
	}
	var found []store.Invoice
	for _, row := range rows {
		if row.ProviderRef == "" {
			found = append(found, row)
		}
	}
	if len(found) != 1 {
		return store.Invoice{}, false, nil
	}
	return found[0], false, nil
}
