package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

func ids(invoices []store.Invoice) []string {
	var list []string
	for _, i := range invoices {
		list = append(list, i.ID)
	}
	return list
}

func checkFilters(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	plain, special := newInvoice("a"), newInvoice("b")
	special.Tenant, special.AccountID, special.Status, special.Reference = "t", "acc2", pay.StatusPaid, "ref"
	special.ProviderRef, special.ProviderKey, special.CustomerID = "pref", "pkey", "cust"
	special.NeedsReview, special.UnresolvedOperation, special.Final = true, "op", true
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertInvoice(&plain); err != nil {
			return err
		}
		return tx.InsertInvoice(&special)
	})
	yes, no := true, false
	for name, f := range map[string]store.InvoiceFilter{
		"tenant": {Tenant: "t"}, "account": {AccountID: "acc2"}, "status": {Statuses: []pay.Status{pay.StatusPaid, pay.StatusFailed}},
		"reference": {Reference: "ref"}, "provider ref": {ProviderRef: "pref"}, "customer": {CustomerID: "cust"},
		"review": {NeedsReview: &yes}, "unresolved": {Unresolved: &yes},
	} {
		got, err := st.Invoices(ctx, f)
		must(t, err)
		equal(t, name, ids(got), []string{"b"})
	}
	for name, f := range map[string]store.InvoiceFilter{
		"account": {AccountID: "acc"}, "no review": {NeedsReview: &no}, "resolved": {Unresolved: &no}, "not final": {NotFinal: true},
		"status": {Statuses: []pay.Status{pay.StatusPending}},
	} {
		got, err := st.Invoices(ctx, f)
		must(t, err)
		equal(t, name, ids(got), []string{"a"})
	}
	byRef, err := st.InvoiceByProviderRef(ctx, "acc2", "pref")
	must(t, err)
	equal(t, "by ref", byRef.ID, "b")
	_, err = st.InvoiceByProviderRef(ctx, "acc", "pref")
	wantErr(t, err, store.ErrNotFound)

	checkOperationFilters(t, st)
	checkInvoiceKeys(t, st)
}

// checkInvoiceKeys finds an invoice by the key of the operation that created it, and by no other operation's.
func checkInvoiceKeys(t *testing.T, st *store.Store) {
	ctx := t.Context()
	for key, kind := range map[string]pay.Operation{"pkey": pay.OpCreate, "other": pay.OpCapture} {
		op := newOperation("by-"+key, "by-"+key)
		op.AccountID, op.Kind, op.ProviderKey, op.InvoiceID = "acc2", kind, key, "b"
		write(t, st, func(tx *store.Tx) error { _, err := tx.InsertOperation(&op); return err })
	}
	found, err := st.InvoiceByProviderKey(ctx, "acc2", "pkey")
	must(t, err)
	equal(t, "by key", found.ID, "b")
	_, err = st.InvoiceByProviderKey(ctx, "acc2", "other")
	wantErr(t, err, store.ErrNotFound)
	_, err = st.InvoiceByProviderKey(ctx, "acc", "pkey")
	wantErr(t, err, store.ErrNotFound)
}

func checkOperationFilters(t *testing.T, st *store.Store) {
	ctx := t.Context()
	states := []store.OperationState{store.OperationDone, store.OperationQueued, store.OperationRunning, store.OperationUnknown, store.OperationNeedsReview}
	for n, state := range states {
		op := newOperation("op"+string(state), "k"+string(state))
		op.State, op.InvoiceID, op.CreatedAt = state, "b", start().Add(time.Duration(n)*time.Second)
		write(t, st, func(tx *store.Tx) error { _, err := tx.InsertOperation(&op); return err })
	}
	open, err := st.OpenOperation(ctx, "b")
	must(t, err)
	equal(t, "oldest open operation", open.ID, "opqueued")
	for _, state := range states {
		got, err := only(st.Operations(ctx, store.OperationFilter{InvoiceID: "b", States: []store.OperationState{state}}))
		must(t, err)
		equal(t, "state", got.State, state)
	}
	all, err := st.Operations(ctx, store.OperationFilter{AccountID: "acc", Kind: pay.OpCreate})
	must(t, err)
	equal(t, "operations", len(all), len(states))
	none, err := st.Operations(ctx, store.OperationFilter{Kind: pay.OpRefund})
	must(t, err)
	equal(t, "refund operations", len(none), 0)
}

// checkPaging walks random lists with random page sizes while rows are added. Rows of one moment are ordered by id,
// so many share one.
func checkPaging(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	added := 0
	add := func(n int) (list []string) {
		write(t, st, func(tx *store.Tx) error {
			for range n {
				i := newInvoice(fmt.Sprintf("inv%04d", random.IntN(1_000_000)))
				i.CreatedAt = start().Add(time.Duration(random.IntN(8)) * time.Microsecond)
				if _, err := tx.Invoice(t.Context(), i.ID); err == nil {
					continue
				}
				if err := tx.InsertInvoice(&i); err != nil {
					return err
				}
				list = append(list, i.ID)
			}
			return nil
		})
		added += len(list)
		return list
	}
	known := add(40)
	for range 4 {
		var walked []string
		f := store.InvoiceFilter{AccountID: "acc"}
		for {
			f.Limit = 1 + random.IntN(9)
			page, err := st.Invoices(t.Context(), f)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, i := range page {
				if !f.BeforeTime.IsZero() && (i.CreatedAt.After(f.BeforeTime) || i.CreatedAt.Equal(f.BeforeTime) && i.ID >= f.BeforeID) {
					t.Fatalf("%s is out of order", i.ID)
				}
				walked = append(walked, i.ID)
				f.BeforeTime, f.BeforeID = i.CreatedAt, i.ID
			}
			add(random.IntN(3))
		}
		for _, id := range known {
			if !slices.Contains(walked, id) {
				t.Fatalf("%s was there before the walk and was not seen", id)
			}
		}
		slices.Sort(walked)
		if n := len(walked); len(slices.Compact(walked)) != n {
			t.Fatal("a walk saw a row twice")
		}
		all, err := st.Invoices(t.Context(), store.InvoiceFilter{Limit: 500})
		must(t, err)
		known = ids(all)
	}
	equal(t, "rows", len(known), added)
}

func checkDue(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	for n, look := range []time.Time{start().Add(time.Hour), start().Add(2 * time.Minute), {}, start().Add(time.Minute)} {
		i, op := newInvoice(fmt.Sprintf("inv%d", n)), newOperation(fmt.Sprintf("op%d", n), fmt.Sprint(n))
		i.NextLookAt, op.NextLookAt = look, look
		write(t, st, func(tx *store.Tx) error {
			if err := tx.InsertInvoice(&i); err != nil {
				return err
			}
			_, err := tx.InsertOperation(&op)
			return err
		})
	}
	due, err := st.Invoices(t.Context(), store.InvoiceFilter{LookBefore: start().Add(2 * time.Minute)})
	must(t, err)
	equal(t, "invoices", ids(due), []string{"inv3", "inv1"})
	operations, err := st.Operations(t.Context(), store.OperationFilter{LookBefore: start().Add(time.Minute)})
	must(t, err)
	if len(operations) != 1 || operations[0].ID != "op3" {
		t.Errorf("operations due: %+v", operations)
	}
}
