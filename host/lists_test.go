package host_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestListsOfRefundsAndPayoutsPageThroughEverythingOnce(t *testing.T) {
	h := hosttest.Start(t)
	inv := at(t, h, "order", pay.StatusPaid)
	for i := range 3 {
		_, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: fmt.Sprint("r", i), Invoice: inv.ID, Amount: "10.00"})
		require.NoError(t, err)
		_, err = h.CreatePayout(t.Context(), payoutOf(fmt.Sprint("p", i)))
		require.NoError(t, err)
	}
	seen := map[string]bool{}
	req := host.ListObjects{Limit: 2, Account: hosttest.AccountID}
	for {
		refunds, err := h.Refunds(t.Context(), req)
		require.NoError(t, err)
		for _, r := range refunds.Refunds {
			seen[r.ID] = true
		}
		if req.Cursor = refunds.NextCursor; req.Cursor == "" {
			break
		}
	}
	require.Len(t, seen, 3)
	payouts, err := h.Payouts(t.Context(), host.ListObjects{Limit: 2})
	require.NoError(t, err)
	require.Len(t, payouts.Payouts, 2)
	rest, err := h.Payouts(t.Context(), host.ListObjects{Limit: 2, Cursor: payouts.NextCursor})
	require.NoError(t, err)
	require.Len(t, rest.Payouts, 1)
	require.Empty(t, rest.NextCursor)
	disputes, err := h.Disputes(t.Context(), host.ListObjects{Invoice: inv.ID})
	require.NoError(t, err)
	require.Empty(t, disputes.Disputes)
	_, err = h.Payouts(t.Context(), host.ListObjects{Invoice: inv.ID})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	_, err = h.Refunds(t.Context(), host.ListObjects{Limit: 501})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}
