package monobank_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/sdk/pay"
)

const created = `{"invoiceId":"p2_9ZgpZVsl3","pageUrl":"https://pay.mbnk.biz/p2_9ZgpZVsl3"}`

const everyOption = `{
	"separate_return_urls": true, "qr_id": "XJ_DiM4rTd5V", "code": "0a8637b3bccb42aa93fdeb791b8b58e9",
	"display_type": "iframe", "agent_fee_percent": 1.4200000000000001, "tips_employee_id": "3QFX",
	"comment": "примітка", "customer_emails": ["b@example.com"],
	"discounts": [{"type": "DISCOUNT", "mode": "PERCENT", "value": "10.50", "tax": [0]}],
	"save_card_data": {"wallet_id": "wallet-7"}
}`

func everyField(t *testing.T) pay.CreateInvoice {
	return pay.CreateInvoice{
		InvoiceID: "inv_1", WebhookURL: "https://shop.example/webhooks/mono/inv_1?a=1&b=2",
		Amount: money(t, "42.00", "UAH"), Reference: "order-17", Description: "Дві табуретки <дуб>",
		Customer: pay.Customer{ID: "cust_9", Email: "a@example.com", Phone: "+380670000000", Name: "Ім'я"},
		Capture:  pay.CaptureManual, ExpiresIn: time.Hour, SaveCredential: true,
		ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back", Success: "https://shop.example/ok", Failure: "https://shop.example/no"},
		Metadata:   map[string]string{"k": "v"},
		Items: []pay.Item{
			{
				Name: "Табуретка", Code: "d21da1c47f3c45fca10a10c32518bdeb", Quantity: "2", UnitPrice: money(t, "15.50", "UAH"),
				Unit: "шт.", Barcode: "4820000000000", ImageURL: "https://shop.example/i.png", TaxCodes: []string{"0", "8"},
				Options: json.RawMessage(`{"header":"h","footer":"f","uktzed":"9401","split_receiver_id":"s1",
					"discounts":[{"type":"EXTRA_CHARGE","mode":"VALUE","value":0.01}]}`),
			},
			{Name: "Лак, л", Code: "c2", Quantity: "0.333", UnitPrice: money(t, "33.00", "UAH"), Total: money(t, "11.00", "UAH")},
		},
		Options: json.RawMessage(everyOption),
	}
}

func TestCreateSendsEveryField(t *testing.T) {
	url, s := canned(t, 200, created)
	a := open(t, url, newClock(), map[string]any{"cms_name": "Shop", "cms_version": "1.2"})
	state, err := a.CreateInvoice(t.Context(), everyField(t))
	require.NoError(t, err)

	require.Equal(t, "POST /api/merchant/invoice/create", s.method+" "+s.uri)
	require.Equal(t, token, s.header.Get("X-Token"))
	require.Equal(t, "Shop", s.header.Get("X-Cms"))
	require.Equal(t, "1.2", s.header.Get("X-Cms-Version"))
	require.Equal(t, "application/json", s.header.Get("Content-Type"))
	require.Empty(t, s.header.Get("Idempotency-Key"))
	require.Equal(t, 1, s.count)
	require.Equal(t, strings.Join([]string{
		`{"amount":4200,"ccy":980,"merchantPaymInfo":{"reference":"order-17","destination":"Дві табуретки <дуб>","comment":"примітка",`,
		`"customerEmails":["a@example.com","b@example.com"],"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":10.5,"tax":[0]}],`,
		`"metadata":{"k":"v"},"basketOrder":[{"name":"Табуретка","qty":2,"sum":1550,"total":3100,"icon":"https://shop.example/i.png",`,
		`"unit":"шт.","code":"d21da1c47f3c45fca10a10c32518bdeb","barcode":"4820000000000","header":"h","footer":"f","tax":[0,8],`,
		`"uktzed":"9401","splitReceiverId":"s1","discounts":[{"type":"EXTRA_CHARGE","mode":"VALUE","value":0.01}]},`,
		`{"name":"Лак, л","qty":0.333,"sum":3300,"total":1100,"code":"c2"}]},`,
		`"redirectUrl":"https://shop.example/back","successUrl":"https://shop.example/ok","failUrl":"https://shop.example/no",`,
		`"webHookUrl":"https://shop.example/webhooks/mono/inv_1?a=1&b=2","validity":3600,"paymentType":"hold","qrId":"XJ_DiM4rTd5V",`,
		`"code":"0a8637b3bccb42aa93fdeb791b8b58e9","saveCardData":{"saveCard":true,"walletId":"wallet-7"},`,
		`"agentFeePercent":1.4200000000000001,"tipsEmployeeId":"3QFX","displayType":"iframe"}`,
	}, ""), s.body)

	require.Equal(t, pay.StatusPending, state.Status)
	require.Equal(t, "p2_9ZgpZVsl3", state.ProviderRef)
	require.Equal(t, newClock().now().Add(time.Hour), state.ExpiresAt)
	require.Equal(t, []pay.NextAction{{
		ID: "page", Type: pay.NextRedirect, URL: "https://pay.mbnk.biz/p2_9ZgpZVsl3", ExpiresAt: newClock().now().Add(time.Hour),
	}}, state.NextActions)
	require.Equal(t, 200, state.Report.Evidence.HTTPStatus)
}

