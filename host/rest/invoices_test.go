package rest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestCreateGetRefresh(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	full := `{"account":"main","amount":{"value":"100","currency":"UAH"},"reference":"order-1","description":"Boots",
		"customer":{"id":"c-9","email":"a@example.com"},"payer":{"locale":"uk-UA"},"return_urls":{"default":"https://shop.example/back"},
		"items":[{"name":"Boots","unit_price":"50.00","quantity":"2","total":"100.00"}],"metadata":{"a":"1","A":"2"},
		"provider_options":{"color":"red"},"correlation_id":"cor-1"}`
	r := s.call("POST", "/v1/invoices", token(apiToken), key("k-1"), body(full)).want(http.StatusCreated)
	var inv host.Invoice
	r.into(&inv)
	require.Equal(t, "/v1/invoices/"+inv.ID, r.header.Get("Location"))
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	require.Empty(t, r.header.Get("Idempotency-Replayed"))
	require.Equal(t, pay.StatusPending, inv.Status)
	require.Equal(t, "100.00 UAH", inv.Amount.String())
	require.Equal(t, map[string]string{"a": "1", "A": "2"}, inv.Metadata)
	require.NotNil(t, inv.NextAction)
	require.JSONEq(t, `{"color":"red"}`, string(s.provider.lastSeen().Options))
	require.Equal(t, "50.00 UAH", s.provider.lastSeen().Items[0].UnitPrice.String())

	var got host.Invoice
	s.call("GET", r.header.Get("Location"), token(apiToken)).want(http.StatusOK).into(&got)
	require.Equal(t, inv.ID, got.ID)

	s.provider.answer(true, nil)
	s.call("POST", "/v1/invoices/"+inv.ID+"/refresh", token(apiToken)).want(http.StatusOK).into(&got)
	require.Equal(t, pay.StatusPaid, got.Status)

	var events rest.EventList
	s.call("GET", "/v1/invoices/"+inv.ID+"/events", token(apiToken)).want(http.StatusOK).into(&events)
	require.NotEmpty(t, events.Events)
	for i, ev := range events.Events {
		require.Equal(t, inv.ID, ev.Object.ID)
		require.Equal(t, int64(i+1), ev.Sequence)
	}
	require.Equal(t, "billing", events.Events[0].Actor, "the token's name is the actor")
	require.Equal(t, events.Events[len(events.Events)-1].Position, events.Position)

	for _, path := range []string{"/v1/invoices/inv_none", "/v1/invoices/inv_none/events"} {
		s.call("GET", path, token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	}
	s.call("POST", "/v1/invoices/inv_none/refresh", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	const text = `{"account":"main","amount":{"value":"7.00","currency":"UAH"}}`
	send := func(edits ...edit) reply {
		return s.call("POST", "/v1/invoices", append([]edit{token(apiToken), body(text)}, edits...)...)
	}
	for name, k := range map[string]string{"missing": "", "quoted nothing": `""`, "too long": fmt.Sprintf("%0300d", 1), "not ASCII": "ключ"} {
		p := send(func(r *http.Request) {
			if k != "" {
				r.Header.Set("Idempotency-Key", k)
			}
		}).problem(http.StatusBadRequest, pay.KindInvalidRequest)
		require.Contains(t, p.Detail, "Idempotency-Key", name)
		require.Equal(t, []string{"Idempotency-Key"}, p.paths(), name)
		require.Equal(t, pay.ExecutedNo, p.Executed, name)
	}
	p := send(func(r *http.Request) { r.Header["Idempotency-Key"] = []string{"a", "b"} }).problem(http.StatusBadRequest, pay.KindInvalidRequest)
	require.Equal(t, []string{"Idempotency-Key"}, p.paths())
	require.Zero(t, s.provider.calls())

	var first, again host.Invoice
	send(key("order-7")).want(http.StatusCreated).into(&first)
	// The quoted form of the IETF draft is the same key.
	for _, k := range []string{"order-7", `"order-7"`} {
		r := send(key(k)).want(http.StatusCreated)
		require.Equal(t, "true", r.header.Get("Idempotency-Replayed"))
		r.into(&again)
		require.Equal(t, first.ID, again.ID)
	}
	require.Equal(t, 1, s.provider.calls(), "a repeated key must not reach the provider")

	p = s.create("something else", key("order-7")).problem(http.StatusUnprocessableEntity, pay.KindIdempotencyMismatch)
	require.Equal(t, first.ID, p.InvoiceID)

	// What was refused before the intent does not consume the key.
	s.call("POST", "/v1/invoices", token(apiToken), key("k-free"), body(`{"account":"main","amount":{"value":"-1","currency":"UAH"}}`)).
		problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	send(key("k-free")).want(http.StatusCreated)
}

func TestRunningKeyIsInProgress(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	first := make(chan reply, 1)
	go func() { first <- s.create("wait", key("slow")) }()
	<-s.provider.entered
	p := s.create("wait", key("slow")).problem(http.StatusConflict, pay.KindInProgress)
	require.NotEmpty(t, p.OperationID)
	close(s.provider.release)
	(<-first).want(http.StatusCreated)
	require.Equal(t, 1, s.provider.calls())
}

// An unknown outcome is never an error status: the caller must not think that nothing happened.
func TestUnknownOutcomeIs202(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for _, description := range []string{"lost", "executed:outcome_unknown", "executed:plugin_fault", "panic"} {
		k := key("unknown " + description)
		r := s.create(description, k).want(http.StatusAccepted)
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		var inv host.Invoice
		r.into(&inv)
		require.NotEmpty(t, inv.UnresolvedOperation, description)
		require.Equal(t, "/v1/invoices/"+inv.ID, r.header.Get("Location"))

		var op host.Operation
		s.call("GET", "/v1/operations/"+inv.UnresolvedOperation, token(apiToken)).want(http.StatusOK).into(&op)
		require.Equal(t, inv.ID, op.Invoice)
		require.Equal(t, pay.ExecutedUnknown, op.Executed)

		again := s.create(description, k).want(http.StatusAccepted)
		require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
		var same host.Invoice
		again.into(&same)
		require.Equal(t, inv.ID, same.ID)
	}
	require.Equal(t, 4, s.provider.calls())

	var list host.InvoicePage
	s.call("GET", "/v1/invoices?unresolved=true", token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Invoices, 4)
	s.call("GET", "/v1/invoices?unresolved=false", token(apiToken)).want(http.StatusOK).into(&list)
	require.Empty(t, list.Invoices)
}

// Who prefers not to wait gets 202 at once, and the host sends the request.
func TestRespondAsync(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for i, prefer := range []string{"respond-async", "return=minimal, Respond-Async; wait=1"} {
		k := key(fmt.Sprint("async-", i))
		r := s.create("ok", k, header("Prefer", prefer)).want(http.StatusAccepted)
		require.Equal(t, "respond-async", r.header.Get("Preference-Applied"))
		var queued host.Invoice
		r.into(&queued)
		require.Equal(t, pay.StatusCreating, queued.Status)
		require.Empty(t, queued.UnresolvedOperation, "it is known that nothing was sent")
		require.Equal(t, "/v1/invoices/"+queued.ID, r.header.Get("Location"))
		require.Eventually(t, func() bool {
			var inv host.Invoice
			s.call("GET", r.header.Get("Location"), token(apiToken)).want(http.StatusOK).into(&inv)
			return inv.Status == pay.StatusPending
		}, 10*time.Second, 20*time.Millisecond)
		again := s.create("ok", k, header("Prefer", prefer)).want(http.StatusCreated)
		require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
		require.Empty(t, again.header.Get("Preference-Applied"))
	}
	require.Equal(t, 2, s.provider.calls())
	r := s.create("ok", header("Prefer", "respond-asynchronously")).want(http.StatusCreated)
	require.Empty(t, r.header.Get("Preference-Applied"))
}

// The call timeout ends the wait of the caller, not the operation.
func TestTimeoutOfSentCallIs202(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Timeout = 300 * time.Millisecond })
	var inv host.Invoice
	s.create("wait").want(http.StatusAccepted).into(&inv)
	require.NotEmpty(t, inv.UnresolvedOperation)
	close(s.provider.release)
	require.Eventually(t, func() bool {
		s.call("GET", "/v1/invoices/"+inv.ID, token(apiToken)).want(http.StatusOK).into(&inv)
		return inv.Status == pay.StatusPending
	}, 10*time.Second, 20*time.Millisecond)
}

