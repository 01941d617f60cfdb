package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// The reports of these states move to the answer around them.

func writeInvoiceState(a *pluginv1.Arena, s pay.InvoiceState) (*pluginv1.InvoiceState, *pluginv1.Report) {
	out := toInvoiceState(a, s)
	report := out.Report
	out.Report = nil
	return out, report
}

func writeRefundState(a *pluginv1.Arena, s pay.RefundState) (*pluginv1.RefundState, *pluginv1.Report) {
	out := toRefundState(a, s)
	report := out.Report
	out.Report = nil
	return out, report
}

func writePayoutState(a *pluginv1.Arena, s pay.PayoutState) (*pluginv1.PayoutState, *pluginv1.Report) {
	out := toPayoutState(a, s)
	report := out.Report
	out.Report = nil
	return out, report
}

// CreateInvoice implements the service.
func (s *server) CreateInvoice(ctx context.Context, req *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCreateInvoice, req,
		func(req *pluginv1.CreateInvoiceRequest) pay.CreateInvoice {
			return fromNewInvoice(req.GetCall(), req.GetInvoice())
		},
		pay.Account.CreateInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_State{State: state}}, nil
}

// GetInvoice implements the service.
func (s *server) GetInvoice(ctx context.Context, req *pluginv1.GetInvoiceRequest) (*pluginv1.GetInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodGetInvoice, req,
		func(req *pluginv1.GetInvoiceRequest) pay.InvoiceRef { return fromInvoiceRef(req.GetInvoice()) }, pay.Account.GetInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.GetInvoiceResponse{Report: report, Result: &pluginv1.GetInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetInvoiceResponse{Report: report, Result: &pluginv1.GetInvoiceResponse_State{State: state}}, nil
}

// FindInvoice implements the service.
func (s *server) FindInvoice(ctx context.Context, req *pluginv1.FindInvoiceRequest) (*pluginv1.FindInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodFindInvoice, req, fromFindInvoice, pay.InvoiceFinder.FindInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.FindInvoiceResponse{Report: report, Result: &pluginv1.FindInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.FindInvoiceResponse{Report: report, Result: &pluginv1.FindInvoiceResponse_State{State: state}}, nil
}

// CancelInvoice implements the service.
func (s *server) CancelInvoice(ctx context.Context, req *pluginv1.CancelInvoiceRequest) (*pluginv1.CancelInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCancelInvoice, req,
		func(req *pluginv1.CancelInvoiceRequest) pay.ChangeInvoice {
			return fromChange(req.GetCall(), req.GetChange())
		},
		pay.Canceler.CancelInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.CancelInvoiceResponse{Report: report, Result: &pluginv1.CancelInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CancelInvoiceResponse{Report: report, Result: &pluginv1.CancelInvoiceResponse_State{State: state}}, nil
}

// CaptureInvoice implements the service.
func (s *server) CaptureInvoice(ctx context.Context, req *pluginv1.CaptureInvoiceRequest) (*pluginv1.CaptureInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCaptureInvoice, req,
		func(req *pluginv1.CaptureInvoiceRequest) pay.ChangeInvoice {
			return fromChange(req.GetCall(), req.GetChange())
		},
		pay.Capturer.CaptureInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.CaptureInvoiceResponse{Report: report, Result: &pluginv1.CaptureInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CaptureInvoiceResponse{Report: report, Result: &pluginv1.CaptureInvoiceResponse_State{State: state}}, nil
}

// VoidInvoice implements the service.
func (s *server) VoidInvoice(ctx context.Context, req *pluginv1.VoidInvoiceRequest) (*pluginv1.VoidInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodVoidInvoice, req,
		func(req *pluginv1.VoidInvoiceRequest) pay.ChangeInvoice {
			return fromChange(req.GetCall(), req.GetChange())
		},
		pay.Voider.VoidInvoice, writeInvoiceState)
	if fault != nil {
		return &pluginv1.VoidInvoiceResponse{Report: report, Result: &pluginv1.VoidInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.VoidInvoiceResponse{Report: report, Result: &pluginv1.VoidInvoiceResponse_State{State: state}}, nil
}

// Charge implements the service.
func (s *server) Charge(ctx context.Context, req *pluginv1.ChargeRequest) (*pluginv1.ChargeResponse, error) {
	state, report, fault := serve(ctx, s, methodCharge, req, fromCharge, pay.Charger.Charge, writeInvoiceState)
	if fault != nil {
		return &pluginv1.ChargeResponse{Report: report, Result: &pluginv1.ChargeResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ChargeResponse{Report: report, Result: &pluginv1.ChargeResponse_State{State: state}}, nil
}

// CreateRefund implements the service.
func (s *server) CreateRefund(ctx context.Context, req *pluginv1.CreateRefundRequest) (*pluginv1.CreateRefundResponse, error) {
	state, report, fault := serve(ctx, s, methodCreateRefund, req, fromCreateRefund, pay.Refunder.CreateRefund, writeRefundState)
	if fault != nil {
		return &pluginv1.CreateRefundResponse{Report: report, Result: &pluginv1.CreateRefundResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreateRefundResponse{Report: report, Result: &pluginv1.CreateRefundResponse_State{State: state}}, nil
}

// GetRefund implements the service.
func (s *server) GetRefund(ctx context.Context, req *pluginv1.GetRefundRequest) (*pluginv1.GetRefundResponse, error) {
	state, report, fault := serve(ctx, s, methodGetRefund, req,
		func(req *pluginv1.GetRefundRequest) pay.RefundRef { return fromRefundRef(req.GetRefund()) }, pay.RefundGetter.GetRefund, writeRefundState)
	if fault != nil {
		return &pluginv1.GetRefundResponse{Report: report, Result: &pluginv1.GetRefundResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetRefundResponse{Report: report, Result: &pluginv1.GetRefundResponse_State{State: state}}, nil
}

// CreatePayout implements the service.
func (s *server) CreatePayout(ctx context.Context, req *pluginv1.CreatePayoutRequest) (*pluginv1.CreatePayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodCreatePayout, req, fromCreatePayout, pay.PayoutCreator.CreatePayout, writePayoutState)
	if fault != nil {
		return &pluginv1.CreatePayoutResponse{Report: report, Result: &pluginv1.CreatePayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreatePayoutResponse{Report: report, Result: &pluginv1.CreatePayoutResponse_State{State: state}}, nil
}

// GetPayout implements the service.
func (s *server) GetPayout(ctx context.Context, req *pluginv1.GetPayoutRequest) (*pluginv1.GetPayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodGetPayout, req,
		func(req *pluginv1.GetPayoutRequest) pay.PayoutRef { return fromPayoutRef(req.GetPayout()) }, pay.PayoutGetter.GetPayout, writePayoutState)
	if fault != nil {
		return &pluginv1.GetPayoutResponse{Report: report, Result: &pluginv1.GetPayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetPayoutResponse{Report: report, Result: &pluginv1.GetPayoutResponse_State{State: state}}, nil
}

// CancelPayout implements the service.
func (s *server) CancelPayout(ctx context.Context, req *pluginv1.CancelPayoutRequest) (*pluginv1.CancelPayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodCancelPayout, req, fromCancelPayout, pay.PayoutCanceler.CancelPayout, writePayoutState)
	if fault != nil {
		return &pluginv1.CancelPayoutResponse{Report: report, Result: &pluginv1.CancelPayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CancelPayoutResponse{Report: report, Result: &pluginv1.CancelPayoutResponse_State{State: state}}, nil
}
