package merchantsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// wantedOut is a valid request for a payout; changes replace members, nil removes one.
func wantedOut(changes map[string]any) string {
	all := map[string]any{
		"type": "out", "startDeal": nil, "paymentOption": "TO_CARD", "paymentMethod": "unknown",
		"paymentRequisites": map[string]any{"requisites": "4444 4444 4444 4444", "holder": "Ivan I."},
	}
	maps.Copy(all, changes)
	return wanted(all)
}

func (g *gateway) payout(changes map[string]any) map[string]any {
	g.t.Helper()
	got := g.call(http.MethodPost, invoices, wantedOut(changes))
	require.Equal(g.t, http.StatusOK, got.status, got.body)
	return got.object(g.t)
}

func (g *gateway) balances() (sum, frozen string) {
	g.t.Helper()
	got := g.call(http.MethodGet, "/api/merchant/accounts", "")
	require.Equal(g.t, http.StatusOK, got.status, got.body)
	var list []map[string]any
	require.NoError(g.t, json.Unmarshal([]byte(got.body), &list))
	require.Len(g.t, list, 1)
	require.Equal(g.t, "USDT", list[0]["currency"])
	require.EqualValues(g.t, 8, list[0]["sum"].(map[string]any)["subunit"])
	return list[0]["sum"].(map[string]any)["amount"].(string), list[0]["frozenSum"].(map[string]any)["amount"].(string)
}

func TestPayoutAnswersLikeTheSample(t *testing.T) {
	g := start(t, Config{})
	got := g.payout(nil)
	require.Equal(t, "out", got["type"])
	require.Equal(t, "new", got["status"])
	require.Nil(t, got["paymentRequisites"], "null even in the gateway's own sample")
	require.Nil(t, got["receivedSumFromTaker"])
	deals := got["deals"].([]any)
	require.Len(t, deals, 1)
	deal := deals[0].(map[string]any)
	require.Equal(t, "out", deal["type"])
	require.Equal(t, "new", deal["status"])
	require.Nil(t, deal["qrCodeLink"])
	require.Equal(t, "4444 4444 4444 4444", deal["requisites"].(map[string]any)["requisites"])
	require.Empty(t, g.sim.Invoices())
	require.Len(t, g.sim.Payouts(), 1)
	require.Equal(t, Effects{Created: 1, Deals: 1}, g.sim.Effects("order-1"))
}

func TestPayoutRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change         map[string]any
		message, field string
	}{
		"no option":     {map[string]any{"paymentOption": nil}, "this value should not be blank", "paymentOption"},
		"no method":     {map[string]any{"paymentMethod": nil}, "this value should not be blank", "paymentMethod"},
		"no requisites": {map[string]any{"paymentRequisites": nil}, "this value should not be blank", "paymentRequisites"},
		"empty": {map[string]any{"paymentRequisites": map[string]any{"holder": "x"}}, "this value should not be blank",
			"paymentRequisites.requisites"},
		"text":            {map[string]any{"paymentRequisites": "4444"}, "This value should be of type object", "paymentRequisites"},
		"unknown bank":    {map[string]any{"paymentOption": "SBP"}, "Payment method not allowed", "paymentMethod"},
		"unknown option":  {map[string]any{"paymentOption": "PIGEON"}, "Payment option not allowed", "paymentOption"},
		"too much":        {map[string]any{"amount": "999999.00"}, "Insufficient funds", ""},
		"above the limit": {map[string]any{"amount": "1000001.00"}, "Invoice amount should be not greater than 1000000.00", "amount"},
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, Config{Balance: decimal.RequireFromString("100")})
			g.call(http.MethodPost, invoices, wantedOut(c.change)).refused(t, 400, c.message, c.field)
			require.Empty(t, g.sim.Payouts())
		})
	}
}

