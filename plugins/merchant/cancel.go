package merchant

import (
	"context"
	"encoding/json"
	"errors"
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
	ended, res, err := a.cancel(ctx, empty.id())
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
		declined.Report.Warnings = []string{"the gateway made the empty invoice " + empty.id() + "; it is " + ended.Status}
		return pay.InvoiceState{}, declined
	}
	declined.Report.Warnings = []string{"the gateway made the empty invoice " + empty.id() +
		" and canceling it is not confirmed; nobody got its address and it expires by itself"}
	declined.Report.NextLookAt = empty.expiresAt()
	return pay.InvoiceState{}, declined
}

// CancelInvoice cancels an unpaid invoice. Only a clear "canceled" is believed.
// After any other answer, also a refusal, the invoice is read: a payment may
// have been faster, and is then what is reported; an expired invoice is refused
// with 400 and is over too. No answer at all leaves the outcome unknown, and the
// host looks it up.
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	ref := req.Invoice
	if !isToken(ref.ProviderRef) {
		return pay.InvoiceState{}, pay.Invalid("provider_ref", "is not an id of this gateway")
	}
	if err := refuseOptions(req.Options); err != nil {
		return pay.InvoiceState{}, err
	}
	res, err := a.exchange(ctx, http.MethodPost, nil, "api", "merchant", "invoices", ref.ProviderRef, "cancel")
	var refused *pay.Error
	if err != nil {
		refused = pay.AsError(err)
		if refused.WasExecuted() != pay.ExecutedNo || refused.RetryRule() == pay.RetrySameOperation {
			return pay.InvoiceState{}, refused
		}
	} else {
		inv, err := decodeInvoice(res.Body)
		if err != nil {
			return pay.InvoiceState{}, res.Garbled("%v", err)
		}
		if inv.id() == ref.ProviderRef && inv.Status == "canceled" && sameKey(inv, ref.ProviderKey) {
			return a.stateOf(inv, ref.Known, res.Evidence), nil
		}
	}
	return a.notCanceled(ctx, ref, refused, res)
}

// notCanceled reads the invoice after an answer to cancel that was not clear:
// a refusal, or one that says something else.
func (a *account) notCanceled(ctx context.Context, ref pay.InvoiceRef, refused *pay.Error, odd *httpx.Response) (pay.InvoiceState, error) {
	inv, res, err := a.readByID(ctx, ref.ProviderRef)
	switch {
	case err == nil && !sameKey(inv, ref.ProviderKey):
		return pay.InvoiceState{}, mismatch("the invoice belongs to another operation", res)
	case err == nil && (inv.Status == "canceled" || inv.Status == "expired" || inv.Status == "paid"):
		return a.stateOf(inv, ref.Known, res.Evidence), nil
	case refused == nil:
		// It did not refuse, so the cancel may still take effect.
		return pay.InvoiceState{}, odd.Garbled("it does not say canceled, and the invoice does not either")
	case errors.Is(err, pay.KindNotFound), errors.Is(err, pay.KindIntegrityMismatch):
		return pay.InvoiceState{}, err
	}
	refused.Kind, refused.Executed, refused.Retry = pay.KindInvalidState, pay.ExecutedNo, pay.Retry{}
	return pay.InvoiceState{}, refused
}

// sameKey reports whether an invoice is the one made under key, as far as either
// is stated.
func sameKey(inv invoice, key string) bool {
	id := inv.internalID()
	return id == "" || key == "" || id == key
}

// refuseOptions is for operations without provider_options.
func refuseOptions(raw json.RawMessage) error {
	var given map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &given) == nil && len(given) == 0 {
		return nil
	}
	return pay.Invalid("provider_options", "the gateway takes none here")
}

// cancel cancels an unpaid invoice and returns it as it is then. The answer of
// cancel is believed when it clearly says canceled; after any other the
// invoice is read, because a payment may have been faster.
func (a *account) cancel(ctx context.Context, id string) (invoice, *httpx.Response, error) {
	res, err := a.exchange(ctx, http.MethodPost, nil, "api", "merchant", "invoices", id, "cancel")
	if err == nil {
		if inv, bad := decodeInvoice(res.Body); bad == nil && inv.id() == id && inv.Status == "canceled" {
			return inv, res, nil
		}
	}
	return a.readByID(ctx, id)
}
