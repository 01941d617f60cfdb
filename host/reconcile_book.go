package host

import (
	"cmp"
	"slices"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// theirLine is one line of the provider's ledger, cut down to what is compared.
type theirLine struct {
	// id is the line's own; ref that of the refund it is about, where the provider names it.
	id, ref, status string
	gross           pay.Money
	at              time.Time
	page            int
}

// theirObject is what the provider's ledger shows of one of its objects: an invoice with its refunds, or a payout.
type theirObject struct {
	ref string
	// reference is the merchant's, as the provider repeats it.
	reference string
	payments  []*theirLine
	refunds   []*theirLine
	// again are lines that are there twice.
	again []*theirLine
	// ours is the id of the object of ours that it was compared with.
	ours string
}

// lines are all of an object, payments first.
func (o *theirObject) lines() []*theirLine { return slices.Concat(o.payments, o.refunds) }

// first is when the object appears for the first time.
func (o *theirObject) first() time.Time {
	var at time.Time
	for _, l := range o.lines() {
		if at.IsZero() || l.at.Before(at) {
			at = l.at
		}
	}
	return at
}

// book is the provider's ledger of a time, by object. It keeps a few words of each line, and nothing else of the pages.
type book struct {
	invoices, payouts map[string]*theirObject
	// loose are refunds that name no invoice, by the provider's id of the refund.
	loose map[string]*theirObject
	// lines finds a line again, by kind and id, with the object it belongs to.
	lines map[lineKey]ownedLine
	// only narrows the book to some invoices; nil takes everything.
	only map[string]bool

	transactions, others int64
}

type lineKey struct {
	kind pay.TransactionKind
	id   string
}

type ownedLine struct {
	line  *theirLine
	owner *theirObject
}

func newBook() *book {
	return &book{
		invoices: map[string]*theirObject{}, payouts: map[string]*theirObject{}, loose: map[string]*theirObject{},
		lines: map[lineKey]ownedLine{},
	}
}

// add takes one transaction in. One that a later page repeats, because the adapter reads times that overlap, is the
// same one; it may have moved on between the pages. One that stands twice on a page, or comes again as something else,
// is there twice.
func (b *book) add(page int, tx pay.Transaction) {
	if b.only != nil && !b.only[tx.InvoiceRef] {
		return
	}
	b.transactions++
	line := &theirLine{id: tx.ProviderID, ref: tx.RefundRef, status: tx.Status, gross: tx.Gross, at: tx.OccurredAt.UTC(), page: page}
	key := lineKey{tx.Kind, tx.ProviderID}
	if old, known := b.lines[key]; known && tx.ProviderID != "" {
		switch {
		case old.line.page == page, !old.line.at.Equal(line.at), !old.line.gross.Equal(line.gross):
			old.owner.again = append(old.owner.again, line)
		default:
			old.line.status = line.status
		}
		return
	}
	owner := b.owner(tx)
	if owner == nil {
		b.others++
		return
	}
	if owner.reference == "" {
		owner.reference = tx.Reference
	}
	if tx.Kind == pay.TransactionRefund {
		owner.refunds = append(owner.refunds, line)
	} else {
		owner.payments = append(owner.payments, line)
	}
	if tx.ProviderID != "" {
		b.lines[key] = ownedLine{line, owner}
	}
}

// owner is the object a transaction belongs to; nil for kinds that are not compared.
func (b *book) owner(tx pay.Transaction) *theirObject {
	objects, ref := b.invoices, cmp.Or(tx.InvoiceRef, tx.ProviderID)
	switch tx.Kind {
	case pay.TransactionPayment:
	case pay.TransactionRefund:
		if tx.InvoiceRef == "" {
			objects, ref = b.loose, cmp.Or(tx.RefundRef, tx.ProviderID)
		}
	case pay.TransactionPayout:
		objects, ref = b.payouts, cmp.Or(tx.PayoutRef, tx.ProviderID)
	default:
		return nil
	}
	o := objects[ref]
	if o == nil {
		o = &theirObject{ref: ref}
		objects[ref] = o
	}
	return o
}

// unmatched are the objects that no object of ours was compared with, by time, so that two runs report alike.
func unmatched(objects map[string]*theirObject) []*theirObject {
	var list []*theirObject
	for _, o := range objects {
		if o.ours == "" {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *theirObject) int { return cmp.Or(a.first().Compare(b.first()), cmp.Compare(a.ref, b.ref)) })
	return list
}

// standing is where money stands, in the words that both sides share.
type standing int

// The standings, the weakest first: of several lines about one object the strongest counts.
const (
	standsUnknown standing = iota
	standsClosed           // no money will come, or it went back before it was taken
	standsOpen             // nothing is decided
	standsHeld             // reserved, not taken
	standsMoved            // taken, or sent
)

// standingOf reads a unified status word of an invoice, a refund or a payout. A word that is not known is never success.
func standingOf(status string) standing {
	switch status {
	case string(pay.StatusPaid), string(pay.StatusPartiallyPaid), string(pay.PayoutSucceeded):
		return standsMoved
	case string(pay.StatusAuthorized):
		return standsHeld
	case string(pay.StatusCreating), string(pay.StatusPending), string(pay.StatusProcessing):
		return standsOpen
	case string(pay.StatusCanceled), string(pay.StatusExpired), string(pay.StatusFailed):
		return standsClosed
	}
	return standsUnknown
}

// strongest is the standing of an object by its lines, with a line that says so.
func strongest(lines []*theirLine) (standing, *theirLine) {
	var best *theirLine
	stands := standsUnknown
	for _, l := range lines {
		if s := standingOf(l.status); best == nil || s > stands {
			best, stands = l, s
		}
	}
	return stands, best
}

// total adds the amounts of the lines with a standing. It is unset, with ok false, when one states none or they have
// several currencies.
func total(lines []*theirLine, of standing) (sum pay.Money, ok bool) {
	for _, l := range lines {
		if standingOf(l.status) != of {
			continue
		}
		switch {
		case !l.gross.IsSet():
			return pay.Money{}, false
		case !sum.IsSet():
			sum = l.gross
			continue
		}
		var err error
		if sum, err = sum.Add(l.gross); err != nil {
			return pay.Money{}, false
		}
	}
	return sum, sum.IsSet()
}
