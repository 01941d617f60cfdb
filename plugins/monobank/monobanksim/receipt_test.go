package monobanksim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReceipt(t *testing.T) {
	w := newWorld(t, nil)
	id := w.create(t, `{"amount":4200}`).InvoiceID
	const path = "/api/merchant/invoice/receipt"
	for query, want := range map[string]int{
		"": 400, "?invoiceId=": 400, "?invoiceId=nobody": 404, "?invoiceId=" + id: 400, "?id=" + id: 400, "?invoiceId=" + id + "&email=x": 400,
	} {
		status, _ := w.call(t, http.MethodGet, path+query, "")
		require.Equal(t, want, status, query)
	}
	require.NoError(t, w.sim.Pay(id))
	status, out := w.call(t, http.MethodGet, path+"?invoiceId="+id, "")
	require.Equal(t, 200, status)
	var answer struct{ File string }
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	file, err := base64.StdEncoding.DecodeString(answer.File)
	require.NoError(t, err)
	require.Contains(t, string(file), "%PDF-")
	require.Zero(t, w.sim.EffectsOf(OpReceipt, ""), "reading does nothing")
	status, _ = w.call(t, http.MethodGet, path+"?invoiceId="+id+"&email=a@b.example", "")
	require.Equal(t, 200, status)
	require.Equal(t, 1, w.sim.EffectsOf(OpReceipt, ""))
	status, _ = w.call(t, http.MethodPost, path, `{"invoiceId":"`+id+`"}`)
	require.Equal(t, 405, status)
}

func TestFiscalChecks(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.FiscalLink = true })
	const basket = `[{"name":"n","code":"c","qty":1,"sum":4200}]`
	id := w.create(t, `{"amount":4200,"merchantPaymInfo":{"basketOrder":`+basket+`}}`).InvoiceID
	read := func() []fiscalCheck {
		status, out := w.call(t, http.MethodGet, "/api/merchant/invoice/fiscal-checks?invoiceId="+id, "")
		require.Equal(t, 200, status)
		var answer struct{ Checks []fiscalCheck }
		require.NoError(t, json.Unmarshal([]byte(out), &answer))
		require.NotNil(t, answer.Checks)
		return answer.Checks
	}
	require.Empty(t, read(), "none before the payment")
	require.NoError(t, w.sim.Pay(id))
	w.play(t, id, []step{{"cancel", `{"invoiceId":"ID","amount":1200,"items":[{"name":"n","code":"c","qty":1,"sum":1200}]}`, 200, "success"}})
	list := read()
	require.Len(t, list, 2)
	require.Equal(t, []string{"sale", "return"}, []string{list[0].Type, list[1].Type})
	require.Equal(t, CheckDone, list[0].Status)
	require.NotEmpty(t, list[0].File)
	require.NoError(t, w.sim.SetFiscalChecks(id, CheckFailed, "no shift is open"))
	require.Equal(t, CheckFailed, read()[0].Status)
	require.Empty(t, read()[0].File)
	require.ErrorIs(t, w.sim.SetFiscalChecks(id, "lost", ""), ErrImpossible)
	require.ErrorIs(t, w.sim.SetFiscalChecks("nobody", CheckNew, ""), ErrNotFound)
}
