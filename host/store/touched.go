package store

import (
	"context"
	"time"
)

// Touched selects the objects of an account that existed before one time and were changed at or after another: all
// whose money can have moved between the two. Pages continue after (AfterTime, AfterID).
type Touched struct {
	AccountID string
	// CreatedBefore is not included, ChangedSince is.
	CreatedBefore, ChangedSince time.Time
	AfterTime                   time.Time
	AfterID                     string
}

// touchedPage is how many objects a page of [Touched] has; a shorter page is the last.
const touchedPage = maxLimit - 1

const touchedRest = `WHERE account_id = $1 AND created_at < $2 AND COALESCE(updated_at, created_at) >= $3
	AND (created_at, id) > ($4, $5) ORDER BY created_at, id LIMIT 500`

func (f Touched) args() []any {
	return []any{f.AccountID, f.CreatedBefore.UnixMicro(), f.ChangedSince.UnixMicro(), f.AfterTime.UnixMicro(), f.AfterID}
}

// TouchedInvoices returns one page of the invoices that f selects, oldest first, and whether there may be more.
func (r *Reader) TouchedInvoices(ctx context.Context, f Touched) ([]Invoice, bool, error) {
	rows, err := list(ctx, r, r.invoices(), touchedRest, f.args()...)
	return rows, len(rows) == touchedPage, err
}

// TouchedPayouts returns one page of the payouts that f selects, oldest first, and whether there may be more.
func (r *Reader) TouchedPayouts(ctx context.Context, f Touched) ([]Payout, bool, error) {
	rows, err := list(ctx, r, r.payouts(), touchedRest, f.args()...)
	return rows, len(rows) == touchedPage, err
}

// RefundByProviderRef returns the refund of an account that has the provider's id.
func (r *Reader) RefundByProviderRef(ctx context.Context, accountID, ref string) (Refund, error) {
	return one(ctx, r, r.refunds(),
		"WHERE provider_ref = $1 AND account_id = $2 AND provider_ref <> '' ORDER BY created_at DESC, id DESC LIMIT 1", ref, accountID)
}
