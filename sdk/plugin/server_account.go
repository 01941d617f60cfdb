package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

func writeAccountInfo(a *pluginv1.Arena, i pay.AccountInfo) (*pluginv1.AccountInfo, *pluginv1.Report) {
	out := toAccountInfo(a, i)
	report := out.Report
	out.Report = nil
	return out, report
}

// Check implements the service.
func (s *server) Check(ctx context.Context, req *pluginv1.CheckRequest) (*pluginv1.CheckResponse, error) {
	state, report, fault := serve(ctx, s, methodCheck, req,
		func(req *pluginv1.CheckRequest) pay.Check { return pay.Check{Call: fromCall(req.GetCall())} }, pay.Checker.Check, writeAccountInfo)
	if fault != nil {
		return &pluginv1.CheckResponse{Report: report, Result: &pluginv1.CheckResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.CheckResponse{Report: report, Result: &pluginv1.CheckResponse_State{State: state}}, nil
}

// Maintain implements the service.
func (s *server) Maintain(ctx context.Context, req *pluginv1.MaintainRequest) (*pluginv1.MaintainResponse, error) {
	state, report, fault := serve(ctx, s, methodMaintain, req, fromMaintain, pay.AccountMaintainer.Maintain,
		func(a *pluginv1.Arena, r pay.Maintained) (*pluginv1.Maintained, *pluginv1.Report) {
			return toMaintained(a, r), toReport(a, r.Report)
		})
	if fault != nil {
		return &pluginv1.MaintainResponse{Report: report, Result: &pluginv1.MaintainResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.MaintainResponse{Report: report, Result: &pluginv1.MaintainResponse_State{State: state}}, nil
}

// ReadBalances implements the service.
func (s *server) ReadBalances(ctx context.Context, req *pluginv1.ReadBalancesRequest) (*pluginv1.ReadBalancesResponse, error) {
	state, report, fault := serve(ctx, s, methodReadBalances, req, fromReadBalances, pay.BalanceReader.ReadBalances,
		func(a *pluginv1.Arena, r pay.Balances) (*pluginv1.Balances, *pluginv1.Report) {
			return toBalances(a, r), toReport(a, r.Report)
		})
	if fault != nil {
		return &pluginv1.ReadBalancesResponse{Report: report, Result: &pluginv1.ReadBalancesResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ReadBalancesResponse{Report: report, Result: &pluginv1.ReadBalancesResponse_State{State: state}}, nil
}

// ListTransactions implements the service.
func (s *server) ListTransactions(ctx context.Context, req *pluginv1.ListTransactionsRequest) (*pluginv1.ListTransactionsResponse, error) {
	state, report, fault := serve(ctx, s, methodListTransactions, req, fromListTransactions, pay.TransactionLister.ListTransactions,
		func(a *pluginv1.Arena, r pay.TransactionPage) (*pluginv1.TransactionPage, *pluginv1.Report) {
			return toTransactionPage(a, r), toReport(a, r.Report)
		})
	if fault != nil {
		return &pluginv1.ListTransactionsResponse{Report: report, Result: &pluginv1.ListTransactionsResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.ListTransactionsResponse{Report: report, Result: &pluginv1.ListTransactionsResponse_State{State: state}}, nil
}

// HandleWebhook implements the service.
func (s *server) HandleWebhook(ctx context.Context, req *pluginv1.HandleWebhookRequest) (*pluginv1.HandleWebhookResponse, error) {
	state, report, fault := serve(ctx, s, methodHandleWebhook, req,
		func(req *pluginv1.HandleWebhookRequest) pay.WebhookRequest {
			return fromWebhook(req.GetCall(), req.GetWebhook())
		}, pay.WebhookHandler.HandleWebhook,
		func(a *pluginv1.Arena, r pay.WebhookResult) (*pluginv1.WebhookResult, *pluginv1.Report) {
			return toWebhookResult(a, r), toReport(a, r.Report)
		})
	if fault != nil {
		return &pluginv1.HandleWebhookResponse{Report: report, Result: &pluginv1.HandleWebhookResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.HandleWebhookResponse{Report: report, Result: &pluginv1.HandleWebhookResponse_State{State: state}}, nil
}

// RouteWebhook implements the service.
func (s *server) RouteWebhook(ctx context.Context, req *pluginv1.RouteWebhookRequest) (*pluginv1.RouteWebhookResponse, error) {
	state, report, fault := serve(ctx, s, methodRouteWebhook, req,
		func(req *pluginv1.RouteWebhookRequest) pay.WebhookRequest {
			return fromWebhook(req.GetCall(), req.GetWebhook())
		}, pay.WebhookRouter.RouteWebhook,
		func(a *pluginv1.Arena, r pay.WebhookRoute) (*pluginv1.WebhookRoute, *pluginv1.Report) {
			return toWebhookRoute(a, r), nil
		})
	if fault != nil {
		return &pluginv1.RouteWebhookResponse{Report: report, Result: &pluginv1.RouteWebhookResponse_Error{Error: fault}}, nil
	}
	return &pluginv1.RouteWebhookResponse{Report: report, Result: &pluginv1.RouteWebhookResponse_State{State: state}}, nil
}
