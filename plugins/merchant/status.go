package merchant

import (
	"fmt"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// settlingDelay is when to look again at an invoice whose deal is completed and
// which does not say paid yet.
const settlingDelay = 5 * time.Second

// stateOf maps an invoice to what it means, given what the host knows.
//
// Source: section 11.1 of the provider's page. A status it does not have keeps
// what was known and asks for a person; brands add values.
func (a *account) stateOf(inv invoice, known pay.Known, ev pay.Evidence) pay.InvoiceState {
	ev.ProviderTime = inv.UpdatedAt.Time
	out := pay.InvoiceState{
		Report:       pay.Report{Evidence: ev},
		ProviderRef:  inv.id(),
		ProviderRefs: map[string]string{},
		ExpiresAt:    inv.expiresAt(),
		Data:         facts(inv),
	}
	if id := inv.internalID(); id != "" {
		out.ProviderRefs["internal_id"] = id
	}
	sums, err := readSums(inv)
	if err != nil {
		out.Review = "the gateway's amounts cannot be believed: " + httpx.Scrub(err.Error())
		return out
	}
	out.Report.Warnings = sums.warnings
	out.Amount = sums.asked
	switch inv.Status {
	case "new":
		a.open(inv, sums, &out)
	case "paid":
		settle(sums, known, &out)
	case "dispute":
		out.Status = disputedStatus(known.Status)
	case "canceled":
		out.Status, out.Final, out.FinalReason = pay.StatusCanceled, true, "canceled"
	case "expired":
		out.Status, out.Final, out.FinalReason = pay.StatusExpired, true, "expired"
	default:
		out.Review = fmt.Sprintf("status %q of the invoice is not documented", httpx.Scrub(clip(inv.Status)))
	}
	out.Attempts = attempts(inv, sums, inv.Status == "paid")
	out.Disputes = disputes(inv, sums.asked)
	return out
}

// open describes an unpaid invoice: what to pay, and how.
func (a *account) open(inv invoice, sums sums, out *pay.InvoiceState) {
	out.Status = pay.StatusPending
	active, paying := inv.activeDeal()
	due := sums.asked
	if paying {
		// The gateway may have changed the amount to make it unique.
		if sums.actual.Sign() > 0 {
			due = sums.actual
		}
		out.Due = due
	}
	out.NextActions = a.nextActions(inv, active, paying, due)
	for _, d := range inv.deals() {
		switch {
		case d.Status == "completed":
			out.Report.NextLookAt = a.now().Add(settlingDelay)
		case d.IsActive && !direct(out.NextActions):
			out.Report.NextLookAt = a.now().Add(manualQRDelay)
		}
	}
}

// settle compares what came with what was due.
func settle(sums sums, known pay.Known, out *pay.InvoiceState) {
	out.Status, out.Final, out.FinalReason = pay.StatusPaid, true, "paid"
	if !sums.actual.IsSet() {
		out.Report.Warnings = append(out.Report.Warnings, "the gateway says paid and not how much")
		return
	}
	out.Received, out.Captured = sums.actual, sums.actual
	expected := sums.asked
	for _, m := range []pay.Money{known.Due, known.Amount} {
		if m.IsSet() {
			expected = m
			break
		}
	}
	order, err := sums.actual.Cmp(expected)
	switch {
	case err != nil:
		out.Status, out.Final, out.FinalReason = "", false, ""
		out.Review = "the payment came in another currency than the invoice's"
	case order < 0 && known.Status == pay.StatusPaid:
		// Announced as paid in full before: paid never regresses, a person decides.
		out.Review = "the gateway corrected the payment to less than was due"
	case order < 0:
		out.Status, out.FinalReason = pay.StatusPartiallyPaid, "the gateway closed the invoice with less than was due"
	case order > 0:
		out.Overpaid = true
	}
}

// disputedStatus is the status of an invoice under a claim: what was settled or
// closed stays so, and an unpaid one is being decided.
func disputedStatus(known pay.Status) pay.Status {
	if known.Settled() || known.Closed() {
		return known
	}
	return pay.StatusProcessing
}

// sums are the amounts of an invoice.
type sums struct {
	// asked is the amount at creation; actual is receivedSumFromTaker.
	asked, actual pay.Money
	// fee and net inform only and are unset when unreadable.
	fee, net pay.Money
	warnings []string
}

func readSums(inv invoice) (sums, error) {
	var out sums
	var err error
	if out.asked, err = inv.Sum.money(); err != nil {
		return sums{}, fmt.Errorf("sum: %w", err)
	}
	if out.asked.Sign() <= 0 {
		return sums{}, fmt.Errorf("sum is missing or not positive")
	}
	if out.actual, err = inv.Received.money(); err != nil {
		return sums{}, fmt.Errorf("receivedSumFromTaker: %w", err)
	}
	if out.actual.Sign() < 0 {
		return sums{}, fmt.Errorf("receivedSumFromTaker is negative")
	}
	if out.actual.IsSet() && out.actual.Code() != out.asked.Code() {
		return sums{}, fmt.Errorf("receivedSumFromTaker is in %s, sum in %s", out.actual.Code(), out.asked.Code())
	}
	if out.fee, err = inv.Fee.money(); err != nil {
		out.warnings = append(out.warnings, "serviceFeeSum cannot be read")
	}
	if out.net, err = inv.Net.money(); err != nil {
		out.warnings = append(out.warnings, "payoutSum cannot be read")
	}
	return out, nil
}

// facts are what else a caller may see. Requisites never are.
func facts(inv invoice) map[string]string {
	out := map[string]string{"status": clip(inv.Status)}
	add := func(name, value string) {
		if value != "" {
			out[name] = clip(value)
		}
	}
	if deals := inv.deals(); len(deals) > 0 {
		last := deals[len(deals)-1]
		add("deal_id", string(last.ID))
		add("deal_status", last.Status)
		add("payment_option", last.Option)
		add("payment_method", last.Method)
		add("rate", last.rate())
		if last.Attachments > 0 {
			add("deal_attachments", strconv.Itoa(int(last.Attachments)))
		}
	}
	return out
}
