package merchant

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/payhost/payhost/sdk/pay"
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

const variantsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["variants"],
  "properties": {"variants": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["payment_option", "payment_method"],
    "properties": {"payment_option": {"type": "string"}, "payment_method": {"type": "string"}}}}}
}`

// startDealDTO is the body of start-deal; what is absent is any.
type startDealDTO struct {
	PaymentOption string `json:"paymentOption,omitempty"`
	PaymentMethod string `json:"paymentMethod,omitempty"`
}

// startDeal asks for requisites. An invoice that comes back without a deal means
// that nobody is free to receive: nothing was begun, the invoice stays as it was
// and the payer may try again.
func (a *account) startDeal(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	ref := *req.Invoice
	var in struct {
		PaymentOption string `json:"payment_option"`
		PaymentMethod string `json:"payment_method"`
	}
	if err := decodeStrict(req.Input, &in, "input"); err != nil {
		return pay.ActionResult{}, err
	}
	raw, err := json.Marshal(startDealDTO{in.PaymentOption, in.PaymentMethod})
	if err != nil {
		return pay.ActionResult{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written as JSON")
	}
	res, err := a.exchange(ctx, http.MethodPost, raw, "api", "merchant", "invoices", ref.ProviderRef, "start-deal")
	if err != nil {
		return pay.ActionResult{}, blameInvoice(err)
	}
	inv, err := decodeInvoice(res.Body)
	switch {
	case err != nil:
		return pay.ActionResult{}, res.Garbled("%v", err)
	case inv.id() != ref.ProviderRef || !sameKey(inv, ref.ProviderKey):
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
	begun := inv.deals()[len(inv.deals())-1]
	state := a.stateOf(inv, ref.Known, res.Evidence)
	out, err := answered(res, map[string]string{
		"deal_id": clip(string(begun.ID)), "payment_option": clip(begun.Option), "payment_method": clip(begun.Method),
	})
	out.Report, out.Invoice = state.Report, &state
	return out, err
}

// paymentVariants lists the ways to pay that start_deal could begin now.
func (a *account) paymentVariants(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "invoices", req.Invoice.ProviderRef, "available-payment-variants")
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
	variants := []variant{}
	for _, v := range list {
		variants = append(variants, variant{clip(v.Option), clip(v.Method)})
	}
	return answered(res, map[string]any{"variants": variants})
}
