package monobank

import (
	"context"
	"encoding/json"
	"math"
	"strconv"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// action is one of the provider's extras: what the manifest says of it, and how
// it runs.
type action struct {
	spec pay.ActionSpec
	run  func(*account, context.Context, pay.Action) (pay.ActionResult, error)
}

// extras lists the actions; one is added here.
func extras() []action {
	var list []action
	for _, some := range [][]action{
		receiptActions(), fiscalActions(), qrActions(), walletActions(), listActions(), subscriptionActions(), subscriptionListActions(),
	} {
		list = append(list, some...)
	}
	return list
}

// actions describe what [account.RunAction] runs.
func actions() []pay.ActionSpec {
	list := extras()
	specs := make([]pay.ActionSpec, 0, len(list))
	for _, one := range list {
		specs = append(specs, one.spec)
	}
	return specs
}

// RunAction runs one of [actions]. Those that read have a failure that leaves
// nothing unknown; those that change something are sent once.
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	for _, one := range extras() {
		if one.spec.Name != req.Name {
			continue
		}
		if len(req.Attachments) > one.spec.MaxAttachments {
			return pay.ActionResult{}, pay.Unsupported("an attachment of " + req.Name)
		}
		return one.run(a, ctx, req)
	}
	return pay.ActionResult{}, refusedAction(req.Name)
}

// on makes the run of an action of the account from a method with the members of
// its input and output.
func on[In, Out any](do func(*account, context.Context, In) (Out, pay.Report, error)) func(*account, context.Context, pay.Action) (pay.ActionResult, error) {
	return func(a *account, ctx context.Context, req pay.Action) (pay.ActionResult, error) {
		var in In
		if err := readStrictly("input", req.Input, &in); err != nil {
			return pay.ActionResult{}, err
		}
		out, report, err := do(a, ctx, in)
		if err != nil {
			return pay.ActionResult{}, err
		}
		raw, err := encode(out)
		if err != nil {
			// Strings, numbers and amounts only: this cannot happen, and if it did, the call was made.
			return pay.ActionResult{}, &pay.Error{Kind: pay.KindInternal, Message: "the result of the action cannot be written", Report: report}
		}
		return pay.ActionResult{Report: report, Output: raw}, nil
	}
}

// noInput is the schema of an action without input.
const noInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false
}`

// moneySchema is an amount in a result or, as the same two members, in an input.
const moneySchema = `{"type": "object", "additionalProperties": false, "required": ["value", "currency"], "properties": {
      "value": {"type": "string", "pattern": "^[0-9]{1,17}([.][0-9]{1,8})?$", "description": "Exact decimal in major units, for example 42.00."},
      "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code."}}}`

// statedSchema are the members of [stated] in a result.
const statedSchema = `"amount": ` + moneySchema + `,
      "amount_minor": {"type": "string", "description": "In place of amount, where the provider names no known currency: its number of minor units."}`

// stated is an amount as the provider states it. Without a currency it stays the
// provider's number: an amount is never guessed.
type stated struct {
	Amount      *pay.Money `json:"amount,omitempty"`
	AmountMinor string     `json:"amount_minor,omitempty"`
}

// statedAmount reads an amount with the numeric code of its currency.
func statedAmount(amount, ccy minor) stated {
	if !amount.set {
		return stated{}
	}
	// A code beyond int32 is none; the comparison keeps it from being cut to one that is.
	if ccy.set && amount.units >= 0 && ccy.units > 0 && ccy.units <= math.MaxInt32 {
		if currency, ok := pay.LookupNumericCurrency(int(ccy.units)); ok {
			if m, err := pay.FromMinor(amount.units, currency); err == nil {
				return stated{Amount: &m}
			}
		}
	}
	return stated{AmountMinor: strconv.FormatInt(amount.units, 10)}
}

// moneyInput is an amount as the caller writes it.
type moneyInput struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

// read returns the amount, which must be positive and in a currency of the
// provider, in minor units; path names it.
func (m moneyInput) read(path string) (int64, pay.Currency, error) {
	for _, currency := range invoiceCurrencies() {
		if currency.Code != m.Currency {
			continue
		}
		money, err := pay.ParseMoneyIn(m.Value, currency)
		if err != nil {
			return 0, currency, pay.Invalid(path+".value", "%v", err)
		}
		units, err := money.Minor()
		switch {
		case err != nil:
			return 0, currency, pay.Invalid(path+".value", "%v", err)
		case units <= 0:
			return 0, currency, pay.Invalid(path+".value", "must be positive")
		}
		return units, currency, nil
	}
	return 0, pay.Currency{}, pay.Invalid(path+".currency", "must be UAH, USD or EUR")
}

// required refuses an absent or overlong id of the caller's at path.
func required(path, id string) error {
	if id == "" || len(id) > maxID {
		return pay.Invalid(path, "is required and has at most %d bytes", maxID)
	}
	return nil
}

// maxID is the longest id taken from a caller, in bytes. The provider documents no length.
const maxID = 128

// when writes a time of the provider in UTC, or what it wrote instead.
func when(t text) string {
	if at := readTime(t); !at.IsZero() {
		return at.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	return httpx.Scrub(string(t))
}

// page returns an address only if a browser may be sent there.
func page(address text) string {
	if !webPage(string(address)) {
		return ""
	}
	return string(address)
}

// readList reads a list whose elements are objects. null is what some servers
// write for an empty list; an absent one, and one with an element that is no
// object, proves nothing and is unreadable: the element that matters may be that one.
func readList[T any](raw json.RawMessage) ([]T, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	var list []*T
	if json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	out := make([]T, 0, len(list))
	for _, one := range list {
		if one == nil {
			return nil, false
		}
		out = append(out, *one)
	}
	return out, true
}
