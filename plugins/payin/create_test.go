package payin

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const createdAnswer = `{"status":true,"result":{"pay_link":"https://lk.payin-payout.net/api/pay/64471022258145#/index",` +
	`"payment_in_id":64471022258145,"payment_in_inner_id":166,"payment_in_inner_id_user":6034,"pretty_id":"006034-000166"},` +
	`"tracker":" gid_5ed74ae21dc095.01924744"}`

// The smallest request of the provider's sample, byte for byte.
func TestCreateSendsTheSample(t *testing.T) {
	provider := &recorder{answer: createdAnswer}
	req := request(t)
	req.Amount = money(t, "10", "RUB")
	_, err := against(t, provider).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	got := provider.only(t)
	require.Equal(t, "/payment-in/create-invoice", got.path)
	require.Equal(t, "application/x-www-form-urlencoded", got.header.Get("Content-Type"))
	require.Equal(t, "application/json", got.header.Get("Accept"))
	signed := "currency_id=643&descr=123&is_sos_topup=1&payer_id=6034&summ=10.00&timestamp=1591040000&user_id=7026"
	require.Equal(t, signed+"&hash="+sign(testSecret, signed), got.body)
}

func TestCreateSendsEveryField(t *testing.T) {
	provider := &recorder{answer: createdAnswer}
	req := request(t)
	req.Amount = money(t, "1234567.05", "USD")
	req.Description = "Заказ ~7 * \"a\" + 'b' & c=d\t\\ 😀"
	req.ReturnURLs = pay.ReturnURLs{Default: "https://m.example/d", Success: "https://m.example/ok?a=1&b=2", Failure: "https://m.example/no"}
	req.PaymentMethod = "136"
	req.Options = json.RawMessage(`{"is_sos_topup":true,"id_pref":136}`)
	_, err := against(t, provider, map[string]any{"currencies": []string{"RUB", "USD"}}).CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	form := provider.only(t).form(t)
	want := map[string]string{
		"user_id": "7026", "payer_id": "6034", "summ": "1234567.05", "currency_id": "840", "descr": req.Description,
		"success_url": "https://m.example/ok?a=1&b=2", "fail_url": "https://m.example/no", "id_pref": "136",
		"is_sos_topup": "1", "timestamp": "1591040000",
	}
	var fields []field
	for k, v := range want {
		require.Equal(t, []string{v}, form[k], k)
		fields = append(fields, textField(k, v))
	}
	require.Equal(t, []string{sign(testSecret, canonical(fields))}, form["hash"])
	require.Len(t, form, len(want)+1)
}

func TestCreateOptionalFields(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.CreateInvoice)
		want   map[string]string
		absent []string
	}{
		"nothing optional": {func(*pay.CreateInvoice) {}, map[string]string{"is_sos_topup": "1"}, []string{"id_pref", "success_url", "fail_url"}},
		"default address serves both": {
			func(r *pay.CreateInvoice) { r.ReturnURLs.Default = "https://m.example/d" },
			map[string]string{"success_url": "https://m.example/d", "fail_url": "https://m.example/d"}, nil,
		},
		"only failure": {
			func(r *pay.CreateInvoice) { r.ReturnURLs.Failure = "https://m.example/f" },
			map[string]string{"fail_url": "https://m.example/f"}, []string{"success_url"},
		},
		"no top-up mark": {
			func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"is_sos_topup":false}`) },
			nil, []string{"is_sos_topup"},
		},
		"payment type by option": {
			func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"id_pref":125}`) },
			map[string]string{"id_pref": "125"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: createdAnswer}
			req := request(t)
			c.change(&req)
			_, err := against(t, provider).CreateInvoice(t.Context(), req)
			require.NoError(t, err)
			form := provider.only(t).form(t)
			for k, v := range c.want {
				require.Equal(t, v, form.Get(k), k)
			}
			for _, k := range c.absent {
				require.NotContains(t, form, k)
			}
		})
	}
}

