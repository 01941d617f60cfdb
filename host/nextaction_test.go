package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// What the payer was to do is shown until the payer has done it: requisites that are seen once more may be paid twice.
func TestNextActionsEndWhenThePayerHasActed(t *testing.T) {
	h := hosttest.Start(t)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("k", "10.00"))
	require.NoError(t, err)
	require.NotNil(t, inv.NextAction)
	h.Provider.Set(inv.ProviderRef, pay.StatusProcessing)
	inv, err = h.RefreshInvoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusProcessing, inv.Status)
	require.Nil(t, inv.NextAction)
	require.Empty(t, inv.NextActions)
}
