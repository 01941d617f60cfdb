package merchant

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	startCall    = "POST /api/merchant/invoices/" + testID + "/start-deal"
	variantsCall = "GET /api/merchant/invoices/" + testID + "/available-payment-variants"
)

func action(t testing.TB, name, input string) pay.Action {
	return pay.Action{
		Call: pay.Call{OperationID: "op_2", ProviderKey: "op_2"}, Name: name, Input: json.RawMessage(input),
		Invoice: &pay.InvoiceRef{InvoiceID: "inv_1", ProviderKey: "op_1", ProviderRef: testID, Known: pending(t)},
	}
}

func TestStartDeal(t *testing.T) {
	for input, sent := range map[string]string{
		"": "{}", "{}": "{}", `{"payment_method":"sberbank"}`: `{"paymentMethod":"sberbank"}`,
		`{"payment_option":"TO_CARD","payment_method":"sberbank"}`: `{"paymentOption":"TO_CARD","paymentMethod":"sberbank"}`,
	} {
		acc, g := against(t, always(200, invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}})))
		got, err := acc.RunAction(t.Context(), action(t, "start_deal", input))
		require.NoError(t, err)
		require.Equal(t, []string{startCall}, g.calls())
		require.JSONEq(t, sent, string(g.requests[0].body))
		require.JSONEq(t, `{"deal_id":"`+dealID+`","payment_option":"TO_CARD","payment_method":"sberbank"}`, string(got.Output))
		require.True(t, valid(t, compile(t, json.RawMessage(startDealOutput)), string(got.Output)))
		require.Equal(t, pay.StatusPending, got.Invoice.Status)
		require.Equal(t, pay.NextTransfer, got.Invoice.NextActions[0].Type)
		require.Equal(t, "4444 4444 4444 4444", got.Invoice.NextActions[0].Requisites.Value)
		require.NotContains(t, string(got.Output), "4444", "requisites are next actions only")
	}
}

func TestStartDealAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer   answer
		kind     pay.Kind
		executed pay.Executed
		path     string
	}{
		"nobody free":        {answer{body: invoiceJSON(t, nil)}, pay.KindDeclined, pay.ExecutedNo, ""},
		"nobody free, 400":   {answer{status: 400, body: `[{"message":"PAYMENT_METHOD_NOT_AVAILABLE"}]`}, pay.KindDeclined, pay.ExecutedNo, ""},
		"has a deal":         {answer{status: 400, body: `[{"message":"Deal can not be started"}]`}, pay.KindInvalidState, pay.ExecutedNo, ""},
		"option":             {answer{status: 400, body: "Payment option not allowed"}, pay.KindInvalidRequest, pay.ExecutedNo, "input.payment_option"},
		"method":             {answer{status: 400, body: "Payment method not allowed"}, pay.KindInvalidRequest, pay.ExecutedNo, "input.payment_method"},
		"absent":             {answer{status: 404, body: "null"}, pay.KindNotFound, pay.ExecutedNo, ""},
		"unauthorized":       {answer{status: 401}, pay.KindAuth, pay.ExecutedNo, ""},
		"data not available": {answer{status: 400, body: "Invoice data not available"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"no deals member":    {answer{body: invoiceJSON(t, map[string]any{"deals": nil})}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"paid, no deal":      {answer{body: invoiceJSON(t, map[string]any{"status": "paid"})}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"another invoice":    {answer{body: invoiceJSON(t, map[string]any{"id": dealID, "deals": []any{dealJSON(nil)}})}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"another operation":  {answer{body: invoiceJSON(t, map[string]any{"internalId": "op_9", "deals": []any{dealJSON(nil)}})}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"html":               {answer{body: "<html>"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"empty":              {answer{}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"500":                {answer{status: 500}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
		"302":                {answer{status: 302}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{"*": c.answer})
			_, err := acc.RunAction(t.Context(), action(t, "start_deal", `{"payment_option":"TO_CARD"}`))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, c.executed, e.WasExecuted())
			if c.kind == pay.KindDeclined {
				require.Equal(t, pay.DeclineNoRequisites, e.Reason)
				require.Equal(t, pay.RetryNewAttempt, e.RetryRule())
			}
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Equal(t, []string{startCall}, g.calls(), "a deal is started once")
		})
	}
}

func TestPaymentVariants(t *testing.T) {
	for body, want := range map[string]string{
		`[{"option":"SBP","method":"sberbank"},{"option":"TO_CARD","method":"vtb","new":1}]`: `{"variants":[{"payment_option":"SBP","payment_method":"sberbank"},{"payment_option":"TO_CARD","payment_method":"vtb"}]}`,
		`[]`: `{"variants":[]}`,
	} {
		acc, g := against(t, always(200, body))
		got, err := acc.RunAction(t.Context(), action(t, "available_payment_variants", ""))
		require.NoError(t, err)
		require.Equal(t, []string{variantsCall}, g.calls())
		require.JSONEq(t, want, string(got.Output))
		require.True(t, valid(t, compile(t, json.RawMessage(variantsOutput)), string(got.Output)))
		require.Nil(t, got.Invoice)
	}
	for _, body := range []string{"{}", "null", "<html>", ""} {
		acc, _ := against(t, always(200, body))
		_, err := acc.RunAction(t.Context(), action(t, "available_payment_variants", ""))
		require.Equal(t, pay.KindProviderUnavailable, asError(t, err).Kind, body)
	}
}

func TestActionsRefuseBeforeSending(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	for name, c := range map[string]struct {
		action pay.Action
		kind   pay.Kind
	}{
		"unknown":     {action(t, "explode", ""), pay.KindUnsupported},
		"no invoice":  {pay.Action{Name: "start_deal"}, pay.KindInvalidRequest},
		"a path":      {pay.Action{Name: "start_deal", Invoice: &pay.InvoiceRef{ProviderRef: "../x"}}, pay.KindInvalidRequest},
		"input":       {action(t, "start_deal", `{"paymentOption":"SBP"}`), pay.KindInvalidRequest},
		"input type":  {action(t, "start_deal", `[]`), pay.KindInvalidRequest},
		"variants in": {action(t, "available_payment_variants", `{"x":1}`), pay.KindInvalidRequest},
		"attachment": {func() pay.Action {
			a := action(t, "start_deal", "")
			a.Attachments = []pay.Attachment{{Name: "x", Content: strings.NewReader("x")}}
			return a
		}(), pay.KindUnsupported},
	} {
		_, err := acc.RunAction(t.Context(), c.action)
		require.Equal(t, c.kind, asError(t, err).Kind, name)
	}
	require.Empty(t, g.calls())
	for _, spec := range New("1").Describe().Actions {
		_, needs := map[string]bool{"open_dispute": true, "public_payment_methods": true, "withdraw": true}[spec.Name]
		require.Equal(t, !needs, valid(t, compile(t, spec.Input), `{}`), spec.Name)
		require.False(t, valid(t, compile(t, spec.Input), `{"other":1}`), spec.Name)
		require.NotNil(t, compile(t, spec.Output))
	}
}
