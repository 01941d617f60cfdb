// Package webhook measures what a provider waits for: its webhook verified, on the disk, acknowledged.
package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// Names of the subjects. One webhook at a time is a level of its own: the host applies what it has acknowledged before the next
// arrives, as it does between the webhooks of a normal day. In a closed loop that work competes with the next acknowledgement.
const (
	Ours   = "payhost, webhook"
	Single = "payhost, webhook, previous one applied"
	Floor  = "verify + one durable commit"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 8, 64} }

// invoices is how many invoices the webhooks are about.
const invoices = 256

// Bench is a host with invoices, and a store for the floor.
type Bench struct {
	engine  *commit.Engine
	handler http.Handler
	about   []*host.Invoice
	store   *store.Store
	n       atomic.Int64
	floor   atomic.Int64
}

// Start takes over a running engine, which its owner closes, and opens a store in dir.
func Start(ctx context.Context, engine *commit.Engine, dir string) (*Bench, error) {
	b := &Bench{engine: engine, handler: engine.Webhooks()}
	for range invoices {
		invoice, err := engine.Create(ctx)
		if err != nil {
			return nil, err
		}
		b.about = append(b.about, invoice)
	}
	var err error
	if b.store, err = sqlite.Open(filepath.Join(dir, "webhooks.db"), sqlite.Options{}); err != nil {
		return nil, err
	}
	err = b.store.Acquire(ctx)
	if err == nil {
		err = b.store.Write(ctx, func(tx *store.Tx) error {
			return tx.InsertAccount(&store.Account{ID: echo.AccountID, Tenant: "default", Provider: echo.Name, CreatedAt: time.Now()})
		})
	}
	if err != nil {
		return nil, errors.Join(err, b.store.Close())
	}
	return b, nil
}

// Close closes the floor's store.
func (b *Bench) Close() error { return b.store.Close() }

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject {
	return []round.Subject{
		{Name: Ours, Call: b.deliver, Settle: b.applied},
		{Name: Single, Turn: b.single, Levels: []int{1}},
		{Name: Floor, Call: b.verifyAndStore},
	}
}

// deliver hands one genuine webhook to the host.
func (b *Bench) deliver(ctx context.Context, _ int) error {
	n := int(b.n.Add(1))
	invoice := b.about[n%len(b.about)]
	body, header := echo.Notice(invoice.ProviderRef, n/len(b.about))
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/webhooks/"+echo.AccountID+"/"+invoice.ID, bytes.NewReader(body))
	r.Header.Set(header.Name, header.Value)
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return fmt.Errorf("webhook: acknowledged with %d: %s", w.Code, w.Body)
	}
	return nil
}

// single waits after each acknowledgement until the host has applied the webhook; the wait is not counted.
func (b *Bench) single(ctx context.Context, _ int, length time.Duration) (round.Sample, error) {
	if err := b.applied(ctx); err != nil {
		return nil, err
	}
	var times []time.Duration
	for begin := time.Now(); len(times) < 10 || time.Since(begin) < length; {
		news := b.engine.NewEvents()
		from := time.Now()
		if err := b.deliver(ctx, 0); err != nil {
			return nil, err
		}
		times = append(times, time.Since(from))
		select { // the event is committed together with the end of the webhook's application
		case <-news:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond): // one that changed nothing, because a later one was applied before it
		}
	}
	sample := round.Summary(times, length)
	delete(sample, round.Rate)
	return sample, nil
}

// applied waits until everything that was acknowledged is applied.
func (b *Bench) applied(ctx context.Context) error {
	for {
		news := b.engine.NewEvents()
		page, err := b.engine.WebhooksReceived(ctx, host.ListWebhooks{State: string(store.WebhookAccepted), Limit: 1})
		if err != nil || len(page.Webhooks) == 0 {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// verifyAndStore is the least that may be done: the adapter's verification and one shared durable commit of the same row.
func (b *Bench) verifyAndStore(ctx context.Context, _ int) error {
	n := b.floor.Add(1)
	invoice := b.about[int(n)%len(b.about)]
	body, header := echo.Notice(invoice.ProviderRef, int(n)/len(b.about))
	result, err := echo.Verify(pay.WebhookRequest{Method: http.MethodPost, Headers: []pay.Header{header}, Body: body, ReceivedAt: time.Now()})
	if err != nil {
		return err
	}
	events, err := json.Marshal(result.Events)
	if err != nil {
		return err
	}
	row := store.Webhook{
		ID: fmt.Sprintf("wh_%020d", n), Tenant: "default", AccountID: echo.AccountID, Provider: echo.Name, Tail: invoice.ID, State: store.WebhookAccepted,
		DedupKey: fmt.Sprintf("%064d", n), Method: http.MethodPost, Headers: []pay.Header{header}, Body: body, Peer: "192.0.2.1:1234", Events: events,
		ObjectType: "invoice", ObjectID: invoice.ID, ProviderRef: invoice.ProviderRef, Deliveries: 1, ReceivedAt: time.Now(),
	}
	return b.store.Write(ctx, func(tx *store.Tx) error {
		fresh := row
		existing, err := tx.InsertWebhook(&fresh)
		if err == nil && existing != nil {
			err = errors.New("webhook: the row exists already")
		}
		return err
	})
}

// Goals are the ratios that matter.
func Goals() []round.Goal {
	goals := []round.Goal{{
		Text: "acknowledgement ÷ (verify + one durable commit), p50, one webhook at a time", Subject: Single, Base: Floor, Level: 1, Metric: round.P50, AtMost: 1.3,
	}}
	for _, level := range Levels() {
		goals = append(goals, round.Goal{
			Text:    fmt.Sprintf("the same in a closed loop of %d callers, while what was acknowledged is applied", level),
			Subject: Ours, Base: Floor, Level: level, Metric: round.P50, AtMost: 1.3,
		})
	}
	return append(goals, round.Goal{
		Text: "CPU of a webhook, applied, ÷ (verify + one durable commit), 64 callers", Subject: Ours, Base: Floor, Level: 64, Metric: round.CPU,
	})
}
