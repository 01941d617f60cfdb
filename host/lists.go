package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// ListObjects selects refunds, payouts or disputes; zero fields select all.
type ListObjects struct {
	Account string
	// Invoice narrows refunds and disputes; payouts have none.
	Invoice string
	// Limit is 1 to 500; zero means 50.
	Limit  int
	Cursor string
}

// RefundPage is one page of a list, newest first.
type RefundPage struct {
	Refunds    []Refund `json:"refunds"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

// PayoutPage is one page of a list, newest first.
type PayoutPage struct {
	Payouts    []Payout `json:"payouts"`
	NextCursor string   `json:"next_cursor,omitempty"`
}

// DisputeEntry is money claimed back, with where it belongs.
type DisputeEntry struct {
	ID      string      `json:"id"`
	Account string      `json:"account"`
	Invoice string      `json:"invoice"`
	Facts   pay.Dispute `json:"facts"`
	// CreatedAt is when the host first saw it.
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// DisputePage is one page of a list, newest first.
type DisputePage struct {
	Disputes   []DisputeEntry `json:"disputes"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

// listing is the checked part that all lists share.
func (h *Host) listing(ctx context.Context, req ListObjects) (limit int, before time.Time, id string, err error) {
	if err = h.ready(ctx); err != nil {
		return 0, before, "", err
	}
	if limit, err = pageLimit(req.Limit); err != nil {
		return 0, before, "", err
	}
	before, id, err = decodeCursor(req.Cursor)
	return limit, before, id, err
}

// paged turns limit+1 rows into a page of views and the cursor of the next.
func paged[R, V any](rows []R, limit int, view func(R) V, key func(R) (time.Time, string)) ([]V, string) {
	list := make([]V, 0, len(rows))
	for i, row := range rows {
		if i == limit {
			return list, encodeCursor(key(rows[limit-1]))
		}
		list = append(list, view(row))
	}
	return list, ""
}

// Refunds lists refunds, newest first.
func (h *Host) Refunds(ctx context.Context, req ListObjects) (RefundPage, error) {
	limit, before, id, err := h.listing(ctx, req)
	if err != nil {
		return RefundPage{}, err
	}
	rows, err := h.store.ListRefunds(ctx, store.RefundFilter{
		AccountID: req.Account, InvoiceID: req.Invoice, BeforeTime: before, BeforeID: id, Limit: limit + 1,
	})
	if err != nil {
		return RefundPage{}, storageError(err)
	}
	var page RefundPage
	page.Refunds, page.NextCursor = paged(rows, limit, refundView, func(r store.Refund) (time.Time, string) { return r.CreatedAt, r.ID })
	return page, nil
}

// Payouts lists payouts, newest first.
func (h *Host) Payouts(ctx context.Context, req ListObjects) (PayoutPage, error) {
	limit, before, id, err := h.listing(ctx, req)
	if err != nil {
		return PayoutPage{}, err
	}
	if req.Invoice != "" {
		return PayoutPage{}, pay.Invalid("invoice", "does not select payouts, which belong to no invoice")
	}
	rows, err := h.store.Payouts(ctx, store.PayoutFilter{AccountID: req.Account, BeforeTime: before, BeforeID: id, Limit: limit + 1})
	if err != nil {
		return PayoutPage{}, storageError(err)
	}
	var page PayoutPage
	page.Payouts, page.NextCursor = paged(rows, limit, payoutView, func(r store.Payout) (time.Time, string) { return r.CreatedAt, r.ID })
	return page, nil
}

// Disputes lists disputes, newest first.
func (h *Host) Disputes(ctx context.Context, req ListObjects) (DisputePage, error) {
	limit, before, id, err := h.listing(ctx, req)
	if err != nil {
		return DisputePage{}, err
	}
	rows, err := h.store.ListDisputes(ctx, store.DisputeFilter{
		AccountID: req.Account, InvoiceID: req.Invoice, BeforeTime: before, BeforeID: id, Limit: limit + 1,
	})
	if err != nil {
		return DisputePage{}, storageError(err)
	}
	var page DisputePage
	page.Disputes, page.NextCursor = paged(rows, limit, func(r store.Dispute) DisputeEntry {
		return DisputeEntry{ID: r.ID, Account: r.AccountID, Invoice: r.InvoiceID, Facts: r.Dispute, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
	}, func(r store.Dispute) (time.Time, string) { return r.CreatedAt, r.ID })
	return page, nil
}
