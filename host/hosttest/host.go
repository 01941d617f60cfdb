package hosttest

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// Names of what [Start] sets up.
const (
	// AccountID is the account that exists from the start.
	AccountID = "fake-main"
	// ProviderName is the name of the scripted provider.
	ProviderName = "fake"
	// PublicURL is the base of the webhook URLs.
	PublicURL = "https://billing.example.com/pay"
)

// Host is a running host with its scripted provider.
type Host struct {
	*host.Host
	Provider *Provider
	// Store is the host's memory, for looking at what was written.
	Store *store.Store
}

// Start runs a host until the test ends. edit, when given, changes the
// configuration first.
func Start(tb testing.TB, edit ...func(*host.Config)) *Host {
	tb.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		tb.Fatalf("opening an in-memory store: %v", err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Errorf("closing the store: %v", err)
		}
	})
	h := StartOn(tb, st, NewProvider(), edit...)
	return h
}

// StartOn is [Start] on a store and a provider of the caller's, for tests that
// stop one host and start the next. The caller closes the store after the host has stopped.
func StartOn(tb testing.TB, st *store.Store, p *Provider, edit ...func(*host.Config)) *Host {
	tb.Helper()
	cfg := host.Config{
		Store:     st,
		Providers: map[string]pay.Provider{ProviderName: p},
		Accounts:  []host.Account{{ID: AccountID, Provider: ProviderName, Config: json.RawMessage(`{"token":"` + Token + `"}`)}},
		PublicURL: PublicURL,
		Logger:    slog.New(slog.DiscardHandler),
		Timeouts:  host.Timeouts{FirstLook: 10 * time.Millisecond}, // lost answers are settled at once
	}
	for _, e := range edit {
		e(&cfg)
	}
	h, err := host.New(cfg)
	if err != nil {
		tb.Fatalf("making the host: %v", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	tb.Cleanup(func() {
		p.Release()
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("running the host: %v", err)
		}
	})
	select {
	case <-h.Ready():
	case err := <-ended:
		ended <- nil
		tb.Fatalf("the host did not start: %v", err)
	case <-time.After(30 * time.Second):
		tb.Fatal("the host did not become ready within 30 s")
	}
	return &Host{Host: h, Provider: p, Store: cfg.Store}
}

// Invoice is a request that the scripted provider accepts. The idempotency key is
// the reference.
func Invoice(reference, value string) host.CreateInvoice {
	return host.CreateInvoice{
		IdempotencyKey: reference, Account: AccountID, Reference: reference,
		Amount: host.Amount{Value: value, Currency: "UAH"}, Description: "Order " + reference,
	}
}
