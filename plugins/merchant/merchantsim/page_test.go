package merchantsim

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// browse reads a page.
func (g *gateway) browse(address string) answer {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, address, nil)
	require.NoError(g.t, err)
	return g.do(r)
}

// click presses a button of an invoice's page.
func (g *gateway) click(invoice map[string]any, action string, form url.Values) answer {
	g.t.Helper()
	return g.post("/pay/"+invoice["id"].(string)+"/"+action, "application/x-www-form-urlencoded", form.Encode())
}

func TestPageFromRedirectToPaid(t *testing.T) {
	hook := listen(t)
	g := start(t, Config{})
	got := g.create(map[string]any{
		"startDeal": false, "notificationUrl": hook.url,
		"successUrl": "https://shop.example/ok?a=1&b=2", "cancelUrl": "https://shop.example/no",
	})
	page := g.browse(got["invoiceUrl"].(string))
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "1000.00 RUB")
	require.Contains(t, page.body, `id="status">new<`)
	require.Contains(t, page.body, "https://shop.example/no")
	require.Contains(t, page.body, "/start")
	require.NotContains(t, page.body, "/pay-amount", "there is nothing to pay to yet")

	started := g.click(got, "start", url.Values{"variant": {"TO_CARD/vtb"}})
	require.Equal(t, http.StatusSeeOther, started.status)
	require.Equal(t, got["invoiceUrl"], started.header.Get("Location"))
	page = g.browse(got["invoiceUrl"].(string))
	require.Contains(t, page.body, "4444 4444 0000 0001")
	for _, action := range []string{"/pay", "/pay-amount", "/confirm", "/cancel", "/expire", "/dispute"} {
		require.Contains(t, page.body, got["id"].(string)+action+`"`)
	}

	require.Equal(t, http.StatusSeeOther, g.click(got, "confirm", nil).status)
	paid := g.click(got, "pay", nil)
	require.Equal(t, http.StatusSeeOther, paid.status)
	require.Equal(t, "https://shop.example/ok?a=1&b=2", paid.header.Get("Location"))
	page = g.browse(got["invoiceUrl"].(string))
	require.Contains(t, page.body, `id="status">paid<`)
	require.Contains(t, page.body, "https://shop.example/ok")
	require.Equal(t, http.StatusConflict, g.click(got, "pay", nil).status)
	g.idle()
	require.Equal(t, []string{"paid"}, hook.statuses())
}

func TestPageButtons(t *testing.T) {
	g := start(t, Config{})
	for _, c := range []struct {
		action, amount, status, received string
	}{
		{"pay-amount", "400.00", "paid", "400.00"},
		{"pay-amount", "1500", "paid", "1500.00"},
		{"cancel", "", "canceled", ""},
		{"expire", "", "expired", ""},
		{"dispute", "", "dispute", ""},
	} {
		got := g.create(map[string]any{"cancelUrl": "https://shop.example/no"})
		clicked := g.click(got, c.action, url.Values{"amount": {c.amount}})
		require.Equal(t, http.StatusSeeOther, clicked.status)
		read := g.get(got["id"])
		require.Equal(t, c.status, read["status"])
		if c.received != "" {
			require.Equal(t, c.received, read["receivedSumFromTaker"].(map[string]any)["amount"])
		}
		if c.action == "cancel" {
			require.Equal(t, "https://shop.example/no", clicked.header.Get("Location"))
		}
	}
	got := g.create(nil)
	require.Equal(t, http.StatusSeeOther, g.click(got, "dispute", nil).status)
	require.Equal(t, http.StatusSeeOther, g.click(got, "complete", nil).status)
	require.Equal(t, "paid", g.get(got["id"])["status"])

	other := g.create(nil)
	require.Equal(t, http.StatusBadRequest, g.click(other, "pay-amount", url.Values{"amount": {"much"}}).status)
	require.Equal(t, http.StatusNotFound, g.click(other, "explode", nil).status)
	require.Equal(t, http.StatusNotFound, g.click(map[string]any{"id": "unknown"}, "pay", nil).status)
	require.Equal(t, http.StatusNotFound, g.browse(g.url+"/pay/unknown").status)
	require.Equal(t, "new", g.get(other["id"])["status"])
}

func TestPageWithoutFreeRequisites(t *testing.T) {
	g := start(t, Config{})
	got := g.create(map[string]any{"startDeal": false})
	require.NoError(t, g.sim.SetNoRequisites(NoRequisitesRefuse, 1))
	clicked := g.click(got, "start", url.Values{"variant": {"SBP/sberbank"}})
	require.Equal(t, http.StatusOK, clicked.status)
	require.Contains(t, clicked.body, "No requisites are free")
	require.Empty(t, g.get(got["id"])["deals"])
}
