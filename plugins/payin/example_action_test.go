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

// A payer who is new to the provider is registered, found by e-mail and sent an invoice.
func Example_users() {
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
	_, err = account.(pay.ActionProvider).RunAction(ctx, pay.Action{Name: "register_user", Input: json.RawMessage(`{"ul": false, "email": "ivan@shop.example",
		"phone": "+79131112233", "username": "Ivan", "password": "correct horse", "resident": true}`)})
	fmt.Println(err)
	found, err := account.(pay.ActionProvider).RunAction(ctx, pay.Action{Name: "find_user", Input: json.RawMessage(`{"email": "ivan@shop.example"}`)})
	fmt.Println(string(found.Output), err)

	var user struct {
		InnerID string `json:"inner_id"`
	}
	if err := json.Unmarshal(found.Output, &user); err != nil {
		fmt.Println(err)
		return
	}
	amount, _ := pay.ParseMoney("100", "RUB")
	made, err := account.CreateInvoice(ctx, pay.CreateInvoice{Amount: amount, Description: "Top-up", Customer: pay.Customer{ID: user.InnerID}})
	fmt.Println(made.Status, made.ProviderRefs["pretty_id"], err)
	// Output:
	// <nil>
	// {"inner_id":"900001","email":"ivan@shop.example","phone":"79131112233"} <nil>
	// pending 900001-000001 <nil>
}
