package payin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// CreatePayout sends a reward: money of the service's owner to the balance of
// another user of the provider. The receiver is destination.value of the type
// account, the user's id at the provider; without a destination it is
// customer.id. Both together must agree.
//
// The provider does not say that external_id is unique among rewards, so a
// repeat may pay twice: a lost answer is for a person, and nothing here or in
// the host sends it again.
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	key, fields, err := a.rewardFields(ctx, req)
	if err != nil {
		return pay.PayoutState{}, err
	}
	got, err := a.post(ctx, "service-of-services/create-reward-invoice", httpx.Mutates, fields...)
	if e, ok := errors.AsType[*pay.Error](err); ok && e.Kind == pay.KindInvalidState {
		// A reward with this id exists. It may be this very one, so "not executed" would be a guess.
		e.Kind, e.Executed, e.Retry = pay.KindOutcomeUnknown, pay.ExecutedUnknown, pay.Retry{}
		return pay.PayoutState{}, e
	}
	if err != nil {
		return pay.PayoutState{}, err
	}
	if !accepted(got) {
		return pay.PayoutState{}, got.response.Garbled("it does not say that the reward was accepted")
	}
	return pay.PayoutState{
		Report: got.report(), ProviderRef: key, ProviderRefs: map[string]string{"external_id": key}, Status: pay.PayoutProcessing,
	}, nil
}

// rewardFields maps a payout to the provider's parameters. The provider's table
// calls the description descr and its runnable sample description; the sample
// has been run.
func (a *account) rewardFields(ctx context.Context, req pay.CreatePayout) (string, []field, error) {
	if a.serviceID == "" {
		return "", nil, pay.Unsupported("payout without config.service_id")
	}
	if err := refuseOptions(req.Options); err != nil {
		return "", nil, err
	}
	receiver, err := receiverID(req)
	if err != nil {
		return "", nil, err
	}
	currency, known := pay.LookupCurrency(req.Amount.Code())
	switch {
	case req.Description == "":
		return "", nil, pay.Invalid("description", "payin needs a description")
	case req.Amount.Sign() <= 0:
		return "", nil, pay.Invalid("amount.value", "must be greater than zero")
	case !known || !slices.Contains(a.currencies, currency.Code):
		return "", nil, pay.Invalid("amount.currency", "%s is not enabled for this account; see config.currencies", req.Amount.Code())
	}
	key, err := externalID(ctx, req.Call)
	if err != nil {
		return "", nil, err
	}
	return key, []field{
		textField("service_id", a.serviceID),
		textField("receiver_id", receiver),
		textField("amount", req.Amount.Value()),
		textField("currency_id", fmt.Sprintf("%03d", currency.Numeric)),
		textField("external_id", key),
		textField("description", req.Description),
	}, nil
}

// receiverID returns the user who gets the money.
func receiverID(req pay.CreatePayout) (string, error) {
	d := req.Destination
	switch d.Type {
	case pay.DestinationAccount:
	case "":
		d.Value = either(d.Value, req.Customer.ID)
	default:
		return "", pay.Unsupported("destination.type " + string(d.Type) + ", payin pays to accounts at the provider only")
	}
	for path, value := range map[string]string{
		"destination.bank": d.Bank, "destination.network": d.Network, "destination.country": d.Country,
	} {
		if value != "" {
			return "", pay.Unsupported(path)
		}
	}
	if !isID(d.Value) {
		return "", pay.Invalid("destination.value", "must be the receiver's id at the provider, a positive integer")
	}
	if req.Customer.ID != "" && req.Customer.ID != d.Value {
		return "", pay.Invalid("destination.value", "is another user than customer.id")
	}
	return d.Value, nil
}

// outgoing is the result of an outgoing search.
type outgoing struct {
	AccountNumber idText  `json:"account_number"`
	ClientStatus  *idText `json:"client_status"`
}

