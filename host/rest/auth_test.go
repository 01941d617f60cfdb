package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestWithoutTokensEverythingIsRefused(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Tokens = nil })
	for _, route := range routes() {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		path = strings.NewReplacer("{id}", "main", "{name}", "scripted").Replace(path)
		for _, edits := range [][]edit{nil, {token(adminToken)}, {token("")}, {header("Authorization", "Bearer")}} {
			p := s.call(method, path, edits...).problem(http.StatusUnauthorized, pay.KindUnauthenticated)
			require.Contains(t, p.header.Get("WWW-Authenticate"), "Bearer", route)
		}
	}
	// What needs no token still works.
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
		s.call("GET", path).want(http.StatusOK)
	}
}

func TestBadCredentials(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for _, edits := range map[string][]edit{
		"none":         nil,
		"other scheme": {header("Authorization", "Basic "+adminToken)},
		"bare":         {header("Authorization", adminToken)},
		"prefix":       {token(adminToken[:len(adminToken)-1])},
		"longer":       {token(adminToken + "x")},
		"other case":   {token(strings.ToUpper(adminToken))},
		"twice": {func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + adminToken, "Bearer " + adminToken}
		}},
	} {
		s.call("GET", "/v1/invoices", edits...).problem(http.StatusUnauthorized, pay.KindUnauthenticated)
		// A path that does not exist tells strangers nothing.
		s.call("GET", "/v1/secret-path", edits...).problem(http.StatusUnauthorized, pay.KindUnauthenticated)
	}
	s.call("GET", "/v1/invoices", header("Authorization", "bearer "+apiToken)).want(http.StatusOK)
	s.call("GET", "/v1/invoices?token="+adminToken).problem(http.StatusUnauthorized, pay.KindUnauthenticated)
}

// Every route against every scope: exactly the scope in the description opens it, and admin and api what they include.
func TestScopes(t *testing.T) {
	t.Parallel()
	var tokens []rest.Token
	for _, scope := range rest.Scopes() {
		tokens = append(tokens, rest.Token{Name: scope, Token: "secret-" + scope, Scopes: []string{scope}})
	}
	s := newSurface(t, func(c *rest.Config) { c.Tokens = tokens })
	need := map[string]string{
		"POST /v1/invoices": "create",
		"GET /v1/invoices":  "read", "GET /v1/invoices/{id}": "read", "GET /v1/invoices/{id}/events": "read", "POST /v1/invoices/{id}/refresh": "read",
		"GET /v1/operations": "read", "GET /v1/operations/{id}": "read",
		"POST /v1/invoices/{id}/cancel": "create", "POST /v1/invoices/{id}/capture": "capture", "POST /v1/invoices/{id}/void": "capture",
		"POST /v1/invoices/{id}/refunds": "refund", "GET /v1/invoices/{id}/refunds": "read", "GET /v1/refunds/{id}": "read", "GET /v1/refunds": "read", "GET /v1/payouts": "read", "GET /v1/disputes": "read",
		"POST /v1/invoices/{id}/actions/{name}": "read", "POST /v1/accounts/{id}/actions/{name}": "read",
		"POST /v1/payouts/{id}/actions/{name}": "read", "POST /v1/refunds/{id}/actions/{name}": "read", "POST /v1/disputes/{id}/actions/{name}": "read",
		"GET /v1/credentials": "read", "DELETE /v1/credentials/{id}": "create",
		"GET /v1/accounts/{id}/actions": "read", "GET /v1/invoices/{id}/actions": "read",
		"GET /v1/invoices/{id}/timeline": "read", "GET /v1/invoices/{id}/evidence": "evidence",
		"POST /v1/payouts": "payout", "GET /v1/payouts/{id}": "read", "GET /v1/accounts/{id}/balance": "read",
		"POST /v1/operations/{id}/resolve": "resolve",
		"GET /v1/webhooks":                 "read", "GET /v1/webhooks/{id}": "read", "POST /v1/webhooks/{id}/replay": "resolve",
		"GET /v1/events": "read", "GET /v1/events/stream": "read",
		"GET /v1/accounts": "read", "GET /v1/accounts/{id}": "read",
		"POST /v1/accounts": "accounts", "PATCH /v1/accounts/{id}": "accounts", "POST /v1/accounts/{id}/check": "accounts",
		"POST /v1/accounts/{id}/pause": "accounts", "POST /v1/accounts/{id}/resume": "accounts", "POST /v1/accounts/{id}/close": "accounts",
		"POST /v1/accounts/{id}/reconcile": "read", "GET /v1/accounts/{id}/reconciliations": "read", "GET /v1/reconciliations/{id}": "read",
		"GET /v1/plugins": "plugins", "GET /v1/plugins/{name}": "plugins", "POST /v1/plugins/{name}/restart": "plugins",
		"POST /v1/plugins/{name}/use": "plugins", "POST /v1/plugins/{name}/rollback": "plugins", "POST /v1/plugins/{name}/pause": "plugins",
		"POST /v1/plugins/{name}/resume": "plugins", "GET /v1/plugins/{name}/versions/{version}": "plugins", "POST /v1/plugins/reload": "plugins", "GET /v1/plugins/{name}/logs": "plugins",
	}
	included := map[string][]string{"api": {"read", "create", "capture", "refund"}, "admin": rest.Scopes()}
	for _, route := range routes() {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		scope, known := need[route]
		require.True(t, known, "%s has no line in this table", route)
		path = strings.NewReplacer("{id}", "none", "{name}", "none", "{version}", "1").Replace(path)
		if path == "/v1/events/stream" {
			path += "?after=bad" // refused, so that it ends
		}
		for _, held := range rest.Scopes() {
			r := s.call(method, path, token("secret-"+held))
			opens := held == scope
			for _, s := range included[held] {
				opens = opens || s == scope
			}
			if opens {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, r.status, "%s with %s", route, held)
				continue
			}
			p := r.problem(http.StatusForbidden, pay.KindForbidden)
			require.Contains(t, p.header.Get("WWW-Authenticate"), fmt.Sprintf("scope=%q", scope), "%s with %s", route, held)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	h, err := host.New(host.Config{Store: newStore(t)})
	require.NoError(t, err)
	_, err = rest.New(nil, rest.Config{})
	require.Error(t, err)
	good := rest.Token{Name: "a", Token: "hunter2-0001", Scopes: []string{"api"}}
	with := func(change func(*rest.Token)) rest.Config {
		bad := good
		change(&bad)
		return rest.Config{Tokens: []rest.Token{bad}}
	}
	for name, cfg := range map[string]rest.Config{
		"no name":       with(func(t *rest.Token) { t.Name = "" }),
		"no token":      with(func(t *rest.Token) { t.Token = "" }),
		"space":         with(func(t *rest.Token) { t.Token = "hunter2 0001" }),
		"no scope":      with(func(t *rest.Token) { t.Scopes = nil }),
		"unknown scope": with(func(t *rest.Token) { t.Scopes = []string{"root"} }),
		"same name":     {Tokens: []rest.Token{good, {Name: "a", Token: "other", Scopes: []string{"api"}}}},
		"same secret":   {Tokens: []rest.Token{good, {Name: "b", Token: "hunter2-0001", Scopes: []string{"api"}}}},
		"negative body": {MaxBody: -1},
		"negative time": {Timeout: -1},
	} {
		_, err := rest.New(h, cfg)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "hunter2-0001", name)
		require.NotContains(t, err.Error(), "hunter2 0001", name)
	}
	_, err = rest.New(h, rest.Config{Tokens: []rest.Token{good}})
	require.NoError(t, err)
}
