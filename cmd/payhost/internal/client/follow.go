package client

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// eventPage is how many events one page has at most.
const eventPage = "500"

// streamPause is how long to wait before a stream that broke is opened again.
const streamPause = time.Second

// lookEvery is how often the stored invoice is read besides the news of the stream, which may be down.
const lookEvery = 2 * time.Second

// Ended reports whether nothing more is expected to happen to an invoice: it is final, paid, or closed unpaid.
func Ended(inv *host.Invoice) bool {
	return inv.Final || inv.Status == pay.StatusPaid || inv.Status.Closed()
}

// Follow calls fn with an invoice, and again whenever it has changed, until it has ended or ctx ends. News come by the
// event stream; refresh, when not zero, is how often the provider is asked besides. It returns the last state seen.
func (c *Client) Follow(ctx context.Context, id string, refresh time.Duration, fn func(*host.Invoice)) (*host.Invoice, error) {
	after, err := c.lastPosition(ctx, id)
	if err != nil {
		return nil, err
	}
	news := make(chan struct{}, 1)
	streaming, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { c.listen(streaming, id, after, news) })

	ask := func() (*host.Invoice, error) { return c.Invoice(ctx, id) }
	refreshes := make(<-chan time.Time)
	if refresh > 0 {
		ticker := time.NewTicker(refresh)
		defer ticker.Stop()
		refreshes = ticker.C
	}
	looks := time.NewTicker(lookEvery)
	defer looks.Stop()
	var last *host.Invoice
	for {
		inv, err := ask()
		switch {
		case err != nil && ctx.Err() != nil:
			return last, ctx.Err()
		case err != nil:
			return last, err
		}
		if last == nil || last.Version != inv.Version {
			fn(inv)
		}
		last = inv
		if Ended(inv) {
			return inv, nil
		}
		ask = func() (*host.Invoice, error) { return c.Invoice(ctx, id) }
		select {
		case <-news:
		case <-looks.C:
		case <-refreshes:
			ask = func() (*host.Invoice, error) { return c.refreshOrRead(ctx, id) }
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// refreshOrRead falls back to what is stored when the provider cannot be asked now: the next turn asks again.
func (c *Client) refreshOrRead(ctx context.Context, id string) (*host.Invoice, error) {
	inv, err := c.Refresh(ctx, id)
	if _, refused := errors.AsType[*Problem](err); refused {
		return c.Invoice(ctx, id)
	}
	return inv, err
}

// InvoiceEvents returns all events of an invoice and the position after them.
func (c *Client) InvoiceEvents(ctx context.Context, id string) ([]host.Event, host.Position, error) {
	var all []host.Event
	var after host.Position
	for {
		query := url.Values{"limit": {eventPage}}
		if after != "" {
			query.Set("after", string(after))
		}
		page, err := get[struct {
			Events   []host.Event  `json:"events"`
			Position host.Position `json:"position"`
		}](ctx, c, "/v1/invoices/"+url.PathEscape(id)+"/events?"+query.Encode())
		if err != nil {
			return nil, after, err
		}
		if len(page.Events) == 0 {
			return all, after, nil
		}
		all, after = append(all, page.Events...), page.Position
	}
}

// lastPosition is where to begin, so that the stream does not tell the whole history of the host.
func (c *Client) lastPosition(ctx context.Context, id string) (host.Position, error) {
	_, after, err := c.InvoiceEvents(ctx, id)
	return after, err
}

// listen tells news of one invoice until ctx ends. A stream that breaks is opened again where it broke.
func (c *Client) listen(ctx context.Context, id string, after host.Position, news chan<- struct{}) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		// Why it ended does not matter: the caller reads the invoice anyway, and learns there what is wrong.
		after, _ = c.Watch(ctx, after, func(ev host.Event) error {
			if ev.Object.ID == id {
				select {
				case news <- struct{}{}:
				default:
				}
			}
			return nil
		})
		pause.Reset(streamPause)
	}
}
