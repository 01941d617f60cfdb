package hosttest_test

import (
	"testing"

	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/sdk/pay"
)

// An embedder's own test is this long.
func TestCheckoutTellsADeclineFromAnUnknownOutcome(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Declined, hosttest.Unknown)
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-1", "100.00"))
	if pay.AsError(err).Kind != pay.KindDeclined {
		t.Fatal(err)
	}
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order-2", "100.00"))
	if pay.AsError(err).Kind != pay.KindOutcomeUnknown || inv.UnresolvedOperation == "" {
		t.Fatal(err)
	}
}
