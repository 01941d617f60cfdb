package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// Reconcile compares an account with its provider and returns the run when it has ended, with all it found. every is
// how often a run that takes long is asked for; zero means a second. When ctx ends the run goes on without its caller.
func (c *Client) Reconcile(ctx context.Context, account string, req host.Reconcile, every time.Duration) (*rest.ReconciliationReport, error) {
	report, err := post[rest.ReconciliationReport](ctx, c, "/v1/accounts/"+url.PathEscape(account)+"/reconcile", req)
	if err != nil {
		return nil, err
	}
	if every == 0 {
		every = time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for report.FinishedAt == nil {
		select {
		case <-ctx.Done():
			return report, context.Cause(ctx)
		case <-tick.C:
		}
		if report, err = c.reconciliation(ctx, report.ID, ""); err != nil {
			return nil, err
		}
	}
	return c.Reconciliation(ctx, report.ID)
}

// Reconciliation returns a run with all it found so far.
func (c *Client) Reconciliation(ctx context.Context, id string) (*rest.ReconciliationReport, error) {
	report, err := c.reconciliation(ctx, id, "")
	for cursor := ""; err == nil; {
		if cursor = report.NextCursor; cursor == "" {
			return report, nil
		}
		var next *rest.ReconciliationReport
		if next, err = c.reconciliation(ctx, id, cursor); err == nil {
			report.Findings, report.NextCursor = append(report.Findings, next.Findings...), next.NextCursor
		}
	}
	return nil, err
}

func (c *Client) reconciliation(ctx context.Context, id, cursor string) (*rest.ReconciliationReport, error) {
	query := url.Values{"limit": {strconv.Itoa(500)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return get[rest.ReconciliationReport](ctx, c, "/v1/reconciliations/"+url.PathEscape(id)+"?"+query.Encode())
}

// Reconciliations lists the runs of an account, newest first; query holds limit and cursor.
func (c *Client) Reconciliations(ctx context.Context, account string, query url.Values) (*rest.ReconciliationPage, error) {
	return get[rest.ReconciliationPage](ctx, c, "/v1/accounts/"+url.PathEscape(account)+"/reconciliations?"+query.Encode())
}