func TestCreateRefusesBeforeSending(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pay.CreateInvoice)
		kind   pay.Kind
		path   string
	}{
		"no customer":          {func(r *pay.CreateInvoice) { r.Customer.ID = "" }, pay.KindInvalidRequest, "customer.id"},
		"customer no integer":  {func(r *pay.CreateInvoice) { r.Customer.ID = "u-1" }, pay.KindInvalidRequest, "customer.id"},
		"customer with zero":   {func(r *pay.CreateInvoice) { r.Customer.ID = "06034" }, pay.KindInvalidRequest, "customer.id"},
		"no description":       {func(r *pay.CreateInvoice) { r.Description = "" }, pay.KindInvalidRequest, "description"},
		"no amount":            {func(r *pay.CreateInvoice) { r.Amount = pay.Money{} }, pay.KindInvalidRequest, "amount.value"},
		"negative":             {func(r *pay.CreateInvoice) { r.Amount = money(t, "-1", "RUB") }, pay.KindInvalidRequest, "amount.value"},
		"currency not enabled": {func(r *pay.CreateInvoice) { r.Amount = money(t, "1", "EUR") }, pay.KindInvalidRequest, "amount.currency"},
		"method no number":     {func(r *pay.CreateInvoice) { r.PaymentMethod = "sbp" }, pay.KindInvalidRequest, "payment_method"},
		"methods differ": {func(r *pay.CreateInvoice) {
			r.PaymentMethod, r.Options = "136", json.RawMessage(`{"id_pref":125}`)
		}, pay.KindInvalidRequest, "provider_options.id_pref"},
		"option unknown": {func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"idPref":1}`) }, pay.KindInvalidRequest, "provider_options"},
		"manual capture": {func(r *pay.CreateInvoice) { r.Capture = pay.CaptureManual }, pay.KindUnsupported, ""},
		"expires_in":     {func(r *pay.CreateInvoice) { r.ExpiresIn = time.Hour }, pay.KindUnsupported, ""},
		"items":          {func(r *pay.CreateInvoice) { r.Items = []pay.Item{{Name: "x"}} }, pay.KindUnsupported, ""},
		"max amount":     {func(r *pay.CreateInvoice) { r.MaxAmount = money(t, "11", "RUB") }, pay.KindUnsupported, ""},
		"save":           {func(r *pay.CreateInvoice) { r.SaveCredential = true }, pay.KindUnsupported, ""},
		"verification":   {func(r *pay.CreateInvoice) { r.Purpose = pay.PurposeVerification }, pay.KindUnsupported, ""},
	} {
		t.Run(name, func(t *testing.T) {
			provider := &recorder{answer: createdAnswer}
			req := request(t)
			c.change(&req)
			_, err := against(t, provider).CreateInvoice(t.Context(), req)
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Empty(t, provider.requests)
		})
	}
}

func TestCreateReadsTheAnswer(t *testing.T) {
	// The documents call the ids strings and show integers; both must give the same text, exact above 2^53.
	for _, id := range []string{`64471022258145`, `"64471022258145"`, `90071992547409931`} {
		provider := &recorder{answer: strings.Replace(createdAnswer, "64471022258145,", id+",", 1)}
		got, err := against(t, provider).CreateInvoice(t.Context(), request(t))
		require.NoError(t, err)
		require.Equal(t, strings.Trim(id, `"`), got.ProviderRef)
		require.Equal(t, pay.StatusPending, got.Status)
		require.Empty(t, got.Review)
		require.Equal(t, map[string]string{
			"pretty_id": "006034-000166", "payment_in_inner_id": "166", "payment_in_inner_id_user": "6034",
		}, got.ProviderRefs)
		require.Equal(t, []pay.NextAction{{
			ID: "pay_link", Type: pay.NextRedirect, URL: "https://lk.payin-payout.net/api/pay/64471022258145#/index",
		}}, got.NextActions)
		require.False(t, got.Amount.IsSet(), "the provider states no amount")
		require.Equal(t, "gid_5ed74ae21dc095.01924744", got.Report.Evidence.ProviderRequestID)
		require.Equal(t, http.StatusOK, got.Report.Evidence.HTTPStatus)
		require.Equal(t, 1, got.Report.State.Version)
	}
}

func TestCreateAcceptedWithoutAUsableLink(t *testing.T) {
	for _, link := range []string{"", "javascript:alert(1)", "/api/pay/1", "ftp://lk.payin-payout.net/x"} {
		raw, err := json.Marshal(link)
		require.NoError(t, err)
		provider := &recorder{answer: strings.Replace(createdAnswer, `"https://lk.payin-payout.net/api/pay/64471022258145#/index"`, string(raw), 1)}
		got, err := against(t, provider).CreateInvoice(t.Context(), request(t))
		require.NoError(t, err)
		require.Empty(t, got.Status)
		require.NotEmpty(t, got.Review)
		require.Empty(t, got.NextActions)
		require.Equal(t, "64471022258145", got.ProviderRef)
	}
}

