package rest_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/invoices/", "/v2/invoices", "/v1/nothing", "/docs", "/openapi.yaml", "/openapi-3.0.json", "/schemas/Invoice.json",
		"/v1//invoices", "/v1/./invoices", "/v1/x/../invoices", "/webhooks", "/healthz/", "/v1/invoices/a/b/c", "/metrics",
	} {
		s.call("GET", path, token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	}
	p := s.call("PUT", "/v1/invoices", token(adminToken)).problem(http.StatusMethodNotAllowed, pay.KindInvalidRequest)
	require.Equal(t, "GET, HEAD, POST", p.header.Get("Allow"))
	p = s.call("DELETE", "/v1/accounts/main", token(adminToken)).problem(http.StatusMethodNotAllowed, pay.KindInvalidRequest)
	require.Equal(t, "GET, HEAD, PATCH", p.header.Get("Allow"))
	s.call("HEAD", "/v1/invoices", token(adminToken)).want(http.StatusOK)
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	require.Equal(t, "order-7.try:1", s.call("GET", "/healthz", header("X-Request-Id", "order-7.try:1")).header.Get("X-Request-Id"))
	seen := map[string]bool{}
	for _, bad := range []string{"", "a b", "<script>", strings.Repeat("x", 129), "-x"} {
		id := s.call("GET", "/healthz", header("X-Request-Id", bad)).header.Get("X-Request-Id")
		require.Regexp(t, `^req_[0-9a-f]{24}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}

	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s.create("ok", header("Traceparent", trace)).want(http.StatusCreated)
	require.Equal(t, trace, s.provider.lastSeen().Call.Traceparent)
	for _, bad := range []string{"x", trace + "0", strings.Replace(trace, "4bf9", "4BF9", 1), "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "ff" + trace[2:]} {
		s.create("ok", header("Traceparent", bad)).want(http.StatusCreated)
		require.Empty(t, s.provider.lastSeen().Call.Traceparent, bad)
	}
}

// The log says who did what with which result, and holds nothing that opens or shows anything.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	s.create("a private description", header("X-Request-Id", "find-me")).want(http.StatusCreated)
	s.call("GET", "/v1/invoices?reference=private-order", token(apiToken)).want(http.StatusOK)
	s.call("GET", "/v1/invoices", token("guessed-secret")).want(http.StatusUnauthorized)
	s.call("POST", "/webhooks/main/private-tail", body("signed")).want(http.StatusAccepted)
	s.stop()
	log := s.log.String()
	require.Contains(t, log, "request_id=find-me method=POST path=/v1/invoices status=201")
	require.Contains(t, log, "token=billing")
	require.Contains(t, log, "path=/webhooks/main/…")
	for _, secret := range []string{apiToken, adminToken, "guessed-secret", "private", "key-1", "provider-secret"} {
		require.NotContains(t, log, secret)
	}
}

func TestWebhooksAreMounted(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	r := s.call("POST", "/webhooks/main", body("signed"), header("Content-Type", "text/plain")).want(http.StatusAccepted)
	require.Equal(t, "thanks", string(r.raw))
	s.call("POST", "/webhooks/main/topup", body("signed")).want(http.StatusAccepted)
	s.call("POST", "/webhooks/main", body("forged")).want(http.StatusUnauthorized)
	s.call("POST", "/webhooks/nobody", body("signed")).want(http.StatusNotFound)
	s.call("POST", "/webhooks/main", body(strings.Repeat("x", 2<<20))).want(http.StatusRequestEntityTooLarge)
}

// A body that never ends holds nothing for longer than the timeout.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Timeout = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Idempotency-Key: slow\r\nContent-Length: 100\r\n\r\n{", apiToken)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
}
