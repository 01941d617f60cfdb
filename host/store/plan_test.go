package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// planOf is how the database finds what ask asks for.
func planOf(t *testing.T, tx *store.Tx, ask func(ctx context.Context, r *store.Reader) error) string {
	t.Helper()
	plan, err := store.Plan(tx, func(r *store.Reader) error { return ask(t.Context(), r) })
	require.NoError(t, err)
	return plan
}

func operations(f store.OperationFilter) func(context.Context, *store.Reader) error {
	return func(ctx context.Context, r *store.Reader) error {
		_, err := r.Operations(ctx, f)
		return err
	}
}

// What is open is found by the index of open operations: a host starts, and shows them, as fast with years of history as with none.
func TestOpenOperationsAreFoundWithoutTheHistory(t *testing.T) {
	t.Parallel()
	open := open(t)
	for _, states := range [][]store.OperationState{
		{store.OperationRunning}, {store.OperationUnknown}, {store.OperationUnknown, store.OperationQueued, store.OperationNeedsReview},
	} {
		require.NoError(t, open.Write(t.Context(), func(tx *store.Tx) error {
			plan := planOf(t, tx, operations(store.OperationFilter{States: states, Limit: 500}))
			require.Contains(t, plan, "operations_open")
			return nil
		}), states)
	}
}

// Settled operations are in no index of open ones.
func TestSettledOperationsAreFoundToo(t *testing.T) {
	t.Parallel()
	require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
		plan := planOf(t, tx, operations(store.OperationFilter{States: []store.OperationState{store.OperationUnknown, store.OperationDone}, Limit: 500}))
		require.NotContains(t, plan, "operations_open")
		return nil
	}))
}

// A page of invoices is a range of one index that lies in its order, wherever the page is: it costs as much with years of history as with
// none. What only a few invoices are, is found among those few, whatever else is asked for.
func TestPagesOfInvoicesAreRangesOfAnIndex(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		index  string
		filter store.InvoiceFilter
	}{
		{"invoices_list", store.InvoiceFilter{}},
		{"invoices_list", store.InvoiceFilter{NeedsReview: &no, Unresolved: &no}},
		{"invoices_list", store.InvoiceFilter{Tenant: "t"}},
		{"invoices_account", store.InvoiceFilter{AccountID: "acc"}},
		{"invoices_status", store.InvoiceFilter{Statuses: []pay.Status{pay.StatusPaid}}},
		{"invoices_reference", store.InvoiceFilter{Reference: "order"}},
		{"invoices_reference", store.InvoiceFilter{Reference: "order", AccountID: "acc", Statuses: []pay.Status{pay.StatusPaid}}},
		{"invoices_customer", store.InvoiceFilter{CustomerID: "anna"}},
		{"invoices_customer", store.InvoiceFilter{CustomerID: "anna", AccountID: "acc"}},
		{"invoices_provider_ref", store.InvoiceFilter{ProviderRef: "ref", AccountID: "acc"}},
		{"invoices_review", store.InvoiceFilter{NeedsReview: &yes}},
		{"invoices_unresolved", store.InvoiceFilter{Unresolved: &yes}},
		{"invoices_review", store.InvoiceFilter{NeedsReview: &yes, Tenant: "t", AccountID: "acc", Statuses: []pay.Status{pay.StatusPaid}}},
		{"invoices_unresolved", store.InvoiceFilter{Unresolved: &yes, Tenant: "t", AccountID: "acc", Statuses: []pay.Status{pay.StatusPaid}}},
	} {
		for _, middle := range []bool{false, true} {
			c.filter.Limit = 51
			if middle {
				c.filter.BeforeTime, c.filter.BeforeID = store.UTC(), "inv_1"
			}
			require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
				plan := planOf(t, tx, func(ctx context.Context, r *store.Reader) error {
					_, err := r.ShownInvoices(ctx, c.filter)
					return err
				})
				require.Contains(t, plan, c.index, c.filter)
				require.NotContains(t, plan, "TEMP B-TREE", c.filter)
				require.NotContains(t, plan, "SCAN disputes")
				require.NotContains(t, plan, "SCAN refunds")
				require.NotContains(t, plan, "SCAN invoice_attempts")
				if middle {
					require.Contains(t, plan, "(created_at,id)<(?,?)", c.filter)
				}
				return nil
			}))
		}
	}
}

// The operations of an invoice are found by it, whatever else is asked for.
func TestOperationsOfAnInvoiceAreFoundByIt(t *testing.T) {
	t.Parallel()
	for _, f := range []store.OperationFilter{{InvoiceID: "inv"}, {InvoiceID: "inv", AccountID: "acc"}, {InvoiceID: "inv", States: []store.OperationState{store.OperationDone}}} {
		require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
			plan := planOf(t, tx, operations(f))
			require.Contains(t, plan, "operations_invoice (invoice_id=?)")
			return nil
		}), f)
	}
}

// What is beside the invoices of a page is found by their ids, and nothing else is read.
func TestWhatIsBesideInvoicesIsFoundByTheirIDs(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 50, 501} {
		require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
			plan := planOf(t, tx, func(ctx context.Context, r *store.Reader) error { return store.ReadBeside(ctx, r, n) })
			require.NotContains(t, plan, "SCAN")
			require.Contains(t, plan, "SEARCH")
			return nil
		}))
	}
}

// A start asks for the runs that an earlier host left: it finds them without reading all there ever were.
func TestRunningReconciliationsAreFoundWithoutTheHistory(t *testing.T) {
	t.Parallel()
	require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
		plan := planOf(t, tx, func(ctx context.Context, r *store.Reader) error {
			_, err := r.Reconciliations(ctx, store.ReconciliationFilter{States: []store.ReconciliationState{store.ReconciliationRunning}, Limit: 500})
			return err
		})
		require.Contains(t, plan, "reconciliations_running")
		return nil
	}))
}

// Every create asks whether its reference has an unsettled create and whether its provider's id is another's: an account with years of history
// answers as fast as a new one.
func TestWhatEveryCreateAsksIsFoundWithoutTheHistory(t *testing.T) {
	t.Parallel()
	require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
		require.Contains(t, planOf(t, tx, func(ctx context.Context, r *store.Reader) error {
			_, _, err := r.UnresolvedCreate(ctx, "acc", "order")
			return err
		}), "invoices_reference (reference=?)")
		require.Contains(t, planOf(t, tx, func(ctx context.Context, r *store.Reader) error {
			_, err := r.OtherInvoiceWithRef(ctx, "acc", "ref", "inv")
			return err
		}), "invoices_provider_ref (provider_ref=? AND account_id=?)")
		return nil
	}))
}
