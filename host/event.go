package host

import (
	"context"
	"encoding/json"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Event is one fact that consumers may act on. Events are written in the
// transaction of what they tell, carry no personal data, and are numbered per
// object without gaps.
type Event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	// Schema is the version of Data's form.
	Schema  int         `json:"schema"`
	Tenant  string      `json:"tenant"`
	Mode    pay.Mode    `json:"mode"`
	Account string      `json:"account"`
	Object  EventObject `json:"object"`
	// Sequence counts the events of Object from 1.
	Sequence   int64     `json:"sequence"`
	OccurredAt time.Time `json:"occurred_at"`
	Actor      string    `json:"actor"`
	// Cause is what led to it: create, api_response, api_sync, verified_webhook, …
	Cause string `json:"cause"`
	// Data is the object after the event; Previous the former values of what changed.
	Data     json.RawMessage `json:"data"`
	Previous json.RawMessage `json:"previous,omitempty"`
	// Position is where the event stands in the order of commits; opaque.
	Position Position `json:"position"`
}

// EventObject names what an event is about.
type EventObject struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// EventsAfter returns up to limit events after a position, in the order they
// were committed. The empty position is before the first event.
func (h *Host) EventsAfter(ctx context.Context, after Position, limit int) ([]Event, error) {
	return h.ObjectEvents(ctx, after, limit, "", "")
}

// ObjectEvents is [Host.EventsAfter] for one object only, when objectID is not empty.
func (h *Host) ObjectEvents(ctx context.Context, after Position, limit int, objectType, objectID string) ([]Event, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	from, err := after.number()
	if err != nil {
		return nil, err
	}
	rows, err := h.store.Events(ctx, store.EventFilter{After: from, ObjectType: objectType, ObjectID: objectID, Limit: limit})
	if err != nil {
		return nil, storageError(err)
	}
	events := make([]Event, 0, len(rows))
	for _, r := range rows {
		events = append(events, eventOf(r))
	}
	return events, nil
}

// NewEvents returns a channel that is closed at the next commit of events.
func (h *Host) NewEvents() <-chan struct{} { return h.store.EventSignal() }

// Consume calls fn for every event, from where the named consumer stopped last, until ctx ends or fn fails.
//
// The cursor is stored after fn has returned nil: an event is delivered at
// least once, and one at a time. Two Consume calls with one name would share
// a cursor and must not run together.
func (h *Host) Consume(ctx context.Context, consumer string, fn func(context.Context, Event) error) error {
	if consumer == "" {
		return pay.Invalid("consumer", "is empty; give the cursor a name")
	}
	if err := h.ready(ctx); err != nil {
		return err
	}
	at, err := h.store.Cursor(ctx, consumer)
	if err != nil {
		return storageError(err)
	}
	for {
		signal := h.store.EventSignal()
		rows, err := h.store.Events(ctx, store.EventFilter{After: at, Limit: 100})
		if err != nil {
			return storageError(err)
		}
		for _, r := range rows {
			if err := fn(ctx, eventOf(r)); err != nil {
				return err
			}
			at = r.Position
			if err := h.write(ctx, func(tx *store.Tx) error { return tx.SetCursor(consumer, at) }); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			continue
		}
		select {
		case <-signal:
		case <-ctx.Done():
			return ctx.Err()
		case <-h.stopped:
			return ErrStopped
		}
	}
}

func eventOf(r store.Event) Event {
	return Event{
		ID: r.ID, Type: r.Type, Schema: r.Schema, Tenant: r.Tenant, Mode: r.Mode, Account: r.Account,
		Object:   EventObject{Type: r.ObjectType, ID: r.ObjectID, Version: r.ObjectVersion},
		Sequence: r.Sequence, OccurredAt: r.OccurredAt, Actor: r.Actor, Cause: r.Cause,
		Data: r.Data, Previous: r.Previous, Position: positionOf(r.Position),
	}
}
