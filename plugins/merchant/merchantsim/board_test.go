package merchantsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func (g *gateway) objects() []simkit.Object {
	g.t.Helper()
	var out []simkit.Object
	got := g.browse(g.url + "/_sim/objects")
	require.NoError(g.t, json.Unmarshal([]byte(got.body), &out), got.body)
	return out
}

// Every move that the board offers is possible, and those that it does not offer are not.
func TestBoardTellsTheTruth(t *testing.T) {
	g := start(t, Config{})
	situations := map[string]func(id string) error{
		"new": nil,
		"deal": func(id string) error {
			_, err := g.sim.StartDeal(id, "", "")
			return err
		},
		"confirmed": func(id string) error {
			if _, err := g.sim.StartDeal(id, "", ""); err != nil {
				return err
			}
			return g.sim.ConfirmTransfer(id)
		},
		"deal ended": func(id string) error {
			if _, err := g.sim.StartDeal(id, "", ""); err != nil {
				return err
			}
			return g.sim.EndDeal(id, DealExpired)
		},
		"paid": g.sim.Pay,
		"disputed": func(id string) error {
			if err := g.sim.Pay(id); err != nil {
				return err
			}
			return g.sim.Dispute(id, "", "")
		},
		"canceled": g.sim.Cancel,
		"expired":  g.sim.Expire,
	}
	for name, reach := range situations {
		for _, move := range boardMoves() {
			if move.Of == "" {
				continue
			}
			id := g.fresh(move.Of, reach)
			if id == "" {
				continue // a payout does not come there
			}
			objects := g.objects()
			o := objects[len(objects)-1]
			require.Equal(t, id, o.ID)
			in := `{"id":"` + id + `"`
			if move.Name == "recalculate" {
				in += `,"amount":"5.00"`
			}
			got := g.post("/_sim/"+strings.TrimPrefix(move.Name, "payout-"), "application/json", in+"}")
			require.Equal(t, slices.Contains(o.Moves, move.Name), got.status == http.StatusOK, "%s, %s: %s", name, move.Name, got.body)
		}
	}
}

// fresh makes an invoice or payout and brings it to a situation; "" means that it does not come there.
func (g *gateway) fresh(of string, reach func(string) error) string {
	g.t.Helper()
	var id string
	if of == boardPayout {
		id, _ = g.payout(map[string]any{"internalId": newID(), "amount": "10.00"})["id"].(string)
	} else {
		id, _ = g.create(map[string]any{"internalId": newID(), "startDeal": nil})["id"].(string)
	}
	if reach == nil {
		return id
	}
	err := reach(id)
	if of == boardPayout && err != nil {
		return ""
	}
	require.NoError(g.t, err)
	return id
}

func TestBoardShowsInvoicesAndPayouts(t *testing.T) {
	g := start(t, Config{})
	g.create(nil)
	g.payout(nil)
	got := g.objects()
	require.Len(t, got, 2)
	require.Equal(t, boardInvoice, got[0].Of)
	require.True(t, strings.HasSuffix(got[0].Amount, " RUB"), got[0].Amount)
	require.Equal(t, g.url+"/pay/"+got[0].ID, got[0].Page)
	require.Equal(t, time.Hour, got[0].ExpiresAt.Sub(got[0].CreatedAt))
	require.Equal(t, boardPayout, got[1].Of)
	require.Contains(t, got[1].Moves, "payout-complete")
	moves := g.browse(g.url + "/_sim/moves").body
	require.Contains(t, moves, `"name":"payout-complete","label":"Complete","of":"payout"`)
	require.Contains(t, moves, `"command":"complete"`)
}

// An invoice expires at its hour by the clock, and says so; a paid one does not.
func TestExpiryByTheClockIsAnnounced(t *testing.T) {
	g := start(t, Config{RetryDelays: []time.Duration{}})
	g.create(nil)
	g.create(nil)
	all := g.sim.Invoices()
	require.NoError(t, g.sim.Pay(all[1].ID))
	g.idle()
	clock := g.sim.Kit().Clock
	require.NoError(t, clock.Advance(t.Context(), time.Hour-time.Second))
	require.Len(t, g.sim.Kit().Callbacks.Attempts(), 1)
	require.NoError(t, clock.Advance(t.Context(), time.Second))
	attempts := g.sim.Kit().Callbacks.Attempts()
	require.Len(t, attempts, 2)
	require.Equal(t, string(StatusExpired), attempts[1].Event)
	require.Equal(t, all[0].ExpireAt.Unix(), g.sim.Invoices()[0].UpdatedAt.Unix())
	require.Zero(t, clock.State().Timers, "the timer of the paid one is gone")
}

func TestRotateSecret(t *testing.T) {
	g := start(t, Config{})
	require.Equal(t, "next", g.sim.RotateSecret("next"))
	require.Equal(t, http.StatusUnauthorized, g.call(http.MethodGet, "/api/merchant/accounts", "").status)
	got := g.post("/_sim/rotate-key", "application/json", `{"key":"`+testSecret+`"}`)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, http.StatusOK, g.call(http.MethodGet, "/api/merchant/accounts", "").status)
	require.Contains(t, g.post("/_sim/rotate-key", "application/json", "").body, "rotated-")
}

func TestMaintenanceSpeaksTheGatewaysShape(t *testing.T) {
	g := start(t, Config{})
	require.Equal(t, http.StatusOK, g.post("/_sim/maintenance", "application/json", `{"on":true,"retry_after":"30s"}`).status)
	got := g.call(http.MethodGet, "/api/merchant/accounts", "")
	require.Equal(t, "30", got.header.Get("Retry-After"))
	got.refused(t, http.StatusServiceUnavailable, "Service Unavailable", "")
}
