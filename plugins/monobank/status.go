package monobank

import (
	"fmt"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// state interprets the news against what the host knows about the invoice and
// what this adapter told it to remember.
//
// Source: the mapping chapter of the provider's description; no transition
// diagram is published.
func (n news) state(known pay.Known, mem memory, ev pay.Evidence) pay.InvoiceState {
	ev.ProviderTime = n.modified()
	out := pay.InvoiceState{
		Report:      pay.Report{Evidence: ev, Warnings: n.warnings},
		ProviderRef: n.invoiceID(),
		Data:        n.data(),
	}
	r := reader{news: n, known: known, memory: mem}
	if why := r.readAmounts(); why != "" {
		out.Review = why
		return out
	}
	out.Amount = r.amount
	out.Refunds, out.Review = r.refunds()
	r.setStatus(&out)
	out.Attempts = r.attempts()
	out.Credential = r.credential()
	return out
}

// data are facts for the caller under the provider's names.
func (n news) data() map[string]string {
	out := map[string]string{"status": httpx.Scrub(string(n.Status))}
	if n.FinalAmount.set {
		out["finalAmount"] = fmt.Sprint(n.FinalAmount.units)
	}
	if n.payment != nil && n.payment.AgentFee.set {
		out["agentFee"] = fmt.Sprint(n.payment.AgentFee.units)
	}
	if n.tips != nil && n.tips.Amount.set {
		out["tipsAmount"] = fmt.Sprint(n.tips.Amount.units)
	}
	return out
}

// reader holds the amounts of one news in their currency. An unset Money is
// what the provider did not say.
type reader struct {
	news
	known    pay.Known
	memory   memory
	currency pay.Currency
	amount   pay.Money
	// final is finalAmount; refunded and refunding are the sums of cancelList by status.
	final, refunded, refunding pay.Money
}

// readAmounts returns why the amounts cannot be believed, or nothing.
func (r *reader) readAmounts() string {
	if !r.Amount.set || !r.Ccy.set {
		return "the provider states no amount and currency"
	}
	currency, ok := pay.LookupNumericCurrency(int(r.Ccy.units))
	if !ok {
		return fmt.Sprintf("the provider states the currency %d, which is not known", r.Ccy.units)
	}
	r.currency = currency
	if r.Amount.units < 0 || r.FinalAmount.units < 0 {
		return "the provider states a negative amount"
	}
	r.amount = r.money(r.Amount)
	r.final = r.money(r.FinalAmount)
	r.refunded, r.refunding = pay.ZeroOf(currency), pay.ZeroOf(currency)
	for _, c := range r.cancels {
		if c.Ccy.set && c.Ccy.units != r.Ccy.units {
			return "the provider lists a refund in another currency"
		}
		if c.Amount.units < 0 {
			return "the provider lists a negative refund"
		}
		switch c.Status {
		case wordSuccess:
			r.refunded = r.sum(r.refunded, r.money(c.Amount))
		case wordProcessing:
			r.refunding = r.sum(r.refunding, r.money(c.Amount))
		}
	}
	return ""
}

// money is m in the invoice's currency; unset when m is.
func (r *reader) money(m minor) pay.Money {
	if !m.set {
		return pay.Money{}
	}
	out, err := pay.FromMinor(m.units, r.currency)
	if err != nil {
		return pay.Money{}
	}
	return out
}

// sum adds amounts of the one currency; an unset amount counts as nothing.
func (r *reader) sum(amounts ...pay.Money) pay.Money {
	total := pay.ZeroOf(r.currency)
	for _, m := range amounts {
		if t, err := total.Add(m); m.IsSet() && err == nil {
			total = t
		}
	}
	return total
}

func (r *reader) setStatus(out *pay.InvoiceState) {
	switch r.Status {
	case wordCreated:
		out.Status = pay.StatusPending
		if r.known.Status == pay.StatusCanceled || r.memory.Removed {
			// The provider goes on saying "created" after a successful remove.
			out.Status = pay.StatusCanceled
		}
	case wordProcessing:
		out.Status = pay.StatusProcessing
	case wordHold:
		out.Status = pay.StatusAuthorized
		// The value of finalAmount during a hold is not documented: the held amount is stated only where
		// it cannot mean anything else.
		if !r.final.IsSet() || r.final.Equal(r.amount) || r.final.IsZero() {
			out.Authorized = r.amount
		}
	case wordSuccess:
		out.Status = pay.StatusPaid
		out.Captured = r.captured()
		if len(r.cancels) > 0 && !r.unreadableRefunds {
			out.Refunded = r.refunded
		}
	case wordFailure:
		out.Status = pay.StatusFailed
	case wordExpired:
		out.Status = pay.StatusExpired
		if r.memory.Removed {
			out.Status = pay.StatusCanceled // It was taken back before its time ran out.
		}
	case wordReversed:
		r.setReversed(out)
	default:
		out.Review = fmt.Sprintf("the provider reports the unknown status %q", httpx.Scrub(string(r.Status)))
	}
}

// captured is what was taken, where it can be derived. finalAmount shrinks with
// refunds, but whether it counts one that is still in progress is not
// documented: then only an amount we know otherwise is believed.
func (r *reader) captured() pay.Money {
	if r.unreadableRefunds {
		return pay.Money{}
	}
	if !r.final.IsSet() {
		if r.known.Capture == pay.CaptureManual {
			return pay.Money{} // A capture may have been partial.
		}
		return r.amount
	}
	settled := r.sum(r.final, r.refunded)
	if r.tips != nil && r.tips.Amount.set && r.sum(r.amount, r.money(r.tips.Amount)).Equal(settled) {
		return r.amount // Tips are the employee's.
	}
	if r.refunding.IsZero() {
		return settled
	}
	reserved := r.sum(settled, r.refunding)
	for _, sure := range []pay.Money{r.known.Captured, r.amount} {
		if sure.IsSet() && sure.Sign() > 0 && (sure.Equal(settled) || sure.Equal(reserved)) {
			return sure
		}
	}
	return pay.Money{}
}

// setReversed reads the word that means "refunded" after a payment and
// "released" after a hold.
func (r *reader) setReversed(out *pay.InvoiceState) {
	switch {
	case r.known.Status.Settled() || r.known.Captured.Sign() > 0:
		out.Status = pay.StatusPaid
		out.Captured = r.known.Captured
		if !out.Captured.IsSet() {
			out.Captured = r.amount
		}
		out.Refunded = out.Captured
	case r.known.Status == pay.StatusAuthorized, r.known.Status == pay.StatusCanceled && r.known.Authorized.Sign() > 0:
		// A released hold may be listed like a refund, but no money was taken that could be returned.
		out.Status = pay.StatusCanceled
		out.Refunds = nil
	case r.known.Capture == pay.CaptureManual:
		out.Review = "the provider reversed an invoice of which neither a hold nor a capture was seen; compare with its statement"
	default:
		out.Status = pay.StatusPaid
		out.Captured, out.Refunded = r.amount, r.amount
		out.Review = "the provider reversed an invoice that was not seen paid: the money came and went; compare with its statement"
	}
}
