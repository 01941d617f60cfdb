package merchant

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func cancelRequest(t testing.TB) pay.ChangeInvoice {
	return pay.ChangeInvoice{
		Call:    pay.Call{OperationID: "op_2", ProviderKey: "op_2"},
		Invoice: pay.InvoiceRef{InvoiceID: "inv_1", ProviderKey: "op_1", ProviderRef: testID, Known: pending(t)},
	}
}

// The answer of cancel has another shape than all others.
func canceledJSON(t testing.TB, change map[string]any) string {
	t.Helper()
	var doc map[string]any
	require.NoError(t, json.Unmarshal([]byte(invoiceJSON(t, map[string]any{
		"status": "canceled", "expiredAt": "2024-11-04T14:55:45+00:00", "isSumChanged": false, "flow": nil, "flowData": nil,
	})), &doc))
	for _, absent := range []string{"expireAt", "updatedAt", "createdAt", "storeId", "storeName", "receivedSumFromTaker", "invoiceUrl"} {
		delete(doc, absent)
	}
	maps.Copy(doc, change)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return string(raw)
}

func TestCancelSendsExactly(t *testing.T) {
	acc, g := against(t, always(200, canceledJSON(t, nil)))
	got, err := acc.CancelInvoice(t.Context(), cancelRequest(t))
	require.NoError(t, err)
	require.Equal(t, []string{cancelCall}, g.calls(), "a clear answer needs no look")
	require.Empty(t, g.requests[0].body)
	require.Empty(t, g.requests[0].header.Get("Content-Type"))
	require.Equal(t, pay.StatusCanceled, got.Status)
	require.True(t, got.Final)
	require.Equal(t, testID, got.ProviderRef)
	require.Equal(t, "1000.00 RUB", got.Amount.String())
}

