package host

import (
	"context"
	"slices"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// ourRefund is money that we hold as returned.
type ourRefund struct {
	id, ref string
	status  pay.RefundStatus
	amount  pay.Money
	at      time.Time
}

// ourRefunds are the refunds of an invoice, whatever became of them, and what the provider stated as returned beyond
// their sum.
func (r *reconciler) ourRefunds(ctx context.Context, inv store.Invoice) ([]ourRefund, error) {
	rows, err := r.h.store.Refunds(ctx, inv.ID)
	if err != nil {
		return nil, storageError(err)
	}
	var list []ourRefund
	sum := pay.ZeroOf(inv.Amount.Currency())
	for _, row := range rows {
		list = append(list, ourRefund{row.ID, row.ProviderRef, row.Status, row.Amount, orTime(row.ProviderTime, row.CreatedAt)})
		if row.Status != pay.RefundSucceeded || !row.Amount.IsSet() {
			continue
		}
		if s, err := sum.Add(row.Amount); err == nil {
			sum = s
		}
	}
	if inv.Refunded.IsSet() && greater(inv.Refunded, sum) {
		if rest, err := inv.Refunded.Sub(sum); err == nil {
			list = append(list, ourRefund{status: pay.RefundSucceeded, amount: rest, at: orTime(inv.ProviderTime, inv.UpdatedAt)})
		}
	}
	return list, nil
}

// compareRefunds reports in what the refunds of an invoice differ: one by one where the provider names them, else by
// their amounts and sums.
func (l *ledgerRun) compareRefunds(ctx context.Context, inv store.Invoice, theirs *theirObject) error {
	ours, err := l.ourRefunds(ctx, inv)
	if err != nil || len(ours) == 0 && len(theirs.refunds) == 0 {
		return err
	}
	m := matchRefunds(ours, theirs.refunds)
	withPayment := l.inWindow(theirs.payments)
	var found []difference
	for _, pair := range m.contrary {
		if l.window.has(pair.theirs.at) || withPayment {
			found = append(found, difference{
				class: FindingRefund, objectType: objectRefund, object: pair.ours.id, ref: pair.theirs.ref,
				ours: refundSide(pair.ours), theirs: lineSide(pair.theirs), detail: "the provider shows this refund otherwise",
			})
		}
	}
	if d, differs := l.restOfRefunds(inv, theirs, m, withPayment); differs {
		found = append(found, d)
	}
	if len(found) == 0 || l.inMotion(inv.UpdatedAt) {
		return nil
	}
	for _, d := range found {
		if err := l.report(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// restOfRefunds judges what found no counterpart. Refunds of ours count only where the ledger must show them: in the judged
// time and, where the provider lists refunds beside their payment, with a payment that is judged. Refunds of theirs count
// with their payment or in the window.
func (l *ledgerRun) restOfRefunds(inv store.Invoice, theirs *theirObject, m refundMatch, withPayment bool) (difference, bool) {
	rest := pay.ZeroOf(inv.Amount.Currency())
	theirRest, seen := rest, false
	for _, line := range m.theirs {
		seen = seen || (withPayment || l.window.has(line.at)) && line.at.Before(l.settled())
		theirRest = plus(theirRest, line.gross)
	}
	allOurs, judgedOurs := rest, rest
	var judged []ourRefund
	for _, f := range m.ours {
		allOurs = plus(allOurs, f.amount)
		if l.judges(f.at) || l.beside && withPayment && f.at.Before(l.settled()) {
			judgedOurs = plus(judgedOurs, f.amount)
			judged = append(judged, f)
		}
	}
	d := difference{class: FindingRefund, objectType: objectInvoice, object: inv.ID, ref: inv.ProviderRef}
	switch {
	case seen && greater(theirRest, allOurs):
		d.detail = "the provider shows refunds that we do not hold as done"
	case greater(judgedOurs, theirRest):
		d.detail = "we hold refunds as done that the provider does not show"
		if len(judged) == 1 && len(m.theirs) == 0 && judged[0].id != "" {
			d.objectType, d.object, d.ref = objectRefund, judged[0].id, judged[0].ref
		}
	case seen && theirRest.IsZero() && slices.ContainsFunc(m.theirs, func(line *theirLine) bool {
		return line.gross.IsSet() && line.gross.Code() != inv.Amount.Code()
	}):
		d.detail = "the provider shows a refund in another currency"
	default:
		return d, false
	}
	d.ours = &FindingSide{Status: string(inv.Status), Amount: m.ourSum(rest)}
	d.theirs = &FindingSide{Amount: m.theirSum(theirs.refunds, rest)}
	return d, true
}

// plus adds an amount where it has the same currency.
func plus(sum, m pay.Money) pay.Money {
	if s, err := sum.Add(m); err == nil {
		return s
	}
	return sum
}

func refundSide(f ourRefund) *FindingSide {
	return &FindingSide{Status: string(f.status), Amount: f.amount, At: timeOrNil(f.at)}
}

// refundPair is a refund that both sides name alike.
type refundPair struct {
	ours   ourRefund
	theirs *theirLine
}

// refundMatch is what pairing the refunds of one invoice left.
type refundMatch struct {
	// contrary are pairs that agree in their id and in nothing else.
	contrary []refundPair
	// ours succeeded and theirs happened, and neither has a counterpart.
	ours   []ourRefund
	theirs []*theirLine
	// done is all that we hold as returned.
	done []ourRefund
}

// matchRefunds pairs refunds by the provider's id, then those of equal amount by the nearest time.
func matchRefunds(ours []ourRefund, theirs []*theirLine) refundMatch {
	var m refundMatch
	open := slices.Clone(ours)
	for _, line := range theirs {
		if standingOf(line.status) != standsMoved {
			continue
		}
		i := slices.IndexFunc(open, func(f ourRefund) bool { return line.ref != "" && f.ref == line.ref })
		if i < 0 {
			m.theirs = append(m.theirs, line)
			continue
		}
		if f := open[i]; f.status != pay.RefundSucceeded || line.gross.IsSet() && !line.gross.Equal(f.amount) {
			m.contrary = append(m.contrary, refundPair{f, line})
		}
		open = slices.Delete(open, i, i+1)
	}
	for _, f := range ours {
		if f.status == pay.RefundSucceeded {
			m.done = append(m.done, f)
		}
	}
	open = slices.DeleteFunc(open, func(f ourRefund) bool { return f.status != pay.RefundSucceeded })
	m.theirs = slices.DeleteFunc(m.theirs, func(line *theirLine) bool {
		best := -1
		for i, f := range open {
			if f.amount.Equal(line.gross) && (best < 0 || f.at.Sub(line.at).Abs() < open[best].at.Sub(line.at).Abs()) {
				best = i
			}
		}
		if best >= 0 {
			open = slices.Delete(open, best, best+1)
		}
		return best >= 0
	})
	m.ours = open
	return m
}

func (m refundMatch) ourSum(sum pay.Money) pay.Money {
	for _, f := range m.done {
		sum = plus(sum, f.amount)
	}
	return sum
}

func (m refundMatch) theirSum(lines []*theirLine, sum pay.Money) pay.Money {
	for _, line := range lines {
		if standingOf(line.status) == standsMoved {
			sum = plus(sum, line.gross)
		}
	}
	return sum
}
