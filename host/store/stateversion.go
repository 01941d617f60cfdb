package store

import (
	"context"
	"errors"
	"fmt"
)

// StateVersion returns the version of the private state of an invoice, a payout or a refund, by its id; 0 when it has none or does
// not exist yet.
func (r *Reader) StateVersion(ctx context.Context, id string) (int, error) {
	version, err := scalar[int](ctx, r, `SELECT state_version FROM invoices WHERE id = $1
UNION ALL SELECT state_version FROM payouts WHERE id = $2 UNION ALL SELECT state_version FROM refunds WHERE id = $3`, id, id, id)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return version, err
}

// OpenStateVersions returns, in ascending order, the versions of the private states that objects of a provider hold which may
// still change, and its accounts: what a version of its plugin has to read.
func (r *Reader) OpenStateVersions(ctx context.Context, provider string) ([]int, error) {
	if r.q == nil {
		return nil, ErrNotOwned
	}
	rows, err := r.q.query(ctx, `SELECT state_version FROM invoices WHERE provider = $1 AND state_version <> 0 AND final = FALSE
UNION SELECT state_version FROM payouts WHERE provider = $2 AND state_version <> 0 AND status NOT IN ('succeeded', 'failed', 'canceled')
UNION SELECT r.state_version FROM refunds r JOIN accounts a ON a.id = r.account_id
  WHERE a.provider = $3 AND r.state_version <> 0 AND r.status NOT IN ('succeeded', 'failed')
UNION SELECT state_version FROM accounts WHERE provider = $4 AND state_version <> 0 ORDER BY 1`,
		[]any{provider, provider, provider, provider})
	if err != nil {
		return nil, fmt.Errorf("store: reading the versions of open states: %w", err)
	}
	defer rows.Close()
	var versions []int
	for rows.Next() {
		var version int
		if err := rows.Scan(&version); err != nil {
			return nil, fmt.Errorf("store: reading the versions of open states: %w", err)
		}
		versions = append(versions, version)
	}
	if err := rows.Err(); err != nil {
		r.q.failed()
		return nil, fmt.Errorf("store: reading the versions of open states: %w", err)
	}
	return versions, nil
}