func TestCreateSendsNothingUnasked(t *testing.T) {
	url, s := canned(t, 200, `{"invoiceId":"i","pageUrl":"https://pay.mbnk.biz/i","appUrl":"https://mbnk.app/or/i"}`)
	a := open(t, url, newClock(), nil)
	state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{
		Amount: money(t, "0.01", "USD"), Options: json.RawMessage(`{"with_app_url":true}`),
	})
	require.NoError(t, err)
	require.Equal(t, `{"amount":1,"ccy":840,"paymentType":"debit","withAppUrl":true}`, s.body)
	require.NotContains(t, s.header, "X-Cms")
	require.Len(t, state.NextActions, 2)
	require.Equal(t, pay.NextDeeplink, state.NextActions[1].Type)
	require.Equal(t, "https://mbnk.app/or/i", state.NextActions[1].URL)
	require.Equal(t, newClock().now().Add(24*time.Hour), state.ExpiresAt, "the provider's default")
}

func TestCreateVerification(t *testing.T) {
	url, s := canned(t, 200, created)
	a := open(t, url, newClock(), nil)
	_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{
		Amount: money(t, "0.00", "UAH"), Purpose: pay.PurposeVerification, Customer: pay.Customer{ID: "cust_9"},
	})
	require.NoError(t, err)
	require.Equal(t, `{"amount":0,"ccy":980,"paymentType":"verification","saveCardData":{"saveCard":true,"walletId":"cust_9"}}`, s.body)
}

