package payinsim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func (w *world) get(t *testing.T, path string, out any) {
	t.Helper()
	status, body, _ := w.send(t, http.MethodGet, path, "", http.NoBody)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, json.Unmarshal([]byte(body), out))
}

// Every move that the board offers in a state is possible, and in the other states it is not.
func TestBoardTellsTheTruth(t *testing.T) {
	for status := range StatusPartialPaid + 1 {
		for _, move := range boardMoves() {
			if move.Of != boardInvoice || move.Name == "status" || move.Name == "notify" {
				continue
			}
			w := newWorld(t, nil)
			w.post(t, "/payment-in/create-invoice", signed(validCreate()))
			id := w.sim.Invoices()[0].PrettyID
			require.NoError(t, w.sim.SetStatus(id, status))
			offered := simkit.PossibleMoves([]simkit.Move{move}, boardInvoice, statusText(status), nil)
			answer, _, _ := w.command(t, move, id)
			require.Equal(t, len(offered) == 1, answer == http.StatusOK, "%s from %q: %d", move.Name, statusText(status), answer)
		}
	}
}

func (w *world) command(t *testing.T, m simkit.Move, id string) (int, string, http.Header) {
	t.Helper()
	in := map[string]any{"id": id}
	maps.Copy(in, m.Fixed)
	name := m.Command
	if name == "" {
		name = m.Name
	}
	return w.send(t, http.MethodPost, "/_sim/"+name, "application/json", jsonReader(t, in))
}

func TestBoardShowsInvoicesAndMovements(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ServiceID, c.HoldMovements = 12, true })
	w.post(t, "/payment-in/create-invoice", signed(validCreate()))
	w.post(t, chargePath, signed(validCharge()))
	var objects []simkit.Object
	w.get(t, "/_sim/objects", &objects)
	require.Len(t, objects, 2)
	inv := objects[0]
	require.Equal(t, "10.50 RUB", inv.Amount)
	require.Equal(t, "new", inv.State)
	require.Equal(t, []string{"pay", "decline", "hold", "partial", "processing", "cancel", "expire", "status"}, inv.Moves)
	require.Equal(t, time.Unix(testTime, 123456000).Add(24*time.Hour).Unix(), inv.ExpiresAt.Unix())
	require.Equal(t, []string{"movement-settle", "movement-reject", "movement-trouble", "movement-cancel"}, objects[1].Moves)

	var moves []simkit.Move
	w.get(t, "/_sim/moves", &moves)
	for _, m := range moves {
		if m.Name == "movement-settle" {
			status, _, _ := w.command(t, m, "op_1")
			require.Equal(t, http.StatusOK, status)
		}
	}
	w.get(t, "/_sim/objects", &objects)
	require.Equal(t, "insufficient funds", objects[1].State)
}

// A new invoice expires by the clock; one whose payment began does not. Requests are compared with the clients' time.
func TestInvoicesExpireByTheClock(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.InvoiceTTL = time.Hour })
	for range 2 {
		w.post(t, "/payment-in/create-invoice", signed(validCreate()))
	}
	started := w.sim.Invoices()[1].PrettyID
	require.NoError(t, w.sim.Process(started))
	require.NoError(t, w.sim.Kit().Clock.Advance(t.Context(), 59*time.Minute))
	require.Equal(t, StatusNew, w.sim.Invoices()[0].Status)
	require.NoError(t, w.sim.Kit().Clock.Advance(t.Context(), 2*time.Hour))
	expired := w.sim.Invoices()[0]
	require.Equal(t, StatusExpired, expired.Status)
	require.Equal(t, expired.CreatedAt.Add(time.Hour), expired.UpdatedAt)
	require.Equal(t, StatusProcessing, w.sim.Invoices()[1].Status)
	require.Empty(t, w.sim.Kit().Callbacks.Attempts())
	require.NoError(t, w.sim.Pay(expired.PrettyID), "late money")
	require.True(t, w.post(t, "/payment-in/create-invoice", signed(validCreate())).Status)
}

func TestRotateKey(t *testing.T) {
	w := newWorld(t, nil)
	require.Equal(t, "next", w.sim.RotateKey("next"))
	out := w.post(t, "/payment-in/create-invoice", signed(validCreate()))
	require.False(t, out.Status)
	require.Equal(t, "incorrect hash", out.UserMsg)
	status, body, _ := w.send(t, http.MethodPost, "/_sim/rotate-key", "application/json", http.NoBody)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "rotated-")
	w.sim.RotateKey(testKey)
	require.True(t, w.post(t, "/payment-in/create-invoice", signed(validCreate())).Status)
}

func jsonReader(t *testing.T, v any) *bytes.Reader {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return bytes.NewReader(raw)
}

// Money that went cannot be rejected any more, only taken back.
func TestBoardOffersNoRejectOfMovedMoney(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ServiceID, c.HoldMovements = 12, true })
	w.post(t, chargePath, signed(validCharge()))
	require.NoError(t, w.sim.Trouble("op_1", true))
	require.ErrorIs(t, w.sim.Reject("op_1"), ErrImpossible)
	var objects []simkit.Object
	w.get(t, "/_sim/objects", &objects)
	require.Equal(t, []string{"movement-settle", "movement-refund"}, objects[0].Moves)
}
