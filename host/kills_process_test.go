package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// The names of the processes that the random kills are about.
const (
	ledgerPlugin  = "ledger"
	ledgerHost    = "ledger-host"
	ledgerAccount = "ledger-main"
)

// serveLedger is what this binary does when it was started as one of those processes.
func serveLedger(name string) {
	if name == ledgerHost {
		runLedgerHost(os.Args[1], os.Args[2])
		return
	}
	plugin.Serve(ledgerProvider{})
}

// ledgerProvider is the adapter of ledger.
type ledgerProvider struct{}

func (ledgerProvider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	lookup := pay.OperationSpec{Resolution: pay.ResolveLookup}
	return pay.Manifest{
		Name: ledgerPlugin, Version: "1.0.0", Currencies: []pay.Currency{uah},
		ConfigSchema: json.RawMessage(`{"type":"object","required":["base_url"],"properties":{"base_url":{"type":"string"}}}`),
		Operations: map[pay.Operation]pay.OperationSpec{
			pay.OpCreate: lookup, pay.OpCancel: lookup, pay.OpCapture: lookup, pay.OpRefund: lookup,
			pay.OpPayout: {Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman},
		},
		Fields: map[string]pay.FieldSpec{"capture": {Use: pay.FieldHonoured}, "reference": {Use: pay.FieldHonoured}},
		Abilities: pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanCancel, pay.CanCapture,
			pay.CanRefund, pay.CanGetRefund, pay.CanPayout, pay.CanGetPayout),
		// Longer than a request of a killed process can lie in a socket before the ledger has read it.
		VisibilityDelay: 1500 * time.Millisecond,
	}
}

func (ledgerProvider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct {
		BaseURL string `json:"base_url"`
	}
	if err := json.Unmarshal(cfg.Config, &c); err != nil {
		return nil, pay.Invalid("config", "is not an object")
	}
	return ledgerClient{base: c.BaseURL, http: cfg.HTTP}, nil
}

type ledgerClient struct {
	base string
	http *http.Client
}

func (c ledgerClient) do(ctx context.Context, method, path string, q neturl.Values) (ledgerObject, pay.Evidence, error) {
	var o ledgerObject
	req, err := http.NewRequestWithContext(ctx, method, c.base+path+"?"+q.Encode(), nil)
	if err != nil {
		return o, pay.Evidence{}, err
	}
	req.Header.Set("X-Pid", strconv.Itoa(os.Getpid()))
	res, err := httpx.Do(ctx, c.http, req)
	if err != nil {
		return o, pay.Evidence{}, err
	}
	if res.Status != http.StatusOK {
		return o, res.Evidence, res.Failure()
	}
	if err := json.Unmarshal(res.Body, &o); err != nil {
		return o, res.Evidence, res.Garbled("%v", err)
	}
	return o, res.Evidence, nil
}

func (c ledgerClient) send(ctx context.Context, kind string, call pay.Call, target, reference string, amount pay.Money) (ledgerObject, pay.Evidence, error) {
	return c.do(ctx, http.MethodPost, "/"+kind, neturl.Values{
		"key": {call.ProviderKey}, "target": {target}, "reference": {reference}, "amount": {amount.Value()},
	})
}

func (c ledgerClient) get(ctx context.Context, key string) (ledgerObject, pay.Evidence, error) {
	return c.do(ctx, http.MethodGet, "/object", neturl.Values{"key": {key}})
}

func invoiceState(o ledgerObject, e pay.Evidence, err error) (pay.InvoiceState, error) {
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return o.state(e)
}

func (c ledgerClient) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	return invoiceState(c.send(ctx, "create", req.Call, "", req.Reference, req.Amount))
}

func (c ledgerClient) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return invoiceState(c.get(ctx, ref.ProviderKey))
}

func (c ledgerClient) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return invoiceState(c.get(ctx, req.Invoice.ProviderKey))
}

func (c ledgerClient) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return invoiceState(c.send(ctx, "cancel", req.Call, req.Invoice.ProviderKey, req.Reference, req.Amount))
}

func (c ledgerClient) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return invoiceState(c.send(ctx, "capture", req.Call, req.Invoice.ProviderKey, req.Reference, req.Amount))
}

func (c ledgerClient) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	o, _, err := c.send(ctx, "refund", req.Call, req.Invoice.ProviderKey, req.Reference, req.Amount)
	if err != nil {
		return pay.RefundState{}, err
	}
	return o.refund()
}

