package merchantsim

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const invoices = "/api/merchant/invoices"

func TestGet(t *testing.T) {
	g := start(t, Config{})
	id := g.create(nil)["id"]
	require.Equal(t, id, g.get(id)["id"])
	require.Equal(t, id, g.call(http.MethodGet, invoices+"/internal-id/order-1", "").object(t)["id"])
	g.call(http.MethodGet, invoices+"/unknown", "").refused(t, 404, "null", "")
	g.call(http.MethodGet, invoices+"/internal-id/unknown", "").refused(t, 404, "null", "")
	g.call(http.MethodGet, "/api/merchant/internal-id/order-1", "").refused(t, 404, "null", "")
	for _, wrong := range []string{"/", "/api/merchant/invoices/", "/api//merchant/invoices", invoices + "/x/y", "/nothing"} {
		g.call(http.MethodGet, wrong, "").refused(t, 404, "null", "")
	}
	g.call(http.MethodDelete, invoices+"/"+id.(string), "").refused(t, 404, "null", "")
}

func TestGetByEscapedInternalID(t *testing.T) {
	g := start(t, Config{})
	id := g.create(map[string]any{"internalId": "order 1/2"})["id"]
	require.Equal(t, id, g.call(http.MethodGet, invoices+"/internal-id/order%201%2F2", "").object(t)["id"])
}

// A repeated internalId creates a second invoice: the gateway does not document
// it as unique, and a client that relies on it must be seen to create two.
func TestInternalIDIsNotUnique(t *testing.T) {
	g := start(t, Config{})
	first, second := g.create(nil)["id"], g.create(nil)["id"]
	require.NotEqual(t, first, second)
	require.Len(t, g.sim.Invoices(), 2)
	require.Equal(t, second, g.call(http.MethodGet, invoices+"/internal-id/order-1", "").object(t)["id"])
	g.sim.SetArrayAnswers(true)
	require.Regexp(t, first.(string)+".*"+second.(string), g.call(http.MethodGet, invoices+"/internal-id/order-1", "").body)
}

func TestCancelShape(t *testing.T) {
	g := start(t, Config{})
	id := g.create(map[string]any{"successUrl": "https://shop.example/ok"})["id"].(string)
	got := g.call(http.MethodPost, invoices+"/"+id+"/cancel", "")
	require.Equal(t, http.StatusOK, got.status)
	answer := got.object(t)
	require.Equal(t, "canceled", answer["status"])
	require.Equal(t, []any{}, answer["deals"])
	require.Equal(t, "2024-11-04T14:55:45+00:00", answer["expiredAt"])
	require.Equal(t, "https://shop.example/ok", answer["successUrl"])
	require.Equal(t, false, answer["isSumChanged"])
	for _, name := range []string{"cancelUrl", "flow", "flowData"} {
		require.Contains(t, answer, name)
	}
	for _, name := range []string{"expireAt", "storeId", "createdAt", "updatedAt", "receivedSumFromTaker", "receivedSumFromMaker"} {
		require.NotContains(t, answer, name)
	}
	read := g.get(id)
	require.Equal(t, "canceled", read["status"])
	deal := read["deals"].([]any)[0].(map[string]any)
	require.Equal(t, "canceled", deal["status"])
	require.Equal(t, false, deal["isActive"])

	g.call(http.MethodPost, invoices+"/"+id+"/cancel", "").refused(t, 400, "Invoice can not be canceled", "")
	g.call(http.MethodPost, invoices+"/unknown/cancel", "").refused(t, 404, "null", "")
}

func TestCancelRefusedOncePaidOrExpired(t *testing.T) {
	g := start(t, Config{})
	paid, expired := g.create(nil)["id"].(string), g.create(nil)["id"].(string)
	require.NoError(t, g.sim.Pay(paid))
	g.clock.advance(time.Hour)
	for _, id := range []string{paid, expired} {
		g.call(http.MethodPost, invoices+"/"+id+"/cancel", "").refused(t, 400, "Invoice can not be canceled", "")
	}
	require.Equal(t, "paid", g.get(paid)["status"])
	require.Equal(t, "expired", g.get(expired)["status"])
}

