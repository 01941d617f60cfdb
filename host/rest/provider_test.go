package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

// scripted is a provider that does what the description of an invoice asks for:
//
//	kind:K     refuse with kind K, executed = no
//	after:K    the same, with a wait of 7 s
//	executed:K refuse with kind K, executed = unknown
//	lost       answer nothing that anybody could understand
//	wait       hold the call until the test lets it go
//	panic      panic
//	hold       accept and hold the whole amount
//
// and otherwise accept.
type scripted struct {
	entered chan struct{} // gets one value per waiting call
	release chan struct{} // ends waiting calls when closed

	plain bool // accept everything, whatever the description says

	mu   sync.Mutex
	seen []pay.CreateInvoice
	paid bool
	fail error // what GetInvoice and Check answer, when set

	changes int      // commands other than create
	files   []string // attachments that arrived
}

func newScripted() *scripted {
	return &scripted{entered: make(chan struct{}, 16), release: make(chan struct{})}
}

func (p *scripted) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	return pay.Manifest{
		Name: "scripted", Version: "1.2.3", Title: "A scripted provider", Currencies: []pay.Currency{uah},
		ConfigSchema:  json.RawMessage(`{"type":"object","properties":{"token":{"type":"string","secret":true}},"required":["token"],"additionalProperties":false}`),
		OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(`{"type":"object","properties":{"color":{"type":"string"}},"additionalProperties":false}`)},
		Operations:    map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveHuman}},
		Fields:        map[string]pay.FieldSpec{"return_urls.default": {Use: pay.FieldHonoured}, "items": {Use: pay.FieldHonoured}, "amount_limits.max": {Use: pay.FieldHonoured}},
		Abilities: pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanCheck, pay.CanHandleWebhook, pay.CanCancel, pay.CanCapture,
			pay.CanVoid, pay.CanRefund, pay.CanPayout, pay.CanReadBalances, pay.CanRunAction),
		Actions: scriptedActions(),
	}
}

func (p *scripted) Open(_ context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	if strings.Contains(string(cfg.Config), "unusable") {
		return nil, pay.Invalid("config.token", "is not usable")
	}
	return &scriptedAccount{p}, nil
}

type scriptedAccount struct{ p *scripted }

func (a *scriptedAccount) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	a.p.mu.Lock()
	a.p.seen = append(a.p.seen, req)
	a.p.mu.Unlock()
	what, kind, _ := strings.Cut(req.Description, ":")
	if a.p.plain {
		what = ""
	}
	e := &pay.Error{Kind: pay.Kind(kind), Executed: pay.ExecutedNo, Message: "scripted refusal", ProviderCode: "E42", ProviderMessage: "no"}
	switch what {
	case "kind":
		if e.Kind == pay.KindDeclined {
			e.Executed, e.Reason = pay.ExecutedYes, pay.DeclineInsufficientFunds
		}
		return pay.InvoiceState{}, e
	case "after":
		e.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: 6_500_000_000}
		return pay.InvoiceState{}, e
	case "executed":
		e.Executed = pay.ExecutedUnknown
		return pay.InvoiceState{}, e
	case "lost":
		return pay.InvoiceState{}, errors.New("connection reset by peer")
	case "panic":
		panic("scripted panic")
	case "wait":
		a.p.entered <- struct{}{}
		select {
		case <-a.p.release:
		case <-ctx.Done():
			return pay.InvoiceState{}, ctx.Err()
		}
	}
	if what == "hold" {
		return pay.InvoiceState{ProviderRef: "ref-" + req.Call.ProviderKey, Status: pay.StatusAuthorized, Amount: req.Amount, Authorized: req.Amount}, nil
	}
	return pay.InvoiceState{
		ProviderRef: "ref-" + req.Call.ProviderKey, Status: pay.StatusPending, Amount: req.Amount,
		NextActions: []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: "https://pay.example/" + req.Call.ProviderKey}},
	}, nil
}

func (a *scriptedAccount) GetInvoice(_ context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	if a.p.fail != nil {
		return pay.InvoiceState{}, a.p.fail
	}
	state := pay.InvoiceState{ProviderRef: ref.ProviderRef, Status: pay.StatusPending}
	if a.p.paid {
		state.Status, state.Received, state.Captured = pay.StatusPaid, ref.Known.Amount, ref.Known.Amount
	}
	return state, nil
}

func (a *scriptedAccount) Check(context.Context, pay.Check) (pay.AccountInfo, error) {
	a.p.mu.Lock()
	defer a.p.mu.Unlock()
	return pay.AccountInfo{Mode: pay.ModeLive, ProviderAccountRef: "merchant-7", Title: "Shop"}, a.p.fail
}

// HandleWebhook believes a body of "signed" and nothing else.
func (a *scriptedAccount) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if string(req.Body) != "signed" {
		return pay.WebhookResult{}, pay.Errorf(pay.KindAuth, "the signature is wrong")
	}
	return pay.WebhookResult{Acknowledgement: pay.Acknowledgement{Status: 202, Body: []byte("thanks")}}, nil
}

// answer sets what later looks at the provider show.
func (p *scripted) answer(paid bool, fail error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paid, p.fail = paid, fail
}

func (p *scripted) lastSeen() pay.CreateInvoice {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) == 0 {
		return pay.CreateInvoice{}
	}
	return p.seen[len(p.seen)-1]
}

func (p *scripted) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen)
}
