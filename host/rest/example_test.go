package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// A host with one account, served over HTTP, and one invoice created there.
func ExampleNew() {
	st, err := sqlite.OpenMemory(sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer st.Close()
	h, err := host.New(host.Config{
		Store:     st,
		Providers: map[string]pay.Provider{"scripted": newScripted()},
		Accounts:  []host.Account{{ID: "main", Provider: "scripted", Config: json.RawMessage(`{"token":"…"}`)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := rest.New(h, rest.Config{
		Tokens: []rest.Token{{Name: "billing", Token: "a-long-random-secret", Scopes: []string{rest.ScopeAPI}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	defer func() { stop(); <-ended }()

	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v1/invoices",
		strings.NewReader(`{"account":"main","amount":{"value":"250.00","currency":"UAH"},"reference":"order-1731"}`))
	req.Header.Set("Authorization", "Bearer a-long-random-secret")
	req.Header.Set("Idempotency-Key", "order-1731/1")
	req.Header.Set("Content-Type", "application/json")
	resp, err := server.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	var inv struct {
		Status string      `json:"status"`
		Amount host.Amount `json:"amount"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&inv); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, inv.Status, inv.Amount.Value, inv.Amount.Currency)
	// Output: 201 pending 250.00 UAH
}
