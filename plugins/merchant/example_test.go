package merchant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The payer gets card requisites at once; after the payment the gateway says what came.
func Example() {
	sim := merchantsim.New(merchantsim.Config{APIKey: "store", Secret: "merchant secret"})
	defer sim.Close()
	server := httptest.NewServer(sim)
	defer server.Close()
	sim.SetPublicURL(server.URL)
	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	account, err := merchant.New("0.1.0").Open(ctx, pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"api_key": "store", "secret": "merchant secret", "base_url": %q}`, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("1000", "RUB")
	made, err := account.CreateInvoice(ctx, pay.CreateInvoice{
		Call:       pay.Call{ProviderKey: "op_01"},
		WebhookURL: server.URL + "/_sim/nowhere",
		Amount:     amount,
		Options:    json.RawMessage(`{"start_deal": true, "payment_option": "TO_CARD"}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range made.NextActions {
		fmt.Println(action.Type, action.Amount)
	}
	fmt.Println(sim.Pay(made.ProviderRef))
	paid, err := account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef, Known: pay.Known{Due: made.Due}})
	fmt.Println(paid.Status, paid.Received, err)
	// Output:
	// transfer 1000.00 RUB
	// redirect no amount
	// <nil>
	// paid 1000.00 RUB <nil>
}

// A payout is looked up by our own key when its answer was lost.
func Example_payout() {
	sim := merchantsim.New(merchantsim.Config{APIKey: "store", Secret: "merchant secret"})
	defer sim.Close()
	server := httptest.NewServer(sim)
	defer server.Close()
	sim.SetPublicURL(server.URL)
	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()

	ctx := context.Background()
	account, err := merchant.New("0.1.0").Open(ctx, pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"api_key": "store", "secret": "merchant secret", "base_url": %q}`, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("1000", "RUB")
	made, err := account.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
		Call:        pay.Call{ProviderKey: "op_01"},
		WebhookURL:  server.URL + "/_sim/nowhere",
		Amount:      amount,
		Destination: pay.Destination{Type: pay.DestinationCard, Value: "4444 4444 4444 4444"},
	})
	fmt.Println(made.Status, err)

	fmt.Println(sim.Complete(made.ProviderRef, ""))
	paid, err := account.(pay.PayoutGetter).GetPayout(ctx, pay.PayoutRef{ProviderKey: "op_01"})
	fmt.Println(paid.Status, paid.Amount, paid.Debited, err)
	// Output:
	// pending <nil>
	// <nil>
	// succeeded 1000.00 RUB 10.58147738 USDT <nil>
}
