package payin

import (
	"strconv"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The codes of the callbacks of charges and rewards.
//
// Source: section 6.2 of the provider's page. Incoming payments use the same
// numbers for other things.
const (
	outcomePaid         = "1"
	outcomeInsufficient = "3"
	outcomeTrouble      = "4"
)

// outcome is what such a callback says.
type outcome struct {
	paid    bool
	decline *pay.Decline
	review  string
}

func readOutcome(code string) outcome {
	switch code {
	case outcomePaid:
		return outcome{paid: true}
	case outcomeInsufficient:
		return outcome{decline: &pay.Decline{
			Reason: pay.DeclineInsufficientFunds, ProviderCode: code, Message: "there was not enough on the balance",
		}}
	case outcomeTrouble:
		return outcome{review: "status 4: the provider reports an error and does not say whether money moved; contact its managers, quoting external_id"}
	}
	return outcome{review: "status " + strconv.Quote(httpx.Scrub(clip(code))) + " is not documented; contact the provider's managers, quoting external_id"}
}

// externalEvent reads the callback of a charge or a reward. They have the same
// fields, so only the address tells them apart: at any other address the object
// is named and nothing is said of it. So it is when the callback is about another
// service than the account's, whose external ids are not ours. A late callback
// is told as a hint, under an event id of its own, so that a repeat that is
// signed anew is not taken for the same event.
func (a *account) externalEvent(c callback, tail string, fresh bool, event *pay.WebhookEvent) {
	id, code := c.values["external_id"], c.values["status"]
	event.ProviderKey = id
	event.ProviderEventID = id + ":" + clip(code)
	said := readOutcome(code)
	if !fresh {
		event.ProviderEventID += ":late"
		said = outcome{review: "a correctly signed callback of another time said status " + strconv.Quote(httpx.Scrub(clip(code)))}
	}
	switch tail {
	case tailCharge:
		event.Subject = pay.SubjectInvoice
	case tailReward:
		event.Subject = pay.SubjectPayout
	default:
		return
	}
	if a.serviceID == "" || c.values["service_id"] != a.serviceID || !isKey(id) {
		return
	}
	if fresh {
		event.Strength = pay.StrengthVerified
	}
	event.ProviderRef = id
	refs := map[string]string{"external_id": id}
	for _, name := range []string{"payment_in_id", "payment_out_id"} {
		if number := c.values[name]; isPrettyID(number) {
			refs[name] = number
		}
	}
	if tail == tailCharge {
		event.Invoice = chargeOutcome(said, id, refs)
	} else {
		event.Payout = rewardOutcome(said, id, refs)
	}
}

func chargeOutcome(said outcome, id string, refs map[string]string) *pay.InvoiceState {
	out := &pay.InvoiceState{ProviderRef: id, ProviderRefs: refs, Review: said.review}
	switch {
	case said.paid:
		out.Status, out.Final, out.FinalReason = pay.StatusPaid, true, "paid"
	case said.decline != nil:
		out.Status, out.Final, out.FinalReason = pay.StatusFailed, true, string(said.decline.Reason)
		out.Attempts = []pay.Attempt{{ProviderAttemptID: id, Status: pay.AttemptDeclined, Decline: said.decline}}
	}
	return out
}

func rewardOutcome(said outcome, id string, refs map[string]string) *pay.PayoutState {
	out := &pay.PayoutState{ProviderRef: id, ProviderRefs: refs, Review: said.review, Decline: said.decline}
	switch {
	case said.paid:
		out.Status = pay.PayoutSucceeded
	case said.decline != nil:
		out.Status = pay.PayoutFailed
	}
	return out
}
