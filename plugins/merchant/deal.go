package merchant

import (
	"github.com/payhost/payhost/sdk/pay"
)

// attempts describes the deals. What a deal received is stated only when the
// invoice is paid: before that the same field is what the payer has to send.
func attempts(inv invoice, sums sums, paid bool) []pay.Attempt {
	deals := inv.deals()
	out := make([]pay.Attempt, 0, len(deals))
	for i, d := range deals {
		attempt := pay.Attempt{
			ProviderAttemptID: string(d.ID),
			Status:            attemptStatus(d.Status),
			Amount:            sums.asked,
			Rate:              d.rate(),
			Method:            method(d),
		}
		if d.Payment.value != nil {
			attempt.ProviderTime = d.Payment.value.Date.Time
		}
		if sums.actual.IsSet() && (d.IsActive || paid && settledBy(deals, i)) {
			attempt.Amount = sums.actual
		}
		if paid && settledBy(deals, i) {
			attempt.Status = pay.AttemptSucceeded
			attempt.Received, attempt.Fee, attempt.Net = sums.actual, sums.fee, sums.net
		}
		out = append(out, attempt)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// settledBy reports whether the deal at i is the one that paid the invoice: the
// completed one, or the last when none is marked.
func settledBy(deals []deal, i int) bool {
	for j, d := range deals {
		if d.Status == "completed" {
			return i == j
		}
	}
	return i == len(deals)-1
}

func method(d deal) string {
	if d.Option == "" || d.Method == "" {
		return d.Option + d.Method
	}
	return d.Option + "/" + d.Method
}

// attemptStatus maps a DealStatus; empty for one that is not documented.
// transfer_confirmed is the payer's word only: nobody holds money.
func attemptStatus(status string) pay.AttemptStatus {
	switch status {
	case "new", "transfer_waiting":
		return pay.AttemptPending
	case "transfer_confirmed", "dispute":
		return pay.AttemptProcessing
	case "completed":
		return pay.AttemptSucceeded
	case "canceled":
		return pay.AttemptCanceled
	case "expired":
		return pay.AttemptExpired
	}
	return ""
}

// disputes describes the claims: one for each deal that has a reason or a
// result, and one without a deal when only the invoice says so.
func disputes(inv invoice, asked pay.Money) []pay.Dispute {
	var out []pay.Dispute
	for _, d := range inv.deals() {
		if !d.disputed() {
			continue
		}
		claim := pay.Dispute{
			ProviderRef:  string(d.ID),
			Kind:         pay.DisputeClaim,
			Status:       disputeStatus(text(d.Result), inv.Status),
			Reason:       clip(text(d.Reason)),
			ProviderTime: inv.UpdatedAt.Time,
		}
		if data := d.ReasonData.value; data != nil && data.Amount != "" {
			// An amount that cannot be read is not stated; the reason and the deal are.
			if m, err := pay.ParseMoneyIn(string(data.Amount), asked.Currency()); err == nil {
				claim.Amount = m
			}
		}
		out = append(out, claim)
	}
	if len(out) == 0 && inv.Status == "dispute" {
		out = append(out, pay.Dispute{
			ProviderRef: inv.id(), Kind: pay.DisputeClaim, Status: pay.DisputeOpen, ProviderTime: inv.UpdatedAt.Time,
		})
	}
	return out
}

// disputeStatus maps a DisputeResult. While the invoice is under dispute only
// the two waiting results say more than "open"; a result of either kind, or the
// end of the invoice, closes it. Won means that the payment counts.
func disputeStatus(result, invoiceStatus string) pay.DisputeStatus {
	switch result {
	case "ACCEPTED", "AMOUNT_CHANGED":
		return pay.DisputeWon
	case "WAITING_CONFIRM_DOCS_FROM_MERCHANT":
		if invoiceStatus == "dispute" {
			return pay.DisputeEvidenceDue
		}
	case "WAITING_CONFIRM_DOCS_FROM_TRADER":
		if invoiceStatus == "dispute" {
			return pay.DisputeUnderReview
		}
	case "REQUISITES_MISMATCH_IN_CONFIRM_DOCS", "INVALID_PAYMENT_METHOD", "TTL_EXPIRED", "FRAUD_CONFIRM_DOCS":
		return pay.DisputeLost
	}
	switch invoiceStatus {
	case "paid":
		return pay.DisputeWon
	case "canceled", "expired":
		return pay.DisputeLost
	}
	return pay.DisputeOpen
}