// Every kind that a provider can answer, over HTTP.
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for kind, status := range map[pay.Kind]int{
		pay.KindDeclined:            http.StatusPaymentRequired,
		pay.KindInvalidRequest:      http.StatusUnprocessableEntity,
		pay.KindUnsupported:         http.StatusNotImplemented,
		pay.KindInvalidState:        http.StatusConflict,
		pay.KindNotFound:            http.StatusNotFound,
		pay.KindAuth:                http.StatusBadGateway,
		pay.KindRateLimited:         http.StatusTooManyRequests,
		pay.KindProviderUnavailable: http.StatusServiceUnavailable,
		pay.KindPluginFault:         http.StatusBadGateway,
	} {
		p := s.create("kind:"+string(kind)).problem(status, kind)
		require.NotEmpty(t, p.OperationID, kind)
		require.NotEmpty(t, p.InvoiceID, kind)
		require.Equal(t, "E42", p.ProviderCode, kind)
		require.Equal(t, "no", p.ProviderMessage, kind)
		want := pay.ExecutedNo
		if kind == pay.KindDeclined {
			want = pay.ExecutedYes
			require.Equal(t, pay.DeclineInsufficientFunds, p.Reason)
			require.Equal(t, pay.RetryNewAttempt, p.Retry)
		}
		require.Equal(t, want, p.Executed, kind)
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			require.NotEmpty(t, p.header.Get("Retry-After"), kind)
		}
		if kind == pay.KindAuth {
			require.Empty(t, p.header.Get("WWW-Authenticate"), "the provider's refusal is not about the caller's token")
		}
	}
	for _, kind := range []pay.Kind{pay.KindRateLimited, pay.KindProviderUnavailable} {
		p := s.create("after:"+string(kind)).problem(map[pay.Kind]int{pay.KindRateLimited: 429, pay.KindProviderUnavailable: 503}[kind], kind)
		require.Equal(t, "7", p.header.Get("Retry-After"), "whole seconds, never too early")
		require.Equal(t, "6.5s", p.RetryAfter)
		require.Equal(t, pay.RetrySameOperation, p.Retry)
	}

	s.call("POST", "/v1/accounts/main/pause", token(adminToken), body(`{"reason":"audit"}`)).want(http.StatusOK)
	p := s.create("ok").problem(http.StatusServiceUnavailable, pay.KindAccountPaused)
	require.NotEmpty(t, p.header.Get("Retry-After"))
}