// Whatever is no definite answer leaves the outcome of a create unknown.
func TestCreateAmbiguousAnswers(t *testing.T) {
	for name, provider := range map[string]*recorder{
		"html":                  {answer: "<html>ok</html>"},
		"html 404":              {status: 404, answer: "<html>no</html>"},
		"html 400":              {status: 400, answer: "<html>no</html>"},
		"empty":                 {},
		"truncated":             {answer: createdAnswer[:len(createdAnswer)-20]},
		"no status":             {answer: `{"result":{}}`},
		"status is text":        {answer: `{"status":"false","user_msg":"x"}`},
		"status null":           {answer: `{"status":null}`},
		"false without a text":  {answer: `{"status":false}`},
		"true without a result": {answer: `{"status":true}`},
		"true without an id":    {answer: `{"status":true,"result":{"pay_link":"https://x.example/"}}`},
		"id is a fraction":      {answer: strings.Replace(createdAnswer, "64471022258145,", "1.5,", 1)},
		"true under HTTP 400":   {status: 400, answer: createdAnswer},
		"500":                   {status: 500, answer: `{"status":false,"user_msg":"oops"}`},
		"502 html":              {status: 502, answer: "<html>"},
		"408":                   {status: 408},
		"redirect":              {status: 302, header: http.Header{"Location": {"/login"}}},
		"array":                 {answer: `[]`},
		"two documents":         {answer: createdAnswer + createdAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := against(t, provider).CreateInvoice(t.Context(), request(t))
			e := asError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			require.Len(t, provider.requests, 1, "nothing may be sent twice")
		})
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]struct {
		kind pay.Kind
		rule pay.RetryRule
	}{
		"incorrect timestamp":                        {pay.KindProviderUnavailable, pay.RetrySameOperation},
		"invoice with external_id 77 already exists": {pay.KindInvalidState, pay.RetryAfterLookup},
		"Payment with such parameters not found":     {pay.KindNotFound, pay.RetryNever},
		"Payment with account number 1 not found":    {pay.KindNotFound, pay.RetryNever},
		"EXIST_IN_SYSTEM":                            {pay.KindInvalidState, pay.RetryAfterLookup},
		"Error: Error! OrderId already exists.":      {pay.KindInvalidState, pay.RetryAfterLookup},
		"incorrect hash":                             {pay.KindAuth, pay.RetrySameOperation},
		"payer not found":                            {pay.KindInvalidRequest, pay.RetryNever},
		"сумма слишком мала":                         {pay.KindInvalidRequest, pay.RetryNever},
	} {
		t.Run(text, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"status": false, "user_msg": text, "tracker": " gid_1"})
			require.NoError(t, err)
			provider := &recorder{answer: string(body)}
			_, err = against(t, provider).CreateInvoice(t.Context(), request(t))
			e := asError(t, err)
			require.Equal(t, want.kind, e.Kind)
			require.Equal(t, want.rule, e.RetryRule())
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			require.Equal(t, text, e.ProviderMessage)
			require.Equal(t, "gid_1", e.Report.Evidence.ProviderRequestID)
			require.Len(t, provider.requests, 1, "nothing may be sent twice")
		})
	}
}

func TestRefusalHidesSecretsAndPersons(t *testing.T) {
	provider := &recorder{answer: `{"status":false,"user_msg":"bad key some_key of +79131112233 a@b.example"}`}
	_, err := against(t, provider).CreateInvoice(t.Context(), request(t))
	e := asError(t, err)
	require.NotContains(t, e.ProviderMessage+e.Error(), "9131112233")
	require.NotContains(t, e.ProviderMessage+e.Error(), "a@b.example")
}

func TestStatusesThatSayNotExecuted(t *testing.T) {
	for status, want := range map[int]pay.Kind{401: pay.KindAuth, 403: pay.KindAuth, 429: pay.KindRateLimited} {
		for _, body := range []string{"<html>", `{"status":false,"user_msg":"wrong ip"}`} {
			_, err := against(t, &recorder{status: status, answer: body}).CreateInvoice(t.Context(), request(t))
			e := asError(t, err)
			require.Equal(t, want, e.Kind)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
		}
	}
}

func TestNothingListens(t *testing.T) {
	acc := open(t, "http://127.0.0.1:1")
	_, err := acc.CreateInvoice(t.Context(), request(t))
	require.True(t, errors.Is(err, pay.KindProviderUnavailable), "%v", err)
	require.Equal(t, pay.ExecutedNo, asError(t, err).WasExecuted())
}