func TestScenarioB(t *testing.T) {
	g := start(t, Config{})
	got := g.create(map[string]any{"startDeal": nil, "paymentMethod": "tinkoff"})
	require.Equal(t, []any{}, got["deals"])
	path := invoices + "/" + got["id"].(string)
	require.JSONEq(t, `[{"option":"SBP","method":"tinkoff"},{"option":"TO_CARD","method":"tinkoff"},{"option":"TO_PHONE_NUMBER","method":"tinkoff"}]`,
		g.call(http.MethodGet, path+"/available-payment-variants", "").body)

	g.call(http.MethodPost, path+"/start-deal", `{"paymentOption":"UPI"}`).refused(t, 400, "Payment option not allowed", "paymentOption")
	g.call(http.MethodPost, path+"/start-deal", `{"paymentMethod":7}`).refused(t, 400, "This value should be of type string", "paymentMethod")
	g.call(http.MethodPost, path+"/start-deal", `[]`).refused(t, 400, "Request body is not valid JSON", "")
	g.call(http.MethodPost, path+"/start-deal", "").refused(t, 415, "Content-Type should be application/json", "")
	g.call(http.MethodPost, invoices+"/unknown/start-deal", `{}`).refused(t, 404, "null", "")

	started := g.call(http.MethodPost, path+"/start-deal", `{"paymentOption":"TO_CARD","paymentMethod":null}`).object(t)
	require.Len(t, started["deals"], 1)
	require.Equal(t, "TO_CARD", started["deals"].([]any)[0].(map[string]any)["paymentOption"])
	g.call(http.MethodPost, path+"/start-deal", `{}`).refused(t, 400, "Deal can not be started", "")
}

func TestNoRequisitesBothWays(t *testing.T) {
	g := start(t, Config{})
	require.NoError(t, g.sim.SetNoRequisites(NoRequisitesEmpty, 1))
	got := g.create(nil)
	require.Equal(t, []any{}, got["deals"])
	require.Equal(t, "new", got["status"], "the invoice exists")
	require.Len(t, g.sim.Invoices(), 1)

	require.Equal(t, 200, g.post("/_sim/no-requisites", "application/json", `{"mode":"refuse"}`).status)
	g.call(http.MethodPost, invoices, wanted(nil)).refused(t, 400, "PAYMENT_METHOD_NOT_AVAILABLE", "")
	require.Len(t, g.sim.Invoices(), 1, "a refused create leaves no invoice")
	path := invoices + "/" + got["id"].(string)
	g.call(http.MethodPost, path+"/start-deal", `{}`).refused(t, 400, "PAYMENT_METHOD_NOT_AVAILABLE", "")
	require.Equal(t, "[]", g.call(http.MethodGet, path+"/available-payment-variants", "").body)
	g.create(map[string]any{"startDeal": false})

	require.NoError(t, g.sim.SetNoRequisites(NoRequisitesOff, 0))
	require.Len(t, g.call(http.MethodPost, path+"/start-deal", `{}`).object(t)["deals"], 1)
	require.Empty(t, g.create(map[string]any{"paymentOption": "SBP", "paymentMethod": "megafon"})["deals"],
		"allowed one by one, but no trader has the pair")
	require.ErrorIs(t, g.sim.SetNoRequisites("sometimes", 0), ErrInput)
}

// A deal has a shorter life than its invoice; another one can then be started.
func TestDealExpiresBeforeInvoice(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	got := g.create(map[string]any{"notificationUrl": hook.url})
	g.clock.advance(15 * time.Minute)
	read := g.get(got["id"])
	require.Equal(t, "new", read["status"])
	require.Equal(t, "expired", read["deals"].([]any)[0].(map[string]any)["status"])

	require.NoError(t, g.sim.SetNoRequisites(NoRequisitesEmpty, 1))
	path := invoices + "/" + got["id"].(string)
	require.Equal(t, []any{}, g.call(http.MethodPost, path+"/start-deal", `{}`).object(t)["deals"],
		"the answer is about the new deal, not the old one")
	again := g.call(http.MethodPost, path+"/start-deal", `{}`).object(t)["deals"].([]any)
	require.Len(t, again, 1)
	require.NotEqual(t, read["deals"].([]any)[0].(map[string]any)["id"], again[0].(map[string]any)["id"])

	g.clock.advance(time.Hour)
	require.Equal(t, "expired", g.get(got["id"])["status"])
	g.idle()
	require.Equal(t, []string{"expired"}, hook.statuses(), "changes of a deal are not announced")
}

