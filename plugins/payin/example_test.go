package payin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// An invoice is created and paid at the simulated provider, and asked for.
func Example() {
	sim := payinsim.New(payinsim.Config{UserID: 7026, Key: "developer key"})
	defer sim.Close()
	server := httptest.NewServer(sim)
	defer server.Close()
	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	account, err := payin.New("0.1.0").Open(ctx, pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"user_id": 7026, "secret": "developer key", "base_url": %q}`, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("100", "RUB")
	made, err := account.CreateInvoice(ctx, pay.CreateInvoice{
		Amount: amount, Description: "Top-up", Customer: pay.Customer{ID: "6034"},
	})
	fmt.Println(made.Status, made.NextActions[0].Type, made.ProviderRefs["pretty_id"], err)

	fmt.Println(sim.Pay(made.ProviderRef))
	paid, err := account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef, ProviderRefs: made.ProviderRefs})
	fmt.Println(paid.Status, err)
	// Output:
	// pending redirect 006034-000001 <nil>
	// <nil>
	// paid <nil>
}
