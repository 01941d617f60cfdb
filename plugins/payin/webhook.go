package payin

import (
	"context"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// The tails below the account's webhook URL. A person registers one address of
// each kind with the provider's managers.
const (
	tailTopup  = "topup"
	tailCharge = "charge"
	tailReward = "reward"
)

// HandleWebhook verifies a callback and reads it.
//
// The callback of a top-up is a hint: it carries no amount, and the provider
// itself says to confirm it by asking. The callbacks of charges and rewards are
// the only news there is of them, and their signature covers all they say, so
// they are verified events. A callback whose time is far from ours may be a late
// repeat or a replay; it is a reason to ask and nothing else.
func (a *account) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	c, err := parseCallback(req.Body)
	if err != nil {
		return pay.WebhookResult{}, unverified(err.Error())
	}
	if !a.verified(c) {
		return pay.WebhookResult{}, unverified("the hash is missing or wrong")
	}
	received := req.ReceivedAt
	if received.IsZero() {
		received = a.now()
	}
	sent, fresh := a.sentAt(c, received)
	event := pay.WebhookEvent{Subject: pay.SubjectUnknown, Strength: pay.StrengthHint, ProviderTime: sent}
	switch {
	case isDigits(c.values["payment_in_id"]) && isDigits(c.values["payment_in_status"]):
		topupEvent(c, fresh, &event)
	case c.values["external_id"] != "":
		a.externalEvent(c, req.Tail, fresh, &event)
	}
	result := pay.WebhookResult{
		Report: pay.Report{Evidence: pay.Evidence{
			ObservedAt: received, ProviderTime: sent, ProviderRequestID: strings.TrimSpace(c.tracker),
		}},
		Events: []pay.WebhookEvent{event},
		// Anything but this makes the provider repeat the callback.
		Acknowledgement: pay.Acknowledgement{
			Status:  200,
			Headers: []pay.Header{{Name: "Content-Type", Value: "application/json"}},
			Body:    []byte(`{"result": true}`),
		},
	}
	if !fresh {
		result.Report.Warnings = []string{"the callback is signed correctly but its time is outside callback_freshness: asking the provider only"}
	}
	return result, nil
}

// verified compares the hash with that of every accepted key. The hash is
// lower-case hex; every comparison is made, in constant time.
func (a *account) verified(c callback) bool {
	if len(c.signed) == 0 || c.hash == "" {
		return false
	}
	text := canonical(c.signed)
	ok := 0
	for _, secret := range a.secrets() {
		ok |= subtle.ConstantTimeCompare([]byte(sign(secret, text)), []byte(c.hash))
	}
	return ok == 1
}

// sentAt reads the signed time, a number in one kind of callback and a string
// in the others, and says whether it is close to when the callback came.
func (a *account) sentAt(c callback, received time.Time) (time.Time, bool) {
	seconds, err := strconv.ParseInt(c.values["timestamp"], 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	sent := time.Unix(seconds, 0).UTC()
	return sent, received.Sub(sent).Abs() <= a.freshness
}

// topupEvent reads the callback of a top-up. Only 1 is documented as normal; for
// any other status the provider says to contact its support.
func topupEvent(c callback, fresh bool, event *pay.WebhookEvent) {
	id, status := c.values["payment_in_id"], c.values["payment_in_status"]
	event.Subject = pay.SubjectInvoice
	event.ProviderRef = id
	event.ProviderEventID = id + ":" + status
	if !fresh {
		return
	}
	state := pay.InvoiceState{ProviderRef: id}
	if status == "1" {
		state.Status = pay.StatusPaid
	} else {
		state.Review = "a callback reports status " + status + "; the provider asks to contact its support"
	}
	event.Invoice = &state
}

func unverified(why string) *pay.Error {
	return &pay.Error{Kind: pay.KindAuth, Executed: pay.ExecutedNo, Message: "the callback cannot be verified: " + why}
}
