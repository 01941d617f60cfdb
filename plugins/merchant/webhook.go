package merchant

import (
	"context"
	"crypto/subtle"
	"encoding/json"

	"github.com/payhost/payhost/sdk/pay"
)

// notification is the body of a callback.
type notification struct {
	Type    string  `json:"notificationType"`
	Date    stamp   `json:"notificationDate"`
	Invoice invoice `json:"invoice"`
}

// HandleWebhook checks the token of a callback and names its invoice or payout. The token
// belongs to internalId and no signature covers the body, so the event is a
// hint without a state: the host asks the gateway. It fails closed: without a
// token or an internalId nothing is accepted.
func (a *account) HandleWebhook(_ context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	var n notification
	if err := json.Unmarshal(req.Body, &n); err != nil {
		return pay.WebhookResult{}, unverified("the body is no notification")
	}
	key := n.Invoice.internalID()
	if !a.authentic(req.Header("X-Notification-Token"), key) {
		return pay.WebhookResult{}, unverified("the token is missing or wrong")
	}
	if req.Invoice != nil && req.Invoice.ProviderKey != "" && req.Invoice.ProviderKey != key {
		return pay.WebhookResult{}, unverified("the notification is about another invoice than its address")
	}
	event := pay.WebhookEvent{
		Subject: pay.SubjectUnknown, ProviderKey: key, Strength: pay.StrengthHint, ProviderTime: n.Invoice.UpdatedAt.Time,
	}
	if subject, known := subjectOf(n); known && isToken(n.Invoice.id()) {
		event.Subject = subject
		event.ProviderRef = n.Invoice.id()
		event.ProviderEventID = eventID(n.Invoice)
	}
	received := req.ReceivedAt
	if received.IsZero() {
		received = a.now()
	}
	return pay.WebhookResult{
		Report:          pay.Report{Evidence: pay.Evidence{ObservedAt: received, ProviderTime: n.Invoice.UpdatedAt.Time}},
		Events:          []pay.WebhookEvent{event},
		Acknowledgement: pay.Acknowledgement{Status: 200},
	}, nil
}

// subjectOf tells an invoice from a payout. The body is not signed, so this only
// chooses what to ask about.
func subjectOf(n notification) (pay.Subject, bool) {
	switch {
	case n.Type != "invoice":
		return "", false
	case n.Invoice.Type == directionOut:
		return pay.SubjectPayout, true
	case n.Invoice.Type == directionIn, n.Invoice.Type == "":
		return pay.SubjectInvoice, true
	}
	return "", false
}

// authentic compares the token with that of every accepted secret. Every
// comparison is made, in constant time.
func (a *account) authentic(token, internalID string) bool {
	if token == "" || internalID == "" {
		return false
	}
	ok := 0
	for _, secret := range a.signingSecrets() {
		ok |= subtle.ConstantTimeCompare([]byte(notificationToken(secret, internalID)), []byte(token))
	}
	return ok == 1
}

// eventID tells repeats from news: "paid" comes again when the amount was corrected.
func eventID(inv invoice) string {
	id := inv.id() + ":" + clip(inv.Status)
	if amount, err := inv.Received.money(); err == nil && amount.IsSet() {
		id += ":" + amount.Value()
	}
	return id
}

func unverified(why string) *pay.Error {
	return &pay.Error{Kind: pay.KindAuth, Executed: pay.ExecutedNo, Message: "the notification cannot be verified: " + why}
}
