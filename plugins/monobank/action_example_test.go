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

// An action is run by its name, with an input of the schema in the manifest: here
// a look at a QR desk that an invoice was put on.
func Example_action() {
	bank := monobanksim.New(monobanksim.Config{Token: "test-token"})
	defer bank.Close()
	server := httptest.NewServer(bank)
	defer server.Close()
	_, _ = bank.AddDesk(monobanksim.Desk{QrID: "XJ_1", ShortQrID: "OBJE"})

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
	runner, err := pay.Offered[pay.ActionProvider](account, pay.CanRunAction)
	if err != nil {
		fmt.Println(err)
		return
	}
	look := pay.Action{Name: "qr_details", Input: json.RawMessage(`{"qr_id":"XJ_1"}`)}
	desk, err := runner.RunAction(ctx, look)
	fmt.Println(string(desk.Output), err)

	_, err = runner.RunAction(ctx, pay.Action{Name: "qr_details", Input: json.RawMessage(`{"qr_id":"nobody"}`)})
	fmt.Println(err)
	// Output:
	// {"qr_id":"XJ_1","short_qr_id":"OBJE","amount_set":false} <nil>
	// not found: the provider knows no such QR desk, or it is not activated yet (provider code 1004)
}
