package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// A billing daemon runs the host inside itself: a store, the plugins it may
// run, the accounts, and one goroutine that owns everything.
func Example_embedding() {
	st, err := sqlite.Open("payhost.db", sqlite.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	h, err := host.New(host.Config{
		Store:     st,
		Plugins:   []host.Plugin{{Name: "monobank", Path: "/opt/payhost/payhost-provider-monobank", SHA256: "…"}},
		Accounts:  []host.Account{{ID: "mono-main", Provider: "monobank", Config: json.RawMessage(`{"token":"…"}`)}},
		PublicURL: "https://billing.example.com/pay",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }() // owns every goroutine and child process
	http.Handle("/pay/webhooks/", http.StripPrefix("/pay", h.Webhooks()))

	inv, err := h.CreateInvoice(ctx, host.CreateInvoice{
		IdempotencyKey: "order-1731", Account: "mono-main", Reference: "1731",
		Amount: host.Amount{Value: "100.00", Currency: "UAH"},
	})
	switch {
	case errors.Is(err, pay.KindOutcomeUnknown):
		fmt.Println("the bank may have acted; do not ask again:", inv.UnresolvedOperation)
	case err != nil:
		fmt.Println("nothing is open at the bank:", err)
	default:
		fmt.Println("send the payer to", inv.NextAction.URL)
	}
	stop() // drains
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
}

// The same with a scripted provider in place of a plugin.
func Example() {
	dir, err := os.MkdirTemp("", "payhost")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	st, err := sqlite.Open(filepath.Join(dir, "payhost.db"), sqlite.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	provider := hosttest.NewProvider()
	h, err := host.New(host.Config{
		Store:     st,
		Providers: map[string]pay.Provider{hosttest.ProviderName: provider},
		Accounts:  []host.Account{{ID: hosttest.AccountID, Provider: hosttest.ProviderName, Config: json.RawMessage(`{"token":"t"}`)}},
		PublicURL: hosttest.PublicURL,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()

	inv, err := h.CreateInvoice(ctx, hosttest.Invoice("order-1", "100"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inv.Status, inv.Amount, inv.NextAction.Type)
	provider.Set(inv.ProviderRef, pay.StatusPaid)
	inv, err = h.RefreshInvoice(ctx, inv.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inv.Status, inv.AmountCaptured, inv.Final)

	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output:
	// pending 100.00 UAH redirect
	// paid 100.00 UAH true
}

func ExampleHost_Consume() {
	var h *host.Host // a running host
	err := h.Consume(context.Background(), "billing", func(_ context.Context, ev host.Event) error {
		if ev.Type == "invoice.paid" {
			fmt.Println("deliver", ev.Object.ID)
		}
		return nil // the cursor moves on; an error stops, and the event comes again
	})
	fmt.Println(err)
}
