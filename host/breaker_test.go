package host_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

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

// What stalls fills its own places and nobody else's: other operations, accounts and providers go on.
func TestAStalledOperationSlowsNobodyElse(t *testing.T) {
	h := hosttest.Start(t, func(c *host.Config) {
		c.MaxConcurrent = 4
		c.Timeouts.Start = 10 * time.Millisecond
	})
	var stalled sync.WaitGroup
	for i := range 4 {
		h.Provider.Next(hosttest.Slow)
		stalled.Go(func() {
			if _, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("slow", i), "10.00")); err != nil {
				t.Errorf("a slow answer is an answer: %v", err)
			}
		})
		<-h.Provider.Entered()
	}
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("one more", "10.00"))
	require.ErrorIs(t, err, pay.KindRateLimited)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	_, err = h.CreatePayout(t.Context(), payoutOf("p"))
	require.NoError(t, err, "another operation of the account")
	require.NoError(t, h.PutAccount(t.Context(), host.Account{ID: "second", Provider: hosttest.ProviderName, Config: []byte(`{"token":"t"}`)}))
	other := hosttest.Invoice("other", "10.00")
	other.Account = "second"
	_, err = h.CreateInvoice(t.Context(), other)
	require.NoError(t, err, "another account")
	h.Provider.Release()
	stalled.Wait()
}
