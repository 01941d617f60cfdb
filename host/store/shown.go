package store

import (
	"context"

	"github.com/payhost/payhost/sdk/pay"
)

// ShownInvoice is an invoice with what is stored beside it and shown with it. Of the invoice it has what is shown: Capture, MaxAmount,
// PaymentMethod, CorrelationID, ProviderKey, Evidence, ProviderTime, ProviderVersion, PrivateState, NextLookAt and ClosedAt are zero,
// so it must not be written.
type ShownInvoice struct {
	Invoice
	// Attempts are in the order the provider gave, Disputes and Refunds oldest first.
	Attempts []pay.Attempt
	Disputes []Dispute
	Refunds  []InvoiceRefund
	// hasAttempts and so on are as of the same moment as the invoice.
	hasAttempts, hasDisputes, hasRefunds bool
}

// InvoiceRefund is what a refund takes from its invoice.
type InvoiceRefund struct {
	InvoiceID string
	Status    pay.RefundStatus
	Amount    pay.Money
}

// shownInvoices reads what is shown of an invoice, and whether there is anything beside it: most have nothing there, and one seek into an
// index for each kind is less than a statement.
func (r *Reader) shownInvoices() record[ShownInvoice] {
	return record[ShownInvoice]{"invoices", func(i *ShownInvoice) []field {
		return []field{
			fixed("id", &i.ID),
			fixed("tenant", &i.Tenant),
			fixed("mode", &i.Mode),
			fixed("account_id", &i.AccountID),
			fixed("provider", &i.Provider),
			fixed("status", &i.Status),
			fixed("final", &i.Final),
			fixed("final_reason", &i.FinalReason),
			fixed("purpose", &i.Purpose),
			fixed("amount", moneyRef{&i.Amount}),
			fixed("due", moneyRef{&i.Due}),
			fixed("received", moneyRef{&i.Received}),
			fixed("authorized", moneyRef{&i.Authorized}),
			fixed("captured", moneyRef{&i.Captured}),
			fixed("refunded", moneyRef{&i.Refunded}),
			fixed("overpaid", &i.Overpaid),
			fixed("reference", &i.Reference),
			fixed("description", &i.Description),
			fixed("customer_id", &i.CustomerID),
			fixed("metadata", asJSON(&i.Metadata)),
			fixed("provider_ref", &i.ProviderRef),
			fixed("provider_refs", asJSON(&i.ProviderRefs)),
			fixed("provider_data", asJSON(&i.ProviderData)),
			fixed("create_operation_id", &i.CreateOperationID),
			fixed("needs_review", &i.NeedsReview),
			fixed("review_reason", &i.ReviewReason),
			fixed("unresolved_operation", &i.UnresolvedOperation),
			fixed("expires_at", timeRef{&i.ExpiresAt}),
			fixed("created_at", timeRef{&i.CreatedAt}),
			fixed("updated_at", timeRef{&i.UpdatedAt}),
			fixed("version", &i.Version),
			fixed("EXISTS (SELECT 1 FROM invoice_attempts WHERE invoice_id = invoices.id)", &i.hasAttempts),
			fixed("EXISTS (SELECT 1 FROM disputes WHERE invoice_id = invoices.id)", &i.hasDisputes),
			fixed("EXISTS (SELECT 1 FROM refunds WHERE invoice_id = invoices.id)", &i.hasRefunds),
		}
	}}
}

// ShownInvoice returns the invoice with the id.
func (r *Reader) ShownInvoice(ctx context.Context, id string) (ShownInvoice, error) {
	return single(r.listShown(ctx, "WHERE id = $1", id))
}

// ShownInvoices returns the invoices that [Reader.Invoices] returns for f.
func (r *Reader) ShownInvoices(ctx context.Context, f InvoiceFilter) ([]ShownInvoice, error) {
	rest, args := f.selected()
	return r.listShown(ctx, rest, args...)
}

func (r *Reader) listShown(ctx context.Context, rest string, args ...any) ([]ShownInvoice, error) {
	rows, err := listAs(ctx, r, "select shown invoices", r.shownInvoices(), rest, args...)
	if err != nil {
		return nil, err
	}
	return rows, r.beside(ctx, rows)
}

// beside reads what is beside invoices, for all of them together.
func (r *Reader) beside(ctx context.Context, rows []ShownInvoice) error {
	at := make(map[string]*ShownInvoice, len(rows))
	var attempted, disputed, refunded []string
	for i := range rows {
		row := &rows[i]
		at[row.ID] = row
		if row.hasAttempts {
			attempted = append(attempted, row.ID)
		}
		if row.hasDisputes {
			disputed = append(disputed, row.ID)
		}
		if row.hasRefunds {
			refunded = append(refunded, row.ID)
		}
	}
	err := eachOf(ctx, r, "select "+r.attempts().table, r.attempts(), "WHERE invoice_id IN ", attempted, " ORDER BY invoice_id, ordinal", func(a attemptRow) {
		at[a.invoiceID].Attempts = append(at[a.invoiceID].Attempts, a.Attempt)
	})
	if err != nil {
		return err
	}
	err = eachOf(ctx, r, "select "+r.disputes().table, r.disputes(), "WHERE invoice_id IN ", disputed, " ORDER BY created_at, id", func(d Dispute) {
		at[d.InvoiceID].Disputes = append(at[d.InvoiceID].Disputes, d)
	})
	if err != nil {
		return err
	}
	return eachOf(ctx, r, "select amounts of refunds", refundAmounts(), "WHERE invoice_id IN ", refunded, " ORDER BY created_at, id", func(f InvoiceRefund) {
		at[f.InvoiceID].Refunds = append(at[f.InvoiceID].Refunds, f)
	})
}

func refundAmounts() record[InvoiceRefund] {
	return record[InvoiceRefund]{"refunds", func(f *InvoiceRefund) []field {
		return []field{fixed("invoice_id", &f.InvoiceID), fixed("status", &f.Status), fixed("amount", moneyRef{&f.Amount})}
	}}
}

// RefundAmounts returns what the refunds of an invoice take from it, oldest first.
func (r *Reader) RefundAmounts(ctx context.Context, invoiceID string) ([]InvoiceRefund, error) {
	return listAs(ctx, r, "select amounts of refunds", refundAmounts(), "WHERE invoice_id = $1 ORDER BY created_at, id", invoiceID)
}
