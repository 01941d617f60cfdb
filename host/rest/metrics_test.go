package rest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

func TestMetricsNeedATokenUnlessTheyAreOpen(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "payhost_ready 1\n") })
	newSurface(t).call("GET", "/metrics", token(adminToken)).problem(http.StatusNotFound, pay.KindNotFound)
	closed := newSurface(t, func(c *rest.Config) {
		c.Metrics = handler
		c.Tokens = append(c.Tokens, rest.Token{Name: "payer", Token: "only-payouts", Scopes: []string{"payout"}})
	})
	closed.call("GET", "/metrics").problem(http.StatusUnauthorized, pay.KindUnauthenticated)
	closed.call("GET", "/metrics", token("only-payouts")).problem(http.StatusForbidden, pay.KindForbidden)
	closed.call("GET", "/metrics", token(apiToken)).want(http.StatusOK)
	open := newSurface(t, func(c *rest.Config) { c.Metrics, c.OpenMetrics = handler, true })
	open.call("GET", "/metrics").want(http.StatusOK)
}
