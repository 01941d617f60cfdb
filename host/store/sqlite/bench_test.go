package sqlite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// BenchmarkIntent stores what one create command does before anything is sent: operation with key, try, invoice and event. It
// compares a transaction per request with group commit, on a real file with real flushes.
func BenchmarkIntent(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("transaction-per-request/callers=%d", callers), func(b *testing.B) { benchIntent(b, callers, true) })
		b.Run(fmt.Sprintf("group-commit/callers=%d", callers), func(b *testing.B) { benchIntent(b, callers, false) })
	}
}

// BenchmarkGroupCommitRatio alternates both in short rounds and reports how many times faster sharing is.
func BenchmarkGroupCommitRatio(b *testing.B) {
	alone, shared := benchStore(b), benchStore(b)
	var oneByOne sync.Mutex
	var n atomic.Int64
	var times [2]time.Duration
	for b.Loop() {
		for which, st := range []*store.Store{alone, shared} {
			begin := time.Now()
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					for range 8 {
						if which == 0 {
							oneByOne.Lock()
						}
						intent(b, st, n.Add(1))
						if which == 0 {
							oneByOne.Unlock()
						}
					}
				})
			}
			wg.Wait()
			times[which] += time.Since(begin)
		}
	}
	b.ReportMetric(float64(times[0])/float64(times[1]), "times-faster")
	b.ReportMetric(float64(64*8*b.N)/times[1].Seconds(), "commits/s")
}

// BenchmarkIntentOfLimit compares group commit, in short rounds in turn, with what the same disk lets as many callers append who
// share each flush: 4 KiB for each, which is about what an intent has.
func BenchmarkIntentOfLimit(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			st, limit := benchStore(b), newAppender(b)
			var n atomic.Int64
			round := func(call func()) time.Duration {
				begin := time.Now()
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for range 8 {
							call()
						}
					})
				}
				wg.Wait()
				return time.Since(begin)
			}
			var ours, floor time.Duration
			for b.Loop() {
				ours += round(func() { intent(b, st, n.Add(1)) })
				floor += round(func() { limit.append(b) })
			}
			b.ReportMetric(float64(floor)/float64(ours), "of-limit")
			b.ReportMetric(float64(8*callers*b.N)/ours.Seconds(), "commits/s")
		})
	}
}

// appender appends to a file and flushes it once for all who came while it flushed before.
type appender struct {
	mu      sync.Mutex // held while writing
	waiting sync.Mutex // guards next
	next    *appending
	file    *os.File
}

type appending struct {
	callers int
	done    bool
}

func newAppender(b *testing.B) *appender {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "limit"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, file.Close()) })
	return &appender{file: file, next: &appending{}}
}

func (a *appender) append(b *testing.B) {
	a.waiting.Lock()
	mine := a.next
	mine.callers++
	a.waiting.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if mine.done { // whoever held mu before wrote for all of us
		return
	}
	a.waiting.Lock()
	a.next = &appending{}
	a.waiting.Unlock()
	_, err := a.file.Write(make([]byte, 4096*mine.callers))
	if err = errors.Join(err, a.file.Sync()); err != nil {
		b.Error(err)
	}
	mine.done = true
}

func benchIntent(b *testing.B, callers int, oneByOne bool) {
	st := benchStore(b)
	var mu sync.Mutex
	var n atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				if oneByOne {
					mu.Lock()
				}
				intent(b, st, i)
				if oneByOne {
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	st, err := sqlite.Open(filepath.Join(b.TempDir(), "payhost.db"), sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, st.Close()) })
	require.NoError(b, st.Acquire(b.Context()))
	require.NoError(b, st.Write(b.Context(), func(tx *store.Tx) error {
		return tx.InsertAccount(&store.Account{ID: "acc", CreatedAt: utc()})
	}))
	return st
}

func intent(b *testing.B, st *store.Store, n int64) {
	id := fmt.Sprintf("%012d", n)
	now := utc().Add(time.Duration(n) * time.Microsecond)
	amount, err := pay.ParseMoney("100.00", "UAH")
	if err != nil {
		b.Error(err)
	}
	op := store.Operation{ID: "op_" + id, AccountID: "acc", Provider: "fake", Kind: pay.OpCreate, IdempotencyKey: "key-" + id, ProviderKey: id,
		Fingerprint: []byte(id), ObjectType: "invoice", ObjectID: "inv_" + id, InvoiceID: "inv_" + id, State: store.OperationRunning, Try: 1,
		CustomerID: "customer-1", Request: json.RawMessage(`{"amount":{"value":"100.00","currency":"UAH"}}`), CreatedAt: now, UpdatedAt: now}
	try := store.Try{OperationID: op.ID, Number: 1, Plugin: "fake", StartedAt: now}
	inv := store.Invoice{ID: op.InvoiceID, AccountID: "acc", Provider: "fake", Mode: pay.ModeLive, Status: pay.StatusCreating, Purpose: pay.PurposePayment,
		Amount: amount, Due: amount, Reference: "order-" + id, CustomerID: "customer-1", ProviderKey: id, CreateOperationID: op.ID,
		CreatedAt: now, UpdatedAt: now}
	ev := store.Event{ID: "evt_" + id, Type: "invoice.created", Account: "acc", ObjectType: "invoice", ObjectID: inv.ID, ObjectVersion: 1,
		OccurredAt: now, Data: json.RawMessage(`{"status":"creating"}`)}
	err = st.Write(b.Context(), func(tx *store.Tx) error {
		if _, err := tx.InsertOperation(&op); err != nil {
			return err
		}
		if err := tx.InsertTry(&try); err != nil {
			return err
		}
		if err := tx.InsertInvoice(&inv); err != nil {
			return err
		}
		return tx.AppendEvent(&ev)
	})
	if err != nil {
		b.Error(err)
	}
}
