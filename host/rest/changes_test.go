package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// post sends a command with a key of its own.
func (s *surface) post(path, secret, k, text string) reply {
	s.t.Helper()
	edits := []edit{token(secret), key(k)}
	if text != "" {
		edits = append(edits, body(text))
	}
	return s.call("POST", path, edits...)
}

// paid is an invoice of 100.00 UAH that is paid.
func (s *surface) paid() host.Invoice {
	s.t.Helper()
	inv := s.created("ok")
	s.provider.answer(true, nil)
	s.call("POST", "/v1/invoices/"+inv.ID+"/refresh", token(apiToken)).want(http.StatusOK).into(&inv)
	require.Equal(s.t, pay.StatusPaid, inv.Status)
	return inv
}

func TestCancelCaptureVoid(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var inv host.Invoice

	// A body is not needed, a key is.
	pending := s.created("ok")
	path := "/v1/invoices/" + pending.ID
	p := s.call("POST", path+"/cancel", token(apiToken)).problem(http.StatusBadRequest, pay.KindInvalidRequest)
	require.Equal(t, []string{"Idempotency-Key"}, p.paths())
	s.post(path+"/cancel", apiToken, "c-1", "").want(http.StatusOK).into(&inv)
	require.Equal(t, pay.StatusCanceled, inv.Status)
	r := s.post(path+"/cancel", apiToken, "c-1", "").want(http.StatusOK)
	require.Equal(t, "true", r.header.Get("Idempotency-Replayed"))
	require.Equal(t, 1, s.provider.changed(), "a repeated key must not reach the provider")
	s.post(path+"/cancel", apiToken, "c-1", `{"reason":"another"}`).problem(http.StatusUnprocessableEntity, pay.KindIdempotencyMismatch)
	p = s.post(path+"/void", apiToken, "v-0", "").problem(http.StatusConflict, pay.KindInvalidState)
	require.Equal(t, pending.ID, p.InvoiceID)
	require.Equal(t, 1, s.provider.changed(), "what the status forbids is not asked for")

	held := s.created("hold")
	require.Contains(t, held.AllowedActions, "capture")
	path = "/v1/invoices/" + held.ID
	p = s.post(path+"/capture", apiToken, "k-0", `{"amount":60}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"amount"}, p.paths())
	require.Contains(t, p.Detail, "JSON string")
	p = s.post(path+"/capture", apiToken, "k-0", `{"amount":"100.01"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"amount"}, p.paths())
	p = s.post(path+"/void", apiToken, "k-0", `{"amount":"1.00"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"amount"}, p.paths())
	s.post(path+"/capture", apiToken, "k-1", `{"amount":"60.00","reason":"partly sent"}`).want(http.StatusOK).into(&inv)
	require.Equal(t, "60.00 UAH", inv.AmountCaptured.String())

	held = s.created("hold")
	s.post("/v1/invoices/"+held.ID+"/void", apiToken, "v-1", "").want(http.StatusOK).into(&inv)
	require.Equal(t, pay.StatusCanceled, inv.Status)

	refused := s.created("ok")
	p = s.post("/v1/invoices/"+refused.ID+"/cancel", apiToken, "c-2", `{"reason":"kind:invalid_state"}`).problem(http.StatusConflict, pay.KindInvalidState)
	require.Equal(t, "E42", p.ProviderCode)
	require.Equal(t, refused.ID, p.InvoiceID)
	for _, verb := range []string{"cancel", "capture", "void", "refunds"} {
		s.post("/v1/invoices/inv_none/"+verb, apiToken, "n-"+verb, "").problem(http.StatusNotFound, pay.KindNotFound)
	}
}

// A cancel, refund or payout that may have happened is 202 with its resource, at first and when asked again.
func TestUnknownChangesAre202(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for verb, description := range map[string]string{"cancel": "ok", "capture": "hold", "void": "hold"} {
		inv := s.created(description)
		for _, again := range []string{"", "true"} {
			r := s.post("/v1/invoices/"+inv.ID+"/"+verb, apiToken, "lost-"+verb, `{"reason":"lost"}`).want(http.StatusAccepted)
			r.into(&inv)
			require.NotEmpty(t, inv.UnresolvedOperation, verb)
			require.Equal(t, again, r.header.Get("Idempotency-Replayed"), verb)
		}
		s.post("/v1/invoices/"+inv.ID+"/"+verb, apiToken, "second-"+verb, "").problem(http.StatusConflict, pay.KindInProgress)
	}
	require.Equal(t, 3, s.provider.changed())

	paid := s.paid()
	var refund host.Refund
	r := s.post("/v1/invoices/"+paid.ID+"/refunds", apiToken, "lost-refund", `{"amount":"30.00","reason":"lost"}`).want(http.StatusAccepted)
	r.into(&refund)
	require.Equal(t, "/v1/refunds/"+refund.ID, r.header.Get("Location"))
	require.NotEmpty(t, refund.UnresolvedOperation)

	var payout host.Payout
	r = s.post("/v1/payouts", adminToken, "lost-payout", payoutBody("lost")).want(http.StatusAccepted)
	r.into(&payout)
	require.Equal(t, "/v1/payouts/"+payout.ID, r.header.Get("Location"))
	require.NotEmpty(t, payout.UnresolvedOperation)
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.paid()
	path := "/v1/invoices/" + inv.ID + "/refunds"
	var refund, same host.Refund
	r := s.post(path, apiToken, "r-1", `{"amount":"60.00","reason":"returned"}`).want(http.StatusCreated)
	r.into(&refund)
	require.Equal(t, "/v1/refunds/"+refund.ID, r.header.Get("Location"))
	require.Equal(t, pay.RefundSucceeded, refund.Status)
	require.Equal(t, "60.00 UAH", refund.Amount.String())
	r = s.post(path, apiToken, "r-1", `{"amount":"60.00","reason":"returned"}`).want(http.StatusCreated)
	require.Equal(t, "true", r.header.Get("Idempotency-Replayed"))
	r.into(&same)
	require.Equal(t, refund.ID, same.ID)
	p := s.post(path, apiToken, "r-2", `{"amount":"60.00"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"amount"}, p.paths())
	s.post(path, apiToken, "r-3", `{"reason":"kind:declined"}`).problem(http.StatusPaymentRequired, pay.KindDeclined)
	// Without a body: all that is left.
	s.post(path, apiToken, "r-4", "").want(http.StatusCreated).into(&same)
	require.Equal(t, "40.00 UAH", same.Amount.String())

	s.call("GET", "/v1/refunds/"+refund.ID, token(apiToken)).want(http.StatusOK).into(&same)
	require.Equal(t, inv.ID, same.Invoice)
	var list rest.RefundList
	s.call("GET", path, token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Refunds, 3, "also the refused one")
	s.call("GET", "/v1/invoices/"+inv.ID, token(apiToken)).want(http.StatusOK).into(&inv)
	require.Equal(t, "100.00 UAH", inv.AmountRefunded.String())
	s.call("GET", "/v1/refunds/ref_none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("GET", "/v1/invoices/inv_none/refunds", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
}

func payoutBody(description string) string {
	return `{"account":"main","amount":{"value":"5.00","currency":"UAH"},"destination":{"type":"card","value":"4444333322221111"},"description":"` +
		description + `"}`
}

func TestPayoutsAndBalance(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var payout host.Payout
	r := s.post("/v1/payouts", adminToken, "p-1", payoutBody("salary")).want(http.StatusCreated)
	r.into(&payout)
	require.Equal(t, pay.PayoutProcessing, payout.Status)
	require.NotContains(t, string(r.raw), "4444333322221111")
	r = s.call("GET", "/v1/payouts/"+payout.ID, token(apiToken)).want(http.StatusOK)
	require.NotContains(t, string(r.raw), "4444333322221111")
	s.call("GET", "/v1/payouts/po_none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	p := s.post("/v1/payouts", adminToken, "p-2", `{"account":"main","amount":{"value":"5.00","currency":"UAH"},"destination":{"type":"shoe","value":"x"}}`).
		problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"destination.type"}, p.paths())
	s.post("/v1/payouts", apiToken, "p-3", payoutBody("")).problem(http.StatusForbidden, pay.KindForbidden)

	var balances rest.BalanceList
	s.call("GET", "/v1/accounts/main/balance?owner=7", token(apiToken)).want(http.StatusOK).into(&balances)
	require.Len(t, balances.Balances, 1)
	require.Equal(t, "7", balances.Balances[0].Name)
	require.Equal(t, "12.50 UAH", balances.Balances[0].Available.String())
	s.call("GET", "/v1/accounts/none/balance", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
}

// What an action needs depends on what it does.
func TestActions(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) {
		c.Tokens = append(c.Tokens, rest.Token{Name: "reader", Token: "reader-secret", Scopes: []string{rest.ScopeRead}})
	})
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/actions/"
	var result host.ActionResult
	s.call("POST", path+"receipt", token("reader-secret"), body(`{"input":{"script":"x"}}`)).want(http.StatusOK).into(&result)
	require.JSONEq(t, `{"ran":"receipt"}`, string(result.Output))
	require.Empty(t, result.Operation)

	s.post(path+"remind", "reader-secret", "a-1", "").problem(http.StatusForbidden, pay.KindForbidden)
	p := s.call("POST", path+"remind", token(apiToken)).problem(http.StatusBadRequest, pay.KindInvalidRequest)
	require.Equal(t, []string{"Idempotency-Key"}, p.paths())
	s.post(path+"remind", apiToken, "a-1", "").want(http.StatusOK).into(&result)
	require.NotEmpty(t, result.Operation)
	require.Equal(t, inv.ID, result.Invoice.ID)
	r := s.post(path+"remind", apiToken, "a-1", "").want(http.StatusOK)
	require.Equal(t, "true", r.header.Get("Idempotency-Replayed"))
	p = s.post(path+"remind", apiToken, "a-2", `{"input":{"colour":"red"}}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"input.colour"}, p.paths())
	p = s.post(path+"remind", apiToken, "a-3", `{"input":{"script":"kind:invalid_state"}}`).problem(http.StatusConflict, pay.KindInvalidState)
	require.Equal(t, inv.ID, p.InvoiceID)
	s.post(path+"remind", apiToken, "a-4", `{"input":{"script":"lost"}}`).want(http.StatusAccepted).into(&result)
	require.NotEmpty(t, result.Invoice.UnresolvedOperation)
	s.post(path+"dance", apiToken, "a-5", "").problem(http.StatusNotImplemented, pay.KindUnsupported)
	s.post("/v1/invoices/inv_none/actions/remind", apiToken, "a-6", "").problem(http.StatusNotFound, pay.KindNotFound)

	s.call("POST", "/v1/accounts/main/actions/limits", token("reader-secret")).want(http.StatusOK)
	s.post("/v1/accounts/main/actions/sweep", apiToken, "s-1", "").problem(http.StatusForbidden, pay.KindForbidden)
	s.post("/v1/accounts/main/actions/sweep", adminToken, "s-1", "").want(http.StatusOK).into(&result)
	require.JSONEq(t, `{"ran":"sweep"}`, string(result.Output))
	s.post("/v1/accounts/main/actions/sweep", adminToken, "s-2", `{"input":{"script":"lost"}}`).want(http.StatusAccepted).into(&result)
	require.NotEmpty(t, result.Operation)
	s.post("/v1/accounts/none/actions/sweep", adminToken, "s-3", "").problem(http.StatusNotFound, pay.KindNotFound)
}
