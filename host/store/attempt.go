package store

import (
	"context"

	"github.com/payhost/payhost/sdk/pay"
)

// attemptRow is one attempt; its order among the invoice's attempts is its only own identity.
type attemptRow struct {
	invoiceID, accountID string
	ordinal              int
	pay.Attempt
}

func (r *Reader) attempts() record[attemptRow] {
	return record[attemptRow]{"invoice_attempts", func(a *attemptRow) []field {
		return []field{
			fixed("invoice_id", &a.invoiceID),
			fixed("ordinal", &a.ordinal),
			fixed("account_id", &a.accountID),
			fixed("provider_attempt_id", &a.ProviderAttemptID),
			fixed("status", &a.Status),
			fixed("data", asJSON(&a.Attempt)), // all of it: the columns before only serve queries
		}
	}}
}

// Attempts returns the payer's attempts at an invoice, in the order the provider gave.
func (r *Reader) Attempts(ctx context.Context, invoiceID string) ([]pay.Attempt, error) {
	rows, err := list(ctx, r, r.attempts(), "WHERE invoice_id = $1 ORDER BY ordinal", invoiceID)
	var attempts []pay.Attempt
	for _, row := range rows {
		attempts = append(attempts, row.Attempt)
	}
	return attempts, err
}

// PutAttempts replaces all attempts at an invoice.
func (t *Tx) PutAttempts(invoiceID, accountID string, attempts []pay.Attempt) error {
	if _, err := t.exec("DELETE FROM invoice_attempts WHERE invoice_id = $1", invoiceID); err != nil {
		return err
	}
	for i, a := range attempts {
		row := attemptRow{invoiceID, accountID, i + 1, a}
		if err := t.insertNew("invoice_attempts", t.attempts().fields(&row)); err != nil {
			return err
		}
	}
	return nil
}
