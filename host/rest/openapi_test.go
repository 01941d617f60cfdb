package rest_test

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

var update = flag.Bool("update", false, "rewrite testdata/openapi.json")

// The golden file is what reviewers, the command line and generated clients read: a change of the surface is a change
// of this file. Rewrite it with: go test ./host/rest -run OpenAPI -update.
func TestOpenAPIGolden(t *testing.T) {
	t.Parallel()
	got := withoutPlugins(t).call("GET", "/openapi.json").want(http.StatusOK).raw
	if *update {
		require.NoError(t, os.WriteFile("testdata/openapi.json", got, 0o600))
	}
	want, err := os.ReadFile("testdata/openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "the surface changed; rewrite with: go test ./host/rest -run OpenAPI -update")
}

// withoutPlugins is the surface of a host that has no plugins and does not run yet.
func withoutPlugins(t *testing.T) *surface {
	t.Helper()
	h, err := host.New(host.Config{Store: newStore(t)})
	require.NoError(t, err)
	handler, err := rest.New(h, rest.Config{})
	require.NoError(t, err)
	return &surface{t: t, url: serve(t, handler), client: http.DefaultClient}
}

type openAPI struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		Security   []map[string][]string `json:"security"`
		Parameters []struct {
			Name     string `json:"name"`
			Required bool   `json:"required"`
		} `json:"parameters"`
		Responses map[string]struct {
			Content map[string]struct{} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]json.RawMessage `json:"properties"`
			Required   []string                   `json:"required"`
		} `json:"schemas"`
	} `json:"components"`
}

// routes is the surface that this package promises: what is described and what is served must both be exactly this.
func routes() []string {
	return []string{
		"GET /healthz", "GET /readyz",
		"GET /v1/accounts", "POST /v1/accounts", "GET /v1/accounts/{id}", "PATCH /v1/accounts/{id}",
		"POST /v1/accounts/{id}/check", "POST /v1/accounts/{id}/close", "POST /v1/accounts/{id}/pause", "POST /v1/accounts/{id}/resume",
		"GET /v1/accounts/{id}/balance", "POST /v1/accounts/{id}/actions/{name}", "GET /v1/accounts/{id}/actions",
		"GET /v1/invoices/{id}/actions", "POST /v1/payouts/{id}/actions/{name}", "POST /v1/refunds/{id}/actions/{name}",
		"POST /v1/disputes/{id}/actions/{name}",
		"POST /v1/accounts/{id}/reconcile", "GET /v1/accounts/{id}/reconciliations", "GET /v1/reconciliations/{id}",
		"GET /v1/events", "GET /v1/events/stream",
		"GET /v1/invoices", "POST /v1/invoices", "GET /v1/invoices/{id}", "GET /v1/invoices/{id}/events", "POST /v1/invoices/{id}/refresh",
		"POST /v1/invoices/{id}/cancel", "POST /v1/invoices/{id}/capture", "POST /v1/invoices/{id}/void",
		"POST /v1/invoices/{id}/actions/{name}", "GET /v1/invoices/{id}/timeline", "GET /v1/invoices/{id}/evidence",
		"POST /v1/invoices/{id}/refunds", "GET /v1/invoices/{id}/refunds", "GET /v1/refunds/{id}", "GET /v1/refunds", "GET /v1/payouts", "GET /v1/disputes",
		"POST /v1/payouts", "GET /v1/payouts/{id}", "GET /v1/credentials", "DELETE /v1/credentials/{id}",
		"GET /v1/operations", "GET /v1/operations/{id}", "POST /v1/operations/{id}/resolve",
		"GET /v1/plugins", "GET /v1/plugins/{name}", "POST /v1/plugins/{name}/restart",
		"POST /v1/plugins/{name}/use", "POST /v1/plugins/{name}/rollback", "POST /v1/plugins/{name}/pause", "POST /v1/plugins/{name}/resume",
		"GET /v1/plugins/{name}/versions/{version}", "POST /v1/plugins/reload", "GET /v1/plugins/{name}/logs",
		"GET /v1/webhooks", "GET /v1/webhooks/{id}", "POST /v1/webhooks/{id}/replay",
		"POST /webhooks/{account}", "POST /webhooks/{account}/{tail}",
	}
}

