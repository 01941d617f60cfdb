package store

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Account is one stored merchant account. Accounts are closed, never deleted.
type Account struct {
	ID       string
	Tenant   string
	Provider string
	Mode     pay.Mode
	// State is active, paused or closed.
	State string
	// PausedOperations are the operations an operator switched off while the account stays active.
	PausedOperations   []pay.Operation
	ProviderAccountRef string
	// TimeZone is an IANA name; empty means UTC.
	TimeZone string
	Labels   map[string]string
	// Config is the account's config with its secrets; sealed at rest.
	Config json.RawMessage
	// Revision counts changes of Config from 1.
	Revision int64
	// Source is config or api.
	Source string
	// Abilities and Info are what the plugin said last; nil when it never did.
	Abilities pay.Abilities
	Info      *pay.AccountInfo
	// PrivateState belongs to the adapter; sealed at rest.
	PrivateState *pay.State
	// MaintainAt is when the adapter asked to be called again.
	MaintainAt           time.Time
	CreatedAt, UpdatedAt time.Time
	// Version is the compare-and-swap counter.
	Version int64
}

// Invoice is the stored form of one invoice. Personal data of its customer and
// payer, and what a payer has to do next, are stored apart; see [PersonalData].
type Invoice struct {
	ID        string
	Tenant    string
	Mode      pay.Mode
	AccountID string
	Provider  string

	Status      pay.Status
	Final       bool
	FinalReason string
	Purpose     pay.Purpose
	Capture     pay.CaptureMode

	Amount pay.Money
	// Due is what the payer must send; MaxAmount is the caller's opt-in to more.
	Due, MaxAmount                           pay.Money
	Received, Authorized, Captured, Refunded pay.Money
	Overpaid                                 bool

	Reference     string
	Description   string
	CustomerID    string
	PaymentMethod string
	CorrelationID string
	Metadata      map[string]string
	ProviderRef   string
	ProviderRefs  map[string]string
	ProviderData  map[string]string
	// ProviderKey and CreateOperationID belong to the operation that created it.
	ProviderKey       string
	CreateOperationID string

	NeedsReview  bool
	ReviewReason string
	// UnresolvedOperation is the operation whose outcome is not known; empty when there is none.
	UnresolvedOperation string

	// Evidence, ProviderTime and ProviderVersion describe the newest observation applied.
	Evidence        pay.EvidenceKind
	ProviderTime    time.Time
	ProviderVersion int64

	// PrivateState belongs to the adapter; sealed at rest.
	PrivateState *pay.State
	NextLookAt   time.Time
	ExpiresAt    time.Time
	// ClosedAt is when it became canceled, expired or failed; money may still arrive late.
	ClosedAt  time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	// Version is the compare-and-swap counter.
	Version int64
}

// OperationState is where an operation stands.
type OperationState string

// The states of an operation.
const (
	// OperationQueued: accepted, provably not sent.
	OperationQueued OperationState = "queued"
	// OperationRunning: may have been sent.
	OperationRunning OperationState = "running"
	// OperationDone: the outcome is known.
	OperationDone OperationState = "done"
	// OperationUnknown: sent, and the outcome is not known.
	OperationUnknown OperationState = "unknown"
	// OperationNeedsReview: only a person can settle it.
	OperationNeedsReview OperationState = "needs_review"
)

