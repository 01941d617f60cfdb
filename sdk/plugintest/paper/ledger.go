package paper

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// ReadBalances implements [pay.BalanceReader].
func (a *account) ReadBalances(ctx context.Context, _ pay.ReadBalances) (pay.Balances, error) {
	var got struct {
		Balances []struct {
			Name      string  `json:"name"`
			Available *amount `json:"available"`
		} `json:"balances"`
	}
	report, err := a.get(ctx, "/v2/balances", &got)
	if err != nil {
		return pay.Balances{}, err
	}
	out := pay.Balances{Report: report}
	for _, b := range got.Balances {
		m, ok := b.Available.money()
		if !ok || !m.IsSet() {
			return pay.Balances{}, garbled(http.MethodGet, report)
		}
		out.Balances = append(out.Balances, pay.Balance{Name: b.Name, Available: m})
	}
	return out, nil
}

// ListTransactions implements [pay.TransactionLister]. The provider's cursor is passed on as it is.
func (a *account) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	limit := min(max(req.Limit, 1), 100)
	query := url.Values{
		"limit": {strconv.Itoa(limit)}, "cursor": {req.Cursor},
		"from": {req.From.UTC().Format(time.RFC3339)}, "to": {req.To.UTC().Format(time.RFC3339)},
	}
	var got struct {
		Transactions []struct {
			ID       string    `json:"id"`
			Kind     string    `json:"kind"`
			Object   string    `json:"object"`
			External string    `json:"external_id"`
			Gross    *amount   `json:"gross"`
			Fee      *amount   `json:"fee"`
			At       time.Time `json:"at"`
		} `json:"transactions"`
		Next          string    `json:"next"`
		CompleteUntil time.Time `json:"complete_until"`
	}
	report, err := a.get(ctx, "/v2/transactions?"+query.Encode(), &got)
	if err != nil {
		return pay.TransactionPage{}, err
	}
	page := pay.TransactionPage{
		Report: report, NextCursor: got.Next, WindowFrom: req.From, WindowTo: req.To, CompleteUntil: got.CompleteUntil,
	}
	for _, t := range got.Transactions {
		gross, ok1 := t.Gross.money()
		fee, ok2 := t.Fee.money()
		if t.ID == "" || !ok1 || !ok2 {
			return pay.TransactionPage{}, garbled(http.MethodGet, report)
		}
		line := pay.Transaction{ProviderID: t.ID, Reference: t.External, Gross: gross, Fee: fee, OccurredAt: t.At}
		if net, err := gross.Sub(fee); err == nil {
			line.Net = net
		}
		switch t.Kind {
		case "payment":
			line.Kind, line.InvoiceRef = pay.TransactionPayment, t.Object
		case "refund":
			line.Kind, line.RefundRef = pay.TransactionRefund, t.Object
		case "payout":
			line.Kind, line.PayoutRef = pay.TransactionPayout, t.Object
		default:
			line.Kind = pay.TransactionAdjustment
		}
		page.Transactions = append(page.Transactions, line)
	}
	return page, nil
}
