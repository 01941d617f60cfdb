package merchant

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// abandonEmpty ends an invoice that has no requisites: it is canceled, and the
// create is declined. Canceling is best effort within the deadline. When it
// cannot be confirmed the answer is the same, because the payer has neither
// requisites nor the address of the invoice and it expires by itself; a warning
// then names the invoice. Only money that is already there changes the answer.
func (a *account) abandonEmpty(ctx context.Context, empty invoice, created *httpx.Response) (pay.InvoiceState, error) {
	ended, res, err := a.cancel(ctx, empty.ID)
	if err == nil && (ended.Status == "paid" || ended.Status == "dispute") {
		return a.stateOf(ended, pay.Known{Status: pay.StatusPending}, res.Evidence), nil
	}
	declined := &pay.Error{
		Kind: pay.KindDeclined, Executed: pay.ExecutedYes, Reason: pay.DeclineNoRequisites,
		Retry:   pay.Retry{Rule: pay.RetryNewAttempt},
		Message: "the gateway has nobody to receive the payment now",
		Report:  pay.Report{Evidence: created.Evidence},
	}
	if err == nil && (ended.Status == "canceled" || ended.Status == "expired") {
		declined.Report.Warnings = []string{"the gateway made the empty invoice " + empty.ID + "; it is " + ended.Status}
		return pay.InvoiceState{}, declined
	}
	declined.Report.Warnings = []string{"the gateway made the empty invoice " + empty.ID +
		" and canceling it is not confirmed; nobody got its address and it expires by itself"}
	declined.Report.NextLookAt = empty.expiresAt()
	return pay.InvoiceState{}, declined
}

// cancel cancels an unpaid invoice and returns it as it is then. The answer of
// cancel is believed when it clearly says canceled; after any other the
// invoice is read, because a payment may have been faster.
func (a *account) cancel(ctx context.Context, id string) (invoice, *httpx.Response, error) {
	res, err := a.exchange(ctx, http.MethodPost, nil, "api", "merchant", "invoices", id, "cancel")
	if err == nil {
		if inv, bad := decodeInvoice(res.Body); bad == nil && inv.ID == id && inv.Status == "canceled" {
			return inv, res, nil
		}
	}
	return a.readByID(ctx, id)
}