// Operation is one mutating call with its own id, key and outcome.
type Operation struct {
	ID        string
	Tenant    string
	AccountID string
	Provider  string
	Kind      pay.Operation
	// Action is the name of the action, for kind action.
	Action string
	// IdempotencyKey is the caller's; unique per tenant and kind.
	IdempotencyKey string
	// Fingerprint is a keyed HMAC over the stable fields of the request.
	Fingerprint []byte
	// ProviderKey is unique per account.
	ProviderKey string
	// ObjectType and ObjectID name what it acts on: invoice, refund or payout.
	ObjectType, ObjectID string
	// InvoiceID is the invoice concerned; at most one open operation per invoice.
	InvoiceID string
	State     OperationState
	Executed  pay.Executed
	// Resolution is what can settle it while it is unknown.
	Resolution pay.Resolution
	// Request is what must be sent again on a resend or a later try; sealed at rest.
	Request json.RawMessage
	// Result is the stored answer of a final operation, for replay; sealed at rest under the customer's key.
	Result json.RawMessage
	// Error is the JSON of the final error; it holds no secrets.
	Error json.RawMessage
	// ErrorKind repeats its kind for lists.
	ErrorKind pay.Kind
	// Try is the number of the last try.
	Try           int
	NotBefore     time.Time
	GiveUpAt      time.Time
	NextLookAt    time.Time
	LookCount     int
	NeedsReview   bool
	ReviewReason  string
	CustomerID    string
	Actor         string
	RequestID     string
	CorrelationID string
	Traceparent   string
	CreatedAt     time.Time
	UpdatedAt     time.Time
	FinishedAt    time.Time
	// Version is the compare-and-swap counter.
	Version int64
}

// Try is one attempt to carry out an operation.
type Try struct {
	OperationID string
	Number      int
	// Plugin, PluginVersion, PluginDigest, SDKVersion and Protocol say what ran.
	Plugin, PluginVersion, PluginDigest, SDKVersion string
	Protocol                                        int
	HostVersion, HostInstance                       string
	Generation                                      int64
	AccountRevision                                 int64
	Actor, RequestID, Traceparent                   string
	StartedAt, FinishedAt                           time.Time
	// Transport is not_sent, answered, ambiguous or in_process; empty while it runs.
	Transport string
	Executed  pay.Executed
	ErrorKind pay.Kind
	// Error is the text of the error, scrubbed.
	Error string
}

// Evidence is one stored observation.
type Evidence struct {
	ID          string
	Tenant      string
	AccountID   string
	ObjectType  string
	ObjectID    string
	OperationID string
	WebhookID   string
	pay.Evidence
	// Status is what it stated; Applied says what became of it: applied, older, refused or unchanged.
	Status  pay.Status
	Applied string
	Reason  string
	Actor   string
	// Detail is the normalised state as JSON, free of personal data.
	Detail    json.RawMessage
	CreatedAt time.Time
}

// Event is one outgoing event. Events carry no personal data.
type Event struct {
	// Position orders all events as they were committed; the store assigns it.
	Position int64
	ID       string
	Type     string
	Schema   int
	Tenant   string
	Mode     pay.Mode
	Account  string
	// ObjectType, ObjectID and ObjectVersion name the object; Sequence counts its events from 1
	// without gaps and is assigned by the store.
	ObjectType, ObjectID string
	ObjectVersion        int64
	Sequence             int64
	OccurredAt           time.Time
	Actor, Cause         string
	Data                 json.RawMessage
	// Previous holds the former values of what changed.
	Previous json.RawMessage
}

// WebhookState is where a stored webhook stands.
type WebhookState string

// The states of a stored webhook.
const (
	// WebhookSpooled: stored unverified because the plugin was not serving.
	WebhookSpooled WebhookState = "spooled"
	// WebhookAccepted: verified and stored, not processed yet.
	WebhookAccepted WebhookState = "accepted"
	// WebhookProcessed: applied, or recorded as old.
	WebhookProcessed WebhookState = "processed"
	// WebhookUnmatched: names an object we do not know (yet).
	WebhookUnmatched WebhookState = "unmatched"
	// WebhookRejected: a spooled one turned out to be unverifiable.
	WebhookRejected WebhookState = "rejected"
	// WebhookFailed: could not be processed; Reason says why.
	WebhookFailed WebhookState = "failed"
)

