package host_test

import (
	"testing"
	"time"

	"github.com/payhost/payhost/host"
)

// patient keeps the resolver from settling what a test wants to see unsettled.
func patient(c *host.Config) { c.Timeouts.FirstLook = time.Hour }

// poll calls f until it returns something or the deadline passes.
func poll[T any](t *testing.T, f func() *T) *T {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if v := f(); v != nil {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 20 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
