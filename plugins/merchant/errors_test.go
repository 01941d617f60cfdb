package merchant

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// Every documented text, in each of the three shapes a body may have.
func TestRefusalTable(t *testing.T) {
	for name, c := range map[string]struct {
		status         int
		message, field string
		kind           pay.Kind
		executed       pay.Executed
		rule           pay.RetryRule
		reason         pay.DeclineReason
		path           string
	}{
		"blank":         {400, "this value should not be blank", "amount", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "amount.value"},
		"type":          {400, "This value should be of type boolean", "startDeal", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "provider_options.start_deal"},
		"no requisites": {400, "PAYMENT_METHOD_NOT_AVAILABLE", "", pay.KindDeclined, pay.ExecutedNo, pay.RetryNewAttempt, pay.DeclineNoRequisites, ""},
		"too small":     {400, "Invoice amount should be not less than 1000.00", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "amount.value"},
		"too large":     {400, "Invoice amount should be not greater than 100000.00", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "amount.value"},
		"option":        {400, "Payment option not allowed", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "provider_options.payment_option"},
		"method":        {400, "Payment method not allowed", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "payment_method"},
		"max amount":    {400, "maxAmount can not be less than amount", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "amount_limits.max"},
		"payout unsure": {400, "Invoice data not available", "", pay.KindOutcomeUnknown, pay.ExecutedUnknown, pay.RetryAfterLookup, "", ""},
		"2FA":           {400, "2FA should be enabled for this operation", "", pay.KindUnsupported, pay.ExecutedNo, pay.RetryNever, "", ""},
		"funds":         {400, "Insufficient funds", "", pay.KindDeclined, pay.ExecutedNo, pay.RetryNewAttempt, pay.DeclineInsufficientFunds, ""},
		"unauthorized":  {401, "Unauthorized", "", pay.KindAuth, pay.ExecutedNo, pay.RetrySameOperation, "", ""},
		"pay in off":    {404, "Pay in disabled", "", pay.KindUnsupported, pay.ExecutedNo, pay.RetryNever, "", ""},
		"pay out off":   {404, "Pay out disabled", "", pay.KindUnsupported, pay.ExecutedNo, pay.RetryNever, "", ""},
		"other 400":     {400, "Что-то не так", "", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", ""},
		"other 422":     {422, "x", "lang", pay.KindInvalidRequest, pay.ExecutedNo, pay.RetryNever, "", "provider_options.lang"},
		"403":           {403, "x", "", pay.KindAuth, pay.ExecutedNo, pay.RetrySameOperation, "", ""},
		"409":           {409, "x", "", pay.KindInvalidState, pay.ExecutedNo, pay.RetryAfterLookup, "", ""},
		"429":           {429, "x", "", pay.KindRateLimited, pay.ExecutedNo, pay.RetrySameOperation, "", ""},
	} {
		object, err := json.Marshal(map[string]string{"message": c.message, "field": c.field})
		require.NoError(t, err)
		bodies := map[string]string{"array": "[" + string(object) + "]", "object": string(object)}
		if c.field == "" {
			bodies["text"] = c.message
		}
		for shape, body := range bodies {
			t.Run(name+"/"+shape, func(t *testing.T) {
				acc, g := against(t, always(c.status, body))
				_, err := acc.CreateInvoice(t.Context(), request(t))
				e := asError(t, err)
				require.Equal(t, c.kind, e.Kind)
				require.Equal(t, c.executed, e.WasExecuted())
				require.Equal(t, c.rule, e.RetryRule())
				require.Equal(t, c.reason, e.Reason)
				require.Contains(t, e.ProviderMessage, c.message)
				require.Equal(t, c.status, e.Report.Evidence.HTTPStatus)
				if c.path == "" {
					require.Empty(t, e.Fields)
				} else {
					require.Equal(t, c.path, e.Fields[0].Path)
				}
				require.Len(t, g.calls(), 1)
			})
		}
	}
}

func TestNullIsNotFound(t *testing.T) {
	for _, body := range []string{"null", `[{"message":null}]`, `{"message":null}`, ""} {
		acc, _ := against(t, always(404, body))
		_, err := acc.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op_1"}})
		require.ErrorIs(t, err, pay.KindNotFound, body)
	}
	// A page of a proxy is no absence, nor is a store that is switched off.
	acc, _ := against(t, always(404, "<html>404</html>"))
	_, err := acc.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op_1"}})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	acc, _ = against(t, always(404, `[{"message":"Pay in disabled"}]`))
	_, err = acc.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op_1"}})
	require.ErrorIs(t, err, pay.KindUnsupported)
}

func TestSeveralRefusals(t *testing.T) {
	acc, _ := against(t, always(400, `[{"message":"this value should not be blank","field":"currency"},`+
		`{"message":"This value is not valid","field":"matchingSettings.minPartAmount"},{"message":"bad","field":"successUrl"}]`))
	_, err := acc.CreateInvoice(t.Context(), request(t))
	e := asError(t, err)
	var paths []string
	for _, f := range e.Fields {
		paths = append(paths, f.Path)
	}
	require.Equal(t, []string{"amount.currency", "provider_options.matching_settings.min_part_amount", "return_urls.success"}, paths)
}

func TestRefusalHidesSecretsAndPersons(t *testing.T) {
	acc, _ := against(t, always(400, fmt.Sprintf(`{"message":"key %s of +7(996)777-99-77 card 4444 4444 4444 4448 a@b.example"}`, testKey)))
	_, err := acc.CreateInvoice(t.Context(), request(t))
	e := asError(t, err)
	for _, private := range []string{"777-99-77", "4444 4448", "a@b.example", testKey} {
		require.NotContains(t, e.Error()+e.ProviderMessage, private)
	}
}