// A question that was not answered changed nothing and may be asked again.
func TestErrorsOfReads(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/refresh"
	s.provider.answer(false, errors.New("read timeout"))
	p := s.call("POST", path, token(apiToken)).problem(http.StatusServiceUnavailable, pay.KindProviderUnavailable)
	require.Equal(t, inv.ID, p.InvoiceID)
	require.NotEmpty(t, p.header.Get("Retry-After"))
	s.provider.answer(false, &pay.Error{Kind: pay.KindRateLimited, Message: "slow down"})
	s.call("POST", path, token(apiToken)).problem(http.StatusTooManyRequests, pay.KindRateLimited)
	s.provider.answer(false, &pay.Error{Kind: pay.KindAuth, Message: "the token is wrong"})
	s.call("POST", "/v1/accounts/main/check", token(adminToken)).problem(http.StatusBadGateway, pay.KindAuth)
}

func TestListInvoices(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var want []string
	for i := range 5 {
		var inv host.Invoice
		text := fmt.Sprintf(`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"reference":"order-%d","customer":{"id":"c-%d"}}`, i, i%2)
		s.call("POST", "/v1/invoices", token(apiToken), key(fmt.Sprint("list-", i)), body(text)).want(http.StatusCreated).into(&inv)
		want = append(want, inv.ID)
	}
	slices.Reverse(want)

	var got []string
	for cursor, pages := "", 0; ; pages++ {
		require.Less(t, pages, 5, "the pages do not end")
		var page host.InvoicePage
		s.call("GET", "/v1/invoices?limit=2&cursor="+cursor, token(apiToken)).want(http.StatusOK).into(&page)
		for _, inv := range page.Invoices {
			got = append(got, inv.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, want, got)

	for query, n := range map[string]int{
		"account=main": 5, "account=other": 0, "status=pending": 5, "status=paid": 0, "reference=order-3": 1, "customer=c-1": 2,
		"needs_review=false": 5, "needs_review=true": 0, "unresolved=false": 5, "provider_ref=nothing": 0,
		"account=main&status=pending&customer=c-0": 3,
	} {
		var page host.InvoicePage
		s.call("GET", "/v1/invoices?"+query, token(apiToken)).want(http.StatusOK).into(&page)
		require.Len(t, page.Invoices, n, query)
		require.NotNil(t, page.Invoices, query)
	}
	for query, path := range map[string]string{
		"limit=0": "limit", "limit=501": "limit", "limit=many": "limit", "status=payed": "status", "needs_review=maybe": "needs_review",
		"cursor=!": "cursor", "acount=main": "acount",
	} {
		p := s.call("GET", "/v1/invoices?"+query, token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
		require.Equal(t, []string{path}, p.paths(), query)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.created("ok")
	s.create("lost").want(http.StatusAccepted)
	s.create("kind:declined").want(http.StatusPaymentRequired)

	var list rest.OperationList
	s.call("GET", "/v1/operations", token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Operations, 3)
	for query, n := range map[string]int{
		"invoice=" + inv.ID: 1, "account=main": 3, "account=other": 0, "state=done": 2, "state=needs_review": 1, "needs_review=true": 1,
		"needs_review=false": 2,
	} {
		s.call("GET", "/v1/operations?"+query, token(apiToken)).want(http.StatusOK).into(&list)
		require.Len(t, list.Operations, n, query)
	}
	var page rest.OperationList
	s.call("GET", "/v1/operations?limit=2", token(apiToken)).want(http.StatusOK).into(&page)
	require.Len(t, page.Operations, 2)
	s.call("GET", "/v1/operations?limit=2&cursor="+page.NextCursor, token(apiToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Operations, 1)
	require.Empty(t, list.NextCursor)

	var op host.Operation
	s.call("GET", "/v1/operations/"+inv.Operation, token(apiToken)).want(http.StatusOK).into(&op)
	require.Equal(t, "billing", op.Actor)
	require.Len(t, op.Tries, 1)
	require.Equal(t, "1.2.3", op.Tries[0].PluginVersion)
	s.call("GET", "/v1/operations/op_none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("GET", "/v1/operations?state=asleep", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
}

// A host that is gone says so, and that nothing was sent.
func TestStoppedHost(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	s.call("GET", "/readyz").want(http.StatusOK)
	s.stop()
	p := s.create("ok").problem(http.StatusServiceUnavailable, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, p.Executed)
	require.NotEmpty(t, p.header.Get("Retry-After"))
	s.call("GET", "/readyz").want(http.StatusServiceUnavailable)
	s.call("GET", "/healthz").want(http.StatusOK)
}

// A handler made before Run makes calls wait for the host.
func TestNotReadyYet(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	idle, err := host.New(host.Config{Store: newStore(t)})
	require.NoError(t, err)
	handler, err := rest.New(idle, rest.Config{Timeout: 50 * time.Millisecond, Tokens: []rest.Token{{Name: "a", Token: apiToken, Scopes: []string{"api"}}}})
	require.NoError(t, err)
	s.url = serve(t, handler)
	s.call("GET", "/v1/invoices", token(apiToken)).problem(http.StatusServiceUnavailable, pay.KindProviderUnavailable)
	s.call("GET", "/readyz").want(http.StatusServiceUnavailable)
}