func TestPaymentSums(t *testing.T) {
	g := start(t, Config{})
	id := g.create(nil)["id"].(string)
	require.NoError(t, g.sim.PayAmount(id, "950.50"))
	got := g.get(id)
	require.Equal(t, "paid", got["status"])
	require.Equal(t, "1000.00", got["sum"].(map[string]any)["amount"])
	require.Equal(t, map[string]any{"amount": "950.50", "currency": "RUB", "subunit": 2.0}, got["receivedSumFromTaker"])
	// 950.50 / 99.23 = 9.578756424468…: cut, not rounded; 5 % of it is
	// 0.478937821, rounded up at the eighth place.
	require.Equal(t, map[string]any{"amount": "9.57875642", "currency": "USDT", "subunit": 8.0}, got["receivedSumFromMaker"])
	require.Equal(t, "0.47893783", got["serviceFeeSum"].(map[string]any)["amount"])
	require.Equal(t, "9.09981859", got["payoutSum"].(map[string]any)["amount"])
	deal := got["deals"].([]any)[0].(map[string]any)
	require.Equal(t, "completed", deal["status"])
	require.Equal(t, false, deal["isActive"])
	require.Equal(t, "950.50", deal["payment"].(map[string]any)["takerSum"].(map[string]any)["amount"])
}

func TestScriptedStates(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	id := g.create(map[string]any{"notificationUrl": hook.url})["id"].(string)

	require.NoError(t, g.sim.ConfirmTransfer(id))
	got := g.get(id)
	require.Equal(t, "new", got["status"], "the payer's word changes the deal only")
	require.Equal(t, "transfer_confirmed", got["deals"].([]any)[0].(map[string]any)["status"])
	require.NotNil(t, got["receivedSumFromTaker"], "filled before payment, as in the sample")
	require.ErrorIs(t, g.sim.ConfirmTransfer(id), ErrState)

	require.NoError(t, g.sim.Complete(id, ""))
	require.ErrorIs(t, g.sim.Pay(id), ErrState)
	require.ErrorIs(t, g.sim.Cancel(id), ErrState)
	require.NoError(t, g.sim.Recalculate(id, "990.00"))

	require.NoError(t, g.sim.Dispute(id, "invalid_sum", "980.00"))
	deal := g.get(id)["deals"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"amount": "980"}, deal["disputeReasonData"])
	require.Equal(t, "dispute", deal["status"])
	require.NoError(t, g.sim.Complete(id, ""))
	deal = g.get(id)["deals"].([]any)[0].(map[string]any)
	require.Equal(t, "AMOUNT_CHANGED", deal["disputeResult"])
	require.Equal(t, "980.00", g.get(id)["receivedSumFromTaker"].(map[string]any)["amount"])

	g.idle()
	require.Equal(t, []string{"paid", "paid", "dispute", "paid"}, hook.statuses())
}

func TestLateMoneyAndDisputes(t *testing.T) {
	g := start(t, Config{})
	late, canceled, empty := g.create(nil)["id"].(string), g.create(nil)["id"].(string), g.create(map[string]any{"startDeal": false})["id"].(string)
	require.NoError(t, g.sim.Expire(late))
	require.NoError(t, g.sim.Dispute(late, "", ""))
	require.ErrorIs(t, g.sim.Dispute(late, "", ""), ErrState)
	require.ErrorIs(t, g.sim.Pay(late), ErrState)
	require.NoError(t, g.sim.Expire(late))
	require.NoError(t, g.sim.Pay(late), "money arrives after expiry too")
	require.NoError(t, g.sim.Cancel(canceled))
	require.ErrorIs(t, g.sim.Dispute(canceled, "", ""), ErrState, "no dispute on a cancelled invoice")
	require.NoError(t, g.sim.Pay(canceled))
	require.ErrorIs(t, g.sim.Dispute(empty, "", ""), ErrState, "no dispute without a deal")
	require.ErrorIs(t, g.sim.Dispute(late, "other", ""), ErrInput)
	require.ErrorIs(t, g.sim.Dispute(late, "invalid_sum", ""), ErrInput)
	require.NoError(t, g.sim.Pay(empty), "the payer chooses on the gateway's page")
	require.Len(t, g.get(empty)["deals"], 1)
	require.ErrorIs(t, g.sim.Pay("unknown"), ErrNotFound)
	require.ErrorIs(t, g.sim.PayAmount(empty, "a lot"), ErrInput)
}

