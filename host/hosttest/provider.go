package hosttest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Token is the scripted provider's credential; it is a secret to the host.
const Token = "fake-token-canary"

// signatureHeader carries the signature of the scripted provider's webhooks.
const signatureHeader = "X-Fake-Signature"

// Outcome is what the provider does with one create.
type Outcome string

// The outcomes.
const (
	// Pending is the default: accepted, the payer has a link.
	Pending Outcome = "pending"
	// Paid: accepted and paid at once.
	Paid Outcome = "paid"
	// Declined: processed and refused.
	Declined Outcome = "declined"
	// Invalid: refused because of our data.
	Invalid Outcome = "invalid"
	// Unknown: the provider acts and its answer is lost; a look-up finds the invoice.
	Unknown Outcome = "unknown"
	// Lost: the request is lost before the provider acts, and nobody can tell.
	Lost Outcome = "lost"
	// Unavailable: certainly not executed.
	Unavailable Outcome = "unavailable"
	// RateLimited: certainly not executed, try the same operation again.
	RateLimited Outcome = "rate_limited"
	// Slow: acts, and answers only after [Provider.Release].
	Slow Outcome = "slow"
	// Mismatch: the provider's answer states another amount.
	Mismatch Outcome = "mismatch"
	// Panic: the adapter panics after the provider has acted.
	Panic Outcome = "panic"
)

// Provider is a payment provider and its adapter in one: what it is told to do
// it does. It is safe for concurrent use.
type Provider struct {
	mu       sync.Mutex
	script   map[pay.Operation][]Outcome
	payouts  map[string]*payout // by provider key
	effects  map[string]int     // what was done, by provider key
	invoices map[string]*invoice
	order    []string
	down     bool
	looks    int
	entered  chan struct{}
	release  chan struct{}
	released sync.Once
}

type invoice struct {
	ref, key string
	amount   pay.Money
	status   pay.Status
	changed  time.Time
	captured pay.Money
	refunds  []pay.RefundState
}

// NewProvider returns a provider that accepts everything.
func NewProvider() *Provider {
	return &Provider{
		script: map[pay.Operation][]Outcome{}, payouts: map[string]*payout{}, effects: map[string]int{},
		invoices: map[string]*invoice{}, entered: make(chan struct{}, 1000), release: make(chan struct{}),
	}
}

// Next says what happens to the next creates, in order; afterwards they are [Pending] again.
func (p *Provider) Next(outcomes ...Outcome) {
	p.NextOn(pay.OpCreate, outcomes...)
}

// NextOn is [Provider.Next] for any operation.
func (p *Provider) NextOn(op pay.Operation, outcomes ...Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script[op] = append(p.script[op], outcomes...)
}

// Effects returns how often the provider acted on each key. No number is ever above one unless somebody sent a call twice.
func (p *Provider) Effects() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.effects)
}

// Entered receives a value for every create that reached the provider.
func (p *Provider) Entered() <-chan struct{} { return p.entered }

// Release lets [Slow] answers go.
func (p *Provider) Release() { p.released.Do(func() { close(p.release) }) }

// SetDown makes every look-up fail, or work again.
func (p *Provider) SetDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// Created returns the provider ids of all invoices that exist, oldest first.
func (p *Provider) Created() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.order...)
}

// Looks is the number of look-ups so far.
func (p *Provider) Looks() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.looks
}

// Set moves an invoice to a status, as if the payer had acted.
func (p *Provider) Set(ref string, status pay.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if inv, ok := p.invoices[ref]; ok {
		inv.status, inv.changed = status, inv.changed.Add(time.Second)
	}
}

// Webhook returns the genuine webhook about an invoice, or a batch about several, as they are now, for the given URL.
func (p *Provider) Webhook(url string, refs ...string) *http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var batch []wire
	for _, ref := range refs {
		inv := p.invoices[ref]
		if inv == nil {
			inv = &invoice{ref: ref}
		}
		batch = append(batch, wire{Ref: inv.ref, Status: string(inv.status), Amount: inv.amount, Changed: inv.changed})
	}
	body, _ := json.Marshal(batch)
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(string(body))) //nolint:noctx // made for a handler, never sent
	if err != nil {
		return nil
	}
	req.Header.Set(signatureHeader, sign(body))
	return req
}

