package store

import (
	"context"
	"time"
)

// DisputeFilter selects disputes; zero fields select all.
type DisputeFilter struct {
	Tenant     string
	AccountID  string
	InvoiceID  string
	BeforeTime time.Time
	BeforeID   string
	Limit      int
}

func (r *Reader) disputes() record[Dispute] {
	return record[Dispute]{"disputes", func(d *Dispute) []field {
		return []field{
			fixed("id", disputeID{d}),
			fixed("tenant", &d.Tenant),
			fixed("account_id", &d.AccountID),
			mutable("invoice_id", &d.InvoiceID),
			mutable("provider_ref", &d.ProviderRef),
			mutable("kind", &d.Kind),
			mutable("status", &d.Status),
			mutable("amount", moneyRef{&d.Amount}),
			mutable("reason", &d.Reason),
			mutable("evidence_due_at", timeRef{&d.EvidenceDueAt}),
			mutable("provider_time", timeRef{&d.ProviderTime}),
			fixed("created_at", timeRef{&d.CreatedAt}),
			mutable("updated_at", timeRef{&d.UpdatedAt}),
			mutable("version", &d.Version),
		}
	}}
}

// Dispute returns the dispute with the id.
func (r *Reader) Dispute(ctx context.Context, id string) (Dispute, error) {
	return one(ctx, r, r.disputes(), "WHERE id = $1", id)
}

// Disputes returns every dispute of an invoice, oldest first.
func (r *Reader) Disputes(ctx context.Context, invoiceID string) ([]Dispute, error) {
	return list(ctx, r, r.disputes(), "WHERE invoice_id = $1 ORDER BY created_at, id", invoiceID)
}

// ListDisputes returns the disputes that f selects, newest first.
func (r *Reader) ListDisputes(ctx context.Context, f DisputeFilter) ([]Dispute, error) {
	var c conditions
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	equal(&c, "invoice_id", f.InvoiceID)
	order := c.page("created_at", f.BeforeTime, f.BeforeID, time.Time{})
	rest := c.rest(order, f.Limit)
	return list(ctx, r, r.disputes(), rest, c.args...)
}

// PutDispute stores a dispute: a new one when d.Version is 0, else a new state where the stored
// version is d.Version. DisputeID reads back as ID.
func (t *Tx) PutDispute(d *Dispute) error {
	fields := t.disputes().fields(d)
	if d.Version == 0 {
		return t.insertVersioned("disputes", fields, &d.Version)
	}
	return t.update("disputes", fields, d.ID, &d.Version)
}
