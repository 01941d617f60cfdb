package plugintest

import (
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// invoice is what the host would hold about one invoice.
type invoice struct {
	w    *world
	req  pay.CreateInvoice
	ref  pay.InvoiceRef
	last pay.InvoiceState
}

// request returns the harness's sample, completed as the host does.
func (w *world) request() pay.CreateInvoice {
	w.Helper()
	_, call := w.call()
	req := w.harness.Create()
	req.Call = call
	req.InvoiceID = "inv_" + call.OperationID[len("op_"):]
	req.WebhookURL = w.site.WebhookURL + "/" + req.InvoiceID
	return req
}

// send makes one try of a create.
func (w *world) send(req pay.CreateInvoice) (pay.InvoiceState, error) {
	w.Helper()
	ctx, _ := w.call()
	return w.account.CreateInvoice(pay.WithCall(ctx, req.Call), req)
}

// create makes an invoice; a refusal ends the check.
func (w *world) create() *invoice {
	w.Helper()
	return w.createFrom(w.request())
}

func (w *world) createFrom(req pay.CreateInvoice) *invoice {
	w.Helper()
	state, err := w.send(req)
	if err != nil {
		w.Fatalf("CreateInvoice of the harness's sample failed: %v", err)
	}
	return w.hold(req, state)
}

// hold keeps what the host would keep.
func (w *world) hold(req pay.CreateInvoice, state pay.InvoiceState) *invoice {
	inv := &invoice{w: w, req: req, ref: pay.InvoiceRef{
		InvoiceID: req.InvoiceID, OperationID: req.Call.OperationID, ProviderKey: req.Call.ProviderKey,
		Known: pay.Known{
			Purpose: req.Purpose, Capture: req.Capture, Amount: req.Amount, Due: req.Amount, CreatedAt: time.Now().UTC(),
		},
	}}
	if inv.ref.Known.Purpose == "" {
		inv.ref.Known.Purpose = pay.PurposePayment
	}
	if inv.ref.Known.Capture == "" {
		inv.ref.Known.Capture = pay.CaptureAutomatic
	}
	inv.learn(state)
	return inv
}

// learn replaces what was known by what the provider says.
func (i *invoice) learn(state pay.InvoiceState) {
	i.last = state
	if state.ProviderRef != "" {
		i.ref.ProviderRef = state.ProviderRef
	}
	if state.ProviderRefs != nil {
		i.ref.ProviderRefs = state.ProviderRefs
	}
	if state.Report.State != nil {
		i.ref.State = state.Report.State
	}
	if state.Status != "" {
		i.ref.Known.Status = state.Status
	}
	for _, m := range []struct {
		known *pay.Money
		said  pay.Money
	}{
		{&i.ref.Known.Due, state.Due}, {&i.ref.Known.Authorized, state.Authorized},
		{&i.ref.Known.Captured, state.Captured}, {&i.ref.Known.Refunded, state.Refunded},
	} {
		if m.said.IsSet() {
			*m.known = m.said
		}
	}
	if !state.ExpiresAt.IsZero() {
		i.ref.Known.ExpiresAt = state.ExpiresAt
	}
}

// tryGet asks the provider.
func (i *invoice) tryGet() (pay.InvoiceState, error) {
	i.w.Helper()
	ctx, _ := i.w.call()
	return i.w.account.GetInvoice(ctx, i.ref)
}

// get asks the provider and keeps the answer; a failure ends the check.
func (i *invoice) get() pay.InvoiceState {
	i.w.Helper()
	state, err := i.tryGet()
	if err != nil {
		i.w.Fatalf("GetInvoice failed: %v", err)
	}
	i.learn(state)
	return state
}

// pay lets the payer pay.
func (i *invoice) pay() {
	i.w.Helper()
	if err := i.w.sim.Pay(i.ref.ProviderRef); err != nil {
		i.w.Fatalf("the simulator cannot pay %q: %v", i.ref.ProviderRef, err)
	}
}

// change is a request about the invoice.
func (i *invoice) change() pay.ChangeInvoice {
	i.w.Helper()
	_, call := i.w.call()
	return pay.ChangeInvoice{Call: call, Invoice: i.ref}
}

// refund is a request to return everything.
func (i *invoice) refund() pay.CreateRefund {
	i.w.Helper()
	_, call := i.w.call()
	return pay.CreateRefund{
		Call: call, RefundID: "ref_" + call.OperationID[len("op_"):], Invoice: i.ref, Amount: i.req.Amount, Reason: "conformance",
	}
}
