package merchantsim

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func TestScriptOverHTTP(t *testing.T) {
	for _, c := range []struct {
		name, before, command, body string
		status                      int
		want                        string
	}{
		{"pay", "", "pay", `{"id":"order-1"}`, 200, "paid"},
		{"pay another amount", "", "pay", `{"id":"order-1","amount":"1.50"}`, 200, "paid"},
		{"pay half", "", "pay-partial", `{"id":"order-1"}`, 200, "paid"},
		{"partial is less", "", "pay-partial", `{"id":"order-1","amount":"1000"}`, 400, "new"},
		{"confirm", "", "confirm-transfer", `{"id":"order-1"}`, 200, "new"},
		{"complete", "confirm-transfer", "complete", `{"id":"order-1"}`, 200, "paid"},
		{"cancel", "", "cancel", `{"id":"order-1"}`, 200, "canceled"},
		{"cancel twice", "cancel", "cancel", `{"id":"order-1"}`, 409, "canceled"},
		{"expire", "", "expire", `{"id":"order-1"}`, 200, "expired"},
		{"end deal", "", "end-deal", `{"id":"order-1"}`, 200, "new"},
		{"restart deal", "end-deal", "start-deal", `{"id":"order-1","option":"SBP"}`, 200, "new"},
		{"dispute", "", "dispute", `{"id":"order-1","reason":"no_payment"}`, 200, "dispute"},
		{"dispute for no reason we know", "", "dispute", `{"id":"order-1","reason":"mood"}`, 400, "new"},
		{"recalculate", "pay", "recalculate", `{"id":"order-1","amount":"999"}`, 200, "paid"},
		{"recalculate unpaid", "", "recalculate", `{"id":"order-1","amount":"999"}`, 409, "new"},
		{"notify", "", "notify", `{"id":"order-1"}`, 200, "new"},
		{"unknown invoice", "", "pay", `{"id":"order-2"}`, 404, "new"},
		{"unknown member", "", "pay", `{"id":"order-1","sum":"1"}`, 400, "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hook := listen(t)
			g := start(t, Config{})
			id := g.create(map[string]any{"notificationUrl": hook.url})["id"]
			if c.before != "" {
				require.Equal(t, 200, g.post("/_sim/"+c.before, "application/json", `{"id":"order-1"}`).status)
			}
			got := g.post("/_sim/"+c.command, "application/json", c.body)
			require.Equal(t, c.status, got.status, got.body)
			if c.status == 200 {
				require.Equal(t, c.want, got.object(t)["status"])
			}
			require.Equal(t, c.want, g.get(id)["status"])
			g.idle()
		})
	}
}

func TestPayPartialPaysHalf(t *testing.T) {
	g := start(t, Config{})
	id := g.create(map[string]any{"amount": "10.01"})["id"]
	require.Equal(t, 200, g.post("/_sim/pay-partial", "application/json", `{"id":"order-1"}`).status)
	require.Equal(t, "5.00", g.get(id)["receivedSumFromTaker"].(map[string]any)["amount"])
}

func TestControlSurfaceShowsNoSecrets(t *testing.T) {
	g := start(t, Config{})
	g.create(map[string]any{"notificationToken": "very-secret-token"})
	require.NotContains(t, g.post("/_sim/pay", "application/json", `{"id":"order-1"}`).body, "very-secret-token")
	require.NotContains(t, g.browse(g.url+"/_sim/invoices").body, "very-secret-token")
	requests := g.browse(g.url + "/_sim/requests").body
	require.Contains(t, requests, "/api/merchant/invoices")
	require.NotContains(t, requests, testKey)
	require.NotContains(t, requests, testSecret)
}

// A cut after acting is the case the whole library exists for: the client saw a
// broken connection, and yet the invoice is there, to be found by internalId.
func TestFaultsCutTheAnswerNotTheAct(t *testing.T) {
	g := start(t, Config{})
	require.NoError(t, g.sim.Kit().Faults.Add(
		simkit.Fault{Op: "create", Kind: simkit.FaultCutBefore},
		simkit.Fault{Op: "create", Kind: simkit.FaultCutAfter},
		simkit.Fault{Op: "create", Kind: simkit.FaultHTMLAfter},
	))
	_, err := g.client.Do(g.request(http.MethodPost, invoices, wanted(nil)))
	require.Error(t, err)
	require.Empty(t, g.sim.Invoices())

	_, err = g.client.Do(g.request(http.MethodPost, invoices, wanted(nil)))
	require.Error(t, err)
	require.Len(t, g.sim.Invoices(), 1)
	require.Equal(t, http.StatusOK, g.call(http.MethodGet, invoices+"/internal-id/order-1", "").status)

	require.Equal(t, http.StatusBadGateway, g.call(http.MethodPost, invoices, wanted(nil)).status)
	require.Len(t, g.sim.Invoices(), 2)
	require.Len(t, g.sim.Kit().Requests.Of("create"), 3)
}

func TestEveryOperationCanFail(t *testing.T) {
	g := start(t, Config{})
	id := g.create(nil)["id"].(string)
	for op, at := range map[string][2]string{
		"create": {"POST", invoices}, "get": {"GET", invoices + "/" + id},
		"get_by_internal_id": {"GET", invoices + "/internal-id/order-1"}, "cancel": {"POST", invoices + "/" + id + "/cancel"},
		"variants": {"GET", invoices + "/" + id + "/available-payment-variants"}, "start_deal": {"POST", invoices + "/" + id + "/start-deal"},
		"payment_options": {"GET", "/api/merchant/payment-options"}, "payment_methods": {"GET", "/api/merchant/payment-methods"},
		"public_payment_methods": {"GET", "/api/public/payment-methods/RUB"}, "qr_code": {"GET", "/api/public/invoices/" + id + "/qr-code"},
		"unknown": {"GET", "/nowhere"}, "accounts": {"GET", "/api/merchant/accounts"},
	} {
		require.NoError(t, g.sim.Kit().Faults.Add(simkit.Fault{Op: op, Kind: simkit.FaultStatus, Status: 503}))
		require.Equal(t, 503, g.call(at[0], at[1], "").status, op)
	}
	require.Empty(t, g.sim.Kit().Faults.Pending())
	require.Equal(t, "new", g.get(id)["status"])
}

func TestConcurrentUse(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	body := wanted(map[string]any{"notificationUrl": hook.url})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				g.sim.ServeHTTP(discard{}, g.request(http.MethodPost, invoices, body))
				for _, i := range g.sim.Invoices() {
					// Another goroutine may have paid it already.
					_ = g.sim.Pay(i.ID)
				}
			}
		})
	}
	wg.Wait()
	for _, i := range g.sim.Invoices() {
		require.Equal(t, StatusPaid, i.Status)
	}
	require.Len(t, g.sim.Invoices(), 40)
	g.idle()
	require.Len(t, hook.statuses(), 40)
}

// discard is a response nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
