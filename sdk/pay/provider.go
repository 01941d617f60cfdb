package pay

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Provider is what a plugin implements: one provider API.
//
// A Provider is safe for concurrent use. It keeps nothing between calls that it
// could not lose: its process may be killed at any time, and may run in several
// generations and on several hosts.
type Provider interface {
	// Describe returns the manifest. It is called often, must be cheap and must
	// always return the same.
	Describe() Manifest
	// Open returns a handle for one merchant account. It validates the config
	// and makes no provider call. A config it cannot use is a
	// [KindInvalidRequest] that names the key.
	Open(ctx context.Context, cfg AccountConfig) (Account, error)
}

// AccountConfig is all an adapter gets to serve one account.
type AccountConfig struct {
	// AccountID and Revision name the stored account.
	AccountID string
	Revision  int64
	// Mode is the declared environment.
	Mode Mode
	// Config is valid against [Manifest.ConfigSchema]; secrets are in clear. Do not log it.
	Config json.RawMessage
	// WebhookURL is the account's webhook URL.
	WebhookURL string
	// State is the account's private state: what [AccountMaintainer] last returned, or a later
	// [Report.AccountState]; nil at first. After either the host opens the account again with the new state;
	// calls already under way end on the handle they began with.
	State *State
	// HTTP is the only way out: it refuses redirects, never retries, limits
	// bodies and classifies failures. Adapters use no other client.
	HTTP *http.Client
	// Log arrives structured in the host. Never nil. Secrets and personal data do not belong here.
	Log *slog.Logger
	// Now is the clock, for timestamps that are signed. Never nil.
	Now func() time.Time
}

// Account is one open merchant account.
//
// An Account is safe for concurrent use. Every method honours the deadline and
// cancellation of its context: an answer after it is abandoned as unknown.
//
// A result is returned when the adapter knows. An error that is an [*Error] says what is known: that nothing
// happened, or that the provider refused. Any other error means that nobody
// knows; the host then resolves and never retries blindly.
//
// Everything else an account can do is one more small interface below, found by
// [Resolve] and nowhere else.
type Account interface {
	// CreateInvoice asks the provider for an invoice. It is called once per try
	// and must not retry by itself.
	CreateInvoice(ctx context.Context, req CreateInvoice) (InvoiceState, error)
	// GetInvoice asks the provider for the truth about one invoice.
	GetInvoice(ctx context.Context, ref InvoiceRef) (InvoiceState, error)
}

// InvoiceFinder looks an invoice up by our key or reference. Absence is [KindNotFound].
type InvoiceFinder interface {
	FindInvoice(ctx context.Context, req FindInvoice) (InvoiceState, error)
}

// Canceler invalidates an unpaid invoice.
type Canceler interface {
	CancelInvoice(ctx context.Context, req ChangeInvoice) (InvoiceState, error)
}

// Capturer takes an authorized amount, or part of it.
type Capturer interface {
	CaptureInvoice(ctx context.Context, req ChangeInvoice) (InvoiceState, error)
}

// Voider releases an authorization before capture.
type Voider interface {
	VoidInvoice(ctx context.Context, req ChangeInvoice) (InvoiceState, error)
}

// Refunder returns captured money.
type Refunder interface {
	CreateRefund(ctx context.Context, req CreateRefund) (RefundState, error)
}

// RefundGetter asks for the truth about one refund.
type RefundGetter interface {
	GetRefund(ctx context.Context, ref RefundRef) (RefundState, error)
}

// Charger takes money from a stored credential or a balance.
type Charger interface {
	Charge(ctx context.Context, req Charge) (InvoiceState, error)
}

// PayoutCreator sends money from the merchant to somebody.
type PayoutCreator interface {
	CreatePayout(ctx context.Context, req CreatePayout) (PayoutState, error)
}

// PayoutGetter asks for the truth about one payout. A payout without ProviderRef is looked up by its key.
type PayoutGetter interface {
	GetPayout(ctx context.Context, ref PayoutRef) (PayoutState, error)
}

