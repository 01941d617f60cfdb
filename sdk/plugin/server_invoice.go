package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// The reports of these states move to the answer around them.

func writeInvoiceState(s pay.InvoiceState) (*pluginv1.InvoiceState, *pluginv1.Report) {
	out := toInvoiceState(nil, s)
	report := out.Report
	out.Report = nil
	return out, report
}

func writeRefundState(s pay.RefundState) (*pluginv1.RefundState, *pluginv1.Report) {
	out := toRefundState(nil, s)
	report := out.Report
	out.Report = nil
	return out, report
}

func writePayoutState(s pay.PayoutState) (*pluginv1.PayoutState, *pluginv1.Report) {
	out := toPayoutState(nil, s)
	report := out.Report
	out.Report = nil
	return out, report
}

// CreateInvoice implements the service.
func (s *server) CreateInvoice(ctx context.Context, req *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCreateInvoice, req,
		func(ctx context.Context, a pay.Account) (pay.InvoiceState, error) {
			return a.CreateInvoice(ctx, fromNewInvoice(req.GetCall(), req.GetInvoice()))
		}, writeInvoiceState)
	if fault != nil {
		return &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_State{State: state}}, nil
}

// GetInvoice implements the service.
func (s *server) GetInvoice(ctx context.Context, req *pluginv1.GetInvoiceRequest) (*pluginv1.GetInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodGetInvoice, req,
		func(ctx context.Context, a pay.Account) (pay.InvoiceState, error) {
			return a.GetInvoice(ctx, fromInvoiceRef(req.GetInvoice()))
		}, writeInvoiceState)
	if fault != nil {
		return &pluginv1.GetInvoiceResponse{Report: report, Result: &pluginv1.GetInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetInvoiceResponse{Report: report, Result: &pluginv1.GetInvoiceResponse_State{State: state}}, nil
}

// FindInvoice implements the service.
func (s *server) FindInvoice(ctx context.Context, req *pluginv1.FindInvoiceRequest) (*pluginv1.FindInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodFindInvoice, req,
		offered(methodFindInvoice, func(ctx context.Context, a pay.InvoiceFinder) (pay.InvoiceState, error) {
			return a.FindInvoice(ctx, fromFindInvoice(req))
		}), writeInvoiceState)
	if fault != nil {
		return &pluginv1.FindInvoiceResponse{Report: report, Result: &pluginv1.FindInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.FindInvoiceResponse{Report: report, Result: &pluginv1.FindInvoiceResponse_State{State: state}}, nil
}

// CancelInvoice implements the service.
func (s *server) CancelInvoice(ctx context.Context, req *pluginv1.CancelInvoiceRequest) (*pluginv1.CancelInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCancelInvoice, req,
		offered(methodCancelInvoice, func(ctx context.Context, a pay.Canceler) (pay.InvoiceState, error) {
			return a.CancelInvoice(ctx, fromChange(req.GetCall(), req.GetChange()))
		}), writeInvoiceState)
	if fault != nil {
		return &pluginv1.CancelInvoiceResponse{Report: report, Result: &pluginv1.CancelInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CancelInvoiceResponse{Report: report, Result: &pluginv1.CancelInvoiceResponse_State{State: state}}, nil
}

// CaptureInvoice implements the service.
func (s *server) CaptureInvoice(ctx context.Context, req *pluginv1.CaptureInvoiceRequest) (*pluginv1.CaptureInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodCaptureInvoice, req,
		offered(methodCaptureInvoice, func(ctx context.Context, a pay.Capturer) (pay.InvoiceState, error) {
			return a.CaptureInvoice(ctx, fromChange(req.GetCall(), req.GetChange()))
		}), writeInvoiceState)
	if fault != nil {
		return &pluginv1.CaptureInvoiceResponse{Report: report, Result: &pluginv1.CaptureInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CaptureInvoiceResponse{Report: report, Result: &pluginv1.CaptureInvoiceResponse_State{State: state}}, nil
}

// VoidInvoice implements the service.
func (s *server) VoidInvoice(ctx context.Context, req *pluginv1.VoidInvoiceRequest) (*pluginv1.VoidInvoiceResponse, error) {
	state, report, fault := serve(ctx, s, methodVoidInvoice, req,
		offered(methodVoidInvoice, func(ctx context.Context, a pay.Voider) (pay.InvoiceState, error) {
			return a.VoidInvoice(ctx, fromChange(req.GetCall(), req.GetChange()))
		}), writeInvoiceState)
	if fault != nil {
		return &pluginv1.VoidInvoiceResponse{Report: report, Result: &pluginv1.VoidInvoiceResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.VoidInvoiceResponse{Report: report, Result: &pluginv1.VoidInvoiceResponse_State{State: state}}, nil
}

// Charge implements the service.
func (s *server) Charge(ctx context.Context, req *pluginv1.ChargeRequest) (*pluginv1.ChargeResponse, error) {
	state, report, fault := serve(ctx, s, methodCharge, req,
		offered(methodCharge, func(ctx context.Context, a pay.Charger) (pay.InvoiceState, error) {
			return a.Charge(ctx, fromCharge(req))
		}), writeInvoiceState)
	if fault != nil {
		return &pluginv1.ChargeResponse{Report: report, Result: &pluginv1.ChargeResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ChargeResponse{Report: report, Result: &pluginv1.ChargeResponse_State{State: state}}, nil
}

// CreateRefund implements the service.
func (s *server) CreateRefund(ctx context.Context, req *pluginv1.CreateRefundRequest) (*pluginv1.CreateRefundResponse, error) {
	state, report, fault := serve(ctx, s, methodCreateRefund, req,
		offered(methodCreateRefund, func(ctx context.Context, a pay.Refunder) (pay.RefundState, error) {
			return a.CreateRefund(ctx, fromCreateRefund(req))
		}), writeRefundState)
	if fault != nil {
		return &pluginv1.CreateRefundResponse{Report: report, Result: &pluginv1.CreateRefundResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreateRefundResponse{Report: report, Result: &pluginv1.CreateRefundResponse_State{State: state}}, nil
}

// GetRefund implements the service.
func (s *server) GetRefund(ctx context.Context, req *pluginv1.GetRefundRequest) (*pluginv1.GetRefundResponse, error) {
	state, report, fault := serve(ctx, s, methodGetRefund, req,
		offered(methodGetRefund, func(ctx context.Context, a pay.RefundGetter) (pay.RefundState, error) {
			return a.GetRefund(ctx, fromRefundRef(req.GetRefund()))
		}), writeRefundState)
	if fault != nil {
		return &pluginv1.GetRefundResponse{Report: report, Result: &pluginv1.GetRefundResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetRefundResponse{Report: report, Result: &pluginv1.GetRefundResponse_State{State: state}}, nil
}

// CreatePayout implements the service.
func (s *server) CreatePayout(ctx context.Context, req *pluginv1.CreatePayoutRequest) (*pluginv1.CreatePayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodCreatePayout, req,
		offered(methodCreatePayout, func(ctx context.Context, a pay.PayoutCreator) (pay.PayoutState, error) {
			return a.CreatePayout(ctx, fromCreatePayout(req))
		}), writePayoutState)
	if fault != nil {
		return &pluginv1.CreatePayoutResponse{Report: report, Result: &pluginv1.CreatePayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CreatePayoutResponse{Report: report, Result: &pluginv1.CreatePayoutResponse_State{State: state}}, nil
}

// GetPayout implements the service.
func (s *server) GetPayout(ctx context.Context, req *pluginv1.GetPayoutRequest) (*pluginv1.GetPayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodGetPayout, req,
		offered(methodGetPayout, func(ctx context.Context, a pay.PayoutGetter) (pay.PayoutState, error) {
			return a.GetPayout(ctx, fromPayoutRef(req.GetPayout()))
		}), writePayoutState)
	if fault != nil {
		return &pluginv1.GetPayoutResponse{Report: report, Result: &pluginv1.GetPayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.GetPayoutResponse{Report: report, Result: &pluginv1.GetPayoutResponse_State{State: state}}, nil
}

// CancelPayout implements the service.
func (s *server) CancelPayout(ctx context.Context, req *pluginv1.CancelPayoutRequest) (*pluginv1.CancelPayoutResponse, error) {
	state, report, fault := serve(ctx, s, methodCancelPayout, req,
		offered(methodCancelPayout, func(ctx context.Context, a pay.PayoutCanceler) (pay.PayoutState, error) {
			return a.CancelPayout(ctx, fromCancelPayout(req))
		}), writePayoutState)
	if fault != nil {
		return &pluginv1.CancelPayoutResponse{Report: report, Result: &pluginv1.CancelPayoutResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CancelPayoutResponse{Report: report, Result: &pluginv1.CancelPayoutResponse_State{State: state}}, nil
}
