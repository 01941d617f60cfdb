package host_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// deliver gives a request to the host's webhook handler, as a server would.
func deliver(h *hosttest.Host, req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	http.StripPrefix("/pay", h.Webhooks()).ServeHTTP(w, req)
	return w
}

func url(account, tail string) string {
	return hosttest.PublicURL + "/webhooks/" + account + "/" + tail
}

func TestAGenuineWebhookSettlesItsInvoice(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)

	w := deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "OK", w.Body.String())
	paid := awaitStatus(t, h, inv.ID, pay.StatusPaid)
	require.Equal(t, "10.00", paid.AmountCaptured.Value())
	require.True(t, paid.Final)
	require.Zero(t, h.Provider.Looks(), "a verified webhook is believed")

	evidence, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	last := evidence[len(evidence)-1]
	require.Equal(t, pay.EvidenceVerifiedWebhook, last.Kind)
	require.Contains(t, string(last.Raw), inv.ProviderRef, "the bytes that justified it are kept")
}

func awaitStatus(t *testing.T, h *hosttest.Host, id string, status pay.Status) *host.Invoice {
	t.Helper()
	return poll(t, func() *host.Invoice {
		inv, err := h.Invoice(t.Context(), id)
		require.NoError(t, err)
		if inv.Status != status {
			return nil
		}
		return inv
	})
}

// processed waits until the inbox has nothing left to do.
func processed(t *testing.T, h *hosttest.Host) []store.Webhook {
	t.Helper()
	return *poll(t, func() *[]store.Webhook {
		rows, err := h.Store.Webhooks(t.Context(), store.WebhookFilter{Limit: 500})
		require.NoError(t, err)
		for _, r := range rows {
			if r.State == store.WebhookAccepted {
				return nil
			}
		}
		return &rows
	})
}

func TestRefusedWebhooks(t *testing.T) {
	h := hosttest.Start(t, func(c *host.Config) { c.WebhookBody = 64 << 10 })
	require.NoError(t, h.PutAccount(t.Context(), host.Account{ID: "fake-other", Provider: hosttest.ProviderName, Config: []byte(`{"token":"x"}`)}))
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	another, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-2", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(another.ProviderRef, pay.StatusPaid)

	genuine := func(at string) *http.Request { return h.Provider.Webhook(at, another.ProviderRef) }
	with := func(change func(*http.Request)) *http.Request {
		req := genuine(url(hosttest.AccountID, inv.ID))
		change(req)
		return req
	}
	cases := map[string]struct {
		req  *http.Request
		want int
	}{
		"unknown account":           {genuine(url("nobody", "")), http.StatusNotFound},
		"unknown invoice":           {genuine(url(hosttest.AccountID, "inv_00000000000000000000000000")), http.StatusNotFound},
		"another account's":         {genuine(url("fake-other", inv.ID)), http.StatusNotFound},
		"about another invoice":     {genuine(url(hosttest.AccountID, inv.ID)), http.StatusNotFound},
		"no account":                {genuine(hosttest.PublicURL + "/webhooks/"), http.StatusNotFound},
		"method":                    {with(func(r *http.Request) { r.Method = http.MethodDelete }), http.StatusMethodNotAllowed},
		"unsigned":                  {with(func(r *http.Request) { r.Header = http.Header{} }), http.StatusUnauthorized},
		"wrongly signed":            {with(func(r *http.Request) { r.Header.Set("X-Fake-Signature", strings.Repeat("0", 64)) }), http.StatusUnauthorized},
		"truncated":                 {with(func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(`{"ref":`)) }), http.StatusUnauthorized},
		"too large":                 {with(func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader(make([]byte, 10<<20))) }), http.StatusRequestEntityTooLarge},
		"path that names no object": {genuine(hosttest.PublicURL + "/webhooks"), http.StatusNotFound},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, deliver(h, c.req).Code)
		})
	}
	processed(t, h)
	still, err := h.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, still.Status)
}

