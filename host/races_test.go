package host_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// shaken is the scripted provider with hooks that move its calls against each other in time.
type shaken struct {
	*hosttest.Provider
	// world is held while an invoice changes at the provider: by a call, or by the payer.
	world sync.Mutex
	// edit changes the manifest; created runs when the provider has made an invoice and nobody knows yet. Both may be nil.
	edit    func(*pay.Manifest)
	created func(req pay.CreateInvoice, ref string)
	// payoutsDone makes look-ups show payouts as succeeded.
	payoutsDone func() bool

	mu     sync.Mutex
	random *rand.Rand
}

func newShaken(seed uint64) *shaken {
	return &shaken{Provider: hosttest.NewProvider(), random: rand.New(rand.NewPCG(seed, 2))}
}

// start runs a host on the provider, with looks that follow quickly.
func (p *shaken) start(t *testing.T) *hosttest.Host {
	t.Helper()
	h := hosttest.Start(t, func(c *host.Config) {
		c.Providers[hosttest.ProviderName] = p
		c.Timeouts.FirstLook = time.Millisecond
	})
	h.Provider = p.Provider
	return h
}

func (p *shaken) n(below int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(below)
}

// pause lets others go first, for a seeded while: often not at all, sometimes for some turns, sometimes for real time.
func (p *shaken) pause() {
	switch n := p.n(20); {
	case n < 8:
	case n < 17:
		for range n {
			runtime.Gosched()
		}
	default:
		time.Sleep(time.Duration(p.n(500)) * time.Microsecond)
	}
}

func (p *shaken) Describe() pay.Manifest {
	m := p.Provider.Describe()
	if p.edit != nil {
		p.edit(&m)
	}
	return m
}

// wholeAccount is everything the scripted provider's accounts can do.
type wholeAccount interface {
	pay.Account
	pay.InvoiceFinder
	pay.Canceler
	pay.Capturer
	pay.Voider
	pay.Refunder
	pay.RefundGetter
	pay.Charger
	pay.PayoutCreator
	pay.PayoutGetter
	pay.BalanceReader
	pay.WebhookHandler
	pay.Checker
	pay.ActionProvider
}

type shakenAccount struct {
	wholeAccount
	p *shaken
}

func (p *shaken) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	account, err := p.Provider.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return shakenAccount{account.(wholeAccount), p}, nil
}

func (a shakenAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	known := len(a.p.Created())
	defer func() { // also when the adapter panics
		if made := a.p.Created(); a.p.created != nil && len(made) > known {
			a.p.created(req, made[len(made)-1])
		}
		a.p.pause()
	}()
	return a.wholeAccount.CreateInvoice(ctx, req)
}

func (a shakenAccount) change(do func() (pay.InvoiceState, error)) (pay.InvoiceState, error) {
	a.p.pause()
	defer a.p.pause()
	a.p.world.Lock()
	defer a.p.world.Unlock()
	return do()
}

func (a shakenAccount) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(func() (pay.InvoiceState, error) { return a.wholeAccount.CancelInvoice(ctx, req) })
}

func (a shakenAccount) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(func() (pay.InvoiceState, error) { return a.wholeAccount.CaptureInvoice(ctx, req) })
}

func (a shakenAccount) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	a.p.pause()
	defer a.p.pause()
	return a.wholeAccount.CreateRefund(ctx, req)
}

func (a shakenAccount) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	s, err := a.wholeAccount.GetPayout(ctx, ref)
	if err == nil && a.p.payoutsDone != nil && a.p.payoutsDone() {
		s.Status = pay.PayoutSucceeded
	}
	return s, err
}

// set lets the payer act, at a moment when no call is acting.
func (p *shaken) set(ref string, status pay.Status) {
	p.world.Lock()
	defer p.world.Unlock()
	p.Set(ref, status)
}

// truth is an invoice as the provider shows it.
func (p *shaken) truth(t *testing.T, ref string) pay.InvoiceState {
	t.Helper()
	account, err := p.Provider.Open(t.Context(), pay.AccountConfig{Config: []byte(`{"token":"x"}`)})
	require.NoError(t, err)
	s, err := account.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: ref})
	require.NoError(t, err)
	return s
}

// together runs n jobs at once, each after a seeded pause.
func (p *shaken) together(n int, job func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			p.pause()
			job(i)
		})
	}
	close(gate)
	wg.Wait()
}

