package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice implements [pay.Account].
func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	state, report, err := send(ctx, a, methodCreateInvoice, &pluginv1.CreateInvoiceRequest{
		Call: a.frame(ctx, req.Call), Invoice: toNewInvoice(req),
	}, a.client.rpc.CreateInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// GetInvoice implements [pay.Account].
func (a *account) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	state, report, err := send(ctx, a, methodGetInvoice, &pluginv1.GetInvoiceRequest{
		Call: a.frame(ctx, pay.Call{}), Invoice: toInvoiceRef(ref),
	}, a.client.rpc.GetInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CancelInvoice implements [pay.Canceler].
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	state, report, err := send(ctx, a, methodCancelInvoice, &pluginv1.CancelInvoiceRequest{
		Call: a.frame(ctx, req.Call), Change: toChange(req),
	}, a.client.rpc.CancelInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CaptureInvoice implements [pay.Capturer].
func (a *account) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	state, report, err := send(ctx, a, methodCaptureInvoice, &pluginv1.CaptureInvoiceRequest{
		Call: a.frame(ctx, req.Call), Change: toChange(req),
	}, a.client.rpc.CaptureInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// VoidInvoice implements [pay.Voider].
func (a *account) VoidInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	state, report, err := send(ctx, a, methodVoidInvoice, &pluginv1.VoidInvoiceRequest{
		Call: a.frame(ctx, req.Call), Change: toChange(req),
	}, a.client.rpc.VoidInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// FindInvoice implements [pay.InvoiceFinder].
func (a *account) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	wire := toFindInvoice(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodFindInvoice, wire, a.client.rpc.FindInvoice)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// Charge implements [pay.Charger].
func (a *account) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	wire := toCharge(req)
	wire.Call = a.frame(ctx, req.Invoice.Call)
	state, report, err := send(ctx, a, methodCharge, wire, a.client.rpc.Charge)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return readInvoice(state, report), nil
}

// CreateRefund implements [pay.Refunder].
func (a *account) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	wire := toCreateRefund(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodCreateRefund, wire, a.client.rpc.CreateRefund)
	if err != nil {
		return pay.RefundState{}, err
	}
	return readRefund(state, report), nil
}

// GetRefund implements [pay.RefundGetter].
func (a *account) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	state, report, err := send(ctx, a, methodGetRefund, &pluginv1.GetRefundRequest{
		Call: a.frame(ctx, pay.Call{}), Refund: toRefundRef(ref),
	}, a.client.rpc.GetRefund)
	if err != nil {
		return pay.RefundState{}, err
	}
	return readRefund(state, report), nil
}

// CreatePayout implements [pay.PayoutCreator].
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	wire := toCreatePayout(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodCreatePayout, wire, a.client.rpc.CreatePayout)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}

// GetPayout implements [pay.PayoutGetter].
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	state, report, err := send(ctx, a, methodGetPayout, &pluginv1.GetPayoutRequest{
		Call: a.frame(ctx, pay.Call{}), Payout: toPayoutRef(ref),
	}, a.client.rpc.GetPayout)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}

// CancelPayout implements [pay.PayoutCanceler].
func (a *account) CancelPayout(ctx context.Context, req pay.CancelPayout) (pay.PayoutState, error) {
	wire := toCancelPayout(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodCancelPayout, wire, a.client.rpc.CancelPayout)
	if err != nil {
		return pay.PayoutState{}, err
	}
	return readPayout(state, report), nil
}
