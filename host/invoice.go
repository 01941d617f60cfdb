package host

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice is a request for a new invoice. Its JSON form is the body of
// POST /v1/invoices.
type CreateInvoice struct {
	// IdempotencyKey is the caller's key for this one intended operation; required, 1 to 255 characters.
	IdempotencyKey string `json:"-"`
	// Async stops at "queued": the request is durable and will be sent, and the call returns without waiting for the provider. The
	// invoice is then creating and [Invoice.Queued].
	Async bool `json:"-"`
	// Account is the id of a merchant account.
	Account string `json:"account"`
	// Amount is in major units; zero only with purpose verification.
	Amount Amount `json:"amount"`
	// Purpose is payment when empty.
	Purpose pay.Purpose `json:"purpose,omitempty"`
	// Reference is the merchant's own order id.
	Reference   string   `json:"reference,omitempty"`
	Description string   `json:"description,omitempty"`
	Customer    Customer `json:"customer,omitzero"`
	Payer       Payer    `json:"payer,omitzero"`
	// Capture is automatic when empty.
	Capture pay.CaptureMode `json:"capture,omitempty"`
	// ExpiresIn is a duration such as "24h" or "30m".
	ExpiresIn     string       `json:"expires_in,omitempty"`
	ReturnURLs    ReturnURLs   `json:"return_urls,omitzero"`
	PaymentMethod string       `json:"payment_method,omitempty"`
	Items         []Item       `json:"items,omitempty"`
	AmountLimits  AmountLimits `json:"amount_limits,omitzero"`
	// Metadata is the caller's own; at most 50 keys.
	Metadata       map[string]string `json:"metadata,omitempty"`
	SaveCredential bool              `json:"save_credential,omitempty"`
	Source         *Source           `json:"source,omitempty"`
	InitiatedBy    pay.InitiatedBy   `json:"initiated_by,omitempty"`
	CorrelationID  string            `json:"correlation_id,omitempty"`
	// ProviderOptions are validated against the provider's own schema.
	ProviderOptions json.RawMessage `json:"provider_options,omitempty"`
}

// Amount is an amount as callers write it: exact digits and a currency code.
type Amount struct {
	// Value is a decimal number in major units, for example "100.00".
	Value string `json:"value"`
	// Currency is an ISO 4217 code or one the provider declares.
	Currency string `json:"currency"`
}

// AmountLimits let a provider change the amount.
type AmountLimits struct {
	// Max is the most the payer may be asked for, in the currency of the amount. Empty forbids raising.
	Max string `json:"max,omitempty"`
}

// Customer is who pays, as the merchant knows them.
type Customer struct {
	ID    string `json:"id,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Payer is the person at the browser.
type Payer struct {
	Locale    string `json:"locale,omitempty"`
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	Country   string `json:"country,omitempty"`
}

// ReturnURLs are where the payer's browser goes afterwards.
type ReturnURLs struct {
	Default string `json:"default,omitempty"`
	Success string `json:"success,omitempty"`
	Failure string `json:"failure,omitempty"`
}

// Item is one line of the basket.
type Item struct {
	Name string `json:"name"`
	Code string `json:"code,omitempty"`
	// Quantity is a decimal number; "1" when empty.
	Quantity string `json:"quantity,omitempty"`
	// UnitPrice and Total are decimal numbers in the currency of the invoice.
	UnitPrice string          `json:"unit_price"`
	Total     string          `json:"total,omitempty"`
	Unit      string          `json:"unit,omitempty"`
	Barcode   string          `json:"barcode,omitempty"`
	ImageURL  string          `json:"image_url,omitempty"`
	TaxCodes  []string        `json:"tax_codes,omitempty"`
	Options   json.RawMessage `json:"options,omitempty"`
}

// Source is what a charge takes money from.
type Source struct {
	Type pay.SourceType `json:"type"`
	ID   string         `json:"id"`
}

// Invoice is one invoice as the host knows it. Its JSON form is the public one.
type Invoice struct {
	ID       string     `json:"id"`
	Tenant   string     `json:"tenant"`
	Mode     pay.Mode   `json:"mode"`
	Account  string     `json:"account"`
	Provider string     `json:"provider"`
	Status   pay.Status `json:"status"`
	// Final says that nothing more can arrive without a new fact.
	Final       bool        `json:"final"`
	FinalReason string      `json:"final_reason,omitempty"`
	Purpose     pay.Purpose `json:"purpose"`
	Amount      pay.Money   `json:"amount"`
	// AmountDue is what the payer must send; the others are what is known to have happened.
	AmountDue        pay.Money `json:"amount_due"`
	AmountReceived   pay.Money `json:"amount_received"`
	AmountAuthorized pay.Money `json:"amount_authorized"`
	AmountCaptured   pay.Money `json:"amount_captured"`
	AmountRefunded   pay.Money `json:"amount_refunded"`
	Overpaid         bool      `json:"overpaid"`
	// NextAction is the best of NextActions.
	NextAction   *pay.NextAction   `json:"next_action"`
	NextActions  []pay.NextAction  `json:"next_actions"`
	Attempts     []pay.Attempt     `json:"attempts"`
	Disputes     []pay.Dispute     `json:"disputes,omitempty"`
	ProviderRef  string            `json:"provider_ref,omitempty"`
	ProviderRefs map[string]string `json:"provider_refs,omitempty"`
	ProviderData map[string]string `json:"provider_data,omitempty"`
	Reference    string            `json:"reference,omitempty"`
	Description  string            `json:"description,omitempty"`
	CustomerID   string            `json:"customer_id,omitempty"`
	// AllowedActions are the commands the host would not refuse now; the provider's own have the prefix "action:".
	AllowedActions []string `json:"allowed_actions"`
	NeedsReview    bool     `json:"needs_review"`
	ReviewReason   string   `json:"review_reason,omitempty"`
	// UnresolvedOperation is the operation whose outcome nobody knows yet.
	UnresolvedOperation string            `json:"unresolved_operation,omitempty"`
	Operation           string            `json:"operation,omitempty"`
	ExpiresAt           *time.Time        `json:"expires_at,omitempty"`
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
	Version             int64             `json:"version"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	// Replayed says that this is the stored result of an earlier call with the same key.
	Replayed bool `json:"-"`
	// Queued says that its create was accepted and has not been sent yet; see [CreateInvoice.Async].
	Queued bool `json:"-"`
}

