package monobank_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// A provider is plain Go: open an account and call it, here against the
// simulated bank.
func Example() {
	bank := monobanksim.New(monobanksim.Config{Token: "test-token"})
	defer bank.Close()
	server := httptest.NewServer(bank)
	defer server.Close()
	bank.SetPublicURL(server.URL)

	client, err := httpx.New(httpx.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseIdleConnections()
	ctx := context.Background()
	account, err := monobank.New("0.1.0").Open(ctx, pay.AccountConfig{
		Config: json.RawMessage(`{"token":"test-token","base_url":"` + server.URL + `"}`),
		HTTP:   client,
		Log:    slog.New(slog.DiscardHandler),
		Now:    time.Now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("42.00", "UAH")
	invoice, err := account.CreateInvoice(ctx, pay.CreateInvoice{Amount: amount, Reference: "order-17"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(invoice.Status, invoice.NextActions[0].Type)

	_ = bank.Pay(invoice.ProviderRef)
	invoice, err = account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: invoice.ProviderRef})
	fmt.Println(invoice.Status, invoice.Captured, err)
	// Output:
	// pending redirect
	// paid 42.00 UAH <nil>
}
