package pay

import (
	"context"
	"encoding/json"
	"time"
)

// Call is the frame of one call of an adapter. It is field one of every request
// and can be read from the context with [CallFrom].
type Call struct {
	// OperationID is the host's id of the operation; the same for all its tries.
	OperationID string
	// ProviderKey is the key to send to the provider unchanged, as order id or
	// idempotency key: unique per account, stable over tries, in the alphabet
	// and length that [Manifest.OperationKey] asks for.
	ProviderKey string
	// Try counts the tries of the operation from 1.
	Try int
	// AccountID and AccountRevision name the handle that must serve the call.
	AccountID       string
	AccountRevision int64
	// Mode is the environment of the account.
	Mode Mode
	// Deadline is also the deadline of the context.
	Deadline time.Time
	// Traceparent is the W3C trace context; the SDK's HTTP client passes it on.
	Traceparent string
	// CorrelationID is the caller's own id, for logs.
	CorrelationID string
	// Critical names fields and options of this request that must be
	// understood. An SDK that does not know one refuses the call before the
	// adapter runs.
	Critical []string
}

// CallKey is the key under which a context keeps its frame, a *[Call] that nobody changes. It is for implementations of
// [context.Context] that hold the frame themselves, as the SDK's do; all others use [WithCall] and [CallFrom].
type CallKey struct{}

// WithCall returns a context that carries c. The SDK and the host call it; tests may.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, CallKey{}, &c)
}

// CallFrom returns the frame of the call that ctx belongs to, or a zero Call.
func CallFrom(ctx context.Context) Call {
	if c, ok := ctx.Value(CallKey{}).(*Call); ok {
		return *c
	}
	return Call{}
}

// Customer is who pays, as the merchant knows them. Personal data.
type Customer struct {
	// ID is the merchant's or the provider's id of the customer; it is not personal data.
	ID    string
	Email string
	Phone string
	Name  string
}

// Payer is the person at the browser. Personal data.
type Payer struct {
	// Locale is a BCP 47 tag such as "uk-UA"; Country is ISO 3166-1 alpha-2.
	Locale, IP, UserAgent, Country string
}

// ReturnURLs are where the payer's browser goes afterwards. Coming back proves nothing.
type ReturnURLs struct {
	// Default is used where Success or Failure is empty.
	Default, Success, Failure string
}

// Item is one line of the basket.
type Item struct {
	Name string
	// Code is the merchant's product code.
	Code string
	// Quantity is a decimal number such as "1" or "0.5".
	Quantity string
	// UnitPrice and Total are in the currency of the invoice; Total may be unset.
	UnitPrice, Total Money
	// Unit is for example "pcs"; Barcode and ImageURL are optional.
	Unit, Barcode, ImageURL string
	// TaxCodes are the provider's own tax codes.
	TaxCodes []string
	// Options are further keys of the provider for this line.
	Options json.RawMessage
}

// InitiatedBy says whether the payer is present.
type InitiatedBy string

// The initiators.
const (
	InitiatedByCustomer InitiatedBy = "customer"
	InitiatedByMerchant InitiatedBy = "merchant"
)

// CreateInvoice asks for a new invoice.
type CreateInvoice struct {
	Call Call
	// InvoiceID is the host's id; it is part of WebhookURL.
	InvoiceID string
	// WebhookURL is where the provider shall report this invoice.
	WebhookURL string
	// AccountWebhookURL is where the provider reports the whole account.
	AccountWebhookURL string
	// BrowserReturnURL is where the payer's browser can be sent so that its request, a GET or the post of a form,
	// reaches this adapter as a webhook of this invoice: the TermUrl of 3-D Secure 1, for example. What a
	// browser brings is the word of the payer and at most a hint. Empty when the host offers none.
	BrowserReturnURL string
	Amount           Money
	// MaxAmount lets the provider raise the amount up to it; unset forbids raising.
	MaxAmount   Money
	Purpose     Purpose
	Reference   string
	Description string
	Customer    Customer
	Payer       Payer
	Capture     CaptureMode
	// ExpiresIn is how long the payer has; zero leaves it to the provider.
	ExpiresIn     time.Duration
	ReturnURLs    ReturnURLs
	PaymentMethod string
	Items         []Item
	Metadata      map[string]string
	// SaveCredential asks for a stored credential.
	SaveCredential bool
	// AllowPartial lets the payer settle the amount in several parts. Without it the provider is asked for the
	// whole amount only.
	AllowPartial bool
	InitiatedBy  InitiatedBy
	// Options is the caller's provider_options object, already valid against the manifest's schema. Nil when absent.
	Options json.RawMessage
}

// FindInvoice looks for an invoice whose provider id is not known.
type FindInvoice struct {
	Call Call
	// Operation is what should have made it: [OpCreate] or [OpCharge]. They leave different traces at some providers.
	Operation Operation
	// Invoice names it by ProviderKey and OperationID, and carries State and Known.
	Invoice InvoiceRef
	// Reference is the merchant's reference given at creation.
	Reference string
	// SentAt is when the create call was sent, to bound a search.
	SentAt time.Time
}

// ChangeInvoice is a cancel, capture or void.
type ChangeInvoice struct {
	Call    Call
	Invoice InvoiceRef
	// Amount is what to capture; unset means all. Cancel and void have none.
	Amount Money
	// More says that further captures will follow.
	More      bool
	Reason    string
	Reference string
	Items     []Item
	Metadata  map[string]string
	Options   json.RawMessage
}

// SourceType is what a charge takes money from.
type SourceType string

// The sources of a charge.
const (
	SourceCredential SourceType = "credential"
	SourceBalance    SourceType = "balance"
)

// Charge takes money without a payer's page: from a stored credential or from a
// balance at the provider.
type Charge struct {
	// Invoice has the fields of a new invoice; its Call is the call's frame.
	Invoice CreateInvoice
	Source  SourceType
	// Credential is set for [SourceCredential].
	Credential *StoredCredential
	// BalanceID names whose balance, for [SourceBalance].
	BalanceID string
}
