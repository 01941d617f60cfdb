package plugintest

import (
	"log/slog"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// lane is one way between the host and a provider.
type lane struct {
	name string
	// serve returns the provider as the host sees it. What the adapter logs goes to log, where the way has a log.
	serve func(tb testing.TB, p pay.Provider, log *slog.Logger) pay.Provider
}

func lanes() []lane {
	return []lane{{"direct", direct}, {"wire", wire}}
}

// direct calls the provider in this process, behind the guard of the SDK.
func direct(tb testing.TB, p pay.Provider, log *slog.Logger) pay.Provider {
	tb.Helper()
	client, err := plugin.InProcess(p, plugin.ClientConfig{Logger: log})
	if err != nil {
		tb.Fatalf("the provider cannot be started: %v", err)
	}
	return client
}

// wire serves the provider over a gRPC connection.
func wire(tb testing.TB, p pay.Provider, _ *slog.Logger) pay.Provider {
	tb.Helper()
	client, stop, err := plugin.Loopback(tb.Context(), p)
	if err != nil {
		tb.Fatalf("the provider cannot be served: %v", err)
	}
	tb.Cleanup(stop)
	return client
}
