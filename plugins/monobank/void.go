package monobank

import (
	"context"
	"fmt"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// VoidInvoice releases a hold. The provider has no call of its own for it: its
// refund call, on a held invoice, gives the hold back. On a captured one the same
// call would return money, so the invoice is read first, and only a hold is released.
//
// Source: not in the provider's description; a shop in production does so.
func (a *account) VoidInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	id, err := changeable(req.Invoice, req.Options)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	items, err := buildFiscal(req.Items, req.Invoice.Known.Amount)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	before, res, err := a.glance(ctx, id)
	if err != nil {
		return pay.InvoiceState{}, err // Nothing was changed.
	}
	mem := recall(req.Invoice.State)
	if before.Status != wordHold {
		state := before.state(req.Invoice.Known, mem, res.Evidence)
		if before.Status == wordReversed && state.Status == pay.StatusCanceled {
			return state, nil // released already
		}
		return pay.InvoiceState{}, &pay.Error{
			Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNewAttempt},
			Message: fmt.Sprintf("only a hold can be released; the provider shows the invoice as %q", httpx.Scrub(string(before.Status))),
			Report:  report(res),
		}
	}
	answer, res, err := a.giveBack(ctx, changeRequest{InvoiceID: id, ExtRef: req.Call.ProviderKey, Items: items})
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if answer.Status == wordFailure {
		return pay.InvoiceState{}, &pay.Error{
			Kind: pay.KindDeclined, Reason: pay.DeclineGeneric, Message: "the provider did not release the hold", Report: report(res),
		}
	}
	// We saw the hold a moment ago: "reversed" can only be its release.
	known := req.Invoice.Known
	known.Status = pay.StatusAuthorized
	after, seen, err := a.glance(ctx, id)
	switch {
	case err == nil && after.Status != wordHold:
		return after.state(known, mem, seen.Evidence), nil
	case err != nil && answer.Status == wordSuccess:
		return pay.InvoiceState{Report: report(res), ProviderRef: id, Status: pay.StatusCanceled}, nil
	}
	return a.pending(req.Invoice, res.Evidence, pay.StatusAuthorized, "the release of the hold was accepted and is not done yet"), nil
}
