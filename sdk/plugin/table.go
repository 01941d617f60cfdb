package plugin

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

// table holds the open account handles of one plugin process, by account and revision.
type table struct {
	log *slog.Logger

	mu      sync.Mutex // guards entries and the fields of all handles
	entries map[tableKey]*handle
	closing sync.WaitGroup // counts the goroutines that close handles
}

type tableKey struct {
	account  string
	revision int64
}

// handle is one open account. It is closed when it has been retired and no call uses it any more.
type handle struct {
	config    pay.AccountConfig
	ready     chan struct{} // closed when account, abilities and err are set; the last two never change then
	account   pay.Account
	abilities pay.Abilities
	err       error

	users   int
	retired bool
}

// opened is what opening an account gives.
type opened struct {
	account   pay.Account
	abilities pay.Abilities
}

func newTable(log *slog.Logger) *table {
	return &table{log: log, entries: map[tableKey]*handle{}}
}

// open returns the abilities of the handle for cfg, opening it with the given function when there is none. Callers that come
// at the same time share one opening. The same revision with another config or state replaces its handle; a newer revision
// retires the older ones of its account. An opening that failed leaves nothing behind.
func (t *table) open(ctx context.Context, cfg pay.AccountConfig, open func(context.Context) (opened, error)) (pay.Abilities, error) {
	key := tableKey{cfg.AccountID, cfg.Revision}
	for {
		t.mu.Lock()
		h, ok := t.entries[key]
		if ok && sameConfig(h.config, cfg) {
			t.mu.Unlock()
			select {
			case <-h.ready:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if h.err == nil {
				return h.abilities, nil
			}
			if ctx.Err() != nil {
				return nil, h.err
			}
			// The other caller's opening failed, perhaps only for its own deadline; ours decides for itself. The failed
			// handle has been removed before ready was closed.
			continue
		}
		if ok {
			t.retire(h)
		}
		h = &handle{config: cfg, ready: make(chan struct{})}
		t.entries[key] = h
		t.mu.Unlock()

		o, err := open(ctx)
		t.mu.Lock()
		h.account, h.abilities, h.err = o.account, o.abilities, err
		if err != nil && t.entries[key] == h {
			delete(t.entries, key)
		}
		if err == nil {
			t.retireOlder(key)
			t.closeIfIdle(h) // a replacement may have come while it was opening
		}
		close(h.ready)
		t.mu.Unlock()
		return o.abilities, err
	}
}

// use returns the handle that must serve a call; [table.release] must be called when the call has ended.
func (t *table) use(id string, revision int64) (h *handle, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h, ok = t.entries[tableKey{id, revision}]
	if !ok {
		return nil, false
	}
	select {
	case <-h.ready:
	default:
		return nil, false // still opening: the host's own OpenAccount will join it
	}
	if h.err != nil {
		return nil, false
	}
	h.users++
	return h, true
}

// release ends what [table.use] began.
func (t *table) release(h *handle) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h.users--
	t.closeIfIdle(h)
}

// close gives back one revision of an account, or all for revision 0, and returns how many handles that were.
func (t *table) close(id string, revision int64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for key, h := range t.entries {
		if key.account == id && (revision == 0 || key.revision == revision) {
			delete(t.entries, key)
			t.retire(h)
			n++
		}
	}
	return n
}

// closeAll gives back everything and returns when what is idle has been closed.
func (t *table) closeAll() {
	t.mu.Lock()
	for key, h := range t.entries {
		delete(t.entries, key)
		t.retire(h)
	}
	t.mu.Unlock()
	t.closing.Wait()
}

// size returns the number of handles held.
func (t *table) size() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.entries)
}

// retireOlder lets go of the older revisions of an account. The caller holds mu.
func (t *table) retireOlder(newest tableKey) {
	for key, h := range t.entries {
		if key.account == newest.account && key.revision < newest.revision {
			delete(t.entries, key)
			t.retire(h)
		}
	}
}

// retire marks a handle that is no longer in the table. The caller holds mu.
func (t *table) retire(h *handle) {
	h.retired = true
	t.closeIfIdle(h)
}

// closeIfIdle closes a retired handle that nobody uses, outside the lock and outside the caller's time. The caller holds mu.
func (t *table) closeIfIdle(h *handle) {
	if !h.retired || h.users > 0 || h.account == nil {
		return
	}
	account := h.account
	h.account = nil
	closer, ok := account.(io.Closer)
	if !ok {
		return
	}
	id, revision := h.config.AccountID, h.config.Revision
	t.closing.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				t.log.Error("the account panicked while closing", "account", id, "revision", revision, "panic", p)
			}
		}()
		if err := closer.Close(); err != nil {
			t.log.Warn("the account could not be closed", "account", id, "revision", revision, "error", err)
		}
	})
}

func sameConfig(a, b pay.AccountConfig) bool {
	return a.Mode == b.Mode && a.WebhookURL == b.WebhookURL && bytes.Equal(a.Config, b.Config) && sameState(a.State, b.State)
}

func sameState(a, b *pay.State) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Version == b.Version && bytes.Equal(a.Data, b.Data)
}