func TestCreateRefusesBeforeSending(t *testing.T) {
	url, s := canned(t, 200, created)
	a := open(t, url, newClock(), nil)
	change := func(f func(r *pay.CreateInvoice)) pay.CreateInvoice {
		r := pay.CreateInvoice{Amount: money(t, "42.00", "UAH")}
		f(&r)
		return r
	}
	item := func(f func(i *pay.Item)) pay.CreateInvoice {
		return change(func(r *pay.CreateInvoice) {
			i := pay.Item{Name: "n", Code: "c", Quantity: "1", UnitPrice: money(t, "42.00", "UAH")}
			f(&i)
			r.Items = []pay.Item{i}
		})
	}
	options := func(raw string) pay.CreateInvoice {
		return change(func(r *pay.CreateInvoice) { r.Options = json.RawMessage(raw) })
	}
	tests := map[string]struct {
		req  pay.CreateInvoice
		path string
	}{
		"no amount":            {pay.CreateInvoice{}, "amount.currency"},
		"zero":                 {change(func(r *pay.CreateInvoice) { r.Amount = money(t, "0", "UAH") }), "amount.value"},
		"negative":             {change(func(r *pay.CreateInvoice) { r.Amount = money(t, "-1", "UAH") }), "amount.value"},
		"verification of more": {change(func(r *pay.CreateInvoice) { r.Purpose = pay.PurposeVerification }), "amount.value"},
		"purpose":              {change(func(r *pay.CreateInvoice) { r.Purpose = "gift" }), "purpose"},
		"capture":              {change(func(r *pay.CreateInvoice) { r.Capture = "later" }), "capture"},
		"hold in dollars": {change(func(r *pay.CreateInvoice) {
			r.Amount, r.Capture = money(t, "1", "USD"), pay.CaptureManual
		}), "capture"},
		"verification held": {change(func(r *pay.CreateInvoice) {
			r.Amount, r.Purpose, r.Capture = money(t, "0", "UAH"), pay.PurposeVerification, pay.CaptureManual
		}), "capture"},
		"31 days":        {change(func(r *pay.CreateInvoice) { r.ExpiresIn = 31 * 24 * time.Hour }), "expires_in"},
		"30 days and 1s": {change(func(r *pay.CreateInvoice) { r.ExpiresIn = 30*24*time.Hour + time.Second }), "expires_in"},
		"fraction":       {change(func(r *pay.CreateInvoice) { r.ExpiresIn = 1500 * time.Millisecond }), "expires_in"},
		"past":           {change(func(r *pay.CreateInvoice) { r.ExpiresIn = -time.Second }), "expires_in"},
		"description":    {change(func(r *pay.CreateInvoice) { r.Description = strings.Repeat("ї", 281) }), "description"},
		"success url":    {change(func(r *pay.CreateInvoice) { r.ReturnURLs.Success = "https://a.example" }), "return_urls.success"},
		"failure url":    {change(func(r *pay.CreateInvoice) { r.ReturnURLs.Failure = "https://a.example" }), "return_urls.failure"},
		"save without customer": {change(func(r *pay.CreateInvoice) { r.SaveCredential = true }),
			"customer.id"},
		"verification without customer": {change(func(r *pay.CreateInvoice) {
			r.Amount, r.Purpose = money(t, "0", "UAH"), pay.PurposeVerification
		}), "customer.id"},
		"item name":      {item(func(i *pay.Item) { i.Name = "" }), "items[0].name"},
		"item code":      {item(func(i *pay.Item) { i.Code = "" }), "items[0].code"},
		"item quantity":  {item(func(i *pay.Item) { i.Quantity = "1e9" }), "items[0].quantity"},
		"item zero":      {item(func(i *pay.Item) { i.Quantity = "0" }), "items[0].quantity"},
		"item price":     {item(func(i *pay.Item) { i.UnitPrice = pay.Money{} }), "items[0].unit_price"},
		"item currency":  {item(func(i *pay.Item) { i.UnitPrice = money(t, "1", "USD") }), "items[0].unit_price"},
		"item total":     {item(func(i *pay.Item) { i.Total = money(t, "-1", "UAH") }), "items[0].total"},
		"item tax":       {item(func(i *pay.Item) { i.TaxCodes = []string{"A"} }), "items[0].tax_codes[0]"},
		"item tax twice": {item(func(i *pay.Item) { i.TaxCodes, i.Options = []string{"1"}, json.RawMessage(`{"tax":[1]}`) }), "items[0].options.tax"},
		"item option":    {item(func(i *pay.Item) { i.Options = json.RawMessage(`{"colour":"red"}`) }), "items[0].options.colour"},
		"item discount":  {item(func(i *pay.Item) { i.Options = json.RawMessage(`{"discounts":[{"type":"X"}]}`) }), "items[0].options.discounts[0].type"},
		"unknown option": {options(`{"redirect":true}`), "provider_options.redirect"},
		"option type":    {options(`{"qr_id":7}`), "provider_options.qr_id"},
		"display type":   {options(`{"display_type":"popup"}`), "provider_options.display_type"},
		"fee":            {options(`{"agent_fee_percent":"100.1"}`), "provider_options.agent_fee_percent"},
		"fee exponent":   {options(`{"agent_fee_percent":1e999999999}`), "provider_options"},
		"two objects":    {options(`{} {}`), "provider_options"},
		"comment":        {options(`{"comment":"` + strings.Repeat("x", 281) + `"}`), "provider_options.comment"},
		"wallet alone":   {options(`{"save_card_data":{"wallet_id":"w"}}`), "provider_options.save_card_data"},
		"app at a desk":  {options(`{"with_app_url":true,"qr_id":"q"}`), "provider_options.with_app_url"},
		"discount mode":  {options(`{"discounts":[{"type":"DISCOUNT","mode":"X","value":1}]}`), "provider_options.discounts[0].mode"},
		"discount zero":  {options(`{"discounts":[{"type":"DISCOUNT","mode":"PERCENT"}]}`), "provider_options.discounts[0].value"},
		"discount fine":  {options(`{"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":"0.001"}]}`), "provider_options.discounts[0].value"},
	}
	for name, tt := range tests {
		_, err := a.CreateInvoice(t.Context(), tt.req)
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
		e := pay.AsError(err)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted(), name)
		require.Len(t, e.Fields, 1, name)
		require.Equal(t, tt.path, e.Fields[0].Path, name)
	}
	require.Zero(t, s.count, "nothing may be sent")

	_, err := a.CreateInvoice(t.Context(), change(func(r *pay.CreateInvoice) { r.ExpiresIn = 30 * 24 * time.Hour }))
	require.NoError(t, err, "exactly 30 days is allowed")
}

