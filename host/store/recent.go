package store

import (
	"maps"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	// keptInvoices is how many invoices stay in memory, usually about two kilobytes each.
	keptInvoices = 2048
	// keptInvoiceSize is the most that maps and private state of one of them take.
	keptInvoiceSize = 8 << 10
)

// recentInvoices keeps the invoices that were written or looked at last, exactly as they are stored: nobody else writes to the database, so
// the writer says with every commit what has changed. Webhooks, looks and further operations mostly concern these. It is safe for
// concurrent use.
type recentInvoices struct {
	mu sync.Mutex
	// rows are by id. Nobody changes their maps and states; nil stands for one that is being changed.
	rows map[string]*Invoice
	// order has the ids in the order in which they came; once it is full, the one at next makes room.
	order []string
	next  int
	// commits counts the commits that changed an invoice. What was read before one is not kept after it.
	commits int64
}

func newRecentInvoices() *recentInvoices { return &recentInvoices{rows: map[string]*Invoice{}} }

// get returns an invoice, or nil and the mark for [recentInvoices.keep].
func (c *recentInvoices) get(id string) (row *Invoice, mark int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows[id], c.commits
}

// keep takes an invoice that was read after mark was taken.
func (c *recentInvoices) keep(row Invoice, mark int64) {
	if row.size() > keptInvoiceSize {
		return
	}
	own := row.detached()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.commits == mark {
		c.put(row.ID, &own)
	}
}

// put makes room where needed. The caller holds mu.
func (c *recentInvoices) put(id string, row *Invoice) {
	_, kept := c.rows[id]
	c.rows[id] = row
	if kept {
		return
	}
	if len(c.order) < keptInvoices {
		c.order = append(c.order, id)
		return
	}
	delete(c.rows, c.order[c.next])
	c.order[c.next] = id
	c.next = (c.next + 1) % keptInvoices
}

// changing is called before a commit: from now on the database must be asked for what it changes.
func (c *recentInvoices) changing(rows map[string]*Invoice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commits++
	for id := range rows {
		if _, kept := c.rows[id]; kept {
			c.rows[id] = nil
		}
	}
}

// changed is called after the commit. Of a nil row is not known what it is.
func (c *recentInvoices) changed(rows map[string]*Invoice) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commits++ // what was read while it was committed is as old as before
	for id, row := range rows {
		if _, kept := c.rows[id]; kept || row != nil {
			c.put(id, row)
		}
	}
}

// size is about what maps and private state of the invoice take.
func (i *Invoice) size() int {
	n := 0
	for _, m := range []map[string]string{i.Metadata, i.ProviderRefs, i.ProviderData} {
		for k, v := range m {
			n += len(k) + len(v)
		}
	}
	if i.PrivateState != nil {
		n += len(i.PrivateState.Data)
	}
	return n
}

// detached is the invoice with maps and a state of its own.
func (i Invoice) detached() Invoice {
	i.Metadata, i.ProviderRefs, i.ProviderData = maps.Clone(i.Metadata), maps.Clone(i.ProviderRefs), maps.Clone(i.ProviderData)
	if i.PrivateState != nil {
		state := pay.State{Version: i.PrivateState.Version, Data: append([]byte{}, i.PrivateState.Data...)}
		i.PrivateState = &state
	}
	return i
}

// asStored is the invoice as it is read after it was written; nil where that cannot be said without reading it, or
// it is too large to be kept.
func (i Invoice) asStored() *Invoice {
	if i.size() > keptInvoiceSize {
		return nil
	}
	for _, m := range []map[string]string{i.Metadata, i.ProviderRefs, i.ProviderData} {
		for k, v := range m {
			if !utf8.ValidString(k) || !utf8.ValidString(v) { // JSON does not keep these
				return nil
			}
		}
	}
	i = i.detached()
	for _, t := range []*time.Time{&i.ProviderTime, &i.NextLookAt, &i.ExpiresAt, &i.ClosedAt, &i.CreatedAt, &i.UpdatedAt} {
		if !t.IsZero() {
			*t = time.UnixMicro(t.UnixMicro()).UTC()
		}
	}
	return &i
}

func (i *Invoice) version() int64 {
	if i == nil {
		return 0
	}
	return i.Version
}

// named is what [Reader.InvoiceNamed] reads of an invoice.
func (i *Invoice) named() Invoice {
	if i == nil {
		return Invoice{}
	}
	return Invoice{
		ID: i.ID, AccountID: i.AccountID, Status: i.Status, Final: i.Final, Purpose: i.Purpose, Capture: i.Capture, Amount: i.Amount, Due: i.Due,
		Authorized: i.Authorized, Captured: i.Captured, Refunded: i.Refunded, ProviderRef: i.ProviderRef, ProviderRefs: i.ProviderRefs,
		ProviderKey: i.ProviderKey, CreateOperationID: i.CreateOperationID, PrivateState: i.PrivateState, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}.detached()
}

// changedFrom is an invoice that was stored as before, after what may change was written.
func (i Invoice) changedFrom(before Invoice) *Invoice {
	i.ID, i.Tenant, i.Mode, i.AccountID, i.Provider = before.ID, before.Tenant, before.Mode, before.AccountID, before.Provider
	i.Purpose, i.Capture, i.Amount, i.MaxAmount = before.Purpose, before.Capture, before.Amount, before.MaxAmount
	i.Reference, i.Description, i.CustomerID = before.Reference, before.Description, before.CustomerID
	i.CorrelationID, i.CreatedAt = before.CorrelationID, before.CreatedAt
	return i.asStored()
}
