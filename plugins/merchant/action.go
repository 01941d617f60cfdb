package merchant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The actions of the manifest: what the gateway offers beside the common operations.
const (
	actionVariants        = "available_payment_variants"
	actionStartDeal       = "start_deal"
	actionConfirmTransfer = "confirm_transfer"
	actionOpenDispute     = "open_dispute"
	actionQRCode          = "qr_code"
	actionAccounts        = "accounts"
	actionRates           = "currency_rates"
	actionOptions         = "payment_options"
	actionMethods         = "payment_methods"
	actionPublicMethods   = "public_payment_methods"
	actionWithdraw        = "withdraw"
)

// extra is one action: its description, and what runs it.
type extra struct {
	spec pay.ActionSpec
	run  func(*account, context.Context, pay.Action) (pay.ActionResult, error)
}

// extras are all actions, those on an invoice first.
func extras() []extra {
	read := func(name, title string, subject pay.Subject, input, output string) pay.ActionSpec {
		return pay.ActionSpec{
			Name: name, Title: title, Effect: pay.EffectRead, Subject: subject, Input: json.RawMessage(input), Output: json.RawMessage(output),
		}
	}
	return []extra{{
		read(actionVariants, "List the ways an invoice can be paid now", pay.SubjectInvoice, emptyInput, variantsOutput), (*account).paymentVariants,
	}, {
		pay.ActionSpec{
			Name: actionStartDeal, Title: "Ask for requisites of an invoice", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(startDealInput), Output: json.RawMessage(startDealOutput),
			// The invoice shows its deal, so reading it tells whether one was begun; an earlier one is over.
			Resolution: pay.ResolveLookup, Leaves: pay.TraceLiveAttempt,
		}, (*account).startDeal,
	}, {
		pay.ActionSpec{
			Name: actionConfirmTransfer, Title: "Say that the payer has sent the transfer, with a proof",
			Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(emptyInput), Output: json.RawMessage(dealOutput), MaxAttachments: 1, MaxAttachmentSize: maxAttachment,
			Resolution: pay.ResolveLookup, Leaves: pay.TraceConfirmation,
		}, (*account).confirmTransfer,
	}, {
		pay.ActionSpec{
			Name: actionOpenDispute, Title: "Claim a payment that the gateway does not confirm, with a proof",
			Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(disputeInput), Output: json.RawMessage(dealOutput), MaxAttachments: 1, MaxAttachmentSize: maxAttachment,
			Resolution: pay.ResolveLookup, Leaves: pay.TraceDispute,
		}, (*account).openDispute,
	}, {
		read(actionQRCode, "The QR code of the invoice's deal as a picture", pay.SubjectInvoice, emptyInput, qrOutput), (*account).qrCode,
	}, {
		read(actionAccounts, "List the merchant's accounts with their ids", pay.SubjectAccount, emptyInput, accountsOutput), (*account).listAccounts,
	}, {
		read(actionRates, "The gateway's current exchange rates", pay.SubjectAccount, emptyInput, ratesOutput), (*account).currencyRates,
	}, {
		read(actionOptions, "List the payment options of the store", pay.SubjectAccount, emptyInput, optionsOutput), (*account).paymentOptions,
	}, {
		read(actionMethods, "List the payment methods (banks) of the store", pay.SubjectAccount, methodsInput, methodsOutput), (*account).paymentMethods,
	}, {
		read(actionPublicMethods, "List the payment methods (banks) of a currency without credentials", pay.SubjectAccount,
			publicMethodsInput, methodsOutput), (*account).publicPaymentMethods,
	}, {
		pay.ActionSpec{
			Name: actionWithdraw, Title: "Withdraw from the merchant's balance to a wallet; off unless the config has withdrawals: true",
			Effect: pay.EffectMovesMoney, Subject: pay.SubjectAccount,
			Input: json.RawMessage(withdrawInput), Output: json.RawMessage(withdrawOutput),
			// No call reads a withdrawal, so only a person can tell what became of one.
			Resolution: pay.ResolveHuman,
		}, (*account).withdraw,
	}}
}

// actions describe what [account.RunAction] runs.
func actions() []pay.ActionSpec {
	var list []pay.ActionSpec
	for _, e := range extras() {
		list = append(list, e.spec)
	}
	return list
}

// emptyInput is the schema of an action without input.
const emptyInput = `{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false}`

// RunAction runs one of [actions].
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	for _, e := range extras() {
		if e.spec.Name != req.Name {
			continue
		}
		if e.spec.Subject == pay.SubjectInvoice && (req.Invoice == nil || !isToken(req.Invoice.ProviderRef)) {
			return pay.ActionResult{}, pay.Invalid("provider_ref", "the action needs an invoice of this gateway")
		}
		if len(req.Attachments) > 0 && e.spec.MaxAttachments == 0 {
			return pay.ActionResult{}, pay.Unsupported("attachments of " + req.Name)
		}
		return e.run(a, ctx, req)
	}
	return pay.ActionResult{}, pay.Unsupported("action " + httpx.Scrub(clip(req.Name)))
}

// noInput refuses the input of an action that takes none.
func noInput(req pay.Action) error { return decodeStrict(req.Input, &struct{}{}, "input") }

// answered makes the result of an action from its output.
func answered(res *httpx.Response, output any) (pay.ActionResult, error) {
	raw, err := json.Marshal(output)
	if err != nil {
		return pay.ActionResult{}, res.Garbled("what it says cannot be told")
	}
	return pay.ActionResult{Report: pay.Report{Evidence: res.Evidence}, Output: raw}, nil
}

// blameInvoice is [blameInput] for an action on an invoice: a 400 that blames no
// field is about the invoice, which has a deal already, or is over.
func blameInvoice(err error) error {
	if e, ok := errors.AsType[*pay.Error](err); ok && e.Kind == pay.KindInvalidRequest && len(e.Fields) == 0 {
		e.Kind = pay.KindInvalidState
	}
	return blameInput(err)
}

// blameInput names fields as the action's input has them.
func blameInput(err error) error {
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		return err
	}
	for i, f := range e.Fields {
		switch name := strings.TrimPrefix(f.Path, "provider_options."); name {
		case "attachment":
			e.Fields[i].Path = "attachments"
		case "dealId":
			e.Fields[i].Path = "input.deal_id"
		case "disputeReason":
			e.Fields[i].Path = "input.reason"
		case "disputeReasonData[amount]", "disputeReasonData.amount", "disputeReasonData", "amount.value":
			e.Fields[i].Path = "input.amount"
		case "accountId":
			e.Fields[i].Path = "input.account_id"
		case "code2FA":
			e.Fields[i].Path = "input.code_2fa"
		case "substractFeeFromAmount":
			e.Fields[i].Path = "input.subtract_fee_from_amount"
		default:
			e.Fields[i].Path = "input." + name
		}
	}
	return e
}

// decodeStrict reads an object of the caller's, absent being empty; path names it.
func decodeStrict(raw json.RawMessage, into any, path string) error {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return pay.Invalid(path, "does not have the documented form: %s", httpx.Scrub(err.Error()))
	}
	return nil
}