// endsInTruth waits until nothing about an invoice is open, asks the provider once more and compares.
func (p *shaken) endsInTruth(t *testing.T, h *hosttest.Host, id string) *host.Invoice {
	t.Helper()
	poll(t, func() *bool {
		_, err := h.Store.OpenOperation(t.Context(), id)
		closed := err != nil
		if !closed {
			return nil
		}
		require.ErrorIs(t, err, store.ErrNotFound)
		return &closed
	})
	inv, err := h.RefreshInvoice(t.Context(), id)
	require.NoError(t, err)
	truth := p.truth(t, inv.ProviderRef)
	require.Equal(t, truth.Status, inv.Status)
	require.Empty(t, inv.UnresolvedOperation)
	require.False(t, inv.NeedsReview, inv.ReviewReason)
	if truth.Captured.IsSet() {
		require.Equal(t, truth.Captured.String(), inv.AmountCaptured.String())
	}
	shown, stored := map[string]string{}, map[string]string{}
	for _, r := range truth.Refunds {
		shown[r.ProviderKey] = string(r.Status) + " " + r.Amount.String()
	}
	require.Len(t, shown, len(truth.Refunds), "a refund was sent twice")
	refunds, err := h.Store.Refunds(t.Context(), id)
	require.NoError(t, err)
	for _, r := range refunds {
		if r.Status != pay.RefundFailed {
			stored[r.ProviderKey] = string(r.Status) + " " + r.Amount.String()
		}
	}
	require.Equal(t, shown, stored)
	return inv
}

// movesAreLegal replays the status events of every invoice against the one table.
func movesAreLegal(t *testing.T, h *hosttest.Host) {
	t.Helper()
	at := map[string]pay.Status{}
	for position := int64(0); ; {
		rows, err := h.Store.Events(t.Context(), store.EventFilter{After: position, ObjectType: "invoice", Limit: 500})
		require.NoError(t, err)
		if len(rows) == 0 {
			break
		}
		for _, e := range rows {
			position = e.Position
			to := pay.Status(strings.TrimPrefix(strings.TrimPrefix(e.Type, "invoice."), "late_"))
			if e.Type == "invoice.created" {
				at[e.ObjectID] = pay.StatusCreating
			}
			if !to.Known() {
				continue
			}
			_, legal := pay.FindTransition(at[e.ObjectID], to)
			require.True(t, legal, "%s: %s → %s", e.ObjectID, at[e.ObjectID], to)
			at[e.ObjectID] = to
		}
	}
	require.NotEmpty(t, at)
	eventsHaveNoGaps(t, h)
	for key, n := range h.Provider.Effects() {
		require.Equal(t, 1, n, "sent twice: %s", key)
	}
}

// expected fails on an error that a loser of a race does not get.
func expected(t *testing.T, err error, kinds ...pay.Kind) {
	t.Helper()
	if err == nil {
		return
	}
	for _, k := range kinds {
		if pay.AsError(err).Kind == k {
			return
		}
	}
	t.Errorf("unexpected: %v", err)
}

// misfortune is what happens to the first call of a round; every other round it is nothing, so that no breaker opens.
func (p *shaken) misfortune(round int) hosttest.Outcome {
	if round%2 == 0 {
		return hosttest.Pending
	}
	return []hosttest.Outcome{hosttest.Unknown, hosttest.Lost, hosttest.Declined, hosttest.RateLimited, hosttest.Panic}[p.n(5)]
}

func TestRaceOfRefunds(t *testing.T) {
	p := newShaken(seedOf(t))
	h := p.start(t)
	for round := range rounds(1000, 10) {
		inv := at(t, h, fmt.Sprintf("order-%d", round), pay.StatusPaid)
		p.NextOn(pay.OpRefund, p.misfortune(round))
		p.together(64, func(i int) {
			_, err := h.CreateRefund(t.Context(), host.CreateRefund{
				IdempotencyKey: fmt.Sprintf("%d/%d", round, i), Invoice: inv.ID, Amount: "60.00",
			})
			expected(t, err, pay.KindInvalidRequest, pay.KindInProgress, pay.KindOutcomeUnknown, pay.KindDeclined, pay.KindRateLimited)
		})
		p.repeatQueued(t, h, inv.ID, func(key string) {
			_, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: key, Invoice: inv.ID, Amount: "60.00"})
			require.NoError(t, err)
		})
		after := p.endsInTruth(t, h, inv.ID)
		require.LessOrEqual(t, len(p.truth(t, after.ProviderRef).Refunds), 1, "60 + 60 > 100")
	}
	movesAreLegal(t, h)
}

// repeatQueued repeats a call that was refused before anything was sent, with its own key, as its caller does.
func (p *shaken) repeatQueued(t *testing.T, h *hosttest.Host, invoice string, again func(key string)) {
	t.Helper()
	op, err := h.Store.OpenOperation(t.Context(), invoice)
	if err == nil && op.State == store.OperationQueued {
		again(op.IdempotencyKey)
	}
}

