package monobanksim

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const chargeURL = "/api/merchant/wallet/payment"

// charge makes a charge and returns the answer and the invoice.
func (w *world) charge(t *testing.T, body string) (map[string]any, Invoice) {
	t.Helper()
	status, out := w.call(t, http.MethodPost, chargeURL, body)
	require.Equal(t, 200, status, out)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	all := w.sim.Invoices()
	return answer, all[len(all)-1]
}

func TestChargeIsStrict(t *testing.T) {
	w := newWorld(t, nil)
	token := w.sim.SaveCard("w1")
	const rest = `,"amount":4200,"ccy":980,"initiationKind":"merchant"`
	for name, tt := range map[string]struct{ in, code string }{
		"no token":         {`{"amount":4200,"ccy":980,"initiationKind":"merchant"}`, "BAD_REQUEST"},
		"unknown token":    {`{"cardToken":"tok_x"` + rest + `}`, "TOKEN_NOT_FOUND"},
		"no amount":        {`{"cardToken":"T","ccy":980,"initiationKind":"merchant"}`, "BAD_REQUEST"},
		"no money":         {`{"cardToken":"T","amount":0,"ccy":980,"initiationKind":"merchant"}`, "BAD_REQUEST"},
		"no ccy":           {`{"cardToken":"T","amount":4200,"initiationKind":"merchant"}`, "BAD_REQUEST"},
		"foreign ccy":      {`{"cardToken":"T","amount":4200,"ccy":826,"initiationKind":"merchant"}`, "BAD_REQUEST"},
		"no initiation":    {`{"cardToken":"T","amount":4200,"ccy":980}`, "BAD_REQUEST"},
		"client, no way":   {`{"cardToken":"T","amount":4200,"ccy":980,"initiationKind":"client"}`, "BAD_REQUEST"},
		"hold in dollars":  {`{"cardToken":"T","amount":4200,"ccy":840,"initiationKind":"merchant","paymentType":"hold"}`, "BAD_REQUEST"},
		"verification":     {`{"cardToken":"T"` + rest + `,"paymentType":"verification"}`, "BAD_REQUEST"},
		"container":        {`{"gToken":"x"` + rest + `}`, "BAD_REQUEST"},
		"validity":         {`{"cardToken":"T"` + rest + `,"validity":60}`, "BAD_REQUEST"},
		"bad address":      {`{"cardToken":"T"` + rest + `,"webHookUrl":"nowhere"}`, "BAD_REQUEST"},
		"numbers in order": {`{"cardToken":"T"` + rest + `,"merchantPaymInfo":{"metadata":{"a":1}}}`, "INVALID_MERCHANT_PAYM_INFO"},
		"basket":           {`{"cardToken":"T"` + rest + `,"merchantPaymInfo":{"basketOrder":[{"name":"n","qty":1,"sum":1,"code":"c"}]}}`, "INVALID_MERCHANT_PAYM_INFO"},
	} {
		status, out := w.call(t, http.MethodPost, chargeURL, strings.ReplaceAll(tt.in, `"T"`, `"`+token+`"`))
		require.Equal(t, 400, status, "%s: %s", name, out)
		require.Contains(t, out, tt.code, name)
	}
	require.Empty(t, w.sim.Effects())
	status, _ := w.call(t, http.MethodGet, chargeURL, "")
	require.Equal(t, 405, status)
}

