package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
)

func (r *Reader) eventRecords() record[Event] {
	return record[Event]{"events", func(e *Event) []field {
		return []field{
			fixed("position", &e.Position),
			fixed("id", &e.ID),
			fixed("type", &e.Type),
			fixed("schema", &e.Schema),
			fixed("tenant", &e.Tenant),
			fixed("mode", &e.Mode),
			fixed("account", &e.Account),
			fixed("object_type", &e.ObjectType),
			fixed("object_id", &e.ObjectID),
			fixed("object_version", &e.ObjectVersion),
			fixed("sequence", &e.Sequence),
			fixed("occurred_at", timeRef{&e.OccurredAt}),
			fixed("actor", &e.Actor),
			fixed("cause", &e.Cause),
			fixed("data", rawRef{&e.Data}),
			fixed("previous", rawRef{&e.Previous}),
		}
	}}
}

// appended returns the columns of an event, of which the first takes its position, and the text that inserts them with the sequence that
// follows the object's last.
func (r *Reader) appended(fields []field) (text string, values []Value, err error) {
	sequence := slices.IndexFunc(fields, func(f field) bool { return f.name == "sequence" })
	text = r.texts.of("append to events", func() string {
		others := slices.Delete(slices.Clone(fields), sequence, sequence+1)
		text := strings.Replace(insertText("events", others), ") VALUES (", ", sequence) VALUES (", 1)
		return strings.Replace(text, ") ON CONFLICT", ", (SELECT COALESCE(MAX(sequence), 0) + 1 FROM events "+
			"WHERE object_type = "+mark(others, "object_type")+" AND object_id = "+mark(others, "object_id")+")) ON CONFLICT", 1)
	})
	if values, err = encoded("events", fields); err != nil {
		return "", nil, err
	}
	return text, slices.Delete(values, sequence, sequence+1), nil
}

// mark is the parameter of a column in a statement with one for each.
func mark(fields []field, name string) string {
	return "$" + strconv.Itoa(1+slices.IndexFunc(fields, func(f field) bool { return f.name == name }))
}

// Events returns the events that f selects after a position, in the order of their commits.
func (r *Reader) Events(ctx context.Context, f EventFilter) ([]Event, error) {
	var c conditions
	c.add("position > ?", f.After)
	equal(&c, "tenant", f.Tenant)
	equal(&c, "object_type", f.ObjectType)
	equal(&c, "object_id", f.ObjectID)
	rest := c.rest("position", f.Limit)
	return list(ctx, r, r.eventRecords(), rest, c.args...)
}

// Event returns the event with the id.
func (r *Reader) Event(ctx context.Context, id string) (Event, error) {
	return one(ctx, r, r.eventRecords(), "WHERE id = $1", id)
}

// AppendEvent stores an event and sets its Position and its Sequence: the
// number of its object's events so far, itself included.
func (t *Tx) AppendEvent(e *Event) error {
	position, err := t.next("events")
	if err != nil {
		return err
	}
	last, err := scalar[int64](t.batch.session.ctx, &t.Reader,
		"SELECT COALESCE(MAX(sequence), 0) FROM events WHERE object_type = $1 AND object_id = $2", e.ObjectType, e.ObjectID)
	if err != nil {
		return err
	}
	setUntilUndone(t, &e.Position, position)
	setUntilUndone(t, &e.Sequence, last+1)
	if err := t.insertNew("events", t.eventRecords().fields(e)); err != nil {
		return err
	}
	t.batch.events = true
	return nil
}

// Cursor returns up to which position a consumer has seen the events; zero for a new one.
func (r *Reader) Cursor(ctx context.Context, consumer string) (int64, error) {
	position, err := scalar[int64](ctx, r, "SELECT position FROM event_consumers WHERE consumer = $1", consumer)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return position, err
}

// SetCursor remembers up to which position a consumer has seen the events.
func (t *Tx) SetCursor(consumer string, position int64) error {
	now := timeValue(t.now())
	n, err := t.exec("UPDATE event_consumers SET position = $1, updated_at = $2 WHERE consumer = $3", position, now, consumer)
	if err != nil || n == 1 {
		return err
	}
	return t.insertNew("event_consumers", []field{
		fixed("consumer", consumer), fixed("position", position), fixed("updated_at", now),
	})
}
