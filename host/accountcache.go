package host

import (
	"context"
	"sync"

	"github.com/payhost/payhost/host/store"
)

// accountCache keeps accounts as they are stored, for paths that need one with every request. It has an entry only of what
// exists, so strangers who make up names cannot make it grow.
type accountCache struct {
	mu   sync.Mutex
	rows map[string]store.Account // by id; what they point to is never changed
	// changes counts the changes of accounts. What was read before one is not kept after it.
	changes int64
}

func (c *accountCache) get(id string) (row store.Account, changes int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok = c.rows[id]
	return row, c.changes, ok
}

// keep takes a row that was read when there had been so many changes.
func (c *accountCache) keep(row store.Account, changes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes == changes {
		c.rows[row.ID] = row
	}
}

func (c *accountCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	clear(c.rows)
}

// cachedAccount is an account as it is stored, without asking the store again until one is changed. Its slices, maps and
// pointers are shared: they are only read.
func (h *Host) cachedAccount(ctx context.Context, id string) (store.Account, error) {
	row, changes, ok := h.accounts.get(id)
	if ok {
		return row, nil
	}
	row, err := h.store.Account(ctx, id)
	if err == nil {
		h.accounts.keep(row, changes)
	}
	return row, err
}

// writeAccount is [Host.write] for a job that changes an account. Whoever asks after it has returned sees the change, also when the
// outcome of the commit is not known.
func (h *Host) writeAccount(ctx context.Context, job func(tx *store.Tx) error) error {
	defer h.accounts.forget()
	return h.write(ctx, job)
}
