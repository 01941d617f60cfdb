package plugin

import (
	"context"

	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice implements [pay.Account].
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.CreateInvoiceRequest()
	wire.Call, wire.Invoice = a.frame(ctx, x, req.Call), toNewInvoice(x.Arena, req)
	state, report, err := send(ctx, a, x, methodCreateInvoice, wire, x.CreateInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// GetInvoice implements [pay.Account].
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.GetInvoiceRequest()
	wire.Call, wire.Invoice = a.frame(ctx, x, pay.Call{}), toInvoiceRef(x.Arena, ref)
	state, report, err := send(ctx, a, x, methodGetInvoice, wire, x.GetInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CancelInvoice implements [pay.Canceler].
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.CancelInvoiceRequest()
	wire.Call, wire.Change = a.frame(ctx, x, req.Call), toChange(x.Arena, req)
	state, report, err := send(ctx, a, x, methodCancelInvoice, wire, x.CancelInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CaptureInvoice implements [pay.Capturer].
func (a *account) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.CaptureInvoiceRequest()
	wire.Call, wire.Change = a.frame(ctx, x, req.Call), toChange(x.Arena, req)
	state, report, err := send(ctx, a, x, methodCaptureInvoice, wire, x.CaptureInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// VoidInvoice implements [pay.Voider].
func (a *account) VoidInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.VoidInvoiceRequest()
	wire.Call, wire.Change = a.frame(ctx, x, req.Call), toChange(x.Arena, req)
	state, report, err := send(ctx, a, x, methodVoidInvoice, wire, x.VoidInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// FindInvoice implements [pay.InvoiceFinder].
func (a *account) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toFindInvoice(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodFindInvoice, wire, x.FindInvoiceResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// Charge implements [pay.Charger].
func (a *account) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toCharge(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Invoice.Call)
	state, report, err := send(ctx, a, x, methodCharge, wire, x.ChargeResponse())
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CreateRefund implements [pay.Refunder].
func (a *account) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toCreateRefund(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodCreateRefund, wire, x.CreateRefundResponse())
	if err != nil {
		return pay.RefundState{}, err
	}
	return readRefund(state, report), nil
}

// GetRefund implements [pay.RefundGetter].
func (a *account) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.GetRefundRequest()
	wire.Call, wire.Refund = a.frame(ctx, x, pay.Call{}), toRefundRef(x.Arena, ref)
	state, report, err := send(ctx, a, x, methodGetRefund, wire, x.GetRefundResponse())
	if err != nil {
		return pay.RefundState{}, err
	}
	return readRefund(state, report), nil
}

// CreatePayout implements [pay.PayoutCreator].
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toCreatePayout(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodCreatePayout, wire, x.CreatePayoutResponse())
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}

// GetPayout implements [pay.PayoutGetter].
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.GetPayoutRequest()
	wire.Call, wire.Payout = a.frame(ctx, x, pay.Call{}), toPayoutRef(x.Arena, ref)
	state, report, err := send(ctx, a, x, methodGetPayout, wire, x.GetPayoutResponse())
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}

// CancelPayout implements [pay.PayoutCanceler].
func (a *account) CancelPayout(ctx context.Context, req pay.CancelPayout) (pay.PayoutState, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toCancelPayout(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodCancelPayout, wire, x.CancelPayoutResponse())
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}
