package merchant

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const accountsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["accounts"],
  "properties": {"accounts": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["id", "currency", "sum"],
    "properties": {"id": {"type": "string"}, "currency": {"type": "string"}, "sum": {"type": "string"},
      "frozen_sum": {"type": "string"}, "withdrawal_fee": {"type": "string"}}}}}
}`

const ratesOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {"in": {"$ref": "#/$defs/rate"}, "out": {"$ref": "#/$defs/rate"}},
  "$defs": {"rate": {"type": "object", "additionalProperties": false, "required": ["pair", "rate"],
    "properties": {"pair": {"type": "string"}, "rate": {"type": "string"}}}}
}`

const optionsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["options"],
  "properties": {"options": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["code"],
    "properties": {"code": {"type": "string"}, "name": {"type": "string"}, "currency": {"type": "string"}}}}}
}`

const methodsInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {"currency": {"type": "string", "pattern": "^[A-Z]{3,8}$", "description": "Absent: all of the store."}}
}`

const publicMethodsInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["currency"],
  "properties": {"currency": {"type": "string", "pattern": "^[A-Z]{3,8}$"}}
}`

const methodsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["methods"],
  "properties": {"methods": {"type": "array", "items": {
    "type": "object", "additionalProperties": false, "required": ["code"],
    "properties": {"code": {"type": "string"}, "name": {"type": "string"}, "currency": {"type": "string"}}}}}
}`

// listed is one entry of the lists of options and methods. Codes are open: brands add some.
type listed struct {
	Code     string `json:"code"`
	Name     string `json:"name,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// readListed reads a list of options or methods; entries without a code are left out.
func readListed(res *httpx.Response, what string) ([]listed, error) {
	var raw []listed
	if json.Unmarshal(res.Body, &raw) != nil || raw == nil {
		return nil, res.Garbled("it is no list of %s", what)
	}
	out := make([]listed, 0, len(raw))
	for _, l := range raw {
		if l.Code != "" {
			out = append(out, listed{clip(l.Code), clipTo(l.Name, maxName), clip(l.Currency)})
		}
	}
	return out, nil
}

func (a *account) paymentOptions(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "payment-options")
	if err != nil {
		return pay.ActionResult{}, err
	}
	list, err := readListed(res, "options")
	if err != nil {
		return pay.ActionResult{}, err
	}
	return answered(res, map[string]any{"options": list})
}

// paymentMethods reads the store's banks. The parameter currency is known from
// clients only; it is a part of the address and so is signed.
func (a *account) paymentMethods(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	code, err := currencyInput(req, false)
	if err != nil {
		return pay.ActionResult{}, err
	}
	c := call{method: http.MethodGet, segments: []string{"api", "merchant", "payment-methods"}}
	if code != "" {
		c.query = url.Values{"currency": {code}}.Encode()
	}
	return a.methods(ctx, c)
}

// publicPaymentMethods reads the banks of a currency where no key is needed.
func (a *account) publicPaymentMethods(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	code, err := currencyInput(req, true)
	if err != nil {
		return pay.ActionResult{}, err
	}
	return a.methods(ctx, call{method: http.MethodGet, segments: []string{"api", "public", "payment-methods", code}, public: true})
}

func (a *account) methods(ctx context.Context, c call) (pay.ActionResult, error) {
	res, err := a.do(ctx, c)
	if err != nil {
		return pay.ActionResult{}, err
	}
	list, err := readListed(res, "methods")
	if err != nil {
		return pay.ActionResult{}, err
	}
	return answered(res, map[string]any{"methods": list})
}

// currencyInput reads the currency of an action's input, which becomes a part of an address.
func currencyInput(req pay.Action, required bool) (string, error) {
	var in struct {
		Currency string `json:"currency"`
	}
	if err := decodeStrict(req.Input, &in, "input"); err != nil {
		return "", err
	}
	switch {
	case in.Currency == "" && required:
		return "", pay.Invalid("input.currency", "is required")
	case len(in.Currency) > 8 || strings.Trim(in.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return "", pay.Invalid("input.currency", "is no currency code")
	}
	return in.Currency, nil
}

// rate is one direction of the exchange rates.
type rate struct {
	Pair string     `json:"pair"`
	Rate scalarText `json:"rate"`
}

// currencyRates reads the current exchange rates. They inform; the rate that
// counts is that of each deal.
func (a *account) currencyRates(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if err := noInput(req); err != nil {
		return pay.ActionResult{}, err
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "currency-rates", "current")
	if err != nil {
		return pay.ActionResult{}, err
	}
	var rates map[string]json.RawMessage
	if json.Unmarshal(res.Body, &rates) != nil {
		return pay.ActionResult{}, res.Garbled("it is no list of rates")
	}
	out := map[string]rate{}
	for _, direction := range []string{directionIn, directionOut} {
		var r object[rate]
		if raw, given := rates[direction]; !given || json.Unmarshal(raw, &r) != nil || r.value == nil {
			continue
		}
		if !isDecimal(string(r.value.Rate)) {
			return pay.ActionResult{}, res.Garbled("a rate that is no number")
		}
		out[direction] = rate{clip(r.value.Pair), r.value.Rate}
	}
	if len(out) == 0 {
		return pay.ActionResult{}, res.Garbled("it has no rates")
	}
	return answered(res, out)
}

// isDecimal reports whether s is a plain decimal number of a sane length.
func isDecimal(s string) bool {
	whole, fraction, pointed := strings.Cut(s, ".")
	digits := func(t string) bool { return t != "" && len(t) <= 32 && strings.Trim(t, "0123456789") == "" }
	return digits(whole) && (!pointed || digits(fraction))
}