func TestRaceOfCaptures(t *testing.T) {
	p := newShaken(seedOf(t))
	h := p.start(t)
	for round := range rounds(1000, 10) {
		inv := at(t, h, fmt.Sprintf("order-%d", round), pay.StatusAuthorized)
		p.NextOn(pay.OpCapture, p.misfortune(round))
		capture := func(key string) error {
			_, err := h.CaptureInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: key, Invoice: inv.ID, Amount: "60.00"})
			return err
		}
		p.together(64, func(i int) {
			expected(t, capture(fmt.Sprintf("%d/%d", round, i)),
				pay.KindInvalidState, pay.KindInvalidRequest, pay.KindInProgress, pay.KindOutcomeUnknown, pay.KindDeclined, pay.KindRateLimited)
		})
		p.repeatQueued(t, h, inv.ID, func(key string) { require.NoError(t, capture(key)) })
		p.endsInTruth(t, h, inv.ID)
		ops, err := h.Operations(t.Context(), host.ListOperations{Invoice: inv.ID, Limit: 500})
		require.NoError(t, err)
		done := 0
		for _, op := range ops.Operations {
			if op.Kind == pay.OpCapture && op.Executed == pay.ExecutedYes && op.Error == nil {
				done++
			}
		}
		require.LessOrEqual(t, done, 1, "one authorization is captured once")
	}
	movesAreLegal(t, h)
}

// The payer pays while the merchant cancels: whoever was first at the provider, both sides agree in the end.
func TestRaceOfCancelAgainstPay(t *testing.T) {
	p := newShaken(seedOf(t))
	h := p.start(t)
	ends := map[pay.Status]int{}
	for round := range rounds(1000, 10) {
		inv := at(t, h, fmt.Sprintf("order-%d", round), pay.StatusPending)
		p.NextOn(pay.OpCancel, p.misfortune(round))
		late := p.n(2) == 0 // whether this provider takes money for what was canceled
		cancel := func(key string) error {
			_, err := h.CancelInvoice(t.Context(), host.ChangeInvoice{IdempotencyKey: key, Invoice: inv.ID})
			return err
		}
		p.together(2, func(i int) {
			if i == 0 {
				expected(t, cancel(fmt.Sprint(round)),
					pay.KindInvalidState, pay.KindInProgress, pay.KindOutcomeUnknown, pay.KindDeclined, pay.KindRateLimited)
				return
			}
			time.Sleep(time.Duration(p.n(4000)) * time.Microsecond) // a cancel is written down before it is sent
			if p.pays(t, inv.ProviderRef, late) {
				p.pause()
				deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef))
			}
		})
		p.repeatQueued(t, h, inv.ID, func(key string) { expected(t, cancel(key), pay.KindInvalidState) })
		processed(t, h)
		ends[p.endsInTruth(t, h, inv.ID).Status]++
	}
	t.Log(ends)
	movesAreLegal(t, h)
}

// pays lets the payer pay, unless the invoice is closed and the provider takes no late money.
func (p *shaken) pays(t *testing.T, ref string, late bool) bool {
	p.world.Lock()
	defer p.world.Unlock()
	if !late && p.truth(t, ref).Status.Closed() {
		return false
	}
	p.Set(ref, pay.StatusPaid)
	return true
}

// Webhooks arrive before, during and after the answer of the create, in any order, and the answer may be lost.
func TestRaceOfWebhooksAgainstTheCreateAnswer(t *testing.T) {
	p := newShaken(seedOf(t))
	var h *hosttest.Host
	var payer sync.WaitGroup
	p.created = func(req pay.CreateInvoice, ref string) {
		payer.Go(func() {
			p.pause()
			p.set(ref, pay.StatusProcessing)
			first := h.Provider.Webhook(req.WebhookURL, ref)
			p.set(ref, pay.StatusPaid)
			second := h.Provider.Webhook(req.WebhookURL, ref)
			if p.n(2) == 0 {
				first, second = second, first
			}
			payer.Go(func() { deliver(h, first) })
			p.pause()
			payer.Go(func() { deliver(h, second) })
		})
	}
	h = p.start(t)
	for round := range rounds(1000, 10) {
		if round%2 == 1 {
			p.Next([]hosttest.Outcome{hosttest.Unknown, hosttest.Panic}[p.n(2)])
		}
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprintf("order-%d", round), "10.00"))
		expected(t, err, pay.KindOutcomeUnknown)
		require.NotNil(t, inv)
		payer.Wait()
		paid := awaitStatus(t, h, inv.ID, pay.StatusPaid)
		require.Equal(t, "10.00", paid.AmountCaptured.Value())
		p.endsInTruth(t, h, inv.ID)
	}
	rows := *poll(t, func() *[]store.Webhook {
		rows, err := h.Store.Webhooks(t.Context(), store.WebhookFilter{States: []store.WebhookState{store.WebhookAccepted, store.WebhookUnmatched}, Limit: 500})
		require.NoError(t, err)
		if len(rows) > 0 {
			return nil
		}
		return &rows
	})
	require.Empty(t, rows, "every webhook found its invoice")
	movesAreLegal(t, h)
}