// Every answer and what the invoice then is: only the invoice itself says that it cannot be paid any more.
func TestCancelAnswers(t *testing.T) {
	read := func(change map[string]any) answer { return answer{body: invoiceJSON(t, change)} }
	refused := answer{status: 400, body: `[{"message":"Invoice can not be canceled"}]`}
	paid := map[string]any{"status": "paid", "receivedSumFromTaker": rub("1000.00")}
	for name, c := range map[string]struct {
		cancel, read answer
		looked       bool
		status       pay.Status
		kind         pay.Kind
	}{
		"list of one":               {answer{body: "[" + canceledJSON(t, nil) + "]"}, answer{}, false, pay.StatusCanceled, ""},
		"expired":                   {refused, read(map[string]any{"status": "expired"}), true, pay.StatusExpired, ""},
		"paid meanwhile":            {refused, read(paid), true, pay.StatusPaid, ""},
		"canceled before":           {refused, read(map[string]any{"status": "canceled"}), true, pay.StatusCanceled, ""},
		"refused, still open":       {refused, read(nil), true, "", pay.KindInvalidState},
		"refused, disputed":         {refused, read(map[string]any{"status": "dispute"}), true, "", pay.KindInvalidState},
		"refused, odd status":       {refused, read(map[string]any{"status": "recalculated"}), true, "", pay.KindInvalidState},
		"refused, look fails":       {refused, answer{status: 500}, true, "", pay.KindInvalidState},
		"409":                       {answer{status: 409, body: `{"message":"x"}`}, read(paid), true, pay.StatusPaid, ""},
		"422":                       {answer{status: 422, body: `{"message":"x","field":"id"}`}, read(nil), true, "", pay.KindInvalidState},
		"404, canceled":             {answer{status: 404, body: "null"}, read(map[string]any{"status": "canceled"}), true, pay.StatusCanceled, ""},
		"404, absent":               {answer{status: 404, body: "null"}, answer{status: 404, body: "null"}, true, "", pay.KindNotFound},
		"404, another invoice":      {answer{status: 404, body: "null"}, read(map[string]any{"id": dealID}), true, "", pay.KindIntegrityMismatch},
		"404, another operation":    {answer{status: 404, body: "null"}, read(map[string]any{"internalId": "op_9"}), true, "", pay.KindIntegrityMismatch},
		"not canceled, canceled":    {read(nil), read(map[string]any{"status": "canceled"}), true, pay.StatusCanceled, ""},
		"paid, paid":                {read(paid), read(paid), true, pay.StatusPaid, ""},
		"not canceled, still open":  {read(nil), read(nil), true, "", pay.KindOutcomeUnknown},
		"not canceled, look fails":  {read(nil), answer{status: 502}, true, "", pay.KindOutcomeUnknown},
		"another invoice, canceled": {answer{body: canceledJSON(t, map[string]any{"id": dealID})}, read(map[string]any{"status": "canceled"}), true, pay.StatusCanceled, ""},
		"another invoice, open":     {answer{body: canceledJSON(t, map[string]any{"id": dealID})}, read(nil), true, "", pay.KindOutcomeUnknown},
		"another operation, open":   {answer{body: canceledJSON(t, map[string]any{"internalId": "op_9"})}, read(nil), true, "", pay.KindOutcomeUnknown},
		// No answer of the gateway: the host looks it up.
		"html":               {answer{body: "<html>"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"html 400":           {answer{status: 400, body: "<html>"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"html 404":           {answer{status: 404, body: "<html>"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"empty":              {answer{}, answer{}, false, "", pay.KindOutcomeUnknown},
		"empty object":       {answer{body: "{}"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"empty list":         {answer{body: "[]"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"truncated":          {answer{body: canceledJSON(t, nil)[:60]}, answer{}, false, "", pay.KindOutcomeUnknown},
		"a payout":           {answer{body: canceledJSON(t, map[string]any{"type": "out"})}, answer{}, false, "", pay.KindOutcomeUnknown},
		"500":                {answer{status: 500, body: `[{"message":"x"}]`}, answer{}, false, "", pay.KindOutcomeUnknown},
		"502 canceled":       {answer{status: 502, body: canceledJSON(t, nil)}, answer{}, false, "", pay.KindOutcomeUnknown},
		"408":                {answer{status: 408}, answer{}, false, "", pay.KindOutcomeUnknown},
		"redirect":           {answer{status: 302, header: http.Header{"Location": {"/x"}}}, answer{}, false, "", pay.KindOutcomeUnknown},
		"data not available": {answer{status: 400, body: "Invoice data not available"}, answer{}, false, "", pay.KindOutcomeUnknown},
		"unauthorized":       {answer{status: 401, body: "Unauthorized"}, answer{}, false, "", pay.KindAuth},
		"429":                {answer{status: 429}, answer{}, false, "", pay.KindRateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{cancelCall: c.cancel, readCall: c.read})
			got, err := acc.CancelInvoice(t.Context(), cancelRequest(t))
			want := []string{cancelCall}
			if c.looked {
				want = append(want, readCall)
			}
			require.Equal(t, want, g.calls(), "cancel is sent once")
			if c.kind != "" {
				e := asError(t, err)
				require.Equal(t, c.kind, e.Kind, e.Message)
				switch c.kind {
				case pay.KindOutcomeUnknown:
					require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
				case pay.KindIntegrityMismatch:
				default:
					require.Equal(t, pay.ExecutedNo, e.WasExecuted())
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.status, got.Status)
			require.Equal(t, testID, got.ProviderRef)
			if c.status == pay.StatusPaid {
				require.Equal(t, "1000.00 RUB", got.Captured.String())
			}
		})
	}
}

func TestCancelRefusesBeforeSending(t *testing.T) {
	acc, g := against(t, always(200, "{}"))
	req := cancelRequest(t)
	req.Invoice.ProviderRef = "../x"
	_, err := acc.CancelInvoice(t.Context(), req)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	req = cancelRequest(t)
	req.Options = json.RawMessage(`{"force":true}`)
	_, err = acc.CancelInvoice(t.Context(), req)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Empty(t, g.calls())
	_, err = open(t, "http://127.0.0.1:1").CancelInvoice(t.Context(), cancelRequest(t))
	require.True(t, errors.Is(err, pay.KindProviderUnavailable))
	require.Equal(t, pay.ExecutedNo, asError(t, err).WasExecuted())
}

// A handshake that fails proves that nothing was sent, whatever was to be sent.
func TestWithoutATrustedConnection(t *testing.T) {
	server := httptest.NewTLSServer(&gateway{answers: always(200, "{}")})
	defer server.Close()
	acc := open(t, server.URL)
	_, canceled := acc.CancelInvoice(t.Context(), cancelRequest(t))
	_, paid := acc.CreatePayout(t.Context(), payoutRequest(t))
	_, started := acc.RunAction(t.Context(), action(t, actionStartDeal, ""))
	for _, err := range []error{canceled, paid, started} {
		e := asError(t, err)
		require.Equal(t, pay.KindProviderUnavailable, e.Kind)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted())
		require.Equal(t, pay.RetrySameOperation, e.RetryRule())
	}
}