func TestOpenAPICoversEveryRoute(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	var doc openAPI
	withoutPlugins(t).call("GET", "/openapi.json").want(http.StatusOK).into(&doc)
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"), doc.OpenAPI)

	var described []string
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
			if strings.HasPrefix(path, "/v1/") {
				require.NotEmpty(t, op.Security, "%s %s needs a scope", method, path)
				require.Contains(t, op.Responses["default"].Content, "application/problem+json", "%s %s", method, path)
			}
		}
	}
	require.ElementsMatch(t, routes(), described)

	// Every described route answers something else than "there is nothing" or "not possible".
	for _, route := range described {
		method, path, _ := strings.Cut(route, " ")
		if strings.HasPrefix(path, "/webhooks/") || path == "/v1/events/stream" {
			continue // have tests of their own
		}
		path = strings.NewReplacer("{id}", "none", "{name}", "none").Replace(path)
		got := s.call(method, path, token(adminToken))
		require.NotEqual(t, http.StatusMethodNotAllowed, got.status, route)
		require.NotContains(t, string(got.raw), "there is nothing at this path", route)
	}
	// What is described as a path takes no other method.
	for path, methods := range doc.Paths {
		path = strings.NewReplacer("{id}", "none", "{name}", "none").Replace(path)
		if _, taken := methods["delete"]; taken || strings.HasPrefix(path, "/webhooks/") {
			continue
		}
		p := s.call("DELETE", path, token(adminToken)).problem(http.StatusMethodNotAllowed, pay.KindInvalidRequest)
		for method := range maps.Keys(methods) {
			require.Contains(t, p.header.Get("Allow"), strings.ToUpper(method), path)
		}
	}
}

// The description must not promise less than callers need to write a client.
func TestOpenAPIDescribesPromises(t *testing.T) {
	t.Parallel()
	var doc openAPI
	newSurface(t).call("GET", "/openapi.json").want(http.StatusOK).into(&doc)
	create := doc.Paths["/v1/invoices"]["post"]
	require.Contains(t, create.Responses, "201")
	require.Contains(t, create.Responses, "202")
	require.True(t, slices.ContainsFunc(create.Parameters, func(p struct {
		Name     string `json:"name"`
		Required bool   `json:"required"`
	}) bool {
		return p.Name == "Idempotency-Key" && p.Required
	}))
	for path, status := range map[string]string{
		"/v1/invoices/{id}/cancel": "200", "/v1/invoices/{id}/capture": "200", "/v1/invoices/{id}/void": "200",
		"/v1/invoices/{id}/refunds": "201", "/v1/payouts": "201", "/v1/invoices/{id}/actions/{name}": "200",
	} {
		require.Contains(t, doc.Paths[path]["post"].Responses, status, path)
		require.Contains(t, doc.Paths[path]["post"].Responses["202"].Content, "application/json", path)
	}
	problem := doc.Components.Schemas["Problem"]
	for _, field := range []string{
		"type", "title", "status", "detail", "kind", "executed", "retry", "retry_after", "reason", "provider_code",
		"provider_message", "operation_id", "invoice_id", "errors",
	} {
		require.Contains(t, problem.Properties, field)
	}
	require.ElementsMatch(t, []string{"account", "amount"}, doc.Components.Schemas["CreateInvoice"].Required)
	require.JSONEq(t, `{"$ref":"#/components/schemas/Amount"}`, string(doc.Components.Schemas["CreateInvoice"].Properties["amount"]))
	require.Contains(t, string(doc.Components.Schemas["Invoice"].Properties["amount_received"]), "Amount")
}