// However a webhook is forged or altered, nothing moves while the provider's truth stays unpaid.
func TestForgedWebhooksNeverChangeState(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	genuine := h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)
	body, err := io.ReadAll(genuine.Body)
	require.NoError(t, err)
	signature := genuine.Header.Get("X-Fake-Signature")
	h.Provider.Set(inv.ProviderRef, pay.StatusPending)

	before, err := h.EventsAfter(t.Context(), "", 100)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for range 250 {
		forged, sig := bytes.Clone(body), []byte(signature)
		if random.IntN(2) == 0 {
			forged[random.IntN(len(forged))] ^= byte(1 + random.IntN(255))
		} else {
			sig[random.IntN(len(sig))] = "ghij"[random.IntN(4)]
		}
		req := httptest.NewRequest(http.MethodPost, url(hosttest.AccountID, inv.ID), bytes.NewReader(forged))
		req.Header.Set("X-Fake-Signature", string(sig))
		require.Equal(t, http.StatusUnauthorized, deliver(h, req).Code)
	}
	processed(t, h)
	after, err := h.EventsAfter(t.Context(), "", 100)
	require.NoError(t, err)
	require.Equal(t, types(before), types(after), "0 transitions")
	require.LessOrEqual(t, h.Provider.Looks(), 1, "at most one rate-limited look at the provider")
}

func TestTheSameWebhookTwiceIsOneTransition(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	for range 20 {
		require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)).Code)
	}
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	rows := processed(t, h)
	require.Len(t, rows, 1)
	require.Equal(t, 20, rows[0].Deliveries)
	events, err := h.EventsAfter(t.Context(), "", 100)
	require.NoError(t, err)
	require.Equal(t, []string{"invoice.created", "invoice.pending", "invoice.paid"}, types(events))
}

func TestOlderNewsIsRecordedAndIgnored(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusProcessing)
	old := h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)).Code)
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, old).Code)
	processed(t, h)
	still, err := h.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, still.Status)
	evidence, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	require.Equal(t, "older", evidence[len(evidence)-1].Applied)
}

// The provider may be faster than its own answer: the webhook waits for it.
func TestAWebhookAheadOfTheCreateAnswer(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Slow)
	type result struct {
		inv *host.Invoice
		err error
	}
	answered := make(chan result, 1)
	go func() {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
		answered <- result{inv, err}
	}()
	<-h.Provider.Entered()
	page, err := h.Invoices(t.Context(), host.ListInvoices{})
	require.NoError(t, err)
	id, ref := page.Invoices[0].ID, h.Provider.Created()[0]
	h.Provider.Set(ref, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, id), ref)).Code)
	rows := processed(t, h)
	require.Equal(t, store.WebhookUnmatched, rows[0].State)

	h.Provider.Set(ref, pay.StatusPending) // what the slow answer will say is older news
	h.Provider.Release()
	r := <-answered
	require.NoError(t, r.err)
	require.Equal(t, ref, r.inv.ProviderRef)
	rows = *poll(t, func() *[]store.Webhook {
		rows, err := h.Store.Webhooks(t.Context(), store.WebhookFilter{Limit: 10})
		require.NoError(t, err)
		if rows[0].State != store.WebhookProcessed {
			return nil
		}
		return &rows
	})
	require.Equal(t, id, rows[0].ObjectID)
}

// A webhook can settle a create whose answer was lost.
func TestAWebhookSettlesAnUnknownCreate(t *testing.T) {
	h := hosttest.Start(t, patient)
	h.Provider.Next(hosttest.Unknown)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	ref := h.Provider.Created()[0]
	h.Provider.Set(ref, pay.StatusPaid)
	require.Equal(t, http.StatusOK, deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), ref)).Code)
	paid := awaitStatus(t, h, inv.ID, pay.StatusPaid)
	require.Empty(t, paid.UnresolvedOperation)
	op, err := h.Operation(t.Context(), inv.UnresolvedOperation)
	require.NoError(t, err)
	require.Equal(t, "done", op.State)
}

// Money for one order must never settle two.
func TestAProviderIDSettlesOneInvoiceOnly(t *testing.T) {
	h := hosttest.Start(t, patient)
	first, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-1", "10.00"))
	require.NoError(t, err)
	h.Provider.Next(hosttest.Lost)
	second, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-2", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	h.Provider.Set(first.ProviderRef, pay.StatusPaid)
	// A genuine webhook about the first invoice, sent to the URL of the second.
	deliver(h, h.Provider.Webhook(url(hosttest.AccountID, second.ID), first.ProviderRef))
	processed(t, h)
	reviewed := poll(t, func() *host.Invoice {
		inv, err := h.Invoice(t.Context(), second.ID)
		require.NoError(t, err)
		if !inv.NeedsReview {
			return nil
		}
		return inv
	})
	require.Equal(t, pay.StatusCreating, reviewed.Status)
	require.Contains(t, reviewed.ReviewReason, "already belongs")
	require.NotEmpty(t, reviewed.UnresolvedOperation)
}
