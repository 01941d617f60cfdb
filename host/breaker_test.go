package host_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// A breaker opens on outcomes that speak against the provider and on nothing else.
func TestBreakersOpenOnSilenceAndNeverOnDeclines(t *testing.T) {
	create := func(h *hosttest.Host, i int, outcome hosttest.Outcome) error {
		h.Provider.Next(outcome)
		_, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint(outcome, i), "10.00"))
		return err
	}
	for _, calm := range []hosttest.Outcome{hosttest.Declined, hosttest.Invalid, hosttest.Panic} {
		h := hosttest.Start(t)
		for i := range 30 {
			require.Error(t, create(h, i, calm))
		}
		require.NoError(t, create(h, 99, hosttest.Pending), calm)
	}
	h := hosttest.Start(t)
	for i := range 10 {
		require.ErrorIs(t, create(h, i, hosttest.Unavailable), pay.KindProviderUnavailable)
	}
	err := create(h, 99, hosttest.Pending)
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.Empty(t, h.Provider.Created())

	// Another operation of the account, and another account, go on.
	inv := host.CreatePayout{
		IdempotencyKey: "p", Account: hosttest.AccountID, Amount: host.Amount{Value: "1.00", Currency: "UAH"},
		Destination: host.Destination{Type: pay.DestinationCard, Value: "4111111111111111"},
	}
	_, err = h.CreatePayout(t.Context(), inv)
	require.NoError(t, err)
	require.NoError(t, h.PutAccount(t.Context(), host.Account{ID: "second", Provider: hosttest.ProviderName, Config: []byte(`{"token":"t"}`)}))
	other := hosttest.Invoice("other", "10.00")
	other.Account = "second"
	_, err = h.CreateInvoice(t.Context(), other)
	require.NoError(t, err)
}
