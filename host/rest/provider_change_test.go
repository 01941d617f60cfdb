package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// scriptedActions are what the scripted provider offers besides the common commands, one of each effect.
func scriptedActions() []pay.ActionSpec {
	input := json.RawMessage(`{"type":"object","properties":{"script":{"type":"string"}},"additionalProperties":false}`)
	return []pay.ActionSpec{
		{Name: "receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice, Input: input},
		{Name: "remind", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice, Input: input},
		{Name: "limits", Effect: pay.EffectRead, Subject: pay.SubjectAccount, Input: input},
		{Name: "sweep", Effect: pay.EffectMovesMoney, Subject: pay.SubjectAccount, Input: input},
		{
			Name: "confirm_transfer", Title: "Confirm a transfer", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			MaxAttachments: 2, MaxAttachmentSize: 1000,
			Input: json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:x:confirm","type":"object",
				"required":["payer"],"additionalProperties":false,
				"properties":{"payer":{"$ref":"#/$defs/person"},"witness":{"$ref":"urn:x:confirm#/$defs/person"}},
				"$defs":{"person":{"type":"object","required":["name"],"properties":{"name":{"$ref":"#/$defs/text"},"boss":{"$ref":"#/$defs/person"}}},
					"text":{"type":"string","maxLength":20}}}`),
			Output: json.RawMessage(`{"type":"object","required":["ran"],"properties":{"ran":{"const":"confirm_transfer"}}}`),
		},
		{Name: "note", Effect: pay.EffectChanges, Subject: pay.SubjectPayout},
	}
}

// obey does what a script asks for: see [scripted].
func (a *scriptedAccount) obey(script string) error {
	a.p.mu.Lock()
	a.p.changes++
	a.p.mu.Unlock()
	what, kind, _ := strings.Cut(script, ":")
	switch what {
	case "kind":
		return &pay.Error{Kind: pay.Kind(kind), Executed: pay.ExecutedNo, Message: "scripted refusal", ProviderCode: "E42"}
	case "lost":
		return errors.New("connection reset by peer")
	}
	return nil
}

func (a *scriptedAccount) change(req pay.ChangeInvoice, to pay.Status) (pay.InvoiceState, error) {
	state := pay.InvoiceState{ProviderRef: req.Invoice.ProviderRef, Status: to}
	if to == pay.StatusPaid {
		state.Captured = req.Invoice.Known.Amount
		if req.Amount.IsSet() {
			state.Captured = req.Amount
		}
	}
	return state, a.obey(req.Reason)
}

func (a *scriptedAccount) CancelInvoice(_ context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(req, pay.StatusCanceled)
}

func (a *scriptedAccount) CaptureInvoice(_ context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(req, pay.StatusPaid)
}

func (a *scriptedAccount) VoidInvoice(_ context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(req, pay.StatusCanceled)
}

func (a *scriptedAccount) CreateRefund(_ context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	return pay.RefundState{ProviderRef: "refund-" + req.Call.ProviderKey, Status: pay.RefundSucceeded, Amount: req.Amount}, a.obey(req.Reason)
}

func (a *scriptedAccount) CreatePayout(_ context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	return pay.PayoutState{ProviderRef: "payout-" + req.Call.ProviderKey, Status: pay.PayoutProcessing, Amount: req.Amount}, a.obey(req.Description)
}

func (a *scriptedAccount) ReadBalances(_ context.Context, req pay.ReadBalances) (pay.Balances, error) {
	uah, _ := pay.LookupCurrency("UAH")
	available, err := pay.ParseMoneyIn("12.50", uah)
	return pay.Balances{Balances: []pay.Balance{{Name: req.Owner, Available: available}}}, err
}

func (a *scriptedAccount) RunAction(_ context.Context, req pay.Action) (pay.ActionResult, error) {
	var input struct{ Script string }
	if err := json.Unmarshal(req.Input, &input); err != nil {
		return pay.ActionResult{}, err
	}
	for _, f := range req.Attachments {
		content, err := io.ReadAll(f.Content)
		if err != nil {
			return pay.ActionResult{}, err
		}
		a.p.mu.Lock()
		a.p.files = append(a.p.files, f.Name+" "+f.ContentType+" "+string(content))
		a.p.mu.Unlock()
	}
	return pay.ActionResult{Output: json.RawMessage(`{"ran":"` + req.Name + `"}`)}, a.obey(input.Script)
}

// changed is how often the provider was asked for anything but a create or a look.
func (p *scripted) changed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changes
}