// ListInvoices selects invoices; zero fields select all.
type ListInvoices struct {
	Account     string
	Status      pay.Status
	Reference   string
	ProviderRef string
	Customer    string
	NeedsReview *bool
	Unresolved  *bool
	// Limit is 1 to 500; zero means 50.
	Limit int
	// Cursor is what the page before gave.
	Cursor string
}

// InvoicePage is one page of a list, newest first.
type InvoicePage struct {
	Invoices []Invoice `json:"invoices"`
	// NextCursor is empty on the last page.
	NextCursor string `json:"next_cursor,omitempty"`
}

// Operation is one mutating call with its outcome.
type Operation struct {
	ID             string        `json:"id"`
	Account        string        `json:"account"`
	Kind           pay.Operation `json:"kind"`
	Invoice        string        `json:"invoice,omitempty"`
	State          string        `json:"state"`
	Executed       pay.Executed  `json:"executed"`
	Resolution     string        `json:"resolution"`
	IdempotencyKey string        `json:"idempotency_key"`
	ProviderKey    string        `json:"provider_key"`
	Error          *Problem      `json:"error,omitempty"`
	NeedsReview    bool          `json:"needs_review"`
	ReviewReason   string        `json:"review_reason,omitempty"`
	Actor          string        `json:"actor,omitempty"`
	CorrelationID  string        `json:"correlation_id,omitempty"`
	Tries          []Try         `json:"tries,omitempty"`
	CreatedAt      time.Time     `json:"created_at"`
	UpdatedAt      time.Time     `json:"updated_at"`
	FinishedAt     *time.Time    `json:"finished_at,omitempty"`
	Version        int64         `json:"version"`
}

// Try is one attempt to carry out an operation.
type Try struct {
	Number          int          `json:"number"`
	Plugin          string       `json:"plugin"`
	PluginVersion   string       `json:"plugin_version"`
	PluginDigest    string       `json:"plugin_digest,omitempty"`
	SDKVersion      string       `json:"sdk_version,omitempty"`
	Generation      int64        `json:"generation"`
	AccountRevision int64        `json:"account_revision"`
	HostVersion     string       `json:"host_version"`
	HostInstance    string       `json:"host_instance"`
	Transport       string       `json:"transport,omitempty"`
	Executed        pay.Executed `json:"executed,omitempty"`
	ErrorKind       pay.Kind     `json:"error_kind,omitempty"`
	Error           string       `json:"error,omitempty"`
	StartedAt       time.Time    `json:"started_at"`
	FinishedAt      *time.Time   `json:"finished_at,omitempty"`
}

// Problem is the JSON form of an error without its HTTP frame.
type Problem struct {
	Kind            pay.Kind          `json:"kind"`
	Detail          string            `json:"detail,omitempty"`
	Executed        pay.Executed      `json:"executed"`
	Retry           pay.RetryRule     `json:"retry"`
	RetryAfter      string            `json:"retry_after,omitempty"`
	Reason          pay.DeclineReason `json:"reason,omitempty"`
	SafeMessage     string            `json:"safe_message,omitempty"`
	ProviderCode    string            `json:"provider_code,omitempty"`
	ProviderMessage string            `json:"provider_message,omitempty"`
	OperationID     string            `json:"operation_id,omitempty"`
	InvoiceID       string            `json:"invoice_id,omitempty"`
	Errors          []pay.FieldError  `json:"errors,omitempty"`
}

// ProblemOf returns the public form of err.
func ProblemOf(err error) Problem {
	e := pay.AsError(err)
	p := Problem{
		Kind: e.Kind, Detail: e.Message, Executed: e.WasExecuted(), Retry: e.RetryRule(), Reason: e.Reason, SafeMessage: e.SafeMessage,
		ProviderCode: e.ProviderCode, ProviderMessage: e.ProviderMessage,
		OperationID: e.OperationID, InvoiceID: e.InvoiceID, Errors: e.Fields,
	}
	if e.Retry.After > 0 {
		p.RetryAfter = e.Retry.After.String()
	}
	return p
}

// asError turns a stored problem back into the error it was made of.
func (p Problem) asError() *pay.Error {
	e := &pay.Error{
		Kind: p.Kind, Executed: p.Executed, Retry: pay.Retry{Rule: p.Retry}, Message: p.Detail, SafeMessage: p.SafeMessage,
		Reason: p.Reason, ProviderCode: p.ProviderCode, ProviderMessage: p.ProviderMessage, Fields: p.Errors,
		OperationID: p.OperationID, InvoiceID: p.InvoiceID,
	}
	if d, err := time.ParseDuration(p.RetryAfter); err == nil {
		e.Retry.After = d
	}
	return e
}