// Webhook is one inbound webhook, raw.
type Webhook struct {
	ID        string
	Tenant    string
	AccountID string
	Provider  string
	Tail      string
	// DedupKey is unique per account: the provider's event id or a digest of the request.
	DedupKey string
	State    WebhookState
	Reason   string
	// Method, RawQuery, Headers, Body and Peer are the request; headers, query and body are sealed at rest.
	Method   string
	RawQuery string
	Headers  []pay.Header
	Body     []byte
	Peer     string
	// Events is the JSON of what the adapter read in it; sealed at rest. Empty while spooled.
	Events json.RawMessage
	// ObjectType and ObjectID are what it was matched with; ProviderRef and ProviderKey are what it named.
	ObjectType, ObjectID     string
	ProviderRef, ProviderKey string
	// Deliveries counts how often the same request arrived.
	Deliveries  int
	ReceivedAt  time.Time
	ProcessedAt time.Time
	Version     int64
}

// AuditEntry is one row of the audit log.
type AuditEntry struct {
	ID           int64
	At           time.Time
	Tenant       string
	Actor        string
	Action       string
	ObjectType   string
	ObjectID     string
	Before       json.RawMessage
	After        json.RawMessage
	Reason       string
	RequestID    string
	HostInstance string
}

// Credential is a stored credential; its token is sealed at rest.
type Credential struct {
	ID         string
	Tenant     string
	AccountID  string
	CustomerID string
	InvoiceID  string
	pay.StoredCredential
	CreatedAt, UpdatedAt time.Time
	Version              int64
}

// Refund is a stored refund.
type Refund struct {
	ID          string
	Tenant      string
	AccountID   string
	InvoiceID   string
	OperationID string
	Reason      string
	Reference   string
	Metadata    map[string]string
	pay.RefundState
	NeedsReview          bool
	ReviewReason         string
	UnresolvedOperation  string
	PrivateState         *pay.State
	CreatedAt, UpdatedAt time.Time
	Version              int64
}

// Dispute is a stored dispute.
type Dispute struct {
	ID        string
	Tenant    string
	AccountID string
	InvoiceID string
	pay.Dispute
	CreatedAt, UpdatedAt time.Time
	Version              int64
}

// PersonalKind says what a row of personal data holds.
type PersonalKind string

// The kinds of personal data.
const (
	PersonalCustomer    PersonalKind = "customer"
	PersonalPayer       PersonalKind = "payer"
	PersonalNextActions PersonalKind = "next_actions"
	PersonalDestination PersonalKind = "destination"
)

// PersonalData is one row of personal data, sealed under the data key of its
// customer, so that erasing the key erases it everywhere.
type PersonalData struct {
	Tenant, CustomerID   string
	ObjectType, ObjectID string
	Kind                 PersonalKind
	Data                 json.RawMessage
}

// InvoiceFilter selects invoices for [Reader.Invoices]; zero fields select all.
type InvoiceFilter struct {
	Tenant      string
	AccountID   string
	Statuses    []pay.Status
	Reference   string
	ProviderRef string
	CustomerID  string
	NeedsReview *bool
	Unresolved  *bool
	// NotFinal selects invoices that can still change; LookBefore those due for a look.
	NotFinal   bool
	LookBefore time.Time
	// Before continues a list after this invoice: newest first by (created_at, id).
	BeforeTime time.Time
	BeforeID   string
	// Limit is at most 501; zero means 50.
	Limit int
}

// OperationFilter selects operations; zero fields select all.
type OperationFilter struct {
	Tenant      string
	AccountID   string
	InvoiceID   string
	States      []OperationState
	Kind        pay.Operation
	NeedsReview *bool
	LookBefore  time.Time
	BeforeTime  time.Time
	BeforeID    string
	Limit       int
}

// WebhookPlace is where a webhook stands in the inbox: the oldest first by (ReceivedAt, ID). The zero place is before all.
type WebhookPlace struct {
	ID         string
	AccountID  string
	ReceivedAt time.Time
}

// WebhookFilter selects webhooks; zero fields select all.
type WebhookFilter struct {
	Tenant      string
	AccountID   string
	States      []WebhookState
	ProviderRef string
	ObjectID    string
	BeforeTime  time.Time
	BeforeID    string
	Limit       int
}

// EventFilter selects events after a position.
type EventFilter struct {
	After      int64
	Tenant     string
	ObjectType string
	ObjectID   string
	Limit      int
}
