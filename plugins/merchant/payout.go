package merchant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// bankUnknown lets the gateway find the bank from the number of a card.
const bankUnknown = "unknown"

// CreatePayout asks the gateway to pay somebody, under the operation's provider
// key. A lost answer is settled by [account.GetPayout] with that key; one that
// is not found is left to a person, and nothing is sent again.
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	body, err := a.payoutBody(ctx, req)
	if err != nil {
		return pay.PayoutState{}, err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return pay.PayoutState{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written as JSON")
	}
	res, err := a.exchange(ctx, http.MethodPost, raw, "api", "merchant", "invoices")
	if err != nil {
		return pay.PayoutState{}, hide(blameDestination(err), body.PaymentRequisites.Requisites, body.PaymentRequisites.Holder)
	}
	inv, err := decodeDirected(res.Body, directionOut)
	if err != nil {
		return pay.PayoutState{}, res.Garbled("%v", err)
	}
	if !sameKey(inv, body.InternalID) {
		// Whatever became of our request, this does not tell; the look-up will.
		return pay.PayoutState{}, res.Garbled("it is another payout than the one asked for")
	}
	return payoutState(inv, res.Evidence), nil
}

// payoutBody maps a payout to the gateway's fields.
func (a *account) payoutBody(ctx context.Context, req pay.CreatePayout) (createDTO, error) {
	var opts struct {
		PaymentOption    string            `json:"payment_option"`
		AllowMatching    *bool             `json:"allow_matching"`
		MatchingSettings *matchingSettings `json:"matching_settings"`
	}
	if err := decodeStrict(req.Options, &opts, "provider_options"); err != nil {
		return createDTO{}, err
	}
	option, bank, err := route(req.Destination)
	if err != nil {
		return createDTO{}, err
	}
	key := either(req.Call.ProviderKey, pay.CallFrom(ctx).ProviderKey)
	switch {
	case !isToken(key):
		return createDTO{}, pay.Invalid("provider_key", "the gateway's internalId needs a key of letters, digits, _ and -")
	case req.WebhookURL == "":
		return createDTO{}, pay.Invalid("webhook_url", "the gateway needs an address for notifications")
	case req.Amount.Sign() <= 0:
		return createDTO{}, pay.Invalid("amount.value", "must be greater than zero")
	}
	if c, known := lookupCurrency(req.Amount.Code()); !known || c.Exponent != req.Amount.Currency().Exponent {
		return createDTO{}, pay.Invalid("amount.currency", "%s is not a currency of this provider", req.Amount.Code())
	}
	body := createDTO{
		Type: directionOut, Amount: req.Amount.Value(), Currency: req.Amount.Code(),
		NotificationURL: req.WebhookURL, NotificationToken: notificationToken(a.secret, key), InternalID: key,
		UserID: req.Customer.ID, PaymentOption: either(opts.PaymentOption, option), PaymentMethod: bank,
		PaymentRequisites: &requisites{Requisites: req.Destination.Value, Holder: req.Destination.Holder},
		AllowMatching:     opts.AllowMatching,
	}
	if err := checkMatching(opts.AllowMatching, opts.MatchingSettings); err != nil {
		return createDTO{}, err
	}
	if m := opts.MatchingSettings; m != nil {
		body.MatchingSettings = &matchingDTO{m.MaxAmount, m.MinPartAmount, m.MaxPartAmount}
	}
	return body, nil
}

// route returns the option and the bank for a destination. Its errors never
// repeat the value, which is personal data.
func route(d pay.Destination) (option, bank string, err error) {
	const marks = " ()+-"
	digits := len(strings.Map(func(r rune) rune {
		if strings.ContainsRune(marks, r) {
			return -1
		}
		return r
	}, d.Value))
	plain := strings.Trim(d.Value, "0123456789"+marks) == ""
	bank = d.Bank
	switch d.Type {
	case pay.DestinationCard:
		option, bank = "TO_CARD", either(bank, bankUnknown)
		if !plain || digits < 12 || digits > 19 {
			return "", "", pay.Invalid("destination.value", "is no card number")
		}
	case pay.DestinationPhone:
		option = "SBP"
		if !plain || digits < 7 || digits > 15 {
			return "", "", pay.Invalid("destination.value", "is no phone number")
		}
	case pay.DestinationAccount:
		option = "TO_ACCOUNT"
		if d.Value == "" || len(d.Value) > 128 || strings.ContainsFunc(d.Value, func(r rune) bool { return r < ' ' }) {
			return "", "", pay.Invalid("destination.value", "is no account")
		}
	default:
		return "", "", pay.Unsupported(fmt.Sprintf("destination.type %q", d.Type))
	}
	switch {
	case bank == "":
		return "", "", pay.Invalid("destination.bank", "the gateway needs the code of the receiver's bank; only a card can do without")
	case !isToken(bank):
		return "", "", pay.Invalid("destination.bank", "is no bank code of the gateway")
	case d.Network != "":
		return "", "", pay.Unsupported("destination.network")
	case d.Country != "":
		return "", "", pay.Unsupported("destination.country")
	}
	return option, bank, nil
}