func TestLists(t *testing.T) {
	g := start(t, Config{Variants: []Variant{{"SBP", "vtb", "VTB"}, {"TO_CARD", "vtb", "VTB"}, {"SBP", "mkb", "MKB"}}})
	require.JSONEq(t, `[{"code":"SBP","name":"SBP","currency":"RUB"},{"code":"TO_CARD","name":"TO CARD","currency":"RUB"}]`,
		g.call(http.MethodGet, "/api/merchant/payment-options", "").body)
	methods := `[{"code":"vtb","name":"VTB","currency":"RUB"},{"code":"mkb","name":"MKB","currency":"RUB"}]`
	require.JSONEq(t, methods, g.call(http.MethodGet, "/api/merchant/payment-methods", "").body)
	require.JSONEq(t, methods, g.call(http.MethodGet, "/api/merchant/payment-methods?currency=RUB", "").body)
	require.Equal(t, "[]", g.call(http.MethodGet, "/api/merchant/payment-methods?currency=KZT", "").body)

	resp, err := g.client.Get(g.url + "/api/public/payment-methods/RUB")
	require.NoError(t, err)
	require.JSONEq(t, `[{"code":"vtb","name":"VTB"},{"code":"mkb","name":"MKB"}]`, g.read(resp).body)
}

func TestNoDealOnAFinishedInvoice(t *testing.T) {
	g := start(t, Config{})
	for _, finish := range []func(string) error{g.sim.Cancel, g.sim.Expire, g.sim.Pay} {
		id := g.create(nil)["id"].(string)
		require.NoError(t, finish(id))
		g.call(http.MethodPost, invoices+"/"+id+"/start-deal", `{}`).refused(t, 400, "Deal can not be started", "")
		require.Len(t, g.get(id)["deals"], 1)
		_, err := g.sim.StartDeal(id, "", "")
		require.ErrorIs(t, err, ErrState)
	}
}

// A deal cannot outlive its invoice.
func TestDeadlineEndsWithTheInvoice(t *testing.T) {
	g := start(t, Config{})
	id := g.create(map[string]any{"startDeal": false})["id"].(string)
	g.clock.advance(50 * time.Minute)
	free, err := g.sim.StartDeal(id, "SBP", "")
	require.NoError(t, err)
	require.True(t, free)
	got := g.get(id)
	require.Equal(t, got["expireAt"], got["deals"].([]any)[0].(map[string]any)["canceledAt"])
}

func TestSnapshotsAreCopies(t *testing.T) {
	g := start(t, Config{})
	g.create(nil)
	mine := g.sim.Invoices()
	mine[0].Status = StatusPaid
	mine[0].Deals[0].Status = DealCompleted
	mine[0].Deals[0].Requisites.Holder = "me"
	again, err := g.sim.Invoice("order-1")
	require.NoError(t, err)
	require.Equal(t, StatusNew, again.Status)
	require.Equal(t, DealWaiting, again.Deals[0].Status)
	require.NotEqual(t, "me", again.Deals[0].Requisites.Holder)
}

// Several simulators behind one server: each under a prefix that is part of the
// signed URL and of the links it hands out.
func TestMountedUnderAPrefix(t *testing.T) {
	sim := New(Config{APIKey: testKey, Secret: testSecret})
	server := httptest.NewServer(http.StripPrefix("/merchant", sim))
	defer sim.Close()
	defer server.Close()
	sim.SetPublicURL(server.URL + "/merchant")
	g := &gateway{t: t, sim: sim, url: server.URL + "/merchant", client: server.Client()}
	got := g.create(map[string]any{"internalId": "a b"})
	require.Equal(t, g.url+"/pay/"+got["id"].(string), got["invoiceUrl"])
	require.Contains(t, g.browse(got["invoiceUrl"].(string)).body, `action="`+g.url+"/pay/")
	require.Equal(t, http.StatusOK, g.call(http.MethodGet, invoices+"/internal-id/a%20b", "").status)
}