func (c ledgerClient) GetRefund(ctx context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	o, _, err := c.get(ctx, ref.ProviderKey)
	if err != nil {
		return pay.RefundState{}, err
	}
	return o.refund()
}

func (c ledgerClient) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	o, _, err := c.send(ctx, "payout", req.Call, "", req.Reference, req.Amount)
	return pay.PayoutState{ProviderRef: o.Ref, Status: pay.PayoutStatus(o.Status), Amount: req.Amount}, err
}

func (c ledgerClient) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	o, _, err := c.get(ctx, ref.ProviderKey)
	return pay.PayoutState{ProviderRef: o.Ref, Status: pay.PayoutStatus(o.Status), Amount: ref.Amount}, err
}

// ledgerConfig is a host with the ledger's plugin.
func ledgerConfig(c *host.Config, binary, dir, baseURL string) {
	c.KeepDumpable, c.RunDir = true, dir
	c.Timeouts.FirstLook = 50 * time.Millisecond
	c.Plugins = []host.Plugin{{Name: ledgerPlugin, Path: binary}}
	c.Accounts = []host.Account{{ID: ledgerAccount, Provider: ledgerPlugin, Config: json.RawMessage(`{"base_url":"` + baseURL + `"}`)}}
}

// ledgerCall is one command as the test sends it to a host process, and ledgerAnswer what came of it.
type ledgerCall struct {
	Kind, Key, Target, Reference, Amount string
}

type ledgerAnswer struct {
	Body        json.RawMessage `json:",omitempty"`
	Kind        pay.Kind        `json:",omitempty"`
	Retry       pay.RetryRule   `json:",omitempty"`
	Executed    pay.Executed    `json:",omitempty"`
	Message     string          `json:",omitempty"`
	NeedsReview bool            `json:",omitempty"`
}

// runLedgerHost is a host process that the test kills. It prints where it listens when it is ready, and ends with its parent.
func runLedgerHost(database, baseURL string) {
	st, err := sqlite.Open(database, sqlite.Options{})
	must(err)
	binary, err := os.Executable()
	must(err)
	binary, err = filepath.EvalSymlinks(binary)
	must(err)
	cfg := host.Config{Store: st, PublicURL: hosttest.PublicURL}
	ledgerConfig(&cfg, binary, filepath.Dir(database), baseURL)
	h, err := host.New(cfg)
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	go func() {
		<-h.Ready()
		fmt.Println(listener.Addr())
		must(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var c ledgerCall
			must(json.NewDecoder(r.Body).Decode(&c))
			must(json.NewEncoder(w).Encode(runLedgerCall(context.WithoutCancel(r.Context()), h, c)))
		})))
	}()
	must(h.Run(context.Background()))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func runLedgerCall(ctx context.Context, h *host.Host, c ledgerCall) ledgerAnswer {
	change := host.ChangeInvoice{IdempotencyKey: c.Key, Invoice: c.Target, Reference: c.Reference, Amount: c.Amount}
	var object any
	var review bool
	var err error
	invoice := func(inv *host.Invoice, bad error) {
		if err = bad; inv != nil {
			object, review = inv, inv.NeedsReview
		}
	}
	switch c.Kind {
	case "create":
		req := order(ledgerAccount, c.Reference)
		req.IdempotencyKey, req.Amount.Value, req.Capture = c.Key, c.Amount, pay.CaptureManual
		invoice(h.CreateInvoice(ctx, req))
	case "cancel":
		invoice(h.CancelInvoice(ctx, change))
	case "capture":
		invoice(h.CaptureInvoice(ctx, change))
	case "refund":
		refund, bad := h.CreateRefund(ctx, host.CreateRefund{IdempotencyKey: c.Key, Invoice: c.Target, Reference: c.Reference, Amount: c.Amount})
		if err = bad; refund != nil {
			object, review = refund, refund.NeedsReview
		}
	case "payout":
		req := payoutOf(c.Key)
		req.Account, req.Reference, req.Amount.Value = ledgerAccount, c.Reference, c.Amount
		payout, bad := h.CreatePayout(ctx, req)
		if err = bad; payout != nil {
			object, review = payout, payout.NeedsReview
		}
	}
	a := ledgerAnswer{NeedsReview: review}
	if object != nil {
		a.Body, _ = json.Marshal(object)
	}
	if err != nil {
		e := pay.AsError(err)
		a.Kind, a.Retry, a.Executed, a.Message = e.Kind, e.RetryRule(), e.WasExecuted(), e.Error()
	}
	return a
}
