package monobanksim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func (w *world) objects(t *testing.T) []simkit.Object {
	t.Helper()
	status, body := w.call(t, http.MethodGet, "/_sim/objects", "")
	require.Equal(t, http.StatusOK, status)
	var out []simkit.Object
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	return out
}

func (w *world) press(t *testing.T, m simkit.Move, id string) (int, string) {
	t.Helper()
	in := map[string]any{"id": id}
	maps.Copy(in, m.Fixed)
	for _, f := range m.Fields {
		if f.Name == "status" {
			in["status"] = "invented"
		}
	}
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	name := m.Command
	if name == "" {
		name = m.Name
	}
	return w.call(t, http.MethodPost, "/_sim/"+name, string(raw))
}

// Every move that the board offers is possible, and those that it does not offer are not.
func TestBoardTellsTheTruth(t *testing.T) {
	debit, hold := `{"amount":4200,"webHookUrl":"http://127.0.0.1:1/"}`, `{"amount":4200,"paymentType":"hold"}`
	situations := map[string]struct {
		body  string
		reach func(t *testing.T, w *world, id string)
	}{
		"created":      {debit, func(*testing.T, *world, string) {}},
		"created hold": {hold, func(*testing.T, *world, string) {}},
		"processing":   {debit, func(t *testing.T, w *world, id string) { require.NoError(t, w.sim.Process(id)) }},
		"failure":      {debit, func(t *testing.T, w *world, id string) { require.NoError(t, w.sim.Decline(id, "", "")) }},
		"success":      {debit, func(t *testing.T, w *world, id string) { require.NoError(t, w.sim.Pay(id)) }},
		"held":         {hold, func(t *testing.T, w *world, id string) { require.NoError(t, w.sim.Hold(id)) }},
		"expired":      {debit, func(t *testing.T, w *world, id string) { require.NoError(t, w.sim.Expire(id)) }},
		"capturing": {hold, func(t *testing.T, w *world, id string) {
			require.NoError(t, w.sim.Hold(id))
			status, _ := w.call(t, http.MethodPost, "/api/merchant/invoice/finalize", `{"invoiceId":"`+id+`","amount":4000}`)
			require.Equal(t, http.StatusOK, status)
		}},
		"refunding": {debit, func(t *testing.T, w *world, id string) {
			require.NoError(t, w.sim.Pay(id))
			status, _ := w.call(t, http.MethodPost, "/api/merchant/invoice/cancel", `{"invoiceId":"`+id+`","amount":200}`)
			require.Equal(t, http.StatusOK, status)
		}},
	}
	for name, situation := range situations {
		w := newWorld(t, func(c *Config) { c.PendingRefunds, c.PendingCaptures, c.RetryDelays = true, true, []time.Duration{} })
		for _, move := range boardMoves() {
			if move.Of != boardInvoice {
				continue
			}
			id := w.create(t, situation.body).InvoiceID
			situation.reach(t, w, id)
			objects := w.objects(t)
			offered := slices.Contains(objects[len(objects)-1].Moves, move.Name)
			status, out := w.press(t, move, id)
			require.Equal(t, offered, status == http.StatusOK, "%s, %s: %s", name, move.Name, out)
		}
	}
}

func TestBoardShowsInvoicesAndSubscriptions(t *testing.T) {
	w := newWorld(t, nil)
	inv := w.create(t, `{"amount":4250,"merchantPaymInfo":{"reference":"r-1","destination":"<b>tea</b>"}}`)
	id := w.subscription(t)
	got := w.objects(t)
	require.Len(t, got, 2)
	require.Equal(t, simkit.Object{
		Of: boardInvoice, ID: inv.InvoiceID, State: StatusCreated, Amount: "42.50 UAH", Description: "<b>tea</b>", Page: inv.PageURL,
		CreatedAt: inv.CreatedAt, ExpiresAt: inv.ExpiresAt, Moves: []string{"pay", "decline", "processing", "expire", "status"},
		Details: []simkit.Detail{{Name: "type", Value: TypeDebit}, {Name: "reference", Value: "r-1"}},
	}, got[0])
	require.Equal(t, id, got[1].ID)
	require.Equal(t, []string{"subscribe", "subscription-status"}, got[1].Moves)
	for _, m := range boardMoves() {
		if m.Name == "subscribe" {
			status, out := w.press(t, m, id)
			require.Equal(t, http.StatusOK, status, out)
		}
	}
	require.Equal(t, []string{"subscription-status"}, w.objects(t)[1].Moves)
}

