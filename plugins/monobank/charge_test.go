package monobank_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

const cardToken = "67XZtXdR4NpKU3"

func chargeOf(t testing.TB, change func(*pay.Charge)) pay.Charge {
	t.Helper()
	req := pay.Charge{
		Source: pay.SourceCredential, Credential: &pay.StoredCredential{Token: cardToken},
		Invoice: pay.CreateInvoice{
			Call: opCall(), InvoiceID: "inv_1", Amount: money(t, "42.00", "UAH"), Reference: "order-17",
			ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back"},
		},
	}
	if change != nil {
		change(&req)
	}
	return req
}

func TestChargeSendsExactly(t *testing.T) {
	charged := answer{200, `{"invoiceId":"i1","status":"success","amount":4200,"ccy":980}`}
	a, d := at(t, map[string]answer{chargePath: charged})
	_, err := a.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) {
		r.Invoice.WebhookURL, r.Invoice.Description, r.Invoice.Customer.Email = "https://shop.example/hook", "Чай", "a@example.com"
		r.Invoice.Metadata, r.Invoice.InitiatedBy = map[string]string{"k": "v"}, pay.InitiatedByCustomer
		r.Invoice.Items = []pay.Item{{Name: "Чай", Code: "c", Quantity: "1", UnitPrice: money(t, "42", "UAH")}}
		r.Invoice.Options = json.RawMessage(`{"comment":"n","customer_emails":["b@example.com"],"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":1}]}`)
	}))
	require.NoError(t, err)
	require.Equal(t, []string{`POST /api/merchant/wallet/payment {"cardToken":"67XZtXdR4NpKU3","amount":4200,"ccy":980,"initiationKind":"client",` +
		`"redirectUrl":"https://shop.example/back","webHookUrl":"https://shop.example/hook","paymentType":"debit","merchantPaymInfo":{"reference":"` + opKey +
		`","destination":"Чай","comment":"n","customerEmails":["a@example.com","b@example.com"],"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":1}],` +
		`"metadata":{"k":"v"},"basketOrder":[{"name":"Чай","qty":1,"sum":4200,"total":4200,"code":"c"}]}}`}, d.asked)

	a, d = at(t, map[string]answer{chargePath: charged, lookPath: {200, invoice("hold", "")}})
	got, err := a.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) {
		r.Invoice.InitiatedBy, r.Invoice.Capture, r.Invoice.ReturnURLs = pay.InitiatedByMerchant, pay.CaptureManual, pay.ReturnURLs{}
	}))
	require.NoError(t, err)
	require.Equal(t, []string{
		`POST /api/merchant/wallet/payment {"cardToken":"67XZtXdR4NpKU3","amount":4200,"ccy":980,"initiationKind":"merchant","paymentType":"hold",` +
			`"merchantPaymInfo":{"reference":"` + opKey + `"}}`,
		`GET /api/merchant/invoice/status?invoiceId=i1`,
	}, d.asked)
	require.Equal(t, pay.StatusAuthorized, got.Status)
	require.Equal(t, "42.00 UAH", got.Authorized.String())
}

func TestChargeIsRefusedBeforeSending(t *testing.T) {
	a, d := at(t, nil)
	for path, change := range map[string]func(*pay.Charge){
		"source.type":            func(r *pay.Charge) { r.Source = pay.SourceBalance },
		"source.id":              func(r *pay.Charge) { r.Credential = nil },
		"source.id ":             func(r *pay.Charge) { r.Credential = &pay.StoredCredential{} },
		"":                       func(r *pay.Charge) { r.Invoice.Call.ProviderKey = "" },
		"purpose":                func(r *pay.Charge) { r.Invoice.Purpose = pay.PurposeVerification },
		"expires_in":             func(r *pay.Charge) { r.Invoice.ExpiresIn = time.Hour },
		"save_credential":        func(r *pay.Charge) { r.Invoice.SaveCredential = true },
		"amount.value":           func(r *pay.Charge) { r.Invoice.Amount = money(t, "0", "UAH") },
		"amount.currency":        func(r *pay.Charge) { r.Invoice.Amount = pay.Money{} },
		"capture":                func(r *pay.Charge) { r.Invoice.Capture, r.Invoice.Amount = pay.CaptureManual, money(t, "1", "USD") },
		"initiated_by":           func(r *pay.Charge) { r.Invoice.InitiatedBy = "bank" },
		"return_urls.default":    func(r *pay.Charge) { r.Invoice.ReturnURLs = pay.ReturnURLs{} },
		"return_urls.failure":    func(r *pay.Charge) { r.Invoice.ReturnURLs.Failure = "https://shop.example/no" },
		"return_urls.success":    func(r *pay.Charge) { r.Invoice.ReturnURLs.Success = "https://shop.example/ok" },
		"description":            func(r *pay.Charge) { r.Invoice.Description = strings.Repeat("x", 281) },
		"provider_options.qr_id": func(r *pay.Charge) { r.Invoice.Options = json.RawMessage(`{"qr_id":"q"}`) },
		"provider_options.comment": func(r *pay.Charge) {
			r.Invoice.Options = json.RawMessage(`{"comment":"` + strings.Repeat("x", 281) + `"}`)
		},
		"items[0].code":                      func(r *pay.Charge) { r.Invoice.Items = []pay.Item{{Name: "n"}} },
		"provider_options.discounts[0].type": func(r *pay.Charge) { r.Invoice.Options = json.RawMessage(`{"discounts":[{}]}`) },
	} {
		_, err := a.Charge(t.Context(), chargeOf(t, change))
		require.ErrorIs(t, err, pay.KindInvalidRequest, path)
		e := pay.AsError(err)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted(), path)
		if path != "" {
			require.Equal(t, strings.TrimSpace(path), e.Fields[0].Path)
		}
	}
	require.Empty(t, d.asked)
}

