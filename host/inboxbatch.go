package host

import (
	"context"
	"encoding/json"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// applyTogether applies webhooks that need nothing but a transaction, in one. It returns the ids of the others: they are as they were.
func (h *Host) applyTogether(ctx context.Context, batch []arrival) (apart map[string]bool) {
	apart = map[string]bool{}
	type result struct {
		id   string
		out  observed
		done bool
	}
	results, jobs := make([]result, 0, len(batch)), make([]func(*store.Tx) error, 0, len(batch))
	for _, a := range batch {
		row, ev, ok := h.readAlike(ctx, a)
		if !ok {
			apart[a.ID] = true
			continue
		}
		results = append(results, result{id: a.ID})
		r := &results[len(results)-1] // it has room
		jobs = append(jobs, func(tx *store.Tx) (err error) {
			r.out, r.done, err = h.believe(ctx, tx, row, ev, true)
			return err
		})
	}
	for n, err := range h.store.WriteEach(context.WithoutCancel(ctx), jobs) {
		if r := results[n]; err != nil || !r.done {
			apart[r.id] = true
		} else {
			h.follow(r.out)
		}
	}
	return apart
}

// readAlike is a stored webhook with its event, if it is like most: verified, and about one thing.
func (h *Host) readAlike(ctx context.Context, a arrival) (row store.Webhook, ev pay.WebhookEvent, ok bool) {
	if a.row != nil {
		row = *a.row
	} else {
		var err error
		if row, err = h.store.Webhook(ctx, a.ID); err != nil {
			return row, ev, false
		}
	}
	var events []pay.WebhookEvent
	if row.State != store.WebhookAccepted && row.State != store.WebhookUnmatched || json.Unmarshal(row.Events, &events) != nil ||
		len(events) != 1 || !verified(events[0]) {
		return row, ev, false
	}
	return row, events[0], true
}
