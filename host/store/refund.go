package store

import (
	"context"
	"time"
)

// RefundFilter selects refunds; zero fields select all.
type RefundFilter struct {
	Tenant     string
	AccountID  string
	InvoiceID  string
	BeforeTime time.Time
	BeforeID   string
	Limit      int
}

func (r *Reader) refunds() record[Refund] {
	return record[Refund]{"refunds", func(f *Refund) []field {
		return []field{
			fixed("id", refundID{f}),
			fixed("tenant", &f.Tenant),
			fixed("account_id", &f.AccountID),
			fixed("invoice_id", &f.InvoiceID),
			mutable("operation_id", &f.OperationID),
			mutable("reason", &f.Reason),
			mutable("reference", &f.Reference),
			mutable("metadata", asJSON(&f.Metadata)),
			mutable("provider_ref", &f.ProviderRef),
			mutable("provider_key", &f.ProviderKey),
			mutable("status", &f.Status),
			mutable("amount", moneyRef{&f.Amount}),
			mutable("fee", moneyRef{&f.Fee}),
			mutable("origin", &f.Origin),
			mutable("network", asJSON(&f.Network)),
			mutable("decline", asJSON(&f.Decline)),
			mutable("provider_time", timeRef{&f.ProviderTime}),
			mutable("review", &f.Review),
			mutable("needs_review", &f.NeedsReview),
			mutable("review_reason", &f.ReviewReason),
			mutable("unresolved_operation", &f.UnresolvedOperation),
			mutable("private_state", sealedState(r.sealer, "refunds", &f.ID, &f.PrivateState)),
			mutable("state_version", stateVersion{&f.PrivateState}),
			fixed("created_at", timeRef{&f.CreatedAt}),
			mutable("updated_at", timeRef{&f.UpdatedAt}),
			mutable("version", &f.Version),
		}
	}}
}

// Refund returns the refund with the id.
func (r *Reader) Refund(ctx context.Context, id string) (Refund, error) {
	return one(ctx, r, r.refunds(), "WHERE id = $1", id)
}

// Refunds returns every refund of an invoice, oldest first.
func (r *Reader) Refunds(ctx context.Context, invoiceID string) ([]Refund, error) {
	return list(ctx, r, r.refunds(), "WHERE invoice_id = $1 ORDER BY created_at, id", invoiceID)
}

// ListRefunds returns the refunds that f selects, newest first.
func (r *Reader) ListRefunds(ctx context.Context, f RefundFilter) ([]Refund, error) {
	var c conditions
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	equal(&c, "invoice_id", f.InvoiceID)
	order := c.page("created_at", f.BeforeTime, f.BeforeID, time.Time{})
	rest := c.rest(order, f.Limit)
	return list(ctx, r, r.refunds(), rest, c.args...)
}

// InsertRefund stores a new refund; its Version becomes 1. Of the provider's report only
// what [Refund] has fields for is kept; RefundID reads back as ID.
func (t *Tx) InsertRefund(f *Refund) error {
	return t.insertVersioned("refunds", t.refunds().fields(f), &f.Version)
}

// UpdateRefund writes what can change where the stored version is f.Version:
// all but id, tenant, account, invoice and creation time.
func (t *Tx) UpdateRefund(f *Refund) error {
	return t.update("refunds", t.refunds().fields(f), f.ID, &f.Version)
}
