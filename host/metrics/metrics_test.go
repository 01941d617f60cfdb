package metrics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/metrics"
	"github.com/payhost/payhost/host/store/sqlite"
)

func TestTheNumbersOfAHost(t *testing.T) {
	h := hosttest.Start(t)
	h.Provider.Next(hosttest.Paid, hosttest.Lost)
	_, err := h.CreateInvoice(t.Context(), hosttest.Invoice("a", "10.00"))
	require.NoError(t, err)
	_, err = h.CreateInvoice(t.Context(), hosttest.Invoice("b", "10.00"))
	require.Error(t, err)
	c := metrics.New(h.Host)
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP payhost_plugin_calls_total Mutating calls since the version began to run or the last change of versions.
# TYPE payhost_plugin_calls_total counter
payhost_plugin_calls_total{plugin="fake",role="stable",version="1.0.0"} 2
# HELP payhost_plugin_unknown_outcomes_total Those of the mutating calls whose outcome was unknown.
# TYPE payhost_plugin_unknown_outcomes_total counter
payhost_plugin_unknown_outcomes_total{plugin="fake",role="stable",version="1.0.0"} 1
# HELP payhost_ready 1 while the host serves commands and every required plugin serves.
# TYPE payhost_ready gauge
payhost_ready 1
`), "payhost_plugin_calls_total", "payhost_plugin_unknown_outcomes_total", "payhost_ready"))
	problems, err := testutil.CollectAndLint(c)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, len(host.PluginStates()), testutil.CollectAndCount(c, "payhost_plugin_state"))
}

// An embedding program registers the collector with its own registry.
func ExampleNew() {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = st.Close() }()
	h, err := host.New(host.Config{Store: st})
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.New(h))
	families, err := registry.Gather()
	fmt.Println(families[0].GetName(), err)
	// Output: payhost_ready <nil>
}
