package merchant

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const dealOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["deal_id", "deal_status"],
  "properties": {
    "deal_id": {"type": "string"},
    "deal_status": {"type": "string", "description": "The gateway's word, for example transfer_confirmed or dispute."}
  }
}`

// confirmTransfer sends a proof of the payer's transfer. Matching requires it;
// otherwise it hastens the receiver. The deal is then transfer_confirmed and the
// invoice stays new: it is the payer's word, and nobody holds money. The invoice is
// read before, so that a proof goes out only where there is a deal to prove.
func (a *account) confirmTransfer(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	file, err := oneFile(req.Attachments)
	if err != nil {
		return pay.ActionResult{}, err
	}
	body, err := newForm(file)
	if err != nil {
		return pay.ActionResult{}, err
	}
	before, res, err := a.readBefore(ctx, *req.Invoice)
	if err != nil {
		return pay.ActionResult{}, err
	}
	paying, active := before.activeDeal()
	switch {
	case before.Status != "new":
		return pay.ActionResult{}, notNow(res, "the invoice is not waiting for a transfer any more")
	case !active:
		return pay.ActionResult{}, notNow(res, "the invoice has no active deal whose transfer could be confirmed")
	}
	return a.upload(ctx, *req.Invoice, "confirm-transfer", body, func(inv invoice) (deal, bool) {
		d, found := inv.dealByID(string(paying.ID))
		// The receiver may have been faster than the answer.
		return d, found && (d.Status == "transfer_confirmed" || d.Status == "completed") || inv.Status == "paid"
	})
}

// readBefore reads the invoice that an action is about to change. Nothing has
// been sent to change it, whatever comes of this.
func (a *account) readBefore(ctx context.Context, ref pay.InvoiceRef) (invoice, *httpx.Response, error) {
	inv, res, err := a.readByID(ctx, ref.ProviderRef)
	if err == nil && !sameKey(inv, ref.ProviderKey) {
		err = mismatch("the invoice belongs to another operation", res)
	}
	if err != nil {
		e := pay.AsError(err)
		e.Executed = pay.ExecutedNo
		return invoice{}, nil, e
	}
	return inv, res, nil
}

// notNow refuses an action that the invoice as it was just read does not allow.
func notNow(res *httpx.Response, why string) *pay.Error {
	return &pay.Error{
		Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Message: why, Report: pay.Report{Evidence: res.Evidence},
	}
}

// upload posts a form about one invoice. Done finds in the answer the deal that
// shows the effect; an answer without it proves nothing.
func (a *account) upload(ctx context.Context, ref pay.InvoiceRef, what string, body *form, done func(invoice) (deal, bool)) (pay.ActionResult, error) {
	res, err := a.do(ctx, call{
		method: http.MethodPost, segments: []string{"api", "merchant", "invoices", ref.ProviderRef, what}, form: body,
	})
	if err != nil {
		return pay.ActionResult{}, blameInvoice(err)
	}
	inv, err := decodeInvoice(res.Body)
	switch {
	case err != nil:
		return pay.ActionResult{}, res.Garbled("%v", err)
	case inv.id() != ref.ProviderRef || !sameKey(inv, ref.ProviderKey):
		return pay.ActionResult{}, res.Garbled("it is about another invoice than the one asked for")
	}
	shown, ok := done(inv)
	if !ok {
		return pay.ActionResult{}, res.Garbled("it does not show that the gateway took the proof")
	}
	state := a.stateOf(inv, ref.Known, res.Evidence)
	out, err := answered(res, map[string]string{"deal_id": clip(string(shown.ID)), "deal_status": clip(shown.Status)})
	out.Report, out.Invoice = state.Report, &state
	return out, err
}
