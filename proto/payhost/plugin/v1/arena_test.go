package pluginv1

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What was lent comes back empty, each message to one borrower at a time, and only some are kept.
func TestArenaLendsEmptyMessages(t *testing.T) {
	a := new(Arena)
	lent := map[*Money]bool{}
	for range 2 * keptMessages {
		m := a.Money()
		require.False(t, lent[m], "lent twice")
		lent[m] = true
		m.Value, m.Currency, m.unknownFields = "1.00", "UAH", []byte{1}
	}
	a.Reset()
	require.Len(t, a.moneyShelf.all, keptMessages)
	again := map[*Money]bool{}
	for range 2 * keptMessages {
		m := a.Money()
		require.Empty(t, m.Value)
		require.Empty(t, m.Currency)
		require.Empty(t, m.unknownFields)
		require.False(t, again[m], "lent twice")
		again[m] = true
	}
}

// The alternatives of a oneof are lent like messages, and none holds what it held before.
func TestArenaTakesBackAlternatives(t *testing.T) {
	answer := &CreateInvoiceResponse{Result: &CreateInvoiceResponse_State{State: &InvoiceState{Status: "paid", Amount: &Money{Value: "1"}}}}
	wire := make([]byte, answer.SizeWire())
	answer.WriteWire(wire, len(wire))

	a := new(Arena)
	first := a.CreateInvoiceResponse()
	require.NoError(t, first.DecodeWire(wire, "", a))
	state := first.GetState()
	require.Equal(t, "paid", state.GetStatus())
	a.Reset()
	require.Nil(t, first.GetState())
	require.Nil(t, state.GetAmount())

	second := a.CreateInvoiceResponse()
	require.Same(t, first, second)
	require.NoError(t, second.DecodeWire(nil, "", a))
	require.Nil(t, second.GetResult(), "an empty answer has no state")
}

// A nil arena lends what nobody else has.
func TestNoArena(t *testing.T) {
	var a *Arena
	require.NotSame(t, a.Money(), a.Money())
	require.NotSame(t, a.Timestamp(), a.Timestamp())
}