func (w *world) subscription(t *testing.T) string {
	t.Helper()
	status, out := w.call(t, http.MethodPost, "/api/merchant/subscription/create", `{"amount":500,"interval":"1m"}`)
	require.Equal(t, http.StatusOK, status, out)
	return w.sim.Subscriptions()[0].SubscriptionID
}

// A hold that nobody finalizes is released after nine days, with a webhook; one that is being finalized is not.
func TestHoldsEndByTheClock(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PendingCaptures, c.RetryDelays = true, []time.Duration{} })
	body := `{"amount":4200,"paymentType":"hold","webHookUrl":"http://127.0.0.1:1/"}`
	held, capturing := w.create(t, body).InvoiceID, w.create(t, body).InvoiceID
	require.NoError(t, w.sim.Hold(held))
	require.NoError(t, w.sim.Hold(capturing))
	status, _ := w.call(t, http.MethodPost, "/api/merchant/invoice/finalize", `{"invoiceId":"`+capturing+`","amount":4000}`)
	require.Equal(t, http.StatusOK, status)
	clock := w.sim.Kit().Clock
	require.NoError(t, clock.Advance(t.Context(), 9*24*time.Hour-time.Second))
	inv, err := w.sim.Invoice(held)
	require.NoError(t, err)
	require.Equal(t, StatusHold, inv.Status)
	sent := len(w.sim.Kit().Callbacks.Attempts())
	require.NoError(t, clock.Advance(t.Context(), time.Second))
	inv, err = w.sim.Invoice(held)
	require.NoError(t, err)
	require.Equal(t, StatusReversed, inv.Status)
	require.Zero(t, inv.Captured)
	inv, err = w.sim.Invoice(capturing)
	require.NoError(t, err)
	require.Equal(t, StatusHold, inv.Status)
	attempts := w.sim.Kit().Callbacks.Attempts()
	require.Len(t, attempts, sent+1)
	require.Equal(t, StatusReversed, attempts[sent].Event)
}

func TestValidityAndWebhookRepeatsGoByTheClock(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RetryDelays = nil })
	clock := w.sim.Kit().Clock
	clock.Freeze()
	paid := w.create(t, `{"amount":4200,"webHookUrl":"http://127.0.0.1:1/"}`).InvoiceID
	unpaid := w.create(t, `{"amount":4200,"validity":3600}`).InvoiceID
	require.NoError(t, w.sim.Pay(paid))
	require.NoError(t, clock.Advance(t.Context(), time.Minute))
	require.Len(t, w.sim.Kit().Callbacks.Attempts(), 2)
	require.NoError(t, clock.Advance(t.Context(), time.Hour))
	require.Len(t, w.sim.Kit().Callbacks.Attempts(), 3, "three attempts at most")
	inv, err := w.sim.Invoice(unpaid)
	require.NoError(t, err)
	require.Equal(t, StatusExpired, inv.Status)
}

// A month's charge is made when the month has passed, though nobody looks.
func TestSubscriptionsAreChargedByTheClock(t *testing.T) {
	w := newWorld(t, nil)
	id := w.subscription(t)
	require.NoError(t, w.sim.Subscribe(id))
	clock := w.sim.Kit().Clock
	require.NoError(t, clock.Advance(t.Context(), 70*24*time.Hour))
	require.Equal(t, 1, clock.State().Timers)
	b, err := w.sim.Subscription(id)
	require.NoError(t, err)
	require.Len(t, b.Charges, 3)
	require.Equal(t, b.StartAt.AddDate(0, 2, 0), b.Charges[2].At)
}
