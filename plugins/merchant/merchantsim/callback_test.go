package merchantsim

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func TestCallbackShapeAndToken(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	id := g.create(map[string]any{"notificationUrl": hook.url, "notificationToken": "secret-of-this-invoice"})["id"].(string)
	g.idle()
	require.Empty(t, hook.statuses(), "creation is not a change")

	require.NoError(t, g.sim.Pay(id))
	g.idle()
	require.Equal(t, []string{"paid"}, hook.statuses())
	require.Equal(t, []string{"secret-of-this-invoice"}, hook.tokens)
	body := hook.got[0]
	require.Equal(t, "invoice", body["notificationType"])
	require.Equal(t, "2024-11-04T13:55:45+00:00", body["notificationDate"])
	invoice := body["invoice"].(map[string]any)
	require.Equal(t, id, invoice["id"])
	require.Equal(t, "order-1", invoice["internalId"])
	require.Equal(t, "99.23", invoice["rate"])
	require.Equal(t, "1000.00", invoice["receivedSumFromTaker"].(map[string]any)["amount"])
	for _, name := range []string{"deals", "userId", "paymentMethod", "paymentOption", "invoiceUrl"} {
		require.NotContains(t, invoice, name)
	}
	deal := invoice["deal"].(map[string]any)
	require.Equal(t, "completed", deal["status"])
	for _, name := range []string{"attachments", "disputeResult", "requisites", "payment"} {
		require.Contains(t, deal, name)
	}
	for _, name := range []string{"isActive", "rate", "qrCodeLink"} {
		require.NotContains(t, deal, name)
	}
}

func TestCallbackWithoutDeal(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	id := g.create(map[string]any{"notificationUrl": hook.url, "startDeal": false})["id"].(string)
	require.NoError(t, g.sim.Expire(id))
	g.idle()
	invoice := hook.got[0]["invoice"].(map[string]any)
	require.Equal(t, "expired", invoice["status"])
	require.Contains(t, invoice, "deal")
	require.Nil(t, invoice["deal"])
}

func TestCancelThroughTheAPIIsAnnounced(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	id := g.create(map[string]any{"notificationUrl": hook.url})["id"].(string)
	g.call(http.MethodPost, invoices+"/"+id+"/cancel", "")
	g.idle()
	require.Equal(t, []string{"canceled"}, hook.statuses())
}

// Only 200 counts: 201, 204 and redirects are tried again, three times in all.
func TestCallbackRetries(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []int
		want    int
	}{
		{"accepted at once", []int{200}, 1},
		{"accepted at the second", []int{500, 200}, 2},
		{"204 is not 200", []int{204, 201, 200}, 3},
		{"given up after three", []int{500, 302, 404, 200}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			hook := listen(t, c.answers...)
			g := start(t, Config{})
			require.NoError(t, g.sim.Pay(g.create(map[string]any{"notificationUrl": hook.url})["id"].(string)))
			g.idle()
			require.Len(t, hook.statuses(), c.want)
			require.Len(t, g.sim.Kit().Callbacks.Attempts(), c.want)
		})
	}
}

func TestDefaultRetriesAreAMinuteApart(t *testing.T) {
	require.Equal(t, []time.Duration{time.Minute, time.Minute}, Config{}.withDefaults().RetryDelays)
	require.Empty(t, Config{RetryDelays: []time.Duration{}}.withDefaults().RetryDelays)
}

func TestCallbackModes(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	pay := func() {
		require.NoError(t, g.sim.Pay(g.create(map[string]any{"notificationUrl": hook.url})["id"].(string)))
	}

	require.NoError(t, g.sim.Kit().Callbacks.Script(simkit.CallbackLost, 1))
	pay()
	g.idle()
	require.Empty(t, hook.statuses())

	require.Equal(t, 200, g.post("/_sim/callbacks", "application/json", `{"mode":"duplicate","times":1}`).status)
	pay()
	g.idle()
	require.Equal(t, []string{"paid", "paid"}, hook.statuses())

	require.NoError(t, g.sim.Kit().Callbacks.Script(simkit.CallbackHeld, 1))
	pay()
	g.idle()
	require.Len(t, hook.statuses(), 2)
	require.Equal(t, 200, g.post("/_sim/callbacks", "application/json", `{"release":true}`).status)
	g.idle()
	require.Len(t, hook.statuses(), 3)

	require.NoError(t, g.sim.Notify("order-1"))
	g.idle()
	require.Len(t, hook.statuses(), 4)
}

// Close must end a pause between attempts instead of waiting a minute for it.
func TestCloseEndsRetries(t *testing.T) {
	hook := listen(t, 500)
	g := start(t, Config{RetryDelays: []time.Duration{time.Hour}})
	require.NoError(t, g.sim.Pay(g.create(map[string]any{"notificationUrl": hook.url})["id"].(string)))
	require.Eventually(t, func() bool { return len(g.sim.Kit().Callbacks.Attempts()) == 1 }, 10*time.Second, time.Millisecond)
	g.sim.Close()
	g.sim.Close()
	require.Len(t, g.sim.Kit().Callbacks.Attempts(), 1)
}

// With a running clock an invoice expires, and says so, though nobody reads it.
func TestExpiryIsAnnouncedUnasked(t *testing.T) {
	hook := listen(t)
	sim := New(Config{APIKey: testKey, Secret: testSecret, InvoiceTTL: time.Millisecond})
	server := httptest.NewServer(sim)
	defer server.Close()
	defer sim.Close()
	sim.SetPublicURL(server.URL)
	g := &gateway{t: t, sim: sim, url: server.URL, client: server.Client()}
	g.create(map[string]any{"notificationUrl": hook.url})
	require.Eventually(t, func() bool { return len(hook.statuses()) == 1 }, 10*time.Second, time.Millisecond)
	require.Equal(t, []string{"expired"}, hook.statuses())
}
