package monobank

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/sdk/pay"
)

// CaptureInvoice takes a held amount or part of it; the provider then releases
// the rest, and there is no second capture.
//
// The provider answers that it accepted the capture. Whether it is done is read
// from the invoice at once; where that does not show it yet, the invoice is
// reported as still authorized.
func (a *account) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	body, amount, err := buildCapture(req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	res, err := a.post(ctx, pathFinalize, body)
	if err != nil {
		_, failure := a.explained(ctx, req.Invoice, err, wordHold)
		return pay.InvoiceState{}, failure
	}
	var answer struct {
		Status text `json:"status"`
	}
	if json.Unmarshal(res.Body, &answer) != nil || answer.Status != wordSuccess {
		return pay.InvoiceState{}, res.Garbled("it does not say that the capture was accepted")
	}
	n, seen, err := a.glance(ctx, body.InvoiceID)
	if seen == nil {
		why := "the capture was accepted and its result could not be read: " + pay.AsError(err).Message
		return a.pending(req.Invoice, res.Evidence, pay.StatusAuthorized, why), nil
	}
	state := n.state(req.Invoice.Known, recall(req.Invoice.State), seen.Evidence)
	switch n.Status {
	case wordSuccess:
		if !state.Captured.IsSet() && state.Review == "" {
			state.Captured = amount // finalAmount is missing: what was accepted is what was taken
		}
	case wordHold, wordProcessing:
		state.Report.NextLookAt = a.now().Add(lookSoon)
		state.Report.Warnings = append(state.Report.Warnings, "the capture was accepted and is not done yet")
	}
	return state, nil
}

// buildCapture always states an amount: the provider requires it.
func buildCapture(req pay.ChangeInvoice) (changeRequest, pay.Money, error) {
	id, err := changeable(req.Invoice, req.Options)
	if err != nil {
		return changeRequest{}, pay.Money{}, err
	}
	if req.More {
		return changeRequest{}, pay.Money{}, pay.Unsupported("capturing in several parts: the provider releases the rest at the first capture, and it")
	}
	known := req.Invoice.Known
	held := known.Authorized
	if !held.IsSet() {
		held = known.Amount
	}
	amount := req.Amount
	if !amount.IsSet() {
		amount = held
	}
	units, err := changeAmount(amount, known)
	if err != nil {
		return changeRequest{}, pay.Money{}, err
	}
	if order, err := amount.Cmp(held); err != nil || order > 0 {
		return changeRequest{}, pay.Money{}, pay.Invalid("amount.value", "must be at most the held amount, %s", held)
	}
	items, err := buildFiscal(req.Items, known.Amount)
	return changeRequest{InvoiceID: id, Amount: units, Items: items}, amount, err
}
