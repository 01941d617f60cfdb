package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestTimelineAndEvidence(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.paid()
	s.post("/v1/invoices/"+inv.ID+"/refunds", apiToken, "r-1", "").want(http.StatusCreated)
	var timeline rest.Timeline
	s.call("GET", "/v1/invoices/"+inv.ID+"/timeline", token(apiToken)).want(http.StatusOK).into(&timeline)
	kinds := map[string]int{}
	for i, e := range timeline.Entries {
		kinds[e.Kind]++
		require.True(t, i == 0 || !e.At.Before(timeline.Entries[i-1].At), "in order")
	}
	require.Equal(t, 2, kinds["operation"])
	require.Equal(t, 2, kinds["try"])
	require.NotZero(t, kinds["evidence"])
	require.NotZero(t, kinds["event"])

	var list rest.EvidenceList
	s.call("GET", "/v1/invoices/"+inv.ID+"/evidence", token(adminToken)).want(http.StatusOK).into(&list)
	require.Len(t, list.Evidence, 2, "the create's answer and the look")
	require.Equal(t, pay.EvidenceAPISync, list.Evidence[1].Kind)
	s.call("GET", "/v1/invoices/"+inv.ID+"/evidence", token(apiToken)).problem(http.StatusForbidden, pay.KindForbidden)
	for _, what := range []string{"timeline", "evidence"} {
		s.call("GET", "/v1/invoices/inv_none/"+what, token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	}
}

func TestBundleAndResolve(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var inv host.Invoice
	s.create("lost").want(http.StatusAccepted).into(&inv)
	path := "/v1/operations/" + inv.UnresolvedOperation
	var bundle host.Bundle
	s.call("GET", path+"?bundle=true", token(apiToken)).want(http.StatusOK).into(&bundle)
	require.Equal(t, inv.UnresolvedOperation, bundle.Operation.ID)
	require.Len(t, bundle.Operation.Tries, 1)
	require.Equal(t, inv.ID, bundle.Invoice.ID)
	require.NotNil(t, bundle.Evidence)
	var op host.Operation
	s.call("GET", path+"?bundle=false", token(apiToken)).want(http.StatusOK).into(&op)
	require.Equal(t, inv.UnresolvedOperation, op.ID)
	p := s.call("GET", path+"?bundle=maybe", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"bundle"}, p.paths())
	s.call("GET", "/v1/operations/op_none?bundle=true", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)

	resolve := func(text string) reply { return s.call("POST", path+"/resolve", token(adminToken), body(text)) }
	p = resolve(`{}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"outcome", "reason"}, p.paths())
	p = resolve(`{"outcome":"perhaps","reason":"x"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"outcome"}, p.paths())
	p = resolve(`{"outcome":"executed","reason":"seen in the cabinet"}`).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"provider_ref"}, p.paths())
	s.call("POST", path+"/resolve", token(apiToken), body(`{}`)).problem(http.StatusForbidden, pay.KindForbidden)
	resolve(`{"outcome":"executed","provider_ref":"ref-77","reason":"seen in the cabinet"}`).want(http.StatusOK).into(&op)
	require.Equal(t, "done", op.State)
	var settled host.Invoice
	s.call("GET", "/v1/invoices/"+inv.ID, token(apiToken)).want(http.StatusOK).into(&settled)
	require.Equal(t, pay.StatusPending, settled.Status)
	require.Equal(t, "ref-77", settled.ProviderRef)
	require.Empty(t, settled.UnresolvedOperation)
	resolve(`{"outcome":"not_executed","reason":"x"}`).problem(http.StatusConflict, pay.KindInvalidState)
	s.call("POST", "/v1/operations/op_none/resolve", token(adminToken), body(`{"outcome":"executed","reason":"x"}`)).problem(http.StatusNotFound, pay.KindNotFound)
}

func TestReceivedWebhooks(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	send := func(tail string) {
		s.call("POST", "/webhooks/main"+tail, header("X-Sign", "abc"), header("Content-Type", "text/plain"), body("signed")).want(http.StatusAccepted)
	}
	send("/one")
	send("/two")
	var list rest.WebhookList
	require.Eventually(t, func() bool {
		s.call("GET", "/v1/webhooks?account=main&limit=1", token(apiToken)).want(http.StatusOK).into(&list)
		return len(list.Webhooks) == 1 && list.Webhooks[0].State == "processed"
	}, 10*time.Second, 20*time.Millisecond)
	r := s.call("GET", "/v1/webhooks?limit=1&cursor="+list.NextCursor, token(apiToken)).want(http.StatusOK)
	r.into(&list)
	require.Len(t, list.Webhooks, 1)
	require.NotContains(t, string(r.raw), "X-Sign", "a list has no content")
	for query, n := range map[string]int{"account=other": 0, "state=failed": 0, "account=main": 2} {
		var page rest.WebhookList
		s.call("GET", "/v1/webhooks?"+query, token(apiToken)).want(http.StatusOK).into(&page)
		require.Len(t, page.Webhooks, n, query)
		require.NotNil(t, page.Webhooks, query)
	}
	s.call("GET", "/v1/webhooks?state=lost", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)

	path := "/v1/webhooks/" + list.Webhooks[0].ID
	var hook rest.Webhook
	s.call("GET", path, token(apiToken)).want(http.StatusOK).into(&hook)
	require.Empty(t, hook.Body)
	require.Empty(t, hook.Headers)
	s.call("GET", path, token(adminToken)).want(http.StatusOK).into(&hook)
	require.Equal(t, "signed", string(hook.Body))
	require.Contains(t, hook.Headers, rest.WebhookHeader{Name: "X-Sign", Value: "abc"})
	require.Equal(t, "one", hook.Tail)

	s.call("POST", path+"/replay", token(apiToken)).problem(http.StatusForbidden, pay.KindForbidden)
	s.call("POST", path+"/replay", token(adminToken)).want(http.StatusOK).into(&hook)
	require.Equal(t, "processed", hook.State)
	s.call("GET", "/v1/webhooks/wh_none", token(apiToken)).problem(http.StatusNotFound, pay.KindNotFound)
	s.call("POST", "/v1/webhooks/wh_none/replay", token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
}
