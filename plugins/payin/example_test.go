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

// A balance is charged twice under one key and debited once.
func Example_charge() {
	sim := payinsim.New(payinsim.Config{UserID: 7026, Key: "developer key", ServiceID: 12})
	defer sim.Close()
	if err := sim.SetBalance(6034, "", "300"); err != nil {
		fmt.Println(err)
		return
	}
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
		Config: json.RawMessage(fmt.Sprintf(`{"user_id": 7026, "secret": "developer key", "service_id": 12, "base_url": %q}`, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("100", "RUB")
	for try := 1; try <= 2; try++ {
		made, err := account.(pay.Charger).Charge(ctx, pay.Charge{
			Source: pay.SourceBalance, BalanceID: "6034",
			Invoice: pay.CreateInvoice{Call: pay.Call{ProviderKey: "op_01", Try: try}, Amount: amount, Description: "July"},
		})
		fmt.Println(made.Status, made.ProviderRef, err)
	}
	fmt.Println(sim.Balance(6034, ""), sim.Effects("op_01"))
	// Output:
	// processing op_01 <nil>
	// processing op_01 <nil>
	// 200.00 1
}
