package plugin_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// cash is a whole provider: it knows one account and asks nobody.
type cash struct{}

func (cash) Describe() pay.Manifest {
	return pay.Manifest{
		Name: "cash", Version: "0.1.0", Title: "Cash on delivery",
		ConfigSchema: []byte(`{"type":"object","properties":{"token":{"type":"string","secret":true}}}`),
		Operations:   map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveResend}},
	}
}

func (cash) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	return &till{http: cfg.HTTP}, nil
}

type till struct{ http *http.Client }

// CreateInvoice would usually send a request with [httpx.Do] and a.http.
func (t *till) CreateInvoice(_ context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	if req.Amount.Code() != "UAH" {
		return pay.InvoiceState{}, pay.Invalid("amount.currency", "only UAH is taken")
	}
	return pay.InvoiceState{ProviderRef: "receipt-" + req.Call.ProviderKey, Status: pay.StatusPending, Amount: req.Amount}, nil
}

func (t *till) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1/receipts/"+ref.ProviderRef, http.NoBody)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if _, err := httpx.Do(ctx, t.http, req); err != nil {
		return pay.InvoiceState{}, err // says whether the provider may have acted
	}
	return pay.InvoiceState{ProviderRef: ref.ProviderRef, Status: pay.StatusPaid}, nil
}

// Serve is an author's whole main function.
func ExampleServe() {
	main := func() { plugin.Serve(cash{}) }
	_ = main
}

// Loopback lets a test talk to a provider over a real connection.
func ExampleLoopback() {
	ctx := context.Background()
	provider, stop, err := plugin.Loopback(ctx, cash{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	account, err := provider.Open(ctx, pay.AccountConfig{AccountID: "shop", Revision: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(provider.Describe().Title, pay.Resolve(account))

	amount, _ := pay.ParseMoney("100.00", "UAH")
	state, err := account.CreateInvoice(ctx, pay.CreateInvoice{Call: pay.Call{ProviderKey: "op_7"}, Amount: amount})
	fmt.Println(state.ProviderRef, state.Status, state.Amount, err)

	amount, _ = pay.ParseMoney("100.00", "EUR")
	_, err = account.CreateInvoice(ctx, pay.CreateInvoice{Call: pay.Call{ProviderKey: "op_8"}, Amount: amount})
	fmt.Println(err, "- executed:", pay.AsError(err).WasExecuted())

	_, err = account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: "receipt-op_7"})
	fmt.Println(pay.AsError(err).Kind, "- executed:", pay.AsError(err).WasExecuted())

	// Output:
	// Cash on delivery [create_invoice get_invoice]
	// receipt-op_7 pending 100.00 UAH <nil>
	// invalid request: amount.currency: only UAH is taken - executed: no
	// provider unavailable - executed: no
}

// InProcess gives a host the same client for a provider in its own process.
func ExampleInProcess() {
	provider, err := plugin.InProcess(cash{}, plugin.ClientConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(provider.Describe().Name, provider.Info().SDK)
	// Output: cash payhost-go/1.0.0
}
