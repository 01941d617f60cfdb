package merchant

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func find(key string) pay.FindInvoice {
	return pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: key, OperationID: "op_other", Known: pay.Known{Status: pay.StatusCreating}}}
}

func TestFindByKey(t *testing.T) {
	for name, body := range map[string]string{"object": invoiceJSON(t, nil), "list": "[" + invoiceJSON(t, nil) + "]"} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, always(200, body))
			got, err := acc.FindInvoice(t.Context(), find("op_1"))
			require.NoError(t, err)
			require.Equal(t, []string{"GET /api/merchant/invoices/internal-id/op_1"}, g.calls())
			require.Equal(t, testID, got.ProviderRef)
			require.Equal(t, pay.StatusPending, got.Status)
			require.Equal(t, "1000.00 RUB", got.Amount.String())
		})
	}
}

func TestLookupFailures(t *testing.T) {
	good, other := invoiceJSON(t, nil), invoiceJSON(t, map[string]any{"internalId": "op_2"})
	for name, c := range map[string]struct {
		answer answer
		kind   pay.Kind
	}{
		"absent":            {answer{status: 404, body: `[{"message":null}]`}, pay.KindNotFound},
		"several":           {answer{body: "[" + good + "," + other + "]"}, pay.KindIntegrityMismatch},
		"another operation": {answer{body: other}, pay.KindIntegrityMismatch},
		"no internal id":    {answer{body: invoiceJSON(t, map[string]any{"internalId": nil})}, pay.KindIntegrityMismatch},
		"empty list":        {answer{body: "[]"}, pay.KindProviderUnavailable},
		"a payout":          {answer{body: invoiceJSON(t, map[string]any{"type": "out"})}, pay.KindProviderUnavailable},
		"html":              {answer{body: "<html>"}, pay.KindProviderUnavailable},
		"500":               {answer{status: 500}, pay.KindProviderUnavailable},
		"401":               {answer{status: 401, body: "Unauthorized"}, pay.KindAuth},
		"429":               {answer{status: 429}, pay.KindRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			acc, _ := against(t, map[string]answer{"*": c.answer})
			_, err := acc.FindInvoice(t.Context(), find("op_1"))
			require.Equal(t, c.kind, asError(t, err).Kind)
		})
	}
}

func TestGetRefusesForeignAnswers(t *testing.T) {
	acc, _ := against(t, always(200, invoiceJSON(t, map[string]any{"id": dealID})))
	_, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
	require.ErrorIs(t, err, pay.KindIntegrityMismatch)
	acc, _ = against(t, always(200, invoiceJSON(t, nil)))
	_, err = acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID, ProviderKey: "op_2"})
	require.ErrorIs(t, err, pay.KindIntegrityMismatch)
}

func TestIdsNeverBecomePaths(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	for _, id := range []string{"", ".", "..", "a/b", "a?b", "a%2Fb", "я", "a b"} {
		_, err := acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: id})
		require.ErrorIs(t, err, pay.KindInvalidRequest, id)
		_, err = acc.FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: id, OperationID: id}})
		require.ErrorIs(t, err, pay.KindInvalidRequest, id)
	}
	require.Empty(t, g.calls())
}

func TestCheck(t *testing.T) {
	acc, g := against(t, map[string]answer{optionsCall: {body: `[{"code":"SBP","name":"SBP","currency":"RUB"},{"code":"UPI","name":"UPI","currency":"INR"},{"code":"TO_CARD","name":"Card","currency":"RUB"},{"code":"X","currency":"???"},{"name":"no code"}]`},
		methodsCall: {body: `[{"code":"sberbank","name":"Сбербанк","currency":"RUB"},{"code":"","name":"none"}]`}})
	info, err := acc.Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.Equal(t, []string{optionsCall, methodsCall}, g.calls())
	require.Equal(t, []string{"INR", "RUB"}, info.Currencies)
	require.Equal(t, []pay.Method{{Code: "sberbank", Title: "Сбербанк"}}, info.Methods, "the codes that payment_method takes")
	require.Empty(t, info.Report.Warnings)

	acc, _ = against(t, map[string]answer{optionsCall: {body: `[{"code":"SBP","currency":"RUB"}]`}, methodsCall: {status: 500}})
	info, err = acc.Check(t.Context(), pay.Check{})
	require.NoError(t, err, "the credentials are proved")
	require.Equal(t, []string{"RUB"}, info.Currencies)
	require.Nil(t, info.Methods)
	require.Len(t, info.Report.Warnings, 1)
	acc, _ = against(t, map[string]answer{optionsCall: {body: `[]`}, methodsCall: {body: `[]`}})
	info, err = acc.Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.Nil(t, info.Currencies)
	require.Len(t, info.Report.Warnings, 1)
	acc, _ = against(t, map[string]answer{optionsCall: {body: `[]`}, methodsCall: {status: 401}})
	_, err = acc.Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindAuth)
	acc, _ = against(t, always(200, `{}`))
	_, err = acc.Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	acc, _ = against(t, always(401, `Unauthorized`))
	_, err = acc.Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindAuth)
}

const (
	optionsCall = "GET /api/merchant/payment-options"
	methodsCall = "GET /api/merchant/payment-methods"
)
