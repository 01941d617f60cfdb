package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/payhost/payhost/host/store"
)

func checkSequence(t *testing.T, st *store.Store, objectType, objectID string, want int) {
	t.Helper()
	events, err := st.Events(t.Context(), store.EventFilter{ObjectType: objectType, ObjectID: objectID, Limit: 500})
	must(t, err)
	if len(events) != want {
		t.Fatalf("%s %s has %d events, want %d", objectType, objectID, len(events), want)
	}
	for n, e := range events {
		if e.Sequence != int64(n+1) {
			t.Fatalf("%s %s: event %d in commit order has sequence %d", objectType, objectID, n+1, e.Sequence)
		}
	}
}

// checkEvents appends from many goroutines to few objects, every fourth job failing after it appended, while a reader
// follows the positions.
func checkEvents(t *testing.T, st *store.Store) {
	const callers, each, objects = 8, 16, 3
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := range each {
				e := store.Event{ID: fmt.Sprintf("evt-%d-%d", c, n), ObjectType: "o", ObjectID: fmt.Sprint((c + n) % objects)}
				err := st.Write(t.Context(), func(tx *store.Tx) error {
					if err := tx.AppendEvent(&e); err != nil {
						return err
					}
					if n%4 == 3 {
						return errJob
					}
					return nil
				})
				if (n%4 == 3) != (err != nil) {
					t.Errorf("%s: %v", e.ID, err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	seen := map[string]bool{}
	follow := func(after int64) int64 {
		for {
			events, err := st.Events(t.Context(), store.EventFilter{After: after, Limit: 7})
			must(t, err)
			if len(events) == 0 {
				return after
			}
			for _, e := range events {
				if e.Position <= after || seen[e.ID] {
					t.Fatalf("%s came with position %d after %d", e.ID, e.Position, after)
				}
				after = e.Position
				seen[e.ID] = true
			}
		}
	}
	var after int64
	for running := true; running; {
		signal := st.EventSignal()
		after = follow(after)
		select {
		case <-signal:
		case <-ended:
			running = false
		}
	}
	follow(after)
	if want := callers * each * 3 / 4; len(seen) != want {
		t.Errorf("a reader that followed saw %d events, want %d: a position appeared behind it", len(seen), want)
	}
	total := 0
	for o := range objects {
		events, err := st.Events(t.Context(), store.EventFilter{ObjectType: "o", ObjectID: fmt.Sprint(o), Limit: 500})
		must(t, err)
		total += len(events)
		checkSequence(t, st, "o", fmt.Sprint(o), len(events))
	}
	equal(t, "events of all objects", total, len(seen))
}

func checkEventSignal(t *testing.T, st *store.Store) {
	signal := st.EventSignal()
	write(t, st, func(tx *store.Tx) error { return tx.SetCursor("c", 7) })
	select {
	case <-signal:
		t.Error("a commit without events signalled")
	default:
	}
	_ = st.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.AppendEvent(&store.Event{ID: "lost"}); err != nil {
			return err
		}
		return errJob
	})
	select {
	case <-signal:
		t.Error("a rolled-back event signalled")
	default:
	}
	write(t, st, func(tx *store.Tx) error { return tx.AppendEvent(&store.Event{ID: "kept"}) })
	<-signal
	if st.EventSignal() == signal {
		t.Error("the signal was not renewed")
	}
	position, err := st.Cursor(t.Context(), "c")
	must(t, err)
	equal(t, "cursor", position, int64(7))
	write(t, st, func(tx *store.Tx) error { return tx.SetCursor("c", 9) })
	position, err = st.Cursor(t.Context(), "c")
	must(t, err)
	equal(t, "moved cursor", position, int64(9))
}
