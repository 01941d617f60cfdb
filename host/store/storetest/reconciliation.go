package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

func checkReconciliations(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	roundTrip(t, st, func(c *store.Reconciliation) { c.AccountID = "acc" },
		func(tx *store.Tx, c *store.Reconciliation) error { return tx.InsertReconciliation(c) },
		func(c *store.Reconciliation) (store.Reconciliation, error) { return st.Reconciliation(ctx, c.ID) })
	run := func(id, account string, n int) store.Reconciliation {
		return store.Reconciliation{ID: id, AccountID: account, State: store.ReconciliationRunning,
			From: start(), To: start().Add(time.Hour), CreatedAt: start().Add(time.Duration(n) * time.Second)}
	}
	first, other := run("r1", "acc", 1), run("r2", "acc2", 2)
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertReconciliation(&first); err != nil {
			return err
		}
		return tx.InsertReconciliation(&other)
	})
	second := run("r3", "acc", 3)
	wantErr(t, st.Write(ctx, func(tx *store.Tx) error { return tx.InsertReconciliation(&second) }), store.ErrConflict)
	first.State, first.Found, first.FinishedAt = store.ReconciliationDone, map[string]int64{"amount": 2}, start().Add(time.Minute)
	first.Checked, first.BlindSpots, first.CompleteUntil = map[string]int64{"invoices": 7}, []string{"the moon"}, start()
	write(t, st, func(tx *store.Tx) error {
		if err := tx.UpdateReconciliation(&first); err != nil {
			return err
		}
		return tx.InsertReconciliation(&second) // the first does not run any more
	})
	got, err := st.Reconciliation(ctx, "r1")
	must(t, err)
	equal(t, "updated run", got, first)
	runs, err := st.Reconciliations(ctx, store.ReconciliationFilter{AccountID: "acc", States: []store.ReconciliationState{store.ReconciliationRunning}})
	must(t, err)
	equal(t, "running", len(runs), 1)
	equal(t, "running", runs[0].ID, "r3")
	page, err := st.Reconciliations(ctx, store.ReconciliationFilter{AccountID: "acc", BeforeTime: second.CreatedAt, BeforeID: second.ID})
	must(t, err)
	equal(t, "older runs", page[0].ID, "r1")
	checkFindings(t, st)
}

func checkFindings(t *testing.T, st *store.Store) {
	ctx := t.Context()
	roundTrip(t, st, func(f *store.ReconciliationFinding) { f.RunID, f.Number = "r2", 9 },
		func(tx *store.Tx, f *store.ReconciliationFinding) error { return tx.InsertFinding(f) },
		func(f *store.ReconciliationFinding) (store.ReconciliationFinding, error) {
			return only(st.Findings(ctx, store.FindingFilter{RunID: f.RunID}))
		})
	write(t, st, func(tx *store.Tx) error {
		for n := range int64(5) {
			f := store.ReconciliationFinding{RunID: "r1", Number: n + 1, Class: []string{"amount", "status"}[n%2]}
			if err := tx.InsertFinding(&f); err != nil {
				return err
			}
		}
		return tx.SetHealed("r1", 3, "changed")
	})
	wantErr(t, st.Write(ctx, func(tx *store.Tx) error { return tx.SetHealed("r1", 6, "changed") }), store.ErrNotFound)
	var numbers []int64
	for after := int64(0); ; {
		page, err := st.Findings(ctx, store.FindingFilter{RunID: "r1", After: after, Limit: 2})
		must(t, err)
		for _, f := range page {
			numbers, after = append(numbers, f.Number), f.Number
			equal(t, "healed", f.Healed, map[int64]string{3: "changed"}[f.Number])
		}
		if len(page) < 2 {
			break
		}
	}
	equal(t, "findings", numbers, []int64{1, 2, 3, 4, 5})
	some, err := st.Findings(ctx, store.FindingFilter{RunID: "r1", Class: "status"})
	must(t, err)
	equal(t, "findings of a class", len(some), 2)
}

// checkTouched walks what was changed since a time, over several pages of one creation time.
func checkTouched(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	hour := func(n int) time.Time { return start().Add(time.Duration(n) * time.Hour) }
	var want []string
	write(t, st, func(tx *store.Tx) error {
		for n := range 1100 {
			i := newInvoice(fmt.Sprintf("in%04d", n))
			i.UpdatedAt = hour(5)
			if err := tx.InsertInvoice(&i); err != nil {
				return err
			}
			want = append(want, i.ID)
		}
		for id, edit := range map[string]func(*store.Invoice){
			"other account": func(i *store.Invoice) { i.AccountID = "acc2" },
			"too new":       func(i *store.Invoice) { i.CreatedAt = hour(6) },
			"not changed":   func(i *store.Invoice) { i.UpdatedAt = hour(4) },
			"never changed": func(i *store.Invoice) { i.UpdatedAt = time.Time{} },
		} {
			i := newInvoice(id)
			i.UpdatedAt = hour(5)
			edit(&i)
			if err := tx.InsertInvoice(&i); err != nil {
				return err
			}
		}
		p := store.Payout{ID: "po", AccountID: "acc", CreatedAt: start(), UpdatedAt: hour(5)}
		if err := tx.InsertPayout(&p); err != nil {
			return err
		}
		f := store.Refund{ID: "ref", AccountID: "acc", InvoiceID: "in0000", RefundState: pay.RefundState{ProviderRef: "theirs"}, CreatedAt: start()}
		return tx.InsertRefund(&f)
	})
	var got []string
	at := store.Touched{AccountID: "acc", CreatedBefore: hour(6), ChangedSince: hour(5)}
	for more := true; more; {
		var page []store.Invoice
		var err error
		page, more, err = st.TouchedInvoices(ctx, at)
		must(t, err)
		got = append(got, ids(page)...)
		if len(page) > 0 {
			at.AfterTime, at.AfterID = page[len(page)-1].CreatedAt, page[len(page)-1].ID
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("touched invoices: got %d, want %d", len(got), len(want))
	}
	payouts, more, err := st.TouchedPayouts(ctx, store.Touched{AccountID: "acc", CreatedBefore: hour(6), ChangedSince: hour(5)})
	must(t, err)
	equal(t, "payouts", len(payouts), 1)
	equal(t, "more", more, false)
	refund, err := st.RefundByProviderRef(ctx, "acc", "theirs")
	must(t, err)
	equal(t, "refund", refund.ID, "ref")
	_, err = st.RefundByProviderRef(ctx, "acc2", "theirs")
	wantErr(t, err, store.ErrNotFound)
}