// blameDestination names the fields of a refused payout as the caller knows them.
func blameDestination(err error) error {
	e, ok := errors.AsType[*pay.Error](err)
	if !ok {
		return err
	}
	for i, f := range e.Fields {
		switch {
		case f.Path == "payment_method":
			e.Fields[i].Path = "destination.bank"
		case f.Path == "paymentRequisites.holder":
			e.Fields[i].Path = "destination.holder"
		case strings.HasPrefix(f.Path, "paymentRequisites"):
			e.Fields[i].Path = "destination.value"
		}
	}
	return e
}

// GetPayout reads a payout by the gateway's id or, while that is not known, by
// the key that was sent as internalId. Absence is believed only in the gateway's
// own words.
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	key := either(ref.ProviderKey, ref.OperationID)
	if ref.ProviderRef != "" {
		if !isToken(ref.ProviderRef) {
			return pay.PayoutState{}, pay.Invalid("provider_ref", "is not an id of this gateway")
		}
		inv, res, err := a.readDirected(ctx, ref.ProviderRef, directionOut)
		if err != nil {
			return pay.PayoutState{}, err
		}
		if !sameKey(inv, ref.ProviderKey) {
			return pay.PayoutState{}, mismatch("the payout belongs to another operation", res)
		}
		return payoutState(inv, res.Evidence), nil
	}
	if !isToken(key) {
		return pay.PayoutState{}, pay.Invalid("provider_key", "is not a key this adapter can have sent")
	}
	res, err := a.exchange(ctx, http.MethodGet, nil, "api", "merchant", "invoices", "internal-id", key)
	if err != nil {
		return pay.PayoutState{}, err
	}
	inv, err := decodeDirected(res.Body, directionOut)
	switch {
	case errors.Is(err, errSeveral):
		return pay.PayoutState{}, mismatch("the key names several payouts", res)
	case err != nil:
		return pay.PayoutState{}, res.Garbled("%v", err)
	case inv.internalID() != key:
		return pay.PayoutState{}, mismatch("the payout belongs to another operation", res)
	}
	return payoutState(inv, res.Evidence), nil
}

// payoutState maps a payout to what it means.
//
// Source: section 11.2 of the provider's page. A status it does not have asks
// for a person; brands add values.
func payoutState(inv invoice, ev pay.Evidence) pay.PayoutState {
	ev.ProviderTime = inv.UpdatedAt.Time
	out := pay.PayoutState{
		Report:       pay.Report{Evidence: ev},
		ProviderRef:  inv.id(),
		ProviderRefs: map[string]string{},
		ProviderTime: inv.UpdatedAt.Time,
		Data:         facts(inv),
	}
	if id := inv.internalID(); id != "" {
		out.ProviderRefs["internal_id"] = id
	}
	sums, err := readSums(inv)
	if err != nil {
		out.Review = "the gateway's amounts cannot be believed: " + httpx.Scrub(err.Error())
		return out
	}
	out.Report.Warnings = sums.warnings
	out.Amount = sums.asked
	if deals := inv.deals(); len(deals) > 0 {
		out.Rate = deals[len(deals)-1].rate()
	}
	switch inv.Status {
	case "new":
		out.Status = pay.PayoutPending
	case "paid":
		out.Status = pay.PayoutSucceeded
		out.Fee = sums.fee
		if spent, err := inv.Gross.money(); err == nil {
			out.Debited = spent
		}
		if sums.actual.IsSet() && !sums.actual.Equal(sums.asked) {
			out.Amount = sums.actual
			out.Review = "the gateway paid out another amount than was asked for"
		}
	case "canceled":
		out.Status = pay.PayoutCanceled
	case "expired":
		out.Status = pay.PayoutFailed
		out.Decline = &pay.Decline{Reason: pay.DeclineExpired, ProviderCode: "expired", Message: "nobody paid it out in time"}
	case "dispute":
		out.Status = pay.PayoutProcessing
		out.Review = "the payout is under dispute at the gateway"
	default:
		out.Review = fmt.Sprintf("status %q of the payout is not documented", httpx.Scrub(clip(inv.Status)))
	}
	return out
}
