package host

import (
	"context"
	"time"

	"github.com/payhost/payhost/host/store"
)

// inboxScan looks through the stored webhooks of one state, oldest first, for what is not queued.
type inboxScan struct {
	state store.WebhookState
	// limit is how many of one account it queues.
	limit int
	// wanted says that there may be something to find.
	wanted bool
	// near is up to where all were queued. It stops where an account has no room; full is that account. far goes on from there to
	// the end, so that others are found behind the backlog of one.
	near, far store.WebhookPlace
	full      string
	// toured says that far has been at the end since the last restart.
	toured bool
}

// restart looks from the beginning again: what failed since is found there.
func (s *inboxScan) restart() {
	*s = inboxScan{state: s.state, limit: s.limit, wanted: true}
}

// step reads a page, and one further on when an account is full; more is true while it makes sense to go on at once.
func (s *inboxScan) step(ctx context.Context, r *store.Reader, q *inbox) (more bool, err error) {
	s.full = ""
	last, whole, err := s.page(ctx, r, q, s.near, true)
	switch {
	case err != nil:
		return false, err
	case s.full == "" && whole:
		return true, nil
	case s.full == "":
		s.restart()
		s.wanted = false
		if s.state == store.WebhookAccepted {
			q.caughtUp()
		}
		return false, nil
	case !whole, s.toured:
		return false, nil
	}
	if before(s.far, last) {
		s.far = last
	}
	s.far, whole, err = s.page(ctx, r, q, s.far, false)
	s.toured = !whole
	return false, err
}

// page queues what follows a place and returns the last place it read; whole is false when nothing follows it.
func (s *inboxScan) page(ctx context.Context, r *store.Reader, q *inbox, from store.WebhookPlace, near bool) (last store.WebhookPlace, whole bool, err error) {
	size := maxPage
	if near {
		size = maxPage / 2 // of a long backlog there may be no room for more
	}
	rows, err := r.OpenWebhooks(ctx, s.state, from, size)
	if err != nil {
		return from, false, err
	}
	last = from
	for _, place := range rows {
		queued := q.refill(arrival{WebhookPlace: place, alone: s.state == store.WebhookSpooled}, s.limit)
		if near && !queued && s.full == "" {
			s.full = place.AccountID
		}
		if near && s.full == "" {
			s.near = place
		}
		last = place
	}
	return last, len(rows) == size, nil
}

func before(a, b store.WebhookPlace) bool {
	return a.ReceivedAt.Before(b.ReceivedAt) || a.ReceivedAt.Equal(b.ReceivedAt) && a.ID < b.ID
}

// quiet decides whether stored webhooks may be applied, or whether that would be in the way of acknowledgements. One goroutine uses it.
type quiet struct {
	q   *inbox
	now func() time.Time
	// since is how many acknowledgements had begun when a whole tick had passed without one.
	since int64
	// sample is how many had begun when the running tick began.
	sample int64
	timer  <-chan time.Time
}

func (c *quiet) allows(a arrival) bool {
	return c.q.storing.Load() == 0 && c.q.begun.Load() == c.since || c.now().Sub(a.ReceivedAt) >= patience
}

// tick fires when it is time to call [quiet.ticked].
func (c *quiet) tick() <-chan time.Time {
	if c.timer == nil {
		c.sample, c.timer = c.q.begun.Load(), time.After(quietTick)
	}
	return c.timer
}

func (c *quiet) ticked() {
	c.timer = nil
	if c.q.storing.Load() == 0 && c.q.begun.Load() == c.sample {
		c.since = c.sample
	}
}