type wire struct {
	Ref     string    `json:"ref"`
	Status  string    `json:"status"`
	Amount  pay.Money `json:"amount"`
	Changed time.Time `json:"changed"`
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(Token))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Describe implements [pay.Provider].
func (p *Provider) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	jpy, _ := pay.LookupCurrency("JPY")
	return pay.Manifest{
		Name: ProviderName, Version: "1.0.0", Title: "Scripted provider",
		Currencies: []pay.Currency{uah, jpy, {Code: "USDT", Exponent: 8}},
		ConfigSchema: json.RawMessage(`{"type":"object","required":["token"],"additionalProperties":false,
			"properties":{"token":{"type":"string","minLength":1,"secret":true},"base_url":{"type":"string"}}}`),
		OptionSchemas: map[pay.Operation]json.RawMessage{
			pay.OpCreate: json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"channel":{"enum":["web","app"]}}}`),
		},
		Operations: map[pay.Operation]pay.OperationSpec{
			pay.OpCreate: {Resolution: pay.ResolveLookup}, pay.OpCancel: {Resolution: pay.ResolveLookup},
			pay.OpCapture: {Resolution: pay.ResolveLookup}, pay.OpVoid: {Resolution: pay.ResolveLookup},
			pay.OpRefund: {Resolution: pay.ResolveLookup}, pay.OpCharge: {Resolution: pay.ResolveResend},
			pay.OpPayout: {Resolution: pay.ResolveLookup, OnAbsence: pay.ResolveHuman},
		},
		Actions: []pay.ActionSpec{
			{Name: "rates", Effect: pay.EffectRead, Subject: pay.SubjectAccount},
			{Name: "remind", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice, Input: json.RawMessage(
				`{"type":"object","required":["text"],"properties":{"text":{"type":"string"}},"additionalProperties":false}`)},
		},
		LateWindow: 72 * time.Hour,
		Fields: map[string]pay.FieldSpec{
			"return_urls.default": {Use: pay.FieldHonoured},
			"expires_in":          {Use: pay.FieldHonoured, MaxDuration: 24 * time.Hour},
			"purpose":             {Use: pay.FieldHonoured},
			"capture":             {Use: pay.FieldHonoured},
			"source":              {Use: pay.FieldHonoured},
			"description":         {Use: pay.FieldHonoured, MaxLength: 280},
		},
		Abilities: pay.NewAbilities(
			pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanFindInvoice, pay.CanHandleWebhook, pay.CanCheck, pay.CanCancel,
			pay.CanCapture, pay.CanVoid, pay.CanRefund, pay.CanGetRefund, pay.CanCharge, pay.CanPayout, pay.CanGetPayout,
			pay.CanReadBalances, pay.CanRunAction),
	}
}

// Open implements [pay.Provider].
func (p *Provider) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	var c struct{ Token string }
	if err := json.Unmarshal(cfg.Config, &c); err != nil || c.Token == "" {
		return nil, pay.Invalid("config.token", "is required")
	}
	return &account{p: p}, nil
}

type account struct {
	p *Provider
}

func (a *account) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	return a.create(ctx, pay.OpCreate, req, pay.StatusPending)
}

func (a *account) create(ctx context.Context, op pay.Operation, req pay.CreateInvoice, status pay.Status) (pay.InvoiceState, error) {
	p := a.p
	var ref string
	outcome, err := p.act(ctx, op, req.Call.ProviderKey, func(outcome Outcome) {
		inv := &invoice{
			ref: fmt.Sprintf("fake-%06d", len(p.order)+1), key: req.Call.ProviderKey, amount: req.Amount,
			status: status, changed: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		if outcome == Paid {
			inv.status = pay.StatusPaid
		}
		ref = inv.ref
		p.invoices[inv.ref], p.order = inv, append(p.order, inv.ref)
	})
	if err != nil {
		return pay.InvoiceState{}, err
	}
	s := p.state(ref)
	if outcome == Mismatch {
		s.Amount = pay.ZeroOf(req.Amount.Currency())
	}
	return s, nil
}

// act plays one mutating call: do runs, under the lock, when the provider acts.
func (p *Provider) act(ctx context.Context, op pay.Operation, key string, do func(Outcome)) (Outcome, error) {
	p.mu.Lock()
	outcome := Pending
	if list := p.script[op]; len(list) > 0 {
		outcome, p.script[op] = list[0], list[1:]
	}
	switch outcome {
	case Declined, Invalid, Lost, Unavailable, RateLimited:
	default:
		p.effects[key]++
		do(outcome)
	}
	p.mu.Unlock()
	select {
	case p.entered <- struct{}{}:
	default:
	}
	switch outcome {
	case Declined:
		return outcome, &pay.Error{
			Kind: pay.KindDeclined, Reason: pay.DeclineInsufficientFunds, ProviderCode: "59", Message: "the issuer refused",
		}
	case Invalid:
		return outcome, pay.Invalid("description", "is refused by the provider")
	case Unknown, Lost:
		return outcome, errors.New("the connection was cut")
	case Unavailable:
		return outcome, pay.Errorf(pay.KindProviderUnavailable, "connection refused")
	case RateLimited:
		return outcome, &pay.Error{
			Kind: pay.KindRateLimited, Retry: pay.Retry{Rule: pay.RetrySameOperation, After: time.Nanosecond},
		}
	case Slow:
		select {
		case <-p.release:
		case <-ctx.Done():
			return outcome, ctx.Err()
		}
	case Panic:
		panic("scripted") //nolint:forbidigo // what the host must survive
	case Pending, Paid, Mismatch:
	}
	return outcome, nil
}

func (p *Provider) state(ref string) pay.InvoiceState {
	p.mu.Lock()
	defer p.mu.Unlock()
	inv := p.invoices[ref]
	return pay.InvoiceState{
		Report:      pay.Report{Evidence: pay.Evidence{ProviderTime: inv.changed, HTTPStatus: http.StatusOK}},
		ProviderRef: inv.ref, Status: inv.status, Amount: inv.amount, Captured: inv.captured, Refunds: append([]pay.RefundState{}, inv.refunds...),
		NextActions: []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: "https://pay.example.com/" + inv.ref}},
	}
}

func (a *account) GetInvoice(_ context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return a.lookUp(func(inv *invoice) bool { return inv.ref == ref.ProviderRef })
}

// FindInvoice implements [pay.InvoiceFinder].
func (a *account) FindInvoice(_ context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	return a.lookUp(func(inv *invoice) bool { return inv.key == req.Invoice.ProviderKey })
}

func (a *account) lookUp(is func(*invoice) bool) (pay.InvoiceState, error) {
	p := a.p
	p.mu.Lock()
	p.looks++
	down, found := p.down, ""
	for _, inv := range p.invoices {
		if is(inv) {
			found = inv.ref
		}
	}
	p.mu.Unlock()
	switch {
	case down:
		return pay.InvoiceState{}, pay.Errorf(pay.KindProviderUnavailable, "the provider is down")
	case found == "":
		return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "no such invoice")
	}
	return p.state(found), nil
}

// HandleWebhook implements [pay.WebhookHandler].
func (a *account) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if !hmac.Equal([]byte(req.Header(signatureHeader)), []byte(sign(req.Body))) {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the signature does not match")
	}
	var batch []wire
	if err := json.Unmarshal(req.Body, &batch); err != nil {
		return pay.WebhookResult{}, pay.Errorf(pay.KindInvalidRequest, "the body is not JSON")
	}
	result := pay.WebhookResult{Acknowledgement: pay.Acknowledgement{Status: http.StatusOK, Body: []byte("OK")}}
	for _, w := range batch {
		state := pay.InvoiceState{
			Report:      pay.Report{Evidence: pay.Evidence{ProviderTime: w.Changed, Raw: req.Body, RawContentType: "application/json"}},
			ProviderRef: w.Ref, Status: pay.Status(w.Status), Amount: w.Amount,
		}
		result.Events = append(result.Events, pay.WebhookEvent{
			Subject: pay.SubjectInvoice, ProviderRef: w.Ref, Strength: pay.StrengthVerified, Invoice: &state, ProviderTime: w.Changed,
		})
	}
	return result, nil
}

// Check implements [pay.Checker].
func (a *account) Check(context.Context, pay.Check) (pay.AccountInfo, error) {
	return pay.AccountInfo{ProviderAccountRef: "merchant-1", Title: "Example shop", Mode: pay.ModeLive}, nil
}
