package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// ChangeInvoice cancels, captures or voids an invoice; verb is the last part of the path. Unknown is as in [Client.CreateInvoice].
func (c *Client) ChangeInvoice(ctx context.Context, verb, id, key string, body any) (inv *host.Invoice, unknown bool, err error) {
	return order[host.Invoice](ctx, c, "/v1/invoices/"+url.PathEscape(id)+"/"+verb, key, body)
}

// CreateRefund returns captured money. Unknown is as in [Client.CreateInvoice].
func (c *Client) CreateRefund(ctx context.Context, invoice, key string, body any) (refund *host.Refund, unknown bool, err error) {
	return order[host.Refund](ctx, c, "/v1/invoices/"+url.PathEscape(invoice)+"/refunds", key, body)
}

// Refunds returns the refunds of an invoice.
func (c *Client) Refunds(ctx context.Context, invoice string) ([]host.Refund, error) {
	list, err := get[rest.RefundList](ctx, c, "/v1/invoices/"+url.PathEscape(invoice)+"/refunds")
	if err != nil {
		return nil, err
	}
	return list.Refunds, nil
}

// Refund returns one refund.
func (c *Client) Refund(ctx context.Context, id string) (*host.Refund, error) {
	return get[host.Refund](ctx, c, "/v1/refunds/"+url.PathEscape(id))
}

// CreatePayout sends money. Unknown is as in [Client.CreateInvoice].
func (c *Client) CreatePayout(ctx context.Context, key string, body any) (payout *host.Payout, unknown bool, err error) {
	return order[host.Payout](ctx, c, "/v1/payouts", key, body)
}

// Payout returns one payout.
func (c *Client) Payout(ctx context.Context, id string) (*host.Payout, error) {
	return get[host.Payout](ctx, c, "/v1/payouts/"+url.PathEscape(id))
}

// Timeline returns everything that is recorded about an invoice.
func (c *Client) Timeline(ctx context.Context, invoice string) ([]host.TimelineEntry, error) {
	list, err := get[rest.Timeline](ctx, c, "/v1/invoices/"+url.PathEscape(invoice)+"/timeline")
	if err != nil {
		return nil, err
	}
	return list.Entries, nil
}

// Balances asks the provider for an account's balances. An empty owner means all that the account shows.
func (c *Client) Balances(ctx context.Context, account, owner string) ([]pay.Balance, error) {
	query := url.Values{}
	if owner != "" {
		query.Set("owner", owner)
	}
	list, err := get[rest.BalanceList](ctx, c, "/v1/accounts/"+url.PathEscape(account)+"/balance?"+query.Encode())
	if err != nil {
		return nil, err
	}
	return list.Balances, nil
}

// SetAccountState pauses, resumes or closes an account; verb is the last part of the path.
func (c *Client) SetAccountState(ctx context.Context, verb, id, reason string) (*host.AccountStatus, error) {
	return post[host.AccountStatus](ctx, c, "/v1/accounts/"+url.PathEscape(id)+"/"+verb, rest.Reason{Reason: reason})
}

// Bundle returns an operation with its object and everything that was observed.
func (c *Client) Bundle(ctx context.Context, operation string) (*host.Bundle, error) {
	return get[host.Bundle](ctx, c, "/v1/operations/"+url.PathEscape(operation)+"?bundle=true")
}

// Resolve closes an operation whose outcome is not known.
func (c *Client) Resolve(ctx context.Context, operation string, decision host.Resolve) (*host.Operation, error) {
	return post[host.Operation](ctx, c, "/v1/operations/"+url.PathEscape(operation)+"/resolve", decision)
}

// Webhooks lists received webhooks; query holds the filters of GET /v1/webhooks.
func (c *Client) Webhooks(ctx context.Context, query url.Values) (*rest.WebhookList, error) {
	return get[rest.WebhookList](ctx, c, "/v1/webhooks?"+query.Encode())
}

// Payouts lists payouts; query holds account, limit and cursor.
func (c *Client) Payouts(ctx context.Context, query url.Values) (*rest.PayoutPage, error) {
	return get[rest.PayoutPage](ctx, c, "/v1/payouts?"+query.Encode())
}

// Webhook returns one received webhook.
func (c *Client) Webhook(ctx context.Context, id string) (*rest.Webhook, error) {
	return get[rest.Webhook](ctx, c, "/v1/webhooks/"+url.PathEscape(id))
}

// ReplayWebhook processes a stored webhook again.
func (c *Client) ReplayWebhook(ctx context.Context, id string) (*rest.Webhook, error) {
	return post[rest.Webhook](ctx, c, "/v1/webhooks/"+url.PathEscape(id)+"/replay", nil)
}

// order makes a call with an idempotency key. Unknown reports that nobody knows yet whether the provider acted.
func order[T any](ctx context.Context, c *Client, path, key string, body any) (out *T, unknown bool, err error) {
	out = new(T)
	status, err := c.call(ctx, http.MethodPost, path, http.Header{"Idempotency-Key": {key}}, body, out)
	return out, status == http.StatusAccepted, err
}
