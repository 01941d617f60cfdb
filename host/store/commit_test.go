package store_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB) *store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

func setCursor(name string, position int64) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.SetCursor(name, position) }
}

func requireBroken(t *testing.T, st *store.Store) {
	t.Helper()
	select {
	case <-st.Broken():
	default:
		t.Error("the channel of a broken store is open")
	}
	require.Error(t, st.BrokenError())
	require.ErrorIs(t, st.Write(t.Context(), setCursor("c", 2)), store.ErrBroken)
	_, err := st.Cursor(t.Context(), "c")
	require.ErrorIs(t, err, store.ErrBroken)
	require.ErrorIs(t, st.Acquire(t.Context()), store.ErrBroken)
}

func TestFailedCommitStopsTheStore(t *testing.T) {
	t.Parallel()
	st := open(t)
	select {
	case <-st.Broken():
		t.Error("a new store is broken")
	default:
	}
	require.NoError(t, st.BrokenError())
	disk := errors.New("disk on fire")
	store.AroundCommit(st, func(func() error) error { return disk })
	err := st.Write(t.Context(), setCursor("c", 1))
	require.ErrorIs(t, err, store.ErrBroken)
	require.ErrorIs(t, err, disk)
	requireBroken(t, st)
}

// Jobs that wait share the next commit.
func TestWaitingJobsShareACommit(t *testing.T) {
	t.Parallel()
	st := open(t)
	commits, holding, gate := 0, make(chan struct{}), make(chan struct{})
	store.AroundCommit(st, func(commit func() error) error {
		if commits++; commits == 1 {
			close(holding)
			<-gate
		}
		return commit()
	})
	var wg sync.WaitGroup
	wg.Go(func() { require.NoError(t, st.Write(t.Context(), setCursor("first", 1))) })
	<-holding
	const callers = 20
	for n := range callers {
		wg.Go(func() { require.NoError(t, st.Write(t.Context(), setCursor(string(rune('a'+n)), 1))) })
	}
	for store.Queued(st) < callers {
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
	require.Equal(t, 2, commits)
}

// A deferred constraint makes the database itself refuse the COMMIT, after every statement succeeded. All who shared
// it are told, also one whose own job had failed: it judged by what is gone.
func TestCommitRefusedByTheDatabase(t *testing.T) {
	t.Parallel()
	st := open(t)
	gate, running := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	errs := make([]error, 3)
	wg.Go(func() {
		errs[0] = st.Write(t.Context(), func(*store.Tx) error { close(running); <-gate; return nil })
	})
	<-running
	for n, job := range []func(*store.Tx) error{
		func(tx *store.Tx) error {
			if err := store.Exec(tx, "PRAGMA defer_foreign_keys = ON"); err != nil {
				return err
			}
			return tx.InsertInvoice(&store.Invoice{ID: "inv", AccountID: "missing", CreatedAt: store.UTC()})
		},
		setCursor("c", 1),
	} {
		wg.Go(func() { errs[n+1] = st.Write(t.Context(), job) })
	}
	close(gate)
	wg.Wait()
	require.ErrorIs(t, errs[1], store.ErrBroken)
	if errs[2] != nil { // it was in the same commit, or in a later one
		require.ErrorIs(t, errs[2], store.ErrBroken)
	}
	requireBroken(t, st)
}

// A statement can take the whole transaction with it, as a full disk does. The peers run again.
func TestPeersOfALostTransactionRunAgain(t *testing.T) {
	t.Parallel()
	st := open(t)
	gate, running := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var once sync.Once
	wg.Go(func() {
		require.NoError(t, st.Write(t.Context(), func(*store.Tx) error {
			once.Do(func() { close(running) })
			<-gate
			return nil
		}))
	})
	<-running
	const peers = 12
	errs := make([]error, peers)
	events := make([]store.Event, peers)
	for n := range peers {
		events[n] = store.Event{ID: string(rune('a' + n)), ObjectType: "o", ObjectID: "o"}
		wg.Go(func() {
			errs[n] = st.Write(t.Context(), func(tx *store.Tx) error {
				if err := tx.AppendEvent(&events[n]); err != nil {
					return err
				}
				if n%4 < 2 {
					return nil
				}
				err := store.Exec(tx, "INSERT OR ROLLBACK INTO sequences (name, value) VALUES ('events', 0)")
				if n%4 == 2 {
					return nil // this job does not even look
				}
				return err
			})
		})
	}
	close(gate)
	wg.Wait()
	stored, err := st.Events(t.Context(), store.EventFilter{})
	require.NoError(t, err)
	require.Len(t, stored, peers/2)
	for n, e := range stored {
		require.Equal(t, int64(n+1), e.Sequence)
	}
	for n, err := range errs {
		if n%4 >= 2 {
			require.Error(t, err, "job %d ended its transaction", n)
			require.Zero(t, events[n].Sequence)
		} else {
			require.NoError(t, err, "job %d", n)
		}
	}
}

// A data key that a failed job made is not used by the jobs that share its transaction.
func TestKeysOfAFailedPeerAreNotUsed(t *testing.T) {
	t.Parallel()
	st := open(t)
	gate, running := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var once sync.Once
	wg.Go(func() {
		require.NoError(t, st.Write(t.Context(), func(*store.Tx) error {
			once.Do(func() { close(running) })
			<-gate
			return nil
		}))
	})
	<-running
	failed := errors.New("on purpose")
	for n := range 10 {
		want, kind := error(nil), store.PersonalPayer
		if n%2 == 0 {
			want, kind = failed, store.PersonalCustomer
		}
		wg.Go(func() {
			require.ErrorIs(t, st.Write(t.Context(), func(tx *store.Tx) error {
				err := tx.PutPersonal(store.PersonalData{CustomerID: "anna", ObjectType: "invoice", ObjectID: string(rune('a' + n)), Kind: kind, Data: []byte("1")})
				return errors.Join(err, want)
			}), want)
		})
	}
	close(gate)
	wg.Wait()
	for n := range 10 {
		_, err := st.Personal(t.Context(), "", "anna", "invoice", string(rune('a'+n)), store.PersonalPayer)
		if n%2 == 0 {
			require.ErrorIs(t, err, store.ErrNotFound)
		} else {
			require.NoError(t, err)
		}
	}
}

// A job that ends the writer's goroutine, as t.FailNow in a job does, must leave nobody waiting.
func TestJobThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	st := open(t)
	err := st.Write(t.Context(), func(*store.Tx) error { runtime.Goexit(); return nil })
	require.ErrorIs(t, err, store.ErrBroken)
	requireBroken(t, st)
}

// Jobs of one caller share a transaction and fail alone.
func TestWriteEach(t *testing.T) {
	t.Parallel()
	st := open(t)
	commits := 0
	store.AroundCommit(st, func(commit func() error) error { commits++; return commit() })
	refused := errors.New("refused")
	var order []string
	job := func(name string, err error) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			order = append(order, name)
			return errors.Join(tx.SetCursor(name, 1), err)
		}
	}
	errs := st.WriteEach(t.Context(), []func(*store.Tx) error{job("a", nil), job("b", refused), job("c", nil)})
	require.Equal(t, 1, commits)
	require.Equal(t, []string{"a", "b", "c"}, order[len(order)-3:])
	require.Len(t, errs, 3)
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], refused)
	require.NoError(t, errs[2])
	for name, want := range map[string]int64{"a": 1, "b": 0, "c": 1} {
		got, err := st.Cursor(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	require.Empty(t, st.WriteEach(t.Context(), nil))
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, st.WriteEach(ended, []func(*store.Tx) error{job("d", nil)})[0], context.Canceled)
	require.Equal(t, 1, commits)
}
