package host_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// What was closed as not executed is looked for through the late window, and the provider can prove it wrong.
func TestTheLateWindowProvesAJudgementWrong(t *testing.T) {
	var ahead atomic.Int64
	h := hosttest.Start(t, func(c *host.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	inv := at(t, h, "order", pay.StatusPaid)
	h.Provider.NextOn(pay.OpRefund, hosttest.Lost)
	refund, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k", Invoice: inv.ID, Amount: "60.00"})
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	op := poll(t, func() *host.Operation {
		op, err := h.Operation(t.Context(), refund.UnresolvedOperation)
		require.NoError(t, err)
		if op.State != "done" {
			return nil
		}
		return op
	})
	require.Equal(t, pay.ExecutedNo, op.Executed)
	amount, err := pay.ParseMoney("60.00", "UAH")
	require.NoError(t, err)
	h.Provider.AddRefund(inv.ProviderRef, op.ProviderKey, amount)
	ahead.Store(int64(2 * time.Hour))
	n := 0
	poll(t, func() *host.Refund {
		n++ // any command wakes the resolver
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("wake-", n), "1.00"))
		require.NoError(t, err)
		r, err := h.Refund(t.Context(), refund.ID)
		require.NoError(t, err)
		if r.Status != pay.RefundSucceeded {
			return nil
		}
		return r
	})
	events, err := h.EventsAfter(t.Context(), "", 500)
	require.NoError(t, err)
	require.Contains(t, types(events), "operation.contradicted")
	after, err := h.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.True(t, after.NeedsReview)
	_, err = h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k2", Invoice: inv.ID, Amount: "60.00"})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "the amount counts again")
}

// One event of a batch that cannot be matched does not hold the others up.
func TestABatchOfEventsStandsInParts(t *testing.T) {
	h := hosttest.Start(t)
	a, b := at(t, h, "a", pay.StatusPending), at(t, h, "b", pay.StatusPending)
	h.Provider.Set(a.ProviderRef, pay.StatusPaid)
	h.Provider.Set(b.ProviderRef, pay.StatusPaid)
	w := deliver(h, h.Provider.Webhook(hosttest.PublicURL+"/webhooks/"+hosttest.AccountID, a.ProviderRef, "nobody", b.ProviderRef))
	require.Equal(t, http.StatusOK, w.Code)
	awaitStatus(t, h, a.ID, pay.StatusPaid)
	awaitStatus(t, h, b.ID, pay.StatusPaid)
	poll(t, func() *bool {
		rows, err := h.Store.Webhooks(t.Context(), store.WebhookFilter{States: []store.WebhookState{store.WebhookUnmatched}, Limit: 10})
		require.NoError(t, err)
		kept := len(rows) == 1
		if !kept {
			return nil
		}
		return &kept
	})
}

// limited states a rate limit.
type limited struct{ *hosttest.Provider }

func (p limited) Describe() pay.Manifest {
	m := p.Provider.Describe()
	m.RateLimits = []pay.RateLimitSpec{{
		Scope: pay.RatePerAccount, Abilities: pay.NewAbilities(pay.CanCreateInvoice), Rate: "0.001", Burst: 2,
	}}
	return m
}

// A provider's rate limit is kept before anything is written or sent.
func TestRateLimitsOfTheManifestAreKept(t *testing.T) {
	h := hosttest.Start(t, func(c *host.Config) {
		p, ok := c.Providers[hosttest.ProviderName].(*hosttest.Provider)
		require.True(t, ok)
		c.Providers = map[string]pay.Provider{hosttest.ProviderName: limited{p}}
	})
	for i := range 2 {
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint(i), "1.00"))
		require.NoError(t, err)
	}
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("3", "1.00"))
	require.ErrorIs(t, err, pay.KindRateLimited)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.Len(t, h.Provider.Created(), 2)
	page, err := h.Invoices(t.Context(), host.ListInvoices{})
	require.NoError(t, err)
	_, err = h.RefreshInvoice(t.Context(), page.Invoices[0].ID)
	require.NoError(t, err, "other calls are not limited")
}

// While a plugin is frozen, its webhooks are kept and the provider is asked to send again; nothing is lost when it is back.
func TestAWebhookForAFrozenPluginIsKept(t *testing.T) {
	r := newRemote(t)
	h := twoProviders(t, r, func(c *host.Config) { c.Timeouts.Webhook = 100 * time.Millisecond })
	inv, err := h.CreateInvoice(t.Context(), order("alpha-main", "order"))
	require.NoError(t, err)
	pid := pidOf(h, "alpha")
	freeze(t, pid)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url("alpha-main", inv.ID), http.NoBody)
	require.NoError(t, err)
	w := deliver(h, req)
	require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	rows, err := h.Store.Webhooks(t.Context(), store.WebhookFilter{AccountID: "alpha-main", Limit: 10})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	poll(t, func() *store.Webhook { // the sweep gives it to the plugin that is back
		row, err := h.Store.Webhook(t.Context(), rows[0].ID)
		require.NoError(t, err)
		if row.State != store.WebhookProcessed {
			return nil
		}
		return &row
	})
}

// A closed invoice is looked at through the late window, and one that expires is asked for around its expiry.
func TestThePollerLooksAroundExpiryAndForLateMoney(t *testing.T) {
	var ahead atomic.Int64
	h := hosttest.Start(t, func(c *host.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	req := hosttest.Invoice("order", "10.00")
	req.ExpiresIn = "1m"
	inv, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	n := 0
	until := func(status pay.Status) *host.Invoice {
		return poll(t, func() *host.Invoice {
			n++ // any command wakes the poller
			_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("wake-", n), "1.00"))
			require.NoError(t, err)
			now, err := h.Invoice(t.Context(), inv.ID)
			require.NoError(t, err)
			if now.Status != status {
				return nil
			}
			return now
		})
	}
	h.Provider.Set(inv.ProviderRef, pay.StatusExpired)
	ahead.Store(int64(2 * time.Minute)) // long before the cadence of five minutes at its latest, after the expiry
	until(pay.StatusExpired)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	ahead.Store(int64(2 * time.Hour))
	until(pay.StatusPaid)
	events, err := h.ObjectEvents(t.Context(), "", 100, "invoice", inv.ID)
	require.NoError(t, err)
	require.Contains(t, types(events), "invoice.late_paid")
}
