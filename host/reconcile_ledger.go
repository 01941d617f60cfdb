package host

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// ledgerRun compares with the provider's own ledger.
type ledgerRun struct {
	*reconciler
	book *book
	// covered is what the listing showed, and complete up to when it can be relied on.
	covered  coverage
	complete time.Time
	// beside says that the provider lists refunds beside their payment, whatever their own time is.
	beside bool
	// doubtful are invoices whose counterpart may stand in the ledger before the window.
	doubtful []doubtful
}

// doubtful is an invoice that the listing of the window does not show and that is older than the window.
type doubtful struct {
	id, ref string
	created time.Time
}

// lookBack is how far before the window the ledger is searched for counterparts. It is longer than an invoice is usually
// payable and a hold lasts; objects older than that are asked for one by one.
const lookBack = 40 * 24 * time.Hour

func newLedgerRun(r *reconciler) *ledgerRun { return &ledgerRun{reconciler: r, book: newBook()} }

func (l *ledgerRun) run(ctx context.Context) error {
	l.blind("invoices that were never paid: a ledger shows only what moved")
	l.blind("fees, settlements, disputes, adjustments and conversions are counted, not compared")
	l.blind("refunds of payments from before the window, where the provider lists refunds only with their payment")
	ask := span{l.window.from.Add(-l.margin), l.window.to.Add(l.margin)}
	if now := l.h.now(); ask.to.After(now) {
		ask.to = now
	}
	var err error
	if l.covered, l.complete, err = l.listing(ctx, ask, func(page int, tx pay.Transaction) error {
		l.book.add(page, tx)
		return nil
	}); err != nil {
		return err
	}
	l.checked[checkedTransactions], l.checked[checkedOthers] = l.book.transactions, l.book.others
	l.row.CompleteUntil = l.complete
	l.beside = l.listsRefundsBeside()
	if l.complete.IsZero() {
		l.complete = l.started
	}
	l.complete = l.complete.Add(-l.delay)
	if s := l.settled(); l.window.to.After(s) {
		l.window.to = s
	}
	judged := l.window
	if judged.to.After(l.complete) {
		judged.to = l.complete
		l.blind("what is missing at the provider after %s: its ledger may not be complete yet", l.complete.UTC().Format(time.RFC3339))
	}
	if judged.from.Before(judged.to) && !l.covered.all(judged) {
		l.blind("times that the provider did not list although it was asked to")
	}
	for _, step := range []func(context.Context) error{l.attachLoose, l.ourInvoices, l.searchEarlier, l.theirInvoices, l.ourPayouts, l.theirPayouts} {
		if err := step(ctx); err != nil {
			return err
		}
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// judges reports whether something of ours that the ledger does not show is missing there: it happened inside the
// window, in a time the provider listed and calls complete.
func (l *ledgerRun) judges(at time.Time) bool {
	return l.window.has(at) && at.Before(l.complete) && l.covered.has(at)
}

// listsRefundsBeside reports whether the ledger shows a refund from outside of the times that were listed.
func (l *ledgerRun) listsRefundsBeside() bool {
	for _, o := range l.book.invoices {
		for _, line := range o.refunds {
			if !l.covered.has(line.at) {
				return true
			}
		}
	}
	return false
}

// inWindow reports whether one of the lines lies in the window.
func (l *ledgerRun) inWindow(lines []*theirLine) bool {
	for _, line := range lines {
		if l.window.has(line.at) {
			return true
		}
	}
	return false
}

// touched selects what can have moved in the window and its margin.
func (l *ledgerRun) touched() store.Touched {
	return store.Touched{
		AccountID: l.account.ID, CreatedBefore: l.window.to.Add(l.margin), ChangedSince: l.window.from.Add(-l.margin),
	}
}

// ourInvoices goes through our invoices and compares each with the ledger.
func (l *ledgerRun) ourInvoices(ctx context.Context) error {
	return l.eachInvoice(ctx, l.touched(), func(inv store.Invoice) error {
		l.checked[checkedInvoices]++
		theirs := l.book.invoices[inv.ProviderRef]
		if inv.ProviderRef == "" || theirs == nil {
			return l.unlisted(ctx, inv)
		}
		return l.listed(ctx, inv, theirs)
	})
}

// unlisted judges an invoice that the ledger of the window does not show: it may be missing there, or stand in the ledger
// before the window.
func (l *ledgerRun) unlisted(ctx context.Context, inv store.Invoice) error {
	suspect, err := l.suspect(ctx, inv)
	if err != nil || !suspect {
		return err
	}
	// It was ordered before what was listed: the provider may know its payment under an earlier time.
	if inv.ProviderRef != "" && inv.CreatedAt.Before(l.window.from) {
		l.doubtful = append(l.doubtful, doubtful{inv.ID, inv.ProviderRef, inv.CreatedAt})
		return nil
	}
	return l.missingThere(ctx, inv)
}

// suspect reports whether an invoice that is not listed should be: money was taken or returned in the judged time.
func (l *ledgerRun) suspect(ctx context.Context, inv store.Invoice) (bool, error) {
	if taken := takenOf(inv); !inv.Status.Settled() || taken.Sign() <= 0 {
		return false, nil
	}
	at, err := l.paidAt(ctx, inv)
	if err != nil || l.judges(at) {
		return err == nil, err
	}
	returned, err := l.ourRefunds(ctx, inv)
	if err != nil {
		return false, err
	}
	for _, f := range returned {
		if l.judges(f.at) {
			return true, nil
		}
	}
	return false, nil
}

// missingThere reports what of an invoice the ledger does not show: its payment, or a refund of one that was paid at
// another time.
func (l *ledgerRun) missingThere(ctx context.Context, inv store.Invoice) error {
	if l.inMotion(inv.UpdatedAt) {
		return nil
	}
	at, err := l.paidAt(ctx, inv)
	if err != nil {
		return err
	}
	if !l.judges(at) {
		return l.compareRefunds(ctx, inv, &theirObject{ref: inv.ProviderRef})
	}
	return l.report(ctx, difference{
		class: FindingMissingThere, objectType: objectInvoice, object: inv.ID, ref: inv.ProviderRef, ours: invoiceSide(inv, at),
		detail: "we hold the money as taken, and the provider's ledger does not show it",
	})
}

// paidAt is when the money of an invoice was taken, as well as we know: the provider's time of the first observation that
// said so, or when we saw it.
func (l *ledgerRun) paidAt(ctx context.Context, inv store.Invoice) (time.Time, error) {
	seen, err := l.h.store.Evidence(ctx, objectInvoice, inv.ID)
	if err != nil {
		return time.Time{}, storageError(err)
	}
	for _, e := range seen {
		if e.Status.Settled() && (e.Applied == appliedMove || e.Applied == appliedFacts || e.Applied == appliedUnchanged) {
			return orTime(e.ProviderTime, e.ObservedAt), nil
		}
	}
	return orTime(inv.ProviderTime, inv.UpdatedAt), nil
}

// searchEarlier looks for the counterparts of doubtful invoices in the ledger before the window.
func (l *ledgerRun) searchEarlier(ctx context.Context) error {
	if len(l.doubtful) == 0 {
		return nil
	}
	earliest := l.window.from.Add(-lookBack)
	ask := span{l.window.from, l.window.from.Add(-l.margin)}
	earlier := newBook()
	earlier.only = map[string]bool{}
	for _, d := range l.doubtful {
		earlier.only[d.ref] = true
		if from := d.created.Add(-l.margin); from.Before(ask.from) {
			ask.from = from
		}
	}
	if ask.from.Before(earliest) {
		ask.from = earliest
	}
	covered, _, err := l.listing(ctx, ask, func(page int, tx pay.Transaction) error {
		earlier.add(page, tx)
		return nil
	})
	if err != nil {
		return err
	}
	l.checked[checkedTransactions] += earlier.transactions
	for _, d := range l.doubtful {
		inv, err := l.h.store.Invoice(ctx, d.id)
		if err != nil {
			return storageError(err)
		}
		theirs, found := earlier.invoices[d.ref]
		switch {
		case found:
			theirs.ours = inv.ID
			err = l.compareInvoice(ctx, inv, theirs, true)
		case d.created.Before(earliest), !covered.has(orLater(d.created, ask.from)):
			err = tolerate(l.walkInvoice(ctx, inv))
		default:
			err = l.missingThere(ctx, inv)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func orLater(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// attachLoose gives refunds that name no invoice to the invoice that we know them to be of.
func (l *ledgerRun) attachLoose(ctx context.Context) error {
	for _, o := range unmatched(l.book.loose) {
		row, err := l.h.store.RefundByProviderRef(ctx, l.account.ID, o.ref)
		var inv store.Invoice
		if err == nil {
			inv, err = l.h.store.Invoice(ctx, row.InvoiceID)
		}
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && inv.ProviderRef == "":
			if stands, line := strongest(o.refunds); stands > standsClosed && l.inWindow(o.refunds) {
				err = l.report(ctx, difference{
					class: FindingMissingHere, objectType: objectRefund, ref: o.ref, theirs: lineSide(line),
					detail: "the provider shows a refund that we do not know",
				})
			} else {
				err = nil
			}
		case err == nil:
			o.ours = row.ID
			at := l.book.invoices[inv.ProviderRef]
			if at == nil {
				at = &theirObject{ref: inv.ProviderRef}
				l.book.invoices[inv.ProviderRef] = at
			}
			at.refunds = append(at.refunds, o.refunds...)
		}
		if err != nil {
			return storageError(err)
		}
	}
	return nil
}
