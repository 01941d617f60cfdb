package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// bothWays reads an invoice by its id, which a Store may remember, and in a list, which it reads, and fails where they differ.
func bothWays(ctx context.Context, st *store.Store, id string) (store.Invoice, error) {
	one, err := st.Invoice(ctx, id)
	if err != nil {
		return one, err
	}
	all, err := st.Invoices(ctx, store.InvoiceFilter{Limit: 501})
	if err != nil {
		return one, err
	}
	for _, row := range all {
		if row.ID == id && !reflect.DeepEqual(row, one) {
			return one, fmt.Errorf("remembered:\n%+v\nstored:\n%+v", one, row)
		} else if row.ID == id {
			return one, nil
		}
	}
	return one, fmt.Errorf("invoice %s is remembered and not stored", id)
}

// checkRecent changes invoices in all ways, also in jobs that are undone, and looks at what is told of them before and afterwards.
func checkRecent(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	const invoices = 5
	id := func(n int) string { return fmt.Sprintf("inv-%d", n) }
	for n := range invoices {
		inv := refilled[store.Invoice]()
		inv.ID, inv.AccountID, inv.CreatedAt = id(n), "acc", start().Add(time.Duration(n)*time.Hour+1234*time.Nanosecond)
		write(t, st, func(tx *store.Tx) error { return tx.InsertInvoice(&inv) })
		inv.Metadata["changed"] = "after it was stored"
		if _, err := bothWays(t.Context(), st, id(n)); err != nil {
			t.Fatal(err)
		}
	}
	undone := errors.New("undone")
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the steps of a test
	step := func(tx *store.Tx, n, kind int) error {
		was, err := tx.Invoice(t.Context(), id(n))
		if err != nil {
			return err
		}
		next := was
		next.Status, next.Reference, next.ReviewReason = pay.StatusPaid, "never changes", fmt.Sprint("step ", random.Uint64())
		next.Metadata = map[string]string{"step": next.ReviewReason}
		next.NextLookAt = start().In(time.FixedZone("", 3600)).Add(time.Duration(random.Int64N(1e12)))
		switch kind % 5 {
		case 0:
			next.Metadata["bytes"] = "\xff"
		case 1:
			next.PrivateState, next.Metadata, next.ProviderRefs = nil, nil, map[string]string{}
		case 2:
			next.PrivateState = &pay.State{Version: 3}
		}
		if kind%3 == 0 {
			next.Reference = was.Reference
			err = tx.UpdateInvoice(&next)
		} else {
			err = tx.ChangeInvoice(was, &next)
		}
		if err != nil {
			return err
		}
		now, err := tx.Invoice(t.Context(), id(n))
		switch {
		case err != nil:
			return err
		case now.Version != next.Version || now.ReviewReason != next.ReviewReason:
			return fmt.Errorf("a job does not see its own change: %+v", now)
		case kind%7 == 0:
			return undone
		}
		return nil
	}
	for range 60 {
		var jobs sync.WaitGroup
		begun := make(chan struct{})
		for n := range 1 + random.IntN(3) {
			kind := random.IntN(1000)
			jobs.Go(func() {
				<-begun
				if err := st.Write(t.Context(), func(tx *store.Tx) error { return step(tx, (kind+n)%invoices, kind) }); err != nil && !errors.Is(err, undone) {
					t.Error(err)
				}
			})
		}
		close(begun)
		jobs.Wait()
		for n := range invoices {
			if _, err := bothWays(t.Context(), st, id(n)); err != nil {
				t.Fatal(err)
			}
			version, err := st.InvoiceVersion(t.Context(), id(n))
			must(t, err)
			got, err := st.Invoice(t.Context(), id(n))
			must(t, err)
			equal(t, "version", version, got.Version)
			for _, own := range []map[string]string{got.ProviderRefs, got.Metadata} {
				if own != nil {
					own["not"] = "stored"
				}
			}
			if got.PrivateState != nil {
				got.PrivateState.Data = append(got.PrivateState.Data[:0], "not stored"...)
			}
		}
	}
}
