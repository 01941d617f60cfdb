package pay

import (
	"strings"
	"time"
)

// Header is one header line; names repeat where the request repeated them.
type Header struct{ Name, Value string }

// WebhookRequest is a provider's call, byte for byte.
type WebhookRequest struct {
	Call   Call
	Method string
	// Path is the path below the webhook root; Tail is what follows the account in it.
	Path, Tail string
	RawQuery   string
	Headers    []Header
	// Body is exactly what was sent: signatures cover whitespace too.
	Body       []byte
	ReceivedAt time.Time
	// Peer is the remote address.
	Peer string
	// Invoice is the object the URL names, when it names one: signatures that
	// need the invoice's own secret or State are checked against it.
	Invoice *InvoiceRef
}

// Header returns the first value of the named header, ignoring case.
func (r WebhookRequest) Header(name string) string {
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// Subject is what a webhook event is about.
type Subject string

// The subjects of webhook events.
const (
	SubjectInvoice    Subject = "invoice"
	SubjectRefund     Subject = "refund"
	SubjectPayout     Subject = "payout"
	SubjectDispute    Subject = "dispute"
	SubjectCredential Subject = "credential"
	SubjectAccount    Subject = "account"
	SubjectUnknown    Subject = "unknown"
)

// Strength says what a webhook proves.
type Strength string

// The strengths.
const (
	// StrengthVerified: a signature covers the body, so its content is believed.
	StrengthVerified Strength = "verified"
	// StrengthHint: only the sender is authenticated, so the host asks the provider before believing.
	StrengthHint Strength = "hint"
)

// WebhookEvent is one piece of news in a webhook.
type WebhookEvent struct {
	Subject Subject
	// ProviderRef, OperationID or ProviderKey name the object; one is enough.
	ProviderRef, OperationID, ProviderKey string
	Strength                              Strength
	// Invoice, Refund, Payout, Dispute and Credential are the news, by Subject.
	// They may be nil for a hint.
	Invoice    *InvoiceState
	Refund     *RefundState
	Payout     *PayoutState
	Dispute    *Dispute
	Credential *StoredCredential
	// ProviderEventID is the provider's id of the event, for deduplication.
	ProviderEventID string
	ProviderTime    time.Time
}

// Acknowledgement is the answer the provider expects when the webhook has been stored.
type Acknowledgement struct {
	// Status is 200 when zero.
	Status  int
	Headers []Header
	Body    []byte
}

// WebhookResult is what an adapter read in a webhook it could verify.
type WebhookResult struct {
	Report          Report
	Events          []WebhookEvent
	Acknowledgement Acknowledgement
}

// WebhookRoute says whose webhook it is, for providers with one address for all
// accounts.
type WebhookRoute struct {
	// ProviderAccountRef is compared with [AccountInfo.ProviderAccountRef]. Empty: cannot tell.
	ProviderAccountRef string
	// Tail replaces the tail of the URL.
	Tail string
}
