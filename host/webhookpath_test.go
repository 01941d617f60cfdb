package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// heldProvider is the scripted provider whose webhooks are hints and whose look-ups wait, as long as an account's token says so.
type heldProvider struct {
	*hosttest.Provider
	entered chan struct{}
	release <-chan struct{}
	answer  func()
}

// heldConfig makes an account of the provider held.
const heldConfig = `{"token":"held"}`

type heldAccount struct {
	scripted
	p heldProvider
}

type scripted interface {
	pay.Account
	pay.WebhookHandler
	pay.InvoiceFinder
}

func (p heldProvider) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	account, err := p.Provider.Open(ctx, cfg)
	if err != nil || string(cfg.Config) != heldConfig {
		return account, err
	}
	return heldAccount{account.(scripted), p}, nil
}

func (a heldAccount) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	result, err := a.scripted.HandleWebhook(ctx, req)
	for i := range result.Events {
		result.Events[i].Strength, result.Events[i].Invoice = pay.StrengthHint, nil
	}
	return result, err
}

func (a heldAccount) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	a.p.entered <- struct{}{}
	select {
	case <-a.p.release:
	case <-ctx.Done():
		return pay.InvoiceState{}, ctx.Err()
	}
	return a.scripted.GetInvoice(ctx, ref)
}

// startHeld runs a host whose provider holds its look-ups back until answer or the end of the test.
func startHeld(t *testing.T) (*hosttest.Host, heldProvider) {
	t.Helper()
	release := make(chan struct{})
	held := heldProvider{hosttest.NewProvider(), make(chan struct{}, 1000), release, sync.OnceFunc(func() { close(release) })}
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	h := hosttest.StartOn(t, st, held.Provider, func(c *host.Config) { c.Providers[hosttest.ProviderName] = held })
	t.Cleanup(held.answer)
	return h, held
}

// While every place for the application of an account's webhooks is taken by a provider that does not answer, its webhooks are still
// acknowledged, and those of others are applied.
func TestAcknowledgementsWaitForNoApplication(t *testing.T) {
	const invoices = 40
	h, held := startHeld(t)
	require.NoError(t, h.PutAccount(t.Context(), host.Account{ID: "held", Provider: hosttest.ProviderName, Config: json.RawMessage(heldConfig)}))
	var stuck []*host.Invoice
	for n := range invoices {
		inv, err := h.CreateInvoice(t.Context(), order("held", fmt.Sprint("order-", n)))
		require.NoError(t, err)
		h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
		stuck = append(stuck, inv)
		require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url("held", inv.ID), inv.ProviderRef)).Code)
	}
	for range 16 { // all places of the account
		<-held.entered
	}
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)).Code)
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	for _, inv := range stuck {
		now, err := h.Invoice(t.Context(), inv.ID)
		require.NoError(t, err)
		require.Equal(t, pay.StatusPending, now.Status)
	}
	held.answer()
	for _, inv := range stuck {
		awaitStatus(t, h, inv.ID, pay.StatusPaid)
	}
}

// A host that ended between the acknowledgements and their application leaves a backlog that is longer than what the next one keeps in
// memory; it applies all of it.
func TestWhatWasAcknowledgedIsAppliedByTheNextHost(t *testing.T) {
	const invoices, each = 20, 60
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	provider := hosttest.NewProvider()
	t.Run("first host", func(t *testing.T) {
		h := hosttest.StartOn(t, st, provider)
		for n := range invoices {
			inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("order-", n), "10.00"))
			require.NoError(t, err)
			h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
			require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)).Code)
		}
		processed(t, h)
	})
	rows, err := st.Webhooks(t.Context(), store.WebhookFilter{Limit: invoices})
	require.NoError(t, err)
	require.Len(t, rows, invoices)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { // as an acknowledgement leaves them
		for _, row := range rows {
			for n := range each {
				left := row
				left.ID, left.DedupKey = fmt.Sprintf("%s-%d", row.ID, n), fmt.Sprintf("%s-%d", row.DedupKey, n)
				left.State, left.ProcessedAt = store.WebhookAccepted, time.Time{}
				if _, err := tx.InsertWebhook(&left); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	before, err := st.Events(t.Context(), store.EventFilter{Limit: 500})
	require.NoError(t, err)
	h := hosttest.StartOn(t, st, provider)
	done := func() int {
		open, err := st.OpenWebhooks(t.Context(), store.WebhookProcessed, store.WebhookPlace{}, 501)
		require.NoError(t, err)
		return len(open)
	}
	poll(t, func() *bool {
		rest, err := st.OpenWebhooks(t.Context(), store.WebhookAccepted, store.WebhookPlace{}, 501)
		require.NoError(t, err)
		if len(rest) > 0 {
			return nil
		}
		return new(bool)
	})
	require.Equal(t, 501, done(), "all are processed, none is rejected or lost")
	after, err := h.Store.Events(t.Context(), store.EventFilter{Limit: 500})
	require.NoError(t, err)
	require.Len(t, after, len(before), "what was applied before changes nothing")
}

// Webhooks are applied together where they can be. One that cannot be read, is about something unknown, says two things or was delivered
// again meanwhile holds up none of the others.
func TestWebhooksOfABatchStandAlone(t *testing.T) {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	provider := hosttest.NewProvider()
	const count = 6
	var about []*host.Invoice
	t.Run("first host", func(t *testing.T) {
		h := hosttest.StartOn(t, st, provider)
		for n := range count {
			inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("order-", n), "10.00"))
			require.NoError(t, err)
			about = append(about, inv)
		}
	})
	event := func(ref string) string {
		return fmt.Sprintf(`{"Subject":"invoice","ProviderRef":%q,"Strength":"verified","Invoice":{"provider_ref":%q,"status":"paid"}}`, ref, ref)
	}
	var probe []pay.WebhookEvent
	require.NoError(t, json.Unmarshal([]byte("["+event("r")+"]"), &probe))
	require.Equal(t, pay.StatusPaid, probe[0].Invoice.Status)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { // as acknowledgements leave them
		for n, inv := range about {
			events := "[" + event(inv.ProviderRef) + "]"
			row := store.Webhook{
				ID: fmt.Sprintf("wh_%d", n), AccountID: hosttest.AccountID, Provider: hosttest.ProviderName, Tail: inv.ID, State: store.WebhookAccepted,
				DedupKey: fmt.Sprint(n), ReceivedAt: inv.CreatedAt.Add(time.Duration(n) * time.Second), Deliveries: 1,
			}
			switch n {
			case 1:
				events = "["
			case 2:
				row.Tail, events = "", "["+event("unknown")+"]"
			case 3:
				events = "[" + event(inv.ProviderRef) + "," + event(inv.ProviderRef) + "]"
			case 4:
				events = "[" + event("another object") + "]" // which the amount and the status of this one must survive
			}
			row.Events = []byte(events)
			if _, err := tx.InsertWebhook(&row); err != nil {
				return err
			}
		}
		return nil
	}))
	h := hosttest.StartOn(t, st, provider)
	processed(t, h)
	want := []store.WebhookState{
		store.WebhookProcessed, store.WebhookFailed, store.WebhookUnmatched, store.WebhookProcessed, store.WebhookProcessed, store.WebhookProcessed,
	}
	for n, inv := range about {
		row, err := st.Webhook(t.Context(), fmt.Sprintf("wh_%d", n))
		require.NoError(t, err)
		require.Equal(t, want[n], row.State, "webhook %d", n)
		got, err := h.Invoice(t.Context(), inv.ID)
		require.NoError(t, err)
		paid := n == 0 || n == 3 || n == 5
		require.Equal(t, paid, got.Status == pay.StatusPaid, "invoice %d is %s", n, got.Status)
	}
}

