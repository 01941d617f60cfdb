package payin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// outcomePatience is how long a charge or a reward may stay undecided before a
// person is asked. Callbacks are their only news, and none comes for one that
// was lost. The provider states no duration.
const outcomePatience = 15 * time.Minute

// stateCharge marks in [state] that an invoice is a charge and not a top-up.
const stateCharge = "charge"

// roubles is the only currency of a charge: the method has no currency parameter.
const roubles = "RUB"

// Charge debits a payer's balance at the provider without asking the payer. The
// answer says only that the debit was accepted; its outcome comes by callback.
//
// The operation's key is sent as external_id, which is unique among charges: a
// repeat with the same key cannot debit twice. "already exists" therefore means
// that the earlier request was accepted, and is the same answer. Every try is
// signed anew with the time of that try.
func (a *account) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	key, fields, err := a.chargeFields(ctx, req)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	got, err := a.post(ctx, "service-of-services/create-invoice", httpx.Mutates, fields...)
	if err != nil {
		return a.charged(err, key, max(req.Invoice.Call.Try, pay.CallFrom(ctx).Try))
	}
	if !accepted(got) {
		return pay.InvoiceState{}, got.response.Garbled("it does not say that the charge was accepted")
	}
	return chargedState(key, got.report()), nil
}

// charged reads a charge that was not answered with "accepted".
//
// A refusal of the first try is the whole truth. A refusal of a repeat is not:
// it says that this repeat was not accepted, for example because the first
// request has emptied the balance, and nothing about the first request. Only
// the provider's callback or a person settles that.
func (a *account) charged(err error, key string, try int) (pay.InvoiceState, error) {
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		return pay.InvoiceState{}, err
	}
	words := strings.ToLower(e.ProviderMessage)
	if e.Kind == pay.KindInvalidState && strings.Contains(words, "external_id") && strings.Contains(words, "already exists") {
		state := chargedState(key, e.Report)
		if try <= 1 {
			state.Report.Warnings = append(state.Report.Warnings, "the provider knew this charge before its first try was answered")
		}
		return state, nil
	}
	if try > 1 && e.WasExecuted() == pay.ExecutedNo && e.RetryRule() != pay.RetrySameOperation {
		e.Kind, e.Executed, e.Retry = pay.KindOutcomeUnknown, pay.ExecutedUnknown, pay.Retry{}
		e.Message = "the provider refused the repeat, which says nothing about the first request: " + e.ProviderMessage
	}
	return pay.InvoiceState{}, e
}

// accepted reports whether the result of a charge or reward is true. The
// provider does not explain false, so false proves nothing.
func accepted(got answer) bool { return string(got.result) == "true" }

// chargedState describes an accepted charge. Its provider reference is our own
// key: the provider gives no id and its callbacks carry external_id.
func chargedState(key string, report pay.Report) pay.InvoiceState {
	if data, err := json.Marshal(state{Kind: stateCharge}); err == nil {
		report.State = &pay.State{Version: stateVersion, Data: data}
	}
	return pay.InvoiceState{
		Report:       report,
		ProviderRef:  key,
		ProviderRefs: map[string]string{"external_id": key},
		Status:       pay.StatusProcessing,
	}
}

// chargeFields maps a charge to the provider's parameters.
func (a *account) chargeFields(ctx context.Context, req pay.Charge) (string, []field, error) {
	inv := req.Invoice
	switch {
	case a.serviceID == "":
		return "", nil, pay.Unsupported("charge without config.service_id")
	case req.Source != pay.SourceBalance || req.Credential != nil:
		return "", nil, pay.Unsupported("source.type other than balance")
	case inv.PaymentMethod != "":
		return "", nil, pay.Unsupported("payment_method of a charge")
	case inv.ReturnURLs != pay.ReturnURLs{}:
		return "", nil, pay.Unsupported("return_urls of a charge, which has no page")
	}
	if err := refuseUnsupported(inv); err != nil {
		return "", nil, err
	}
	if err := refuseOptions(inv.Options); err != nil {
		return "", nil, err
	}
	payer := either(req.BalanceID, inv.Customer.ID)
	switch {
	case !isID(payer):
		return "", nil, pay.Invalid("source.id", "payin needs whose balance to debit: the payer's id at the provider, a positive integer")
	case inv.Customer.ID != "" && inv.Customer.ID != payer:
		return "", nil, pay.Invalid("source.id", "is another user's balance than customer.id")
	case inv.Description == "":
		return "", nil, pay.Invalid("description", "payin needs a description")
	case inv.Amount.Sign() <= 0:
		return "", nil, pay.Invalid("amount.value", "must be greater than zero")
	case inv.Amount.Code() != roubles:
		return "", nil, pay.Invalid("amount.currency", "payin charges balances in RUB only")
	}
	key, err := externalID(ctx, inv.Call)
	if err != nil {
		return "", nil, err
	}
	return key, []field{
		textField("service_id", a.serviceID),
		textField("payer_id", payer),
		textField("amount", inv.Amount.Value()),
		textField("external_id", key),
		textField("description", inv.Description),
	}, nil
}

// externalID returns the operation's key, unchanged.
func externalID(ctx context.Context, call pay.Call) (string, error) {
	key := either(call.ProviderKey, pay.CallFrom(ctx).ProviderKey)
	if !isKey(key) {
		return "", pay.Invalid("provider_key", "external_id needs a key of at most 64 letters, digits, _ and -")
	}
	return key, nil
}

// refuseOptions is for operations without provider_options.
func refuseOptions(raw json.RawMessage) error {
	var given map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &given) == nil && len(given) == 0 {
		return nil
	}
	return pay.Invalid("provider_options", "payin takes none here")
}

// getCharge answers for a charge, which the provider cannot be asked about: it
// repeats what the host knows, states nothing that is not known, and after
// [outcomePatience] asks for a person. It is never "not found", because that
// would be evidence of absence.
func (a *account) getCharge(ref pay.InvoiceRef) pay.InvoiceState {
	out := pay.InvoiceState{
		Report:       pay.Report{Warnings: []string{"payin has no call that asks about a charge: its outcome comes by callback only"}},
		ProviderRef:  ref.ProviderRef,
		ProviderRefs: ref.ProviderRefs,
		Status:       ref.Known.Status,
	}
	waiting, until := a.patience(ref.Known.CreatedAt)
	switch {
	case ref.Known.Status.Settled() || ref.Known.Status.Closed():
	case ref.Known.Status == "" || ref.Known.Status == pay.StatusCreating || !waiting:
		out.Status = ""
		out.Review = undecided("charge")
	default:
		out.Report.NextLookAt = until
	}
	return out
}

// patience reports whether an outcome may still be on its way, and until when.
func (a *account) patience(since time.Time) (bool, time.Time) {
	if since.IsZero() {
		return false, time.Time{}
	}
	until := since.Add(outcomePatience)
	return a.now().Before(until), until
}

func undecided(what string) string {
	return "no callback within callback_freshness told the outcome of this " + what +
		" and the provider cannot be asked about it: look for late callbacks in the inbox, then ask its managers, quoting external_id"
}