// A payout freezes its amount and fee, and spends or returns them.
func TestPayoutBalances(t *testing.T) {
	// 1000 / 99.23 = 10.07759750, 5 % of it 0.50387988 rounded up: 10.58147738 in all.
	for name, c := range map[string]struct {
		end         func(*Sim, string) error
		sum, status string
		effects     Effects
	}{
		"complete": {func(s *Sim, id string) error { return s.Complete(id, "") }, "89.41852262", "paid", Effects{Created: 1, Deals: 1, Paid: 1, Canceled: 0}},
		"cancel":   {(*Sim).Cancel, "100.00000000", "canceled", Effects{Created: 1, Deals: 1, Paid: 0, Canceled: 1}},
		"expire":   {(*Sim).Expire, "100.00000000", "expired", Effects{Created: 1, Deals: 1, Paid: 0, Canceled: 0}},
		"claim lost": {func(s *Sim, id string) error { return firstOf(s.Dispute(id, "no_payment", ""), s.Cancel(id)) }, "100.00000000", "canceled",
			Effects{Created: 1, Deals: 1, Paid: 0, Canceled: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			hook := listen(t)
			g := start(t, Config{Balance: decimal.RequireFromString("100")})
			id := g.payout(map[string]any{"notificationUrl": hook.url})["id"].(string)
			sum, frozen := g.balances()
			require.Equal(t, "89.41852262", sum)
			require.Equal(t, "10.58147738", frozen)
			require.ErrorIs(t, g.sim.Pay(id), ErrState, "nobody pays a payout in")
			require.ErrorIs(t, g.sim.ConfirmTransfer(id), ErrState)
			require.NoError(t, c.end(g.sim, id))
			sum, frozen = g.balances()
			require.Equal(t, c.sum, sum)
			require.Equal(t, "0.00000000", frozen)
			got := g.get(id)
			require.Equal(t, c.status, got["status"])
			require.Equal(t, c.effects, g.sim.Effects("order-1"))
			if c.status == "paid" {
				require.Equal(t, "10.58147738", got["receivedSumFromMaker"].(map[string]any)["amount"])
				require.Equal(t, "0.50387988", got["serviceFeeSum"].(map[string]any)["amount"])
				require.Equal(t, "10.07759750", got["payoutSum"].(map[string]any)["amount"])
			}
			g.idle()
			require.Equal(t, "out", hook.got[len(hook.got)-1]["invoice"].(map[string]any)["type"])
			require.Equal(t, c.status, hook.statuses()[len(hook.statuses())-1])
		})
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestPaidInvoicesFillTheAccount(t *testing.T) {
	g := start(t, Config{Balance: decimal.RequireFromString("1")})
	id := g.create(nil)["id"].(string)
	require.NoError(t, g.sim.Pay(id))
	sum, _ := g.balances()
	require.Equal(t, "10.57371762", sum)
	require.NoError(t, g.sim.Dispute(id, "invalid_sum", "500"))
	sum, _ = g.balances()
	require.Equal(t, "1.00000000", sum, "what is disputed is not there")
}

func TestPayoutHasNoVariantsAndNoSecondDeal(t *testing.T) {
	g := start(t, Config{})
	id := g.payout(nil)["id"].(string)
	require.Equal(t, "[]", g.call(http.MethodGet, invoices+"/"+id+"/available-payment-variants", "").body)
	require.Equal(t, 400, g.call(http.MethodPost, invoices+"/"+id+"/start-deal", "{}").status)
	require.Contains(t, g.browse(g.url+"/pay/"+id).body, "Trader: money sent")
	require.NotContains(t, g.browse(g.url+"/pay/"+id).body, "Pay exactly")
	require.Equal(t, 200, g.call(http.MethodPost, invoices+"/"+id+"/cancel", "").status)
	require.Equal(t, "canceled", g.get(id)["status"])
}

func TestPayoutExpires(t *testing.T) {
	g := start(t, Config{})
	id := g.payout(nil)["id"].(string)
	g.clock.advance(time.Hour)
	require.Equal(t, "expired", g.get(id)["status"])
	_, frozen := g.balances()
	require.Equal(t, "0.00000000", frozen)
}
