package payin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

// GetPayout asks for the outgoing payment of a reward by its number, which only
// a callback tells. Without the number there is no question to ask: an accepted
// reward is answered as [account.getCharge] answers, and one whose acceptance
// is not known is unsupported, never absent.
func (a *account) GetPayout(ctx context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	number := ref.ProviderRefs["payment_out_id"]
	if !isPrettyID(number) {
		return a.knownPayout(ref)
	}
	found, got, err := a.findOutgoing(ctx, number)
	if err != nil {
		return pay.PayoutState{}, err
	}
	out := outgoingState(*found.ClientStatus)
	out.Report = got.report()
	out.ProviderRef = either(ref.ProviderRef, ref.ProviderKey)
	out.ProviderRefs = map[string]string{"payment_out_id": number}
	out.Data = map[string]string{"client_status": found.ClientStatus.shown()}
	if at, ok := providerTime(plainText(found.LastUpdateTime)); ok {
		out.Data["last_update_time"] = at.Format(time.RFC3339)
		if string(*found.ClientStatus) == outgoingRefunded {
			out.ReturnedAt = at
		}
	}
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