// A burst for one account: all are acknowledged and applied, creates go on, and the end is what the provider said last.
func TestABurstOfWebhooksForOneAccount(t *testing.T) {
	invoices, each := 30, 40
	if matrixRace {
		invoices, each = 10, 30
	}
	h := hosttest.Start(t)
	var refs []*host.Invoice
	requests := make(chan *http.Request, invoices*each)
	for n := range invoices {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("order-", n), "10.00"))
		require.NoError(t, err)
		refs = append(refs, inv)
	}
	for k := range each {
		for _, inv := range refs {
			status := []pay.Status{pay.StatusProcessing, pay.StatusPending}[k%2]
			if k == each-1 {
				status = pay.StatusPaid
			}
			h.Provider.Set(inv.ProviderRef, status)
			requests <- h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)
		}
	}
	close(requests)
	var callers sync.WaitGroup
	for range 32 {
		callers.Go(func() {
			for req := range requests {
				if w := deliver(h, req); w.Code != http.StatusOK {
					t.Errorf("acknowledged with %d", w.Code)
				}
			}
		})
	}
	for n := range 10 {
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("meanwhile-", n), "10.00"))
		require.NoError(t, err)
	}
	callers.Wait()
	for _, inv := range refs {
		awaitStatus(t, h, inv.ID, pay.StatusPaid)
	}
	poll(t, func() *bool {
		rest, err := h.Store.OpenWebhooks(t.Context(), store.WebhookAccepted, store.WebhookPlace{}, 1)
		require.NoError(t, err)
		if len(rest) > 0 {
			return nil
		}
		return new(bool)
	})
	evidence := 0
	for _, inv := range refs {
		list, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
		require.NoError(t, err)
		for _, e := range list {
			if e.Kind == pay.EvidenceVerifiedWebhook {
				evidence++
			}
		}
	}
	require.Equal(t, invoices*each, evidence, "each was applied once")
}

// Deliveries that come while the first is applied make no second application.
func TestADeliveryDuringTheApplicationIsAppliedOnce(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 10 {
				if w := deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)); w.Code != http.StatusOK {
					t.Errorf("acknowledged with %d", w.Code)
				}
			}
		})
	}
	callers.Wait()
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	rows := processed(t, h)
	require.Len(t, rows, 1)
	require.Equal(t, 80, rows[0].Deliveries)
	evidence, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	applied := 0
	for _, e := range evidence {
		if e.WebhookID == rows[0].ID {
			applied++
		}
	}
	require.Equal(t, 1, applied)
}

// A webhook is verified with what its account is now, although accounts are kept in memory.
func TestAnAcknowledgementSeesChangesOfItsAccount(t *testing.T) {
	h, held := startHeld(t)
	require.Equal(t, http.StatusNotFound, deliver(h, h.Provider.Webhook(url("second", ""), "x")).Code)
	second := host.Account{ID: "second", Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"a"}`)}
	require.NoError(t, h.PutAccount(t.Context(), second))
	inv, err := h.CreateInvoice(t.Context(), order("second", "order"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusProcessing)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url("second", inv.ID), inv.ProviderRef)).Code, "that it was unknown is not remembered")
	awaitStatus(t, h, inv.ID, pay.StatusProcessing)
	require.Empty(t, held.entered)

	second.Config = json.RawMessage(heldConfig)
	require.NoError(t, h.PutAccount(t.Context(), second))
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url("second", inv.ID), inv.ProviderRef)).Code)
	<-held.entered // with the new config it is a hint
	held.answer()
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
}
