package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestRecentInvoicesAreBounded(t *testing.T) {
	t.Parallel()
	c := newRecentInvoices()
	id := func(n int) string { return fmt.Sprint("inv-", n) }
	for n := range 3 * keptInvoices {
		c.keep(Invoice{ID: id(n), Version: 1}, 0)
		c.keep(Invoice{ID: id(n), Version: 2}, 0) // takes no second place
	}
	require.Len(t, c.rows, keptInvoices)
	require.Len(t, c.order, keptInvoices)
	for n := range 3 * keptInvoices {
		row, _ := c.get(id(n))
		require.Equal(t, n >= 2*keptInvoices, row != nil, "invoice %d", n)
	}
}

func TestLargeInvoicesAreNotRemembered(t *testing.T) {
	t.Parallel()
	c := newRecentInvoices()
	for n, large := range []Invoice{
		{PrivateState: &pay.State{Data: make([]byte, keptInvoiceSize+1)}},
		{Metadata: map[string]string{"k": string(make([]byte, keptInvoiceSize))}},
	} {
		large.ID = fmt.Sprint("inv-", n)
		c.keep(large, 0)
		require.Empty(t, c.rows)
		require.Nil(t, large.asStored())
	}
}

// A reader is slow: what it has read before a commit arrives while that is made, or after it.
func TestWhatWasReadBeforeACommitIsNotKept(t *testing.T) {
	t.Parallel()
	c := newRecentInvoices()
	old := Invoice{ID: "inv", Version: 1}
	for _, now := range []*Invoice{{ID: "inv", Version: 2}, nil} {
		c.keep(old, c.commits)
		_, mark := c.get("inv")
		rows := map[string]*Invoice{"inv": now}
		c.changing(rows)
		c.keep(old, mark)
		row, during := c.get("inv")
		require.Nil(t, row, "nobody knows yet whether it is committed")
		c.keep(old, during)
		c.changed(rows)
		c.keep(old, during)
		c.keep(old, mark)
		row, _ = c.get("inv")
		require.Equal(t, now, row)
	}
}
