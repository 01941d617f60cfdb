package monobank

import (
	"context"
	"errors"

	"github.com/payhost/payhost/sdk/pay"
)

// CancelInvoice takes an unpaid invoice back. The provider's answer has no body,
// and its status call need not show it: the state remembers it.
//
// A remove may be repeated without harm: of an invoice that is gone, only a
// refusal can come back.
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	id, err := changeable(req.Invoice, req.Options)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	res, err := a.post(ctx, pathRemove, changeRequest{InvoiceID: id})
	if err != nil {
		return a.notRemoved(ctx, req.Invoice, err)
	}
	if !emptyAnswer(res.Body) {
		return pay.InvoiceState{}, res.Garbled("it is not an empty answer")
	}
	mem := recall(req.Invoice.State)
	mem.Removed = true
	return pay.InvoiceState{
		Report:      pay.Report{Evidence: res.Evidence, State: mem.state()},
		ProviderRef: id,
		Status:      pay.StatusCanceled,
	}, nil
}

// notRemoved reads what a refused remove means. An invoice that nobody can pay
// any more is what was wanted, whoever ended it.
func (a *account) notRemoved(ctx context.Context, ref pay.InvoiceRef, failure error) (pay.InvoiceState, error) {
	state, failure := a.explained(ctx, ref, failure, wordCreated)
	if errors.Is(failure, pay.KindInvalidState) && state != nil &&
		(state.Status == pay.StatusCanceled || state.Status == pay.StatusExpired) {
		return *state, nil
	}
	return pay.InvoiceState{}, failure
}