func TestCreateAnswersThatSayNothing(t *testing.T) {
	for name, body := range map[string]string{
		"empty":      ``,
		"html":       `<html>ok</html>`,
		"no id":      `{"pageUrl":"https://pay.mbnk.biz/x"}`,
		"null id":    `{"invoiceId":null,"pageUrl":"https://pay.mbnk.biz/x"}`,
		"no page":    `{"invoiceId":"x"}`,
		"a script":   `{"invoiceId":"x","pageUrl":"javascript:alert(1)"}`,
		"an array":   `[]`,
		"cut short":  `{"invoiceId":"x","pageUrl":"https://pay`,
		"error body": `{"errCode":"BAD_REQUEST","errText":"x"}`,
	} {
		url, s := canned(t, 200, body)
		_, err := open(t, url, newClock(), nil).CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH")})
		require.ErrorIs(t, err, pay.KindOutcomeUnknown, name)
		require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted(), name)
		require.Equal(t, 1, s.count, name)
	}
}

func TestManifest(t *testing.T) {
	p := monobank.New("1.2.3")
	m := p.Describe()
	require.Equal(t, m, p.Describe())
	require.Equal(t, "1.2.3", m.Version)
	require.Equal(t, pay.OperationSpec{
		Resolution: pay.ResolveAbandon, HumanWhen: []string{"qr_id"}, Expected: time.Second, Maximum: 15 * time.Second,
	}, m.Operations[pay.OpCreate])
	require.Equal(t, pay.FieldRefused, m.Field("payment_method").Use)
	require.Equal(t, 30*24*time.Hour, m.Field("expires_in").MaxDuration)
	for name := range m.Fields {
		require.Contains(t, pay.CommonFields(), name)
	}
	require.Equal(t, m.Abilities, pay.Resolve(openWith(t, &http.Client{}, "https://api.monobank.ua", newClock(), nil)),
		"the manifest must promise exactly what accounts do")

	classes := map[pay.Operation]pay.Resolution{}
	for op, spec := range m.Operations {
		classes[op] = spec.Resolution
	}
	require.Equal(t, map[pay.Operation]pay.Resolution{
		pay.OpCreate: pay.ResolveAbandon, pay.OpCancel: pay.ResolveResend, pay.OpCapture: pay.ResolveLookup,
		pay.OpVoid: pay.ResolveLookup, pay.OpRefund: pay.ResolveLookup, pay.OpCharge: pay.ResolveLookup,
	}, classes)
	require.Equal(t, pay.ResolveHuman, m.Operations[pay.OpCharge].OnAbsence)
	charge := compile(t, m.OptionSchemas[pay.OpCharge])
	require.NoError(t, charge.Validate(parse(t, `{"comment":"n","customer_emails":["b@example.com"],"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":1}]}`)))
	require.Error(t, charge.Validate(parse(t, `{"qr_id":"q"}`)))
	options := compile(t, m.OptionSchemas[pay.OpCreate])
	require.NoError(t, options.Validate(parse(t, everyOption)))
	require.Error(t, options.Validate(parse(t, `{"redirect_url":"x"}`)), "unknown keys are refused")
	require.Error(t, options.Validate(parse(t, `{"agent_fee_percent":"1e5"}`)))
	config := compile(t, m.ConfigSchema)
	require.NoError(t, config.Validate(parse(t, `{"token":"abcdef"}`)))
	require.Error(t, config.Validate(parse(t, `{"token":"abcdef","tokens":1}`)))
	require.Error(t, config.Validate(parse(t, `{}`)))
	require.Contains(t, string(m.ConfigSchema), `"secret": true`)
}

func compile(t *testing.T, raw json.RawMessage) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("mem:///schema.json", parse(t, string(raw))))
	s, err := c.Compile("mem:///schema.json")
	require.NoError(t, err)
	return s
}

func parse(t *testing.T, raw string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(raw))
	require.NoError(t, err)
	return v
}
