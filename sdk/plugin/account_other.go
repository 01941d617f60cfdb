package plugin

import (
	"context"

	"github.com/payhost/payhost/sdk/pay"
)

// ReadBalances implements [pay.BalanceReader].
func (a *account) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toReadBalances(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodReadBalances, wire, x.ReadBalancesResponse())
	if err != nil {
		return pay.Balances{}, err
	}
	return fromBalances(report, state), nil
}

// ListTransactions implements [pay.TransactionLister].
func (a *account) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toListTransactions(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodListTransactions, wire, x.ListTransactionsResponse())
	if err != nil {
		return pay.TransactionPage{}, err
	}
	return fromTransactionPage(report, state), nil
}

// HandleWebhook implements [pay.WebhookHandler].
func (a *account) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.HandleWebhookRequest()
	wire.Call, wire.Webhook = a.frame(ctx, x, req.Call), toWebhook(x.Arena, req)
	state, report, err := send(ctx, a, x, methodHandleWebhook, wire, x.HandleWebhookResponse())
	if err != nil {
		return pay.WebhookResult{}, err
	}
	return readWebhookResult(state, report), nil
}

// RouteWebhook implements [pay.WebhookRouter].
func (a *account) RouteWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookRoute, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.RouteWebhookRequest()
	wire.Call, wire.Webhook = a.frame(ctx, x, req.Call), toWebhook(x.Arena, req)
	state, _, err := send(ctx, a, x, methodRouteWebhook, wire, x.RouteWebhookResponse())
	if err != nil {
		return pay.WebhookRoute{}, err
	}
	return fromWebhookRoute(state), nil
}

// Check implements [pay.Checker].
func (a *account) Check(ctx context.Context, req pay.Check) (pay.AccountInfo, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.CheckRequest()
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodCheck, wire, x.CheckResponse())
	if err != nil {
		return pay.AccountInfo{}, err
	}
	return readAccountInfo(state, report), nil
}

// Maintain implements [pay.AccountMaintainer].
func (a *account) Maintain(ctx context.Context, req pay.Maintain) (pay.Maintained, error) {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := toMaintain(x.Arena, req)
	wire.Call = a.frame(ctx, x, req.Call)
	state, report, err := send(ctx, a, x, methodMaintain, wire, x.MaintainResponse())
	if err != nil {
		return pay.Maintained{}, err
	}
	return fromMaintained(report, state), nil
}
