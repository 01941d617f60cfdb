package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/payhost/payhost/host/store"
)

var errJob = errors.New("this job fails")

// blocked holds the writer busy until release is called, so that the jobs queued meanwhile share one commit.
func blocked(t *testing.T, st *store.Store) (release func()) {
	t.Helper()
	running, gate, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		var once sync.Once
		done <- st.Write(t.Context(), func(*store.Tx) error {
			once.Do(func() { close(running) })
			<-gate
			return nil
		})
	}()
	<-running
	return func() {
		t.Helper()
		close(gate)
		must(t, <-done)
	}
}

// checkIsolation puts failing, panicking and good jobs into the same commits.
func checkIsolation(t *testing.T, st *store.Store) {
	const callers = 48
	addAccount(t, st, "acc")
	release := blocked(t, st)
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for n := range callers {
		wg.Go(func() {
			errs[n] = st.Write(t.Context(), func(tx *store.Tx) error {
				i := newInvoice(fmt.Sprintf("inv%02d", n))
				if err := tx.InsertInvoice(&i); err != nil {
					return err
				}
				if err := tx.AppendEvent(&store.Event{ID: fmt.Sprintf("evt%02d", n), ObjectType: "shared", ObjectID: "one"}); err != nil {
					return err
				}
				switch n % 3 {
				case 1:
					return errJob
				case 2:
					_, err := tx.InsertOperation(&store.Operation{ID: "x", AccountID: "no such account", CreatedAt: start()})
					return err
				}
				return nil
			})
		})
	}
	release()
	wg.Wait()
	for n := range callers {
		_, err := st.Invoice(t.Context(), fmt.Sprintf("inv%02d", n))
		switch n % 3 {
		case 0:
			if err != nil || errs[n] != nil {
				t.Errorf("good job %d: it got %v, its row: %v", n, errs[n], err)
			}
		case 1:
			wantErr(t, errs[n], errJob)
			wantErr(t, err, store.ErrNotFound)
		case 2:
			if errs[n] == nil {
				t.Errorf("job %d refers to a missing account and got no error", n)
			}
			wantErr(t, err, store.ErrNotFound)
		}
	}
	checkSequence(t, st, "shared", "one", callers/3)
}

func checkRewind(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	i := newInvoice("inv")
	e := store.Event{ID: "evt", ObjectType: "invoice", ObjectID: "inv"}
	job := func(fail error) error {
		return st.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertInvoice(&i); err != nil {
				return err
			}
			if err := tx.UpdateInvoice(&i); err != nil {
				return err
			}
			return errors.Join(tx.AppendEvent(&e), fail)
		})
	}
	wantErr(t, job(errJob), errJob)
	equal(t, "version after the rollback", i.Version, int64(0))
	equal(t, "sequence after the rollback", e.Sequence, int64(0))
	must(t, job(nil))
	equal(t, "version", i.Version, int64(2))
	equal(t, "sequence", e.Sequence, int64(1))
}

func checkPanics(t *testing.T, st *store.Store) {
	err := st.Write(t.Context(), func(*store.Tx) error { _ = strings.Repeat("x", -1); return nil })
	if err == nil || !strings.Contains(err.Error(), "negative Repeat count") {
		t.Errorf("a panic became %v", err)
	}
	addAccount(t, st, "acc") // the writer lives
}

// checkCancelled cancels callers before they queue and while they are queued.
func checkCancelled(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, st.Write(gone, func(*store.Tx) error { t.Error("a job of a caller that was gone ran"); return nil }), context.Canceled)

	release := blocked(t, st)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const callers = 8
	var wg sync.WaitGroup
	errs := make([]error, callers)
	for n := range callers {
		wg.Go(func() {
			errs[n] = st.Write(ctx, func(tx *store.Tx) error {
				cancel() // at the latest now: in the middle of the shared transaction
				i := newInvoice(fmt.Sprintf("inv%d", n))
				if err := tx.InsertInvoice(&i); err != nil {
					return err
				}
				_, err := tx.Invoice(ctx, i.ID)
				return err
			})
		})
	}
	release()
	wg.Wait()
	for n := range callers {
		_, err := st.Invoice(t.Context(), fmt.Sprintf("inv%d", n))
		ran := err == nil
		if ran != (errs[n] == nil) {
			t.Errorf("caller %d was told %v, its row: %v", n, errs[n], err)
		}
		if errs[n] != nil {
			wantErr(t, errs[n], context.Canceled)
		}
	}
}

func checkTxOver(t *testing.T, st *store.Store) {
	var leaked *store.Tx
	write(t, st, func(tx *store.Tx) error { leaked = tx; return nil })
	if err := leaked.SetCursor("c", 1); err == nil {
		t.Error("a transaction could be written to after its job")
	}
	if _, err := leaked.Account(t.Context(), "acc"); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("a transaction could be read after its job: %v", err)
	}
}

func checkClosed(t *testing.T, st *store.Store) {
	release := blocked(t, st)
	queued := make(chan error, 1)
	go func() {
		queued <- st.Write(t.Context(), func(tx *store.Tx) error { return tx.SetCursor("c", 1) })
	}()
	closed := make(chan error, 1)
	go func() { closed <- st.Close() }()
	release()
	if err := <-queued; err != nil { // it came before the end or after it, and was told which
		wantErr(t, err, store.ErrNotOwned)
	}
	must(t, <-closed)
	must(t, st.Close())
	wantErr(t, st.Write(t.Context(), func(*store.Tx) error { return nil }), store.ErrNotOwned)
	_, err := st.Account(t.Context(), "acc")
	wantErr(t, err, store.ErrNotOwned)
	wantErr(t, st.Acquire(t.Context()), store.ErrNotOwned)
}