func TestChargeOutcomes(t *testing.T) {
	shop := newShop(t)
	w := newWorld(t, nil)
	body := func(kind, more string) string {
		return `{"cardToken":"` + w.sim.SaveCard("w1") + `","amount":4200,"ccy":980,"initiationKind":"` + kind + `","redirectUrl":"https://shop.example/back",` +
			`"webHookUrl":"` + shop.url + `","merchantPaymInfo":{"reference":"op_1"}` + more + `}`
	}
	script := func(in string) {
		status, out := w.call(t, http.MethodPost, "/_sim/charges", in)
		require.Equal(t, 200, status, out)
	}
	answer, inv := w.charge(t, body("merchant", ""))
	require.Equal(t, "success", answer["status"])
	require.EqualValues(t, 4200, inv.Captured)
	require.NotContains(t, answer, "errCode")
	w.shows(t, inv.InvoiceID, `"paymentMethod":"wallet"`)

	answer, inv = w.charge(t, body("merchant", `,"paymentType":"hold"`))
	require.Equal(t, "success", answer["status"], "hold is no word of this answer")
	require.Equal(t, StatusHold, inv.Status)

	script(`{"outcome":"failure","err_code":"51"}`)
	answer, inv = w.charge(t, body("merchant", ""))
	require.Equal(t, "failure", answer["status"])
	require.NotEmpty(t, answer["failureReason"])
	require.NotContains(t, answer, "errCode", "it is in the status only")
	w.shows(t, inv.InvoiceID, `"errCode":"51"`)
	require.ErrorIs(t, w.sim.Pay(inv.InvoiceID), ErrImpossible, "there is no page to try again on")

	script(`{"outcome":"processing"}`)
	_, inv = w.charge(t, body("client", ""))
	require.Equal(t, StatusProcessing, inv.Status)
	require.ErrorIs(t, w.sim.PassTDS(inv.InvoiceID, true), ErrImpossible)
	require.NoError(t, w.sim.Decline(inv.InvoiceID, "", ""))

	script(`{"outcome":"tds","times":3}`)
	_, inv = w.charge(t, body("merchant", ""))
	require.Equal(t, StatusFailure, inv.Status, "an absent payer cannot pass it")
	for do, want := range map[string]string{"pass": StatusSuccess, "fail": StatusFailure} {
		answer, inv = w.charge(t, body("client", ""))
		page := strings.TrimPrefix(answer["tdsUrl"].(string), w.url)
		status, html := w.call(t, http.MethodGet, page, "")
		require.Equal(t, 200, status)
		require.Contains(t, html, `value="`+do+`"`)
		post := func(form string) (int, string, http.Header) {
			return w.send(t, http.MethodPost, page, "application/x-www-form-urlencoded", "", form)
		}
		status, _, _ = post("do=nothing")
		require.Equal(t, 400, status)
		status, _, header := post("do=" + do)
		require.Equal(t, http.StatusSeeOther, status)
		require.Equal(t, "https://shop.example/back", header.Get("Location"))
		status, html, _ = post("do=" + do)
		require.Equal(t, http.StatusConflict, status)
		require.NotContains(t, html, `value="pass"`)
		after, err := w.sim.Invoice(inv.InvoiceID)
		require.NoError(t, err)
		require.Equal(t, want, after.Status)
	}
	status, _ := w.call(t, http.MethodGet, "/3ds/x", "")
	require.Equal(t, 404, status)
	status, _ = w.call(t, http.MethodPut, "/3ds/x", "")
	require.Equal(t, 405, status)
	for _, bad := range []string{`{"outcome":"maybe"}`, `{"outcome":"success","times":-1}`} {
		status, _ = w.call(t, http.MethodPost, "/_sim/charges", bad)
		require.Equal(t, 400, status)
	}
	require.Equal(t, 7, w.sim.EffectsOf(OpCharge, "op_1"), "a reference is an echo: each call charges")
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, shop.bodies, 1+1+1+2+1+2+2, "a webhook for each change")
}

func TestWallet(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AllowSaveCard = true })
	id := w.create(t, `{"amount":4200,"saveCardData":{"saveCard":true,"walletId":"w1"}}`).InvoiceID
	require.Empty(t, w.sim.Cards(), "nothing is saved before the payment")
	require.NoError(t, w.sim.Pay(id))
	saved := w.sim.Cards()
	require.Len(t, saved, 1)
	token := saved[0].CardToken
	w.shows(t, id, `"cardToken":"`+token+`"`)
	wallet := func(query string) (int, string) { return w.call(t, http.MethodGet, "/api/merchant/wallet"+query, "") }
	status, out := wallet("?walletId=w1")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"wallet":[{"cardToken":"`+token+`","maskedPan":"`+saved[0].MaskedPan+`","country":"804"}]}`, out)
	_, out = wallet("?walletId=w2")
	require.Equal(t, `{"wallet":[]}`, out)
	for _, bad := range []string{"", "?wallet=w1", "?walletId=w1&walletId=w1"} {
		status, _ = wallet(bad)
		require.Equal(t, 400, status, bad)
	}
	remove := func(query, body string) (int, string) {
		return w.call(t, http.MethodDelete, "/api/merchant/wallet/card"+query, body)
	}
	status, out = remove("", `{"cardToken":"`+token+`"}`)
	require.Equal(t, 400, status)
	require.Contains(t, out, "TOKEN_NOT_FOUND")
	require.Len(t, w.sim.Cards(), 1, "a token in the body is not seen")
	status, out = remove("?cardToken="+token, "")
	require.Equal(t, 200, status)
	require.Empty(t, out)
	require.Empty(t, w.sim.Cards())
	status, _ = remove("?cardToken="+token, "")
	require.Equal(t, 400, status)
	require.NoError(t, w.sim.SetStatus(id, StatusSuccess))
	require.Empty(t, w.sim.Cards(), "a deleted card does not come back")
	status, out = w.call(t, http.MethodPost, "/_sim/save-card", `{"wallet_id":"w3"}`)
	require.Equal(t, 200, status)
	require.Contains(t, out, w.sim.Cards()[0].CardToken)
}

func FuzzCharge(f *testing.F) {
	f.Add(`{"cardToken":"t","amount":1,"ccy":980,"initiationKind":"merchant","merchantPaymInfo":{"reference":"r"}}`)
	f.Add(`{"merchantPaymInfo":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		q, failed := parseCharge([]byte(body))
		if failed == nil {
			require.True(t, json.Valid([]byte(body)))
			_ = New(Config{}).checkCharge(q)
		}
	})
}
