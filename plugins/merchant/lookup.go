package merchant

import (
	"context"
	"errors"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// GetInvoice reads an invoice by the gateway's id.
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	if !isToken(ref.ProviderRef) {
		return pay.InvoiceState{}, pay.Invalid("provider_ref", "is not an id of this gateway")
	}
	inv, res, err := a.readByID(ctx, ref.ProviderRef)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if id := inv.internalID(); id != "" && ref.ProviderKey != "" && id != ref.ProviderKey {
		return pay.InvoiceState{}, mismatch("the invoice belongs to another operation", res)
	}
	return a.stateOf(inv, ref.Known, res.Evidence), nil
}

// FindInvoice reads an invoice by the key that was sent as internalId. Absence
// is believed only in the gateway's own words: a 404 with a page of something
// in between is no answer.
func (a *account) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	key := either(req.Invoice.ProviderKey, req.Invoice.OperationID)
	if !isToken(key) {
		return pay.InvoiceState{}, pay.Invalid("provider_key", "is not a key this adapter can have sent")
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "invoices", "internal-id", key)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	inv, err := decodeInvoice(res.Body)
	switch {
	case errors.Is(err, errSeveral):
		return pay.InvoiceState{}, mismatch("the key names several invoices", res)
	case err != nil:
		return pay.InvoiceState{}, res.Garbled("%v", err)
	case inv.internalID() != key:
		return pay.InvoiceState{}, mismatch("the invoice belongs to another operation", res)
	}
	return a.stateOf(inv, req.Invoice.Known, res.Evidence), nil
}

func (a *account) readByID(ctx context.Context, id string) (invoice, *httpx.Response, error) {
	return a.readDirected(ctx, id, directionIn)
}

func (a *account) readDirected(ctx context.Context, id, direction string) (invoice, *httpx.Response, error) {
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "invoices", id)
	if err != nil {
		return invoice{}, nil, err
	}
	inv, err := decodeDirected(res.Body, direction)
	if err != nil {
		return invoice{}, nil, res.Garbled("%v", err)
	}
	if inv.id() != id {
		return invoice{}, nil, mismatch("the answer is about another invoice", res)
	}
	return inv, res, nil
}

// mismatch is for an answer about something else than what was asked: a person
// has to look, and nothing is concluded from it.
func mismatch(why string, res *httpx.Response) *pay.Error {
	return &pay.Error{Kind: pay.KindIntegrityMismatch, Message: why, Report: pay.Report{Evidence: res.Evidence}}
}
