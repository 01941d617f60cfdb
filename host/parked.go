package host

import (
	"context"
	"sync"

	"github.com/payhost/payhost/host/store"
)

// maxParked is how many unmatched webhooks are remembered. With more of them the store is asked about every invoice.
const maxParked = 500

// parked remembers what the stored webhooks that match nothing (yet) name, so that an invoice that becomes known need not ask the
// store whether one waits for it: almost never does one. It may name more than there is, never less. It is safe for concurrent use.
//
// A webhook is noted when it has been stored and before its invoice is looked for once more ([Host.park]), and an invoice asks when its
// new id has been stored. So one of the two finds the other, whoever comes first.
type parked struct {
	mu    sync.Mutex
	named map[parkedName]struct{}
	// loaded says that named has all of the store; many that the store has more than are remembered.
	loaded, many bool
	// drops counts how often named was emptied. What was read before is not all there is afterwards.
	drops int64
}

// parkedName is one of the names by which a webhook is found: the provider's id or the host's own id of an object.
type parkedName struct{ account, providerRef, objectID string }

func namesOf(account, providerRef, objectID string) []parkedName {
	var names []parkedName
	if providerRef != "" {
		names = append(names, parkedName{account: account, providerRef: providerRef})
	}
	if objectID != "" {
		names = append(names, parkedName{account: account, objectID: objectID})
	}
	return names
}

// note takes a webhook that was stored as unmatched.
func (p *parked) note(row store.Webhook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.named) >= 4*maxParked { // most of them are matched by now: what is not is read again
		p.named, p.loaded = nil, false
		p.drops++
	}
	p.add(row.AccountID, row.ProviderRef, row.ObjectID)
}

// add is note for its names. The caller holds mu.
func (p *parked) add(account, providerRef, objectID string) {
	if p.named == nil {
		p.named = map[parkedName]struct{}{}
	}
	for _, name := range namesOf(account, providerRef, objectID) {
		p.named[name] = struct{}{}
	}
}

// mayWaitFor reports whether a webhook may be stored that an invoice, which was just stored with its ids, makes matchable.
func (p *parked) mayWaitFor(inv store.Invoice) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.loaded || p.many {
		return true
	}
	for _, name := range namesOf(inv.AccountID, inv.ProviderRef, inv.ID) {
		if _, ok := p.named[name]; ok {
			return true
		}
	}
	return false
}

// load reads what the store has, once.
func (p *parked) load(ctx context.Context, r *store.Reader) error {
	p.mu.Lock()
	known, drops := p.loaded, p.drops
	p.mu.Unlock()
	if known {
		return nil
	}
	rows, err := r.UnmatchedWebhooks(ctx, maxParked+1)
	if err != nil {
		return storageError(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loaded, p.many = p.drops == drops, len(rows) > maxParked
	for _, row := range rows {
		p.add(row.AccountID, row.ProviderRef, row.ObjectID)
	}
	return nil
}
