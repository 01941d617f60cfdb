package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

// What is open is found by the index of open operations: a host starts, and shows them, as fast with years of history as with none.
func TestOpenOperationsAreFoundWithoutTheHistory(t *testing.T) {
	t.Parallel()
	open := open(t)
	for _, states := range [][]store.OperationState{
		{store.OperationRunning}, {store.OperationUnknown}, {store.OperationUnknown, store.OperationQueued, store.OperationNeedsReview},
	} {
		require.NoError(t, open.Write(t.Context(), func(tx *store.Tx) error {
			plan, err := store.OperationsPlan(t.Context(), tx, store.OperationFilter{States: states, Limit: 500})
			require.NoError(t, err)
			require.Contains(t, plan, "operations_open")
			return nil
		}), states)
	}
}

// Settled operations are in no index of open ones.
func TestSettledOperationsAreFoundToo(t *testing.T) {
	t.Parallel()
	require.NoError(t, open(t).Write(t.Context(), func(tx *store.Tx) error {
		plan, err := store.OperationsPlan(t.Context(), tx, store.OperationFilter{
			States: []store.OperationState{store.OperationUnknown, store.OperationDone}, Limit: 500,
		})
		require.NoError(t, err)
		require.NotContains(t, plan, "operations_open")
		return nil
	}))
}
