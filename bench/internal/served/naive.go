package served

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/wire"
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// naive is the chain as one writes it in an afternoon: net/http and encoding/json, go-plugin as it comes with AutoMTLS, and a
// SQLite transaction before and after the call with the rows that the host writes. It lacks deadlines, limits, sealing, checks of
// the answer, verdicts, the resolver and everything else that a host is for.
type naive struct {
	ledger  *commit.PerRequest
	plugin  *hop.Stock
	message *pluginv1.CreateInvoiceRequest
}

func openNaive(ctx context.Context, o Options) (_ *backend, err error) {
	var ends []func() error
	end := func() error {
		var err error
		for i := len(ends) - 1; i >= 0; i-- {
			err = errors.Join(err, ends[i]())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, end())
		}
	}()
	n := &naive{}
	for _, sub := range []string{"template", "ledger"} {
		if err := os.Mkdir(filepath.Join(o.Dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	template, err := commit.NewTemplate(ctx, filepath.Join(o.Dir, "template"))
	if err != nil {
		return nil, err
	}
	if n.ledger, err = commit.OpenSQLite(ctx, filepath.Join(o.Dir, "ledger"), template); err != nil {
		return nil, err
	}
	ends = append(ends, n.ledger.Close)
	if n.message, err = wire.LoadRequest(o.Messages); err != nil {
		return nil, err
	}
	if n.plugin, err = hop.StartStock(o.Bin, filepath.Join(o.Messages, wire.AnswerFile)); err != nil {
		return nil, err
	}
	ends = append(ends, func() error {
		n.plugin.Stop()
		return nil
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/invoices", n.create)
	return &backend{handler: mux, plugins: []int{n.plugin.PID()}, close: end}, nil
}

func (n *naive) create(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+Token)) != 1 {
		http.Error(w, "no such token", http.StatusUnauthorized)
		return
	}
	var order host.CreateInvoice
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	amount, err := pay.ParseMoney(order.Amount.Value, order.Amount.Currency)
	if err != nil || order.Account != echo.AccountID || r.Header.Get("Idempotency-Key") == "" {
		http.Error(w, "account, amount and key are required", http.StatusUnprocessableEntity)
		return
	}
	answer, err := n.run(r.Context(), order, amount)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone gets nothing
}

func (n *naive) run(ctx context.Context, order host.CreateInvoice, amount pay.Money) (*host.Invoice, error) {
	number, err := n.ledger.Intend(ctx)
	if err != nil {
		return nil, err
	}
	message := proto.CloneOf(n.message) // stands for filling in a message of this size
	message.Invoice.Reference, message.Invoice.Description, message.Invoice.Metadata = order.Reference, order.Description, order.Metadata
	answer, err := n.plugin.Ask(ctx, message)
	if err != nil {
		return nil, err
	}
	state := answer.GetState()
	if err := n.ledger.Settle(ctx, number, state.GetProviderRef()); err != nil {
		return nil, err
	}
	now, actions := time.Now().UTC(), []pay.NextAction{}
	for _, a := range state.GetNextActions() {
		actions = append(actions, pay.NextAction{ID: a.GetId(), Type: pay.NextRedirect, URL: a.GetUrl()})
	}
	invoice := &host.Invoice{
		ID: n.message.GetInvoice().GetInvoiceId(), Tenant: "default", Mode: pay.ModeLive, Account: order.Account, Provider: echo.Name, Status: pay.StatusPending,
		Purpose: pay.PurposePayment, Amount: amount, NextActions: actions, Attempts: []pay.Attempt{}, ProviderRef: state.GetProviderRef(), Reference: order.Reference,
		Description: order.Description, CustomerID: order.Customer.ID, AllowedActions: []string{"refresh"}, CreatedAt: now, UpdatedAt: now,
		Version: 2, Metadata: order.Metadata,
	}
	if len(actions) > 0 {
		invoice.NextAction = &invoice.NextActions[0]
	}
	return invoice, nil
}
