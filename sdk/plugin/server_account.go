package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func writeAccountInfo(i pay.AccountInfo) (*pluginv1.AccountInfo, *pluginv1.Report) {
	out := toAccountInfo(nil, i)
	report := out.Report
	out.Report = nil
	return out, report
}

// Check implements the service.
func (s *server) Check(ctx context.Context, req *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	state, report, fault := serve(ctx, s, methodCheck, req,
		offered(methodCheck, func(ctx context.Context, a pay.Checker) (pay.AccountInfo, error) {
			return a.Check(ctx, pay.Check{Call: fromCall(req.GetCall())})
		}), writeAccountInfo)
	if fault != nil {
		return &pluginv1.CheckResponse{Report: report, Result: &pluginv1.CheckResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CheckResponse{Report: report, Result: &pluginv1.CheckResponse_State{State: state}}, nil
}

// Maintain implements the service.
func (s *server) Maintain(ctx context.Context, req *pluginv1.MaintainRequest) (*pluginv1.MaintainResponse, error) {
	state, report, fault := serve(ctx, s, methodMaintain, req,
		offered(methodMaintain, func(ctx context.Context, a pay.AccountMaintainer) (pay.Maintained, error) {
			return a.Maintain(ctx, fromMaintain(req))
		}), func(r pay.Maintained) (*pluginv1.Maintained, *pluginv1.Report) {
			return toMaintained(nil, r), toReport(nil, r.Report)
		})
	if fault != nil {
		return &pluginv1.MaintainResponse{Report: report, Result: &pluginv1.MaintainResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.MaintainResponse{Report: report, Result: &pluginv1.MaintainResponse_State{State: state}}, nil
}

// ReadBalances implements the service.
func (s *server) ReadBalances(ctx context.Context, req *pluginv1.ReadBalancesRequest) (*pluginv1.ReadBalancesResponse, error) {
	state, report, fault := serve(ctx, s, methodReadBalances, req,
		offered(methodReadBalances, func(ctx context.Context, a pay.BalanceReader) (pay.Balances, error) {
			return a.ReadBalances(ctx, fromReadBalances(req))
		}), func(r pay.Balances) (*pluginv1.Balances, *pluginv1.Report) {
			return toBalances(nil, r), toReport(nil, r.Report)
		})
	if fault != nil {
		return &pluginv1.ReadBalancesResponse{Report: report, Result: &pluginv1.ReadBalancesResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ReadBalancesResponse{Report: report, Result: &pluginv1.ReadBalancesResponse_State{State: state}}, nil
}

// ListTransactions implements the service.
func (s *server) ListTransactions(ctx context.Context, req *pluginv1.ListTransactionsRequest) (*pluginv1.ListTransactionsResponse, error) {
	state, report, fault := serve(ctx, s, methodListTransactions, req,
		offered(methodListTransactions, func(ctx context.Context, a pay.TransactionLister) (pay.TransactionPage, error) {
			return a.ListTransactions(ctx, fromListTransactions(req))
		}), func(r pay.TransactionPage) (*pluginv1.TransactionPage, *pluginv1.Report) {
			return toTransactionPage(nil, r), toReport(nil, r.Report)
		})
	if fault != nil {
		return &pluginv1.ListTransactionsResponse{Report: report, Result: &pluginv1.ListTransactionsResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ListTransactionsResponse{Report: report, Result: &pluginv1.ListTransactionsResponse_State{State: state}}, nil
}

// HandleWebhook implements the service.
func (s *server) HandleWebhook(ctx context.Context, req *pluginv1.HandleWebhookRequest) (*pluginv1.HandleWebhookResponse, error) {
	state, report, fault := serve(ctx, s, methodHandleWebhook, req,
		offered(methodHandleWebhook, func(ctx context.Context, a pay.WebhookHandler) (pay.WebhookResult, error) {
			return a.HandleWebhook(ctx, fromWebhook(req.GetCall(), req.GetWebhook()))
		}), func(r pay.WebhookResult) (*pluginv1.WebhookResult, *pluginv1.Report) {
			return toWebhookResult(nil, r), toReport(nil, r.Report)
		})
	if fault != nil {
		return &pluginv1.HandleWebhookResponse{Report: report, Result: &pluginv1.HandleWebhookResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.HandleWebhookResponse{Report: report, Result: &pluginv1.HandleWebhookResponse_State{State: state}}, nil
}

// RouteWebhook implements the service.
func (s *server) RouteWebhook(ctx context.Context, req *pluginv1.RouteWebhookRequest) (*pluginv1.RouteWebhookResponse, error) {
	state, report, fault := serve(ctx, s, methodRouteWebhook, req,
		offered(methodRouteWebhook, func(ctx context.Context, a pay.WebhookRouter) (pay.WebhookRoute, error) {
			return a.RouteWebhook(ctx, fromWebhook(req.GetCall(), req.GetWebhook()))
		}), func(r pay.WebhookRoute) (*pluginv1.WebhookRoute, *pluginv1.Report) {
			return toWebhookRoute(nil, r), nil
		})
	if fault != nil {
		return &pluginv1.RouteWebhookResponse{Report: report, Result: &pluginv1.RouteWebhookResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.RouteWebhookResponse{Report: report, Result: &pluginv1.RouteWebhookResponse_State{State: state}}, nil
}