// PayoutCanceler calls a payout back that has not been sent yet. A payout that is too far gone for it is
// [KindInvalidState], and its state is unchanged.
type PayoutCanceler interface {
	CancelPayout(ctx context.Context, req CancelPayout) (PayoutState, error)
}

// BalanceReader reads balances.
type BalanceReader interface {
	ReadBalances(ctx context.Context, req ReadBalances) (Balances, error)
}

// TransactionLister reads the provider's ledger page by page.
type TransactionLister interface {
	ListTransactions(ctx context.Context, req ListTransactions) (TransactionPage, error)
}

// WebhookHandler verifies and reads a webhook. It fails closed: what it cannot
// verify is a [KindAuth] error and changes nothing; when it cannot verify
// now (for example because a key could not be fetched) it is [KindProviderUnavailable], and the provider will send again.
type WebhookHandler interface {
	HandleWebhook(ctx context.Context, req WebhookRequest) (WebhookResult, error)
}

// WebhookRouter tells whose webhook it is, for providers that send those of
// all accounts to one address. Any open account of the provider may be asked;
// the answer is not believed further than for routing.
type WebhookRouter interface {
	RouteWebhook(ctx context.Context, req WebhookRequest) (WebhookRoute, error)
}

// Checker makes one harmless live call that proves the credentials.
type Checker interface {
	Check(ctx context.Context, req Check) (AccountInfo, error)
}

// ActionProvider runs the actions of the manifest.
type ActionProvider interface {
	RunAction(ctx context.Context, req Action) (ActionResult, error)
}

// Closer is implemented by accounts that hold something to release. Close is
// called once, when no call is running any more.
type Closer = io.Closer

// Check is the request of [Checker].
type Check struct{ Call Call }

// AccountInfo is what a live check shows of an account.
type AccountInfo struct {
	Report Report `json:"-"`
	// Mode is the environment the provider observed; empty when it cannot be
	// seen. An account whose declared mode differs gets no traffic.
	Mode Mode `json:"mode,omitempty"`
	// ProviderAccountRef is the provider's id of the merchant. It never changes for one account.
	ProviderAccountRef string `json:"provider_account_ref,omitempty"`
	// Title is the merchant's name at the provider.
	Title string `json:"title,omitempty"`
	// Abilities are what this account may do; nil: all the binary can.
	Abilities Abilities `json:"abilities,omitempty"`
	// Currencies are the codes it may use; nil: all of the manifest.
	Currencies []string `json:"currencies,omitempty"`
	// Methods are the payment methods with their limits.
	Methods []Method `json:"methods,omitempty"`
	// NextActions are what a person of the merchant has to do before the account works, alternatives, best first:
	// for example to give consent in a browser (OAuth authorization code). What that person brings back,
	// described by the action's InputSchema, comes with [Maintain.Input]. Nil: nothing is to be done.
	NextActions []NextAction `json:"next_actions,omitempty"`
}

// Method is one payment method of an account.
type Method struct {
	Code  string `json:"code"`
	Title string `json:"title,omitempty"`
	// Min and Max limit one payment; unset: not stated.
	Min Money `json:"min,omitzero"`
	Max Money `json:"max,omitzero"`
}

// Attachment is a file given to an action.
type Attachment struct {
	Name, ContentType string
	// Size is the number of bytes of Content.
	Size int64
	// Content is read at most once.
	Content io.Reader
}

// Action is the request of [ActionProvider].
type Action struct {
	Call Call
	// Name is one of the manifest's actions.
	Name string
	// Invoice, Payout, Refund or Dispute is set by the action's subject.
	Invoice *InvoiceRef
	Payout  *PayoutRef
	Refund  *RefundRef
	Dispute *DisputeRef
	// Input is valid against the action's schema.
	Input       json.RawMessage
	Attachments []Attachment
}

// ActionResult is the answer of [ActionProvider].
type ActionResult struct {
	Report Report
	// Output is valid against the action's output schema and has at most [MaxActionOutput] bytes.
	Output json.RawMessage
	// Invoice, Payout, Refund and Dispute are new states of the object, when the action changed it.
	Invoice *InvoiceState
	Payout  *PayoutState
	Refund  *RefundState
	Dispute *Dispute
}