// GetPayout asks for the outgoing payment of a reward by its number, which only
// a callback tells. Without the number there is no question to ask: an accepted
// reward is answered as [account.getCharge] answers, and one whose acceptance
// is not known is unsupported, never absent.
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	number := ref.ProviderRefs["payment_out_id"]
	if !isPrettyID(number) {
		return a.knownPayout(ref)
	}
	got, err := a.post(ctx, "payment-out/find-payment", httpx.Reads, textField("account_number", number))
	if err != nil {
		return pay.PayoutState{}, err
	}
	found, err := readOutgoing(got.result)
	switch {
	case err != nil || found.ClientStatus == nil:
		return pay.PayoutState{}, got.response.Garbled("the search result is no outgoing payment")
	case string(found.AccountNumber) != number:
		return pay.PayoutState{}, got.response.Garbled("it is about another payment than the one asked for")
	}
	out := outgoingState(string(*found.ClientStatus))
	out.Report = got.report()
	out.ProviderRef = either(ref.ProviderRef, ref.ProviderKey)
	out.ProviderRefs = map[string]string{"payment_out_id": number}
	out.Data = map[string]string{"client_status": clip(string(*found.ClientStatus))}
	return out, nil
}

// knownPayout answers for a reward whose number is not known.
func (a *account) knownPayout(ref pay.PayoutRef) (pay.PayoutState, error) {
	if ref.ProviderRef != "" && ref.ProviderRef != ref.ProviderKey {
		return pay.PayoutState{}, pay.Invalid("provider_ref", "is no reward of this account")
	}
	out := pay.PayoutState{
		Report:      pay.Report{Warnings: []string{"payin finds a reward by payment_out_id only, which its callback tells"}},
		ProviderRef: ref.ProviderKey, Status: ref.Status,
	}
	switch ref.Status {
	case pay.PayoutSucceeded, pay.PayoutFailed, pay.PayoutCanceled:
	case pay.PayoutPending, pay.PayoutProcessing:
		waiting, until := a.patience(ref.SentAt)
		if ref.SentAt.IsZero() || waiting {
			out.Report.NextLookAt = until
			break
		}
		out.Status, out.Review = "", undecided("reward")
	default:
		return pay.PayoutState{}, pay.Unsupported("looking a reward up by external_id")
	}
	return out, nil
}

// readOutgoing reads the object of the provider's sample, or the list with one
// object of its table.
func readOutgoing(raw json.RawMessage) (outgoing, error) {
	var one outgoing
	if len(raw) > 0 && raw[0] == '{' {
		return one, json.Unmarshal(raw, &one)
	}
	var list []outgoing
	if err := json.Unmarshal(raw, &list); err != nil {
		return one, err
	}
	if len(list) != 1 {
		return one, errors.New("it is not one payment")
	}
	return list[0], nil
}

// outgoingState maps the status code of an outgoing payment.
//
// Source: section 6.3 of the provider's page; codes it does not list ask for a
// person.
func outgoingState(code string) pay.PayoutState {
	n, err := strconv.Atoi(code)
	if err != nil {
		n = -1
	}
	switch n {
	case 0:
		return pay.PayoutState{Status: pay.PayoutProcessing}
	case 1:
		return pay.PayoutState{Status: pay.PayoutSucceeded}
	case 2:
		return pay.PayoutState{Status: pay.PayoutCanceled}
	case 3:
		return pay.PayoutState{Status: pay.PayoutFailed, Decline: &pay.Decline{Reason: pay.DeclineGeneric, ProviderCode: "3"}}
	case 5:
		return pay.PayoutState{Review: "status 5: something went wrong while the provider processed the reward; contact its support"}
	case 8:
		// It succeeded and came back; the provider says neither when nor how much.
		return pay.PayoutState{Status: pay.PayoutSucceeded, Review: "status 8: the reward was refunded and the provider does not say when or how much"}
	}
	return pay.PayoutState{Review: fmt.Sprintf("status %q of the reward is not documented; contact the provider's support", httpx.Scrub(clip(code)))}
}
