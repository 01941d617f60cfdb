package merchant

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// onAccount is an action of the account itself.
func onAccount(name, input string) pay.Action {
	return pay.Action{Call: pay.Call{OperationID: "op_2", ProviderKey: "op_2"}, Name: name, Input: json.RawMessage(input)}
}

// specOf returns what the manifest says of an action.
func specOf(t testing.TB, name string) pay.ActionSpec {
	t.Helper()
	for _, spec := range New("1").Describe().Actions {
		if spec.Name == name {
			return spec
		}
	}
	t.Fatalf("there is no action %s", name)
	return pay.ActionSpec{}
}

const accountsJSON = `[{"id":"a1","currency":"USDT","sum":{"amount":"12.5","currency":"USDT","subunit":8},
	"frozenSum":{"amount":"0.5","currency":"USDT","subunit":8},"withdrawalFee":{"amount":"2","currency":"USDT","subunit":8}}]`

// Each list: what is asked, what comes, what a caller sees.
func TestReadActions(t *testing.T) {
	for name, c := range map[string]struct {
		action, input, call, body, want string
	}{
		"accounts": {"accounts", "", "GET /api/merchant/accounts", accountsJSON,
			`{"accounts":[{"id":"a1","currency":"USDT","sum":"12.50000000","frozen_sum":"0.50000000","withdrawal_fee":"2.00000000"}]}`},
		"account with little": {"accounts", "", "GET /api/merchant/accounts",
			`[{"id":7,"sum":{"amount":"1","currency":"RUB","subunit":2},"withdrawalFee":{"amount":"x"}}]`,
			`{"accounts":[{"id":"7","currency":"RUB","sum":"1.00"}]}`},
		"no accounts": {"accounts", "", "GET /api/merchant/accounts", `[]`, `{"accounts":[]}`},
		"rates": {"currency_rates", "", "GET /api/merchant/currency-rates/current",
			`{"in":{"pair":"USDT\/RUB","rate":"102.05"},"out":{"pair":"USDT\/RUB","rate":101}}`,
			`{"in":{"pair":"USDT/RUB","rate":"102.05"},"out":{"pair":"USDT/RUB","rate":"101"}}`},
		"rates of one direction": {"currency_rates", "", "GET /api/merchant/currency-rates/current", `{"in":{"pair":"USDT/RUB","rate":"102.05"},"out":[]}`,
			`{"in":{"pair":"USDT/RUB","rate":"102.05"}}`},
		"options": {"payment_options", "", "GET /api/merchant/payment-options",
			`[{"code":"MANUAL_SBP_QR","name":"СБП QR","currency":"RUB","new":1},{"name":"no code"}]`,
			`{"options":[{"code":"MANUAL_SBP_QR","name":"СБП QR","currency":"RUB"}]}`},
		"methods": {"payment_methods", "", "GET /api/merchant/payment-methods", `[{"code":"unknown","name":null,"currency":"RUB"}]`,
			`{"methods":[{"code":"unknown","currency":"RUB"}]}`},
		"methods of a currency": {"payment_methods", `{"currency":"KZT"}`, "GET /api/merchant/payment-methods?currency=KZT", `[]`, `{"methods":[]}`},
		"public methods": {"public_payment_methods", `{"currency":"RUB"}`, "GET /api/public/payment-methods/RUB", `[{"code":"sberbank","name":"Sberbank"}]`,
			`{"methods":[{"code":"sberbank","name":"Sberbank"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, c.body))
			got, err := acc.RunAction(t.Context(), onAccount(c.action, c.input))
			require.NoError(t, err)
			require.Equal(t, []string{c.call}, g.calls())
			require.JSONEq(t, c.want, string(got.Output))
			require.True(t, valid(t, compile(t, specOf(t, c.action).Output), string(got.Output)))
			require.Equal(t, 200, got.Report.Evidence.HTTPStatus)
			require.Nil(t, got.Invoice)
		})
	}
}

func TestReadActionsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		action, input string
		answer        answer
		kind          pay.Kind
	}{
		"accounts, object":   {"accounts", "", answer{body: "{}"}, pay.KindProviderUnavailable},
		"accounts, null":     {"accounts", "", answer{body: "null"}, pay.KindProviderUnavailable},
		"accounts, no sum":   {"accounts", "", answer{body: `[{"id":"a"}]`}, pay.KindProviderUnavailable},
		"accounts, 401":      {"accounts", "", answer{status: 401, body: "Unauthorized"}, pay.KindAuth},
		"rates, list":        {"currency_rates", "", answer{body: "[]"}, pay.KindProviderUnavailable},
		"rates, none":        {"currency_rates", "", answer{body: `{"in":[],"out":null}`}, pay.KindProviderUnavailable},
		"rates, no number":   {"currency_rates", "", answer{body: `{"in":{"pair":"USDT/RUB","rate":"-1e5"}}`}, pay.KindProviderUnavailable},
		"options, object":    {"payment_options", "", answer{body: "{}"}, pay.KindProviderUnavailable},
		"options, html":      {"payment_options", "", answer{body: "<html>"}, pay.KindProviderUnavailable},
		"methods, texts":     {"payment_methods", "", answer{body: `["sberbank"]`}, pay.KindProviderUnavailable},
		"methods, 429":       {"payment_methods", "", answer{status: 429}, pay.KindRateLimited},
		"methods, 500":       {"payment_methods", "", answer{status: 500}, pay.KindProviderUnavailable},
		"public, 404":        {"public_payment_methods", `{"currency":"RUB"}`, answer{status: 404, body: "null"}, pay.KindNotFound},
		"public, no input":   {"public_payment_methods", "", answer{}, pay.KindInvalidRequest},
		"public, a path":     {"public_payment_methods", `{"currency":"../X"}`, answer{}, pay.KindInvalidRequest},
		"methods, an escape": {"payment_methods", `{"currency":"R&x=1"}`, answer{}, pay.KindInvalidRequest},
		"methods, too long":  {"payment_methods", `{"currency":"RUBRUBRUB"}`, answer{}, pay.KindInvalidRequest},
		"rates, input":       {"currency_rates", `{"x":1}`, answer{}, pay.KindInvalidRequest},
		"options, input":     {"payment_options", `[]`, answer{}, pay.KindInvalidRequest},
		"accounts, input":    {"accounts", `{"currency":"RUB"}`, answer{}, pay.KindInvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{"*": c.answer})
			_, err := acc.RunAction(t.Context(), onAccount(c.action, c.input))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			require.Equal(t, c.kind == pay.KindInvalidRequest, len(g.calls()) == 0)
		})
	}
}

const qrCall = "GET /api/public/invoices/" + testID + "/qr-code"

func TestQRCode(t *testing.T) {
	for _, svg := range []string{
		`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>`, "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- made --><svg>1</svg>",
		`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg width="1"/>`,
	} {
		acc, g := against(t, map[string]answer{qrCall: {body: svg, header: map[string][]string{"Content-Type": {"image/svg+xml"}}}})
		got, err := acc.RunAction(t.Context(), action(t, "qr_code", ""))
		require.NoError(t, err)
		require.Equal(t, []string{qrCall}, g.calls())
		require.Equal(t, "image/svg+xml", g.requests[0].header.Get("Accept"))
		require.Empty(t, g.requests[0].header.Get("X-Identity"), "the address is public: no key goes there")
		require.Empty(t, got.Report.Evidence.Raw, "the picture holds the receiver's requisites")
		var out map[string]string
		require.NoError(t, json.Unmarshal(got.Output, &out))
		require.Equal(t, map[string]string{"content_type": "image/svg+xml", "svg": svg}, out)
		require.True(t, valid(t, compile(t, json.RawMessage(qrOutput)), string(got.Output)))
	}
	for body, c := range map[string]struct {
		status int
		kind   pay.Kind
	}{
		"<html><svg></svg></html>": {200, pay.KindProviderUnavailable}, "<!DOCTYPE html><svg>": {200, pay.KindProviderUnavailable},
		"": {200, pay.KindProviderUnavailable}, "{}": {200, pay.KindProviderUnavailable}, "<svg>\xff": {200, pay.KindProviderUnavailable},
		"<svgx>": {200, pay.KindProviderUnavailable}, "<?xml": {200, pay.KindProviderUnavailable}, "null": {404, pay.KindNotFound},
	} {
		acc, _ := against(t, map[string]answer{qrCall: {status: c.status, body: body}})
		_, err := acc.RunAction(t.Context(), action(t, "qr_code", ""))
		require.Equal(t, c.kind, asError(t, err).Kind, body)
	}
}
