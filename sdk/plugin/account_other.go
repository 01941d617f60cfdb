package plugin

import (
	"context"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// ReadBalances implements [pay.BalanceReader].
func (a *account) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	wire := toReadBalances(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodReadBalances, wire, a.client.rpc.ReadBalances)
	if err != nil {
		return pay.Balances{}, err
	}
	return fromBalances(report, state), nil
}

// ListTransactions implements [pay.TransactionLister].
func (a *account) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	wire := toListTransactions(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodListTransactions, wire, a.client.rpc.ListTransactions)
	if err != nil {
		return pay.TransactionPage{}, err
	}
	return fromTransactionPage(report, state), nil
}

// HandleWebhook implements [pay.WebhookHandler].
func (a *account) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	state, report, err := send(ctx, a, methodHandleWebhook, &pluginv1.HandleWebhookRequest{
		Call: a.frame(ctx, req.Call), Webhook: toWebhook(req),
	}, a.client.rpc.HandleWebhook)
	if err != nil {
		return pay.WebhookResult{}, err
	}
	return readWebhookResult(state, report), nil
}

// RouteWebhook implements [pay.WebhookRouter].
func (a *account) RouteWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookRoute, error) {
	state, _, err := send(ctx, a, methodRouteWebhook, &pluginv1.RouteWebhookRequest{
		Call: a.frame(ctx, req.Call), Webhook: toWebhook(req),
	}, a.client.rpc.RouteWebhook)
	if err != nil {
		return pay.WebhookRoute{}, err
	}
	return fromWebhookRoute(state), nil
}

// Check implements [pay.Checker].
func (a *account) Check(ctx context.Context, req pay.Check) (pay.AccountInfo, error) {
	state, report, err := send(ctx, a, methodCheck, &pluginv1.CheckRequest{Call: a.frame(ctx, req.Call)}, a.client.rpc.Check)
	if err != nil {
		return pay.AccountInfo{}, err
	}
	return readAccountInfo(state, report), nil
}

// Maintain implements [pay.AccountMaintainer].
func (a *account) Maintain(ctx context.Context, req pay.Maintain) (pay.Maintained, error) {
	wire := toMaintain(req)
	wire.Call = a.frame(ctx, req.Call)
	state, report, err := send(ctx, a, methodMaintain, wire, a.client.rpc.Maintain)
	if err != nil {
		return pay.Maintained{}, err
	}
	return fromMaintained(report, state), nil
}
