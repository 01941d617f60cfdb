package host

import (
	"context"
	"sync"
	"time"

	"github.com/payhost/payhost/host/store"
)

// bootAccounts is how many configured accounts of one provider are put at a time: those that are new share commits.
const bootAccounts = 32

// bootPatience is what the first starts may take longer than a call would wait for one: the opening of an account of a plugin that does not
// start is given up by then.
const bootPatience = time.Second

// boot waits until every plugin serves, sleeps or has failed once, and has put the configured accounts of each. Plugins start together, and the
// accounts of one wait for no other plugin. When nothing has come about for [Timeouts.Start], those that are left do not keep the others from
// working: the host is ready without them, and their accounts are put when they have started.
func (h *Host) boot(ctx context.Context, loops *sync.WaitGroup) {
	accounts := map[string][]Account{}
	for _, name := range h.names {
		accounts[name] = nil
	}
	h.mu.Lock()
	for _, a := range h.cfg.Accounts {
		accounts[a.Provider] = append(accounts[a.Provider], a)
		h.awaited[a.ID] = a.Provider
	}
	h.mu.Unlock()
	steps := make(chan struct{}, len(accounts)+len(h.cfg.Accounts))
	for provider, list := range accounts {
		loops.Go(func() { h.bootProvider(ctx, provider, list, steps) })
	}
	limit := h.cfg.Timeouts.Start + bootPatience
	patience := time.NewTimer(limit)
	defer patience.Stop()
	for range cap(steps) {
		select {
		case <-steps:
			patience.Reset(limit)
		case <-patience.C:
			h.log.Warn("a plugin takes long to start; the others are served meanwhile", "after", limit)
			return
		case <-ctx.Done():
			return
		}
	}
}

// bootProvider puts the configured accounts of one provider after its first start. Each step is told to steps, which takes them all. Where the
// provider has never described itself and its first start failed, nobody waits for its accounts: they are put when a later one has succeeded.
func (h *Host) bootProvider(ctx context.Context, provider string, list []Account, steps chan<- struct{}) {
	ended := func() { steps <- struct{}{} }
	s := h.providers[provider]
	if s != nil && !reached(ctx, s.tried) {
		return
	}
	ended()
	if s != nil && !s.described() {
		for range list {
			ended()
		}
		ended = func() {}
		if !reached(ctx, s.told) {
			return
		}
	}
	stored := h.storedAccounts(ctx, list)
	slots := make(chan struct{}, bootAccounts)
	var puts sync.WaitGroup
	defer puts.Wait()
	for _, a := range list {
		slots <- struct{}{}
		puts.Go(func() {
			h.putConfigured(ctx, a, stored[a.ID])
			<-slots
			ended()
		})
	}
}

// reached waits for what closes a channel; false when ctx has ended before.
func reached(ctx context.Context, at <-chan struct{}) bool {
	select {
	case <-at:
		return true
	case <-ctx.Done():
		return false
	}
}

// storedAccounts are those of a list that are stored, by id. It says nothing of one that cannot be read: whoever puts it will.
func (h *Host) storedAccounts(ctx context.Context, list []Account) map[string]store.Account {
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	rows, err := h.store.AccountsNamed(ctx, ids)
	if err != nil {
		h.log.Warn("reading the stored accounts; all are put anew", "error", err.Error())
	}
	return rows
}

func (h *Host) putConfigured(ctx context.Context, a Account, known store.Account) {
	if ctx.Err() != nil {
		return
	}
	err := h.putKnown(ctx, a, "config", "", known)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		h.noteAccount(a.ID, err.Error())
		h.log.Error("configured account cannot be used", "account", a.ID, "provider", a.Provider, "error", err.Error())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.awaited, a.ID)
}

// awaitedFrom is the provider whose start a configured account waits for.
func (h *Host) awaitedFrom(id string) (provider string, awaited bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	provider, awaited = h.awaited[id]
	return provider, awaited
}
