package merchant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The actions of the manifest: the gateway's own way of paying in two steps,
// for merchants that show the choice of banks themselves.
const (
	actionStartDeal = "start_deal"
	actionVariants  = "available_payment_variants"
)

const startDealInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "payment_option": {"type": "string", "pattern": "^[A-Z0-9_]{1,64}$", "description": "Absent: any."},
    "payment_method": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$", "description": "The bank's code. Absent: any."}
  }
}`

const startDealOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["deal_id"],
  "properties": {
    "deal_id": {"type": "string"},
    "payment_option": {"type": "string", "description": "May differ from the requested one."},
    "payment_method": {"type": "string"}
  }
}`

const variantsInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false
}`

const variantsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["variants"],
  "properties": {"variants": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["payment_option", "payment_method"],
    "properties": {"payment_option": {"type": "string"}, "payment_method": {"type": "string"}}}}}
}`

// actions describe what [account.RunAction] runs.
func actions() []pay.ActionSpec {
	return []pay.ActionSpec{{
		Name: actionStartDeal, Title: "Ask for requisites of an invoice", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
		Input: json.RawMessage(startDealInput), Output: json.RawMessage(startDealOutput),
		// The invoice shows its deal, so reading it tells whether one was begun.
		Resolution: pay.ResolveLookup,
	}, {
		Name: actionVariants, Title: "List the ways an invoice can be paid now", Effect: pay.EffectRead, Subject: pay.SubjectInvoice,
		Input: json.RawMessage(variantsInput), Output: json.RawMessage(variantsOutput),
	}}
}

// RunAction runs one of [actions].
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	var run func(context.Context, pay.InvoiceRef, json.RawMessage) (pay.ActionResult, error)
	switch req.Name {
	case actionStartDeal:
		run = a.startDeal
	case actionVariants:
		run = a.paymentVariants
	default:
		return pay.ActionResult{}, pay.Unsupported("action " + httpx.Scrub(clip(req.Name)))
	}
	if req.Invoice == nil || !isToken(req.Invoice.ProviderRef) {
		return pay.ActionResult{}, pay.Invalid("provider_ref", "the action needs an invoice of this gateway")
	}
	if len(req.Attachments) > 0 {
		return pay.ActionResult{}, pay.Unsupported("attachments of " + req.Name)
	}
	return run(ctx, *req.Invoice, req.Input)
}

// startDealDTO is the body of start-deal; what is absent is any.
type startDealDTO struct {
	PaymentOption string `json:"paymentOption,omitempty"`
	PaymentMethod string `json:"paymentMethod,omitempty"`
}

// startDeal asks for requisites. An invoice that comes back without a deal means
// that nobody is free to receive: nothing was begun, the invoice stays as it was
// and the payer may try again.
func (a *account) startDeal(ctx context.Context, ref pay.InvoiceRef, input json.RawMessage) (pay.ActionResult, error) {
	var in struct {
		PaymentOption string `json:"payment_option"`
		PaymentMethod string `json:"payment_method"`
	}
	if err := decodeStrict(input, &in, "input"); err != nil {
		return pay.ActionResult{}, err
	}
	raw, err := json.Marshal(startDealDTO{in.PaymentOption, in.PaymentMethod})
	if err != nil {
		return pay.ActionResult{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written as JSON")
	}
	res, err := a.exchange(ctx, http.MethodPost, raw, "api", "merchant", "invoices", ref.ProviderRef, "start-deal")
	if err != nil {
		return pay.ActionResult{}, blameInput(err)
	}
	inv, err := decodeInvoice(res.Body)
	switch {
	case err != nil:
		return pay.ActionResult{}, res.Garbled("%v", err)
	case inv.ID != ref.ProviderRef || !sameKey(inv, ref.ProviderKey):
		return pay.ActionResult{}, res.Garbled("it is about another invoice than the one asked for")
	case inv.Deals == nil:
		return pay.ActionResult{}, res.Garbled("it does not say whether there are requisites")
	case len(*inv.Deals) == 0 && inv.Status == "new":
		return pay.ActionResult{}, &pay.Error{
			Kind: pay.KindDeclined, Executed: pay.ExecutedNo, Reason: pay.DeclineNoRequisites,
			Retry:   pay.Retry{Rule: pay.RetryNewAttempt},
			Message: "the gateway has nobody to receive the payment now",
			Report:  pay.Report{Evidence: res.Evidence},
		}
	case len(*inv.Deals) == 0:
		return pay.ActionResult{}, res.Garbled("it has no deal and is not new any more")
	}
	state := a.stateOf(inv, ref.Known, res.Evidence)
	begun := inv.deals()[len(inv.deals())-1]
	output, err := json.Marshal(map[string]string{
		"deal_id": clip(begun.ID), "payment_option": clip(begun.Option), "payment_method": clip(begun.Method),
	})
	if err != nil {
		return pay.ActionResult{}, res.Garbled("its deal cannot be told")
	}
	return pay.ActionResult{Report: state.Report, Output: output, Invoice: &state}, nil
}

// blameInput names fields as the action's input has them. A 400 that blames none
// is about the invoice: it has a deal already, or is over.
func blameInput(err error) error {
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		return err
	}
	if e.Kind == pay.KindInvalidRequest && len(e.Fields) == 0 {
		e.Kind = pay.KindInvalidState
	}
	for i, f := range e.Fields {
		e.Fields[i].Path = "input." + strings.TrimPrefix(f.Path, "provider_options.")
	}
	return e
}

// paymentVariants lists the ways to pay that start_deal could begin now.
func (a *account) paymentVariants(ctx context.Context, ref pay.InvoiceRef, input json.RawMessage) (pay.ActionResult, error) {
	if err := decodeStrict(input, &struct{}{}, "input"); err != nil {
		return pay.ActionResult{}, err
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "invoices", ref.ProviderRef, "available-payment-variants")
	if err != nil {
		return pay.ActionResult{}, err
	}
	type variant struct {
		Option string `json:"payment_option"`
		Method string `json:"payment_method"`
	}
	var list []struct {
		Option string `json:"option"`
		Method string `json:"method"`
	}
	if json.Unmarshal(res.Body, &list) != nil || list == nil {
		return pay.ActionResult{}, res.Garbled("it is no list of variants")
	}
	out := struct {
		Variants []variant `json:"variants"`
	}{Variants: []variant{}}
	for _, v := range list {
		out.Variants = append(out.Variants, variant{clip(v.Option), clip(v.Method)})
	}
	output, err := json.Marshal(out)
	if err != nil {
		return pay.ActionResult{}, res.Garbled("its variants cannot be told")
	}
	return pay.ActionResult{Report: pay.Report{Evidence: res.Evidence}, Output: output}, nil
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
