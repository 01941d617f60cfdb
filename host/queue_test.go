package host_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// A queued create is durable and is sent by the host, once, also by the next one.
func TestAQueuedCreateIsSentOnce(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Unavailable, hosttest.RateLimited, hosttest.Pending)
	req := hosttest.Invoice("order", "10.00")
	req.Async = true
	inv, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.True(t, inv.Queued)
	require.Equal(t, pay.StatusCreating, inv.Status)
	sent := awaitStatus(t, h, inv.ID, pay.StatusPending)
	op, err := h.Operation(t.Context(), sent.Operation)
	require.NoError(t, err)
	require.Len(t, op.Tries, 3)
	again, err := h.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.False(t, again.Queued)
	require.Len(t, h.Provider.Created(), 1)
}

func TestAQueuedCreateSurvivesItsHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "payhost.db")
	provider := hosttest.NewProvider()
	var id string
	t.Run("the first host accepts", func(t *testing.T) {
		st, err := sqlite.Open(path, sqlite.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, st.Close()) })
		h := hosttest.StartOn(t, st, provider)
		provider.Next(hosttest.Unavailable)
		req := hosttest.Invoice("order", "10.00")
		req.Async = true
		inv, err := h.CreateInvoice(t.Context(), req)
		require.NoError(t, err)
		id = inv.ID
	})
	st, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	h := hosttest.StartOn(t, st, provider)
	inv := awaitStatus(t, h, id, pay.StatusPending)
	require.NotEmpty(t, inv.ProviderRef)
	require.Len(t, provider.Created(), 1)
	_, err = h.Invoices(t.Context(), host.ListInvoices{})
	require.NoError(t, err)
}
