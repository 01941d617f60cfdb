package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// What a create comes to is decided before the writer is asked. Whatever happened to its rows meanwhile counts all the same, and nothing is written
// twice.
func TestACreateThatWasOvertakenIsDecidedByWhatIsStored(t *testing.T) {
	t.Parallel()
	touchInvoice := func(t *testing.T, tx *store.Tx, req pay.CreateInvoice) {
		inv, err := tx.Invoice(t.Context(), req.InvoiceID)
		require.NoError(t, err)
		inv.NeedsReview, inv.ReviewReason = true, "somebody looked"
		require.NoError(t, tx.UpdateInvoice(&inv))
	}
	touchOperation := func(t *testing.T, tx *store.Tx, req pay.CreateInvoice) {
		op, err := tx.Operation(t.Context(), req.Call.OperationID)
		require.NoError(t, err)
		op.LookCount++
		require.NoError(t, tx.UpdateOperation(&op))
	}
	type touch = func(*testing.T, *store.Tx, pay.CreateInvoice)
	for name, c := range map[string]struct {
		meanwhile []touch
		version   int64 // of the invoice afterwards
		looks     int
		review    string
	}{
		"nothing":       {version: 2},
		"the invoice":   {[]touch{touchInvoice}, 3, 0, "somebody looked"},
		"the operation": {[]touch{touchOperation}, 2, 1, ""},
		"both":          {[]touch{touchInvoice, touchOperation}, 3, 1, "somebody looked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newShaken(1)
			var h *hosttest.Host
			p.created = func(req pay.CreateInvoice, _ string) {
				require.NoError(t, h.Store.Write(t.Context(), func(tx *store.Tx) error {
					for _, touch := range c.meanwhile {
						touch(t, tx, req)
					}
					return nil
				}))
			}
			h = p.start(t)
			created, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, created.Status)
			require.Equal(t, c.review, created.ReviewReason)

			inv, err := h.Store.Invoice(t.Context(), created.ID)
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, inv.Status)
			require.Equal(t, c.version, inv.Version)
			require.Equal(t, c.review, inv.ReviewReason)
			op, err := h.Store.Operation(t.Context(), inv.CreateOperationID)
			require.NoError(t, err)
			require.Equal(t, store.OperationDone, op.State)
			require.Equal(t, c.looks, op.LookCount)
			evidence, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
			require.NoError(t, err)
			require.Len(t, evidence, 1)
			events, err := h.Store.Events(t.Context(), store.EventFilter{ObjectType: "invoice", ObjectID: inv.ID, Limit: 100})
			require.NoError(t, err)
			var kinds []string
			for _, ev := range events {
				kinds = append(kinds, ev.Type)
			}
			require.Equal(t, []string{"invoice.created", "invoice.pending"}, kinds)
		})
	}
}

// The provider's id of one invoice never becomes another's as well, however the create that brought it was decided.
func TestACreateWhoseIDWasTakenMeanwhileNeedsReview(t *testing.T) {
	t.Parallel()
	p := newShaken(1)
	h := p.start(t)
	first, err := h.CreateInvoice(t.Context(), hosttest.Invoice("first", "10.00"))
	require.NoError(t, err)
	p.created = func(_ pay.CreateInvoice, ref string) {
		require.NoError(t, h.Store.Write(t.Context(), func(tx *store.Tx) error {
			inv, err := tx.Invoice(t.Context(), first.ID)
			require.NoError(t, err)
			inv.ProviderRef = ref
			return tx.UpdateInvoice(&inv)
		}))
	}
	second, err := h.CreateInvoice(t.Context(), hosttest.Invoice("second", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	require.True(t, second.NeedsReview)
	require.Contains(t, second.ReviewReason, "already belongs to invoice "+first.ID)
	require.Empty(t, second.ProviderRef)
}
