package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
)

// A host that is asked to stop ends its plugins; it does not let them die and start them again.
func TestStoppingIsNotACrash(t *testing.T) {
	r := newRemote(t)
	var logs safeBuffer
	t.Run("a host that starts and stops", func(t *testing.T) {
		h := twoProviders(t, r, func(c *host.Config) { c.Logger = logs.logger() })
		require.NotZero(t, pidOf(h, "alpha"))
	})
	require.Contains(t, string(logs.bytes()), "plugin process started")
	require.NotContains(t, string(logs.bytes()), "plugin died")
	require.NotContains(t, string(logs.bytes()), "did not start")
}