func TestChargeAnswers(t *testing.T) {
	body := func(status, more string) answer {
		return answer{200, `{"invoiceId":"i1","status":"` + status + `","amount":4200,"ccy":980,"modifiedDate":"2026-03-01T12:00:00Z"` + more + `}`}
	}
	declined := answer{200, invoice("failure", `"errCode":"59","failureReason":"Недостатньо коштів"`)}
	for name, tt := range map[string]struct {
		charge, look answer
		hold         bool
		status       pay.Status
		code         string
		action       bool
		review       bool
		want         pay.Kind
		rule         pay.RetryRule
	}{
		"success":              {charge: body("success", ""), status: pay.StatusPaid},
		"processing":           {charge: body("processing", ""), status: pay.StatusProcessing},
		"3-D Secure":           {charge: body("processing", `,"tdsUrl":"https://acs.example/3ds"`), status: pay.StatusPending, action: true},
		"a script for 3DS":     {charge: body("processing", `,"tdsUrl":"javascript:alert(1)"`), status: pay.StatusProcessing},
		"failure":              {charge: body("failure", `,"failureReason":"why"`), look: declined, status: pay.StatusFailed, code: "59"},
		"failure, no look":     {charge: body("failure", `,"failureReason":"why"`), status: pay.StatusFailed},
		"held":                 {charge: body("success", ""), look: answer{200, invoice("hold", "")}, hold: true, status: pay.StatusAuthorized},
		"held, no look":        {charge: body("success", ""), hold: true, status: pay.StatusAuthorized},
		"held and captured":    {charge: body("success", ""), look: answer{200, invoice("success", `"finalAmount":4200`)}, hold: true, status: pay.StatusPaid},
		"an unknown word":      {charge: body("dreaming", ""), review: true},
		"no amount":            {charge: answer{200, `{"invoiceId":"i1","status":"success"}`}, review: true},
		"no id":                {charge: answer{200, `{"status":"success","amount":4200,"ccy":980}`}, want: pay.KindOutcomeUnknown},
		"no status":            {charge: answer{200, `{"invoiceId":"i1"}`}, want: pay.KindOutcomeUnknown},
		"empty":                {charge: answer{200, ""}, want: pay.KindOutcomeUnknown},
		"a page":               {charge: answer{200, "<html>"}, want: pay.KindOutcomeUnknown},
		"fractions":            {charge: answer{200, `{"invoiceId":"i1","status":"success","amount":42.5,"ccy":980}`}, want: pay.KindOutcomeUnknown},
		"token not found":      {charge: refuses("TOKEN_NOT_FOUND"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"bad request":          {charge: refuses("BAD_REQUEST"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"1001":                 {charge: refuses("1001"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"bad order data":       {charge: refuses("INVALID_MERCHANT_PAYM_INFO"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"forbidden":            {charge: refuses("FORBIDDEN"), want: pay.KindAuth, rule: pay.RetrySameOperation},
		"method":               {charge: refuses("METHOD_NOT_ALLOWED"), want: pay.KindInvalidRequest},
		"too many":             {charge: refuses("TMR"), want: pay.KindRateLimited, rule: pay.RetrySameOperation},
		"internal":             {charge: refuses("INTERNAL_ERROR"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"its token repeated":   {charge: answer{400, `{"errCode":"X","errText":"bad ` + cardToken + `"}`}, want: pay.KindInvalidRequest},
		"a code, bad gateway":  {charge: answer{502, `{"errCode":"TOKEN_NOT_FOUND"}`}, want: pay.KindOutcomeUnknown},
		"success, other money": {charge: answer{200, `{"invoiceId":"i1","status":"success","amount":4100,"ccy":840}`}, status: pay.StatusPaid},
	} {
		a, d := at(t, map[string]answer{chargePath: tt.charge, lookPath: tt.look})
		got, err := a.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) {
			if tt.hold {
				r.Invoice.Capture = pay.CaptureManual
			}
		}))
		sentOnce(t, name, d, "POST "+chargePath)
		if tt.want != "" {
			wantFailure(t, name, err, tt.want, tt.rule)
			e := pay.AsError(err)
			require.NotContains(t, e.Error()+e.ProviderMessage, cardToken, name)
			require.Equal(t, name == "token not found", len(e.Fields) == 1 && e.Fields[0].Path == "source.id", name)
			require.Equal(t, tt.want == pay.KindOutcomeUnknown, e.Report.State != nil, "%s: what is unknown must be found again", name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, "i1", got.ProviderRef, name)
		require.Equal(t, tt.review, got.Review != "", "%s: %s", name, got.Review)
		require.Equal(t, tt.action, len(got.NextActions) == 1, name)
		require.NotNil(t, got.Report.State, name)
		require.NotContains(t, string(got.Report.State.Data), cardToken)
		if tt.status == pay.StatusFailed {
			require.Equal(t, tt.code, got.Attempts[0].Decline.ProviderCode, name)
			require.NotEmpty(t, got.Attempts[0].Decline.Message, name)
		}
		if tt.status == pay.StatusAuthorized {
			require.Equal(t, "42.00 UAH", got.Authorized.String(), name)
		}
		if name == "success, other money" {
			require.Equal(t, "41.00 USD", got.Amount.String(), "the host compares what the provider states")
		}
	}
}

func TestSimCharge(t *testing.T) {
	b := newBank(t, monobanksim.Config{AllowSaveCard: true})
	first := b.create(t, func(r *pay.CreateInvoice) { r.SaveCredential, r.Customer.ID, r.WebhookURL = true, "cust_9", "" })
	require.NoError(t, b.sim.Pay(first.ProviderRef))
	saved := b.status(t, first.ProviderRef, pay.Known{}).Credential
	require.Equal(t, pay.CredentialActive, saved.Status)
	charge := func(key string, change func(*pay.Charge)) (pay.InvoiceState, error) {
		return b.account.Charge(t.Context(), chargeOf(t, func(r *pay.Charge) {
			r.Credential, r.Invoice.Call.ProviderKey, r.Invoice.WebhookURL = saved, key, b.shop+"/hook"
			if change != nil {
				change(r)
			}
		}))
	}
	known := pay.Known{Status: pay.StatusPending, Amount: money(t, "42", "UAH")}

	got, err := charge("op_ok", nil)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "42.00 UAH", got.Captured.String())
	e := b.news(t, known)
	require.Equal(t, pay.StatusPaid, e.Invoice.Status)
	require.Equal(t, "wallet", e.Invoice.Attempts[0].Method)

	for _, pass := range []bool{true, false} {
		require.NoError(t, b.sim.ScriptCharges(monobanksim.ChargeTDS, "", 1))
		got, err = charge("op_tds", nil)
		require.NoError(t, err)
		require.Equal(t, pay.StatusPending, got.Status)
		require.Equal(t, pay.NextRedirect, got.NextActions[0].Type)
		require.Equal(t, pay.StatusProcessing, b.news(t, known).Invoice.Status)
		b.clock.add(time.Second)
		require.NoError(t, b.sim.PassTDS(got.ProviderRef, pass))
		e = b.news(t, known)
		if pass {
			require.Equal(t, pay.StatusPaid, e.Invoice.Status)
			continue
		}
		require.Equal(t, pay.StatusFailed, e.Invoice.Status)
		require.Equal(t, pay.DeclineAuthenticationRequired, e.Invoice.Attempts[0].Decline.Reason)
	}

	require.NoError(t, b.sim.ScriptCharges(monobanksim.ChargeFailure, "51", 1))
	got, err = charge("op_no", nil)
	require.NoError(t, err)
	require.Equal(t, pay.StatusFailed, got.Status)
	require.Equal(t, pay.DeclineExpired, got.Attempts[0].Decline.Reason)
	require.Equal(t, pay.StatusFailed, b.news(t, known).Invoice.Status)

	got, err = charge("op_hold", func(r *pay.Charge) { r.Invoice.Capture = pay.CaptureManual })
	require.NoError(t, err)
	require.Equal(t, pay.StatusAuthorized, got.Status)
	b.news(t, known)
	held := pay.Known{Status: pay.StatusAuthorized, Capture: pay.CaptureManual, Amount: money(t, "42", "UAH"), Authorized: money(t, "42", "UAH")}
	got, err = b.account.CaptureInvoice(t.Context(), pay.ChangeInvoice{Invoice: pay.InvoiceRef{ProviderRef: got.ProviderRef, Known: held}})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	b.news(t, held)

	_, err = charge("op_dead", func(r *pay.Charge) { r.Credential = &pay.StoredCredential{Token: "tok_nobody"} })
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Equal(t, "TOKEN_NOT_FOUND", pay.AsError(err).ProviderCode)
	for key, want := range map[string]int{"op_ok": 1, "op_tds": 2, "op_no": 1, "op_hold": 1, "op_dead": 0} {
		require.Equal(t, want, b.sim.EffectsOf(monobanksim.OpCharge, key), key)
	}
}
