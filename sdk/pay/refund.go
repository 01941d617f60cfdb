package pay

import (
	"encoding/json"
	"time"
)

// RefundStatus is where a refund stands.
type RefundStatus string

// The statuses of a refund. Only succeeded lowers money; pending and unresolved refunds
// reserve refundable amount.
const (
	RefundCreating  RefundStatus = "creating"
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
)

// Origin says who ordered a refund.
type Origin string

// The origins.
const (
	// OriginHost is ours.
	OriginHost Origin = "host"
	// OriginExternal was ordered elsewhere, for example in the provider's cabinet.
	OriginExternal Origin = "external"
)

// RefundState is what an adapter knows about one refund.
type RefundState struct {
	Report Report `json:"-"`
	// RefundID is the host's id where the adapter can match it, by the
	// provider key it sent.
	RefundID string `json:"refund_id,omitempty"`
	// ProviderRef is the provider's id; ProviderKey is the key we sent, echoed.
	ProviderRef string       `json:"provider_ref,omitempty"`
	ProviderKey string       `json:"provider_key,omitempty"`
	Status      RefundStatus `json:"status,omitempty"`
	Amount      Money        `json:"amount,omitzero"`
	Fee         Money        `json:"fee,omitzero"`
	Origin      Origin       `json:"origin,omitempty"`
	Network     Network      `json:"network,omitzero"`
	// Decline is set when the refund failed.
	Decline      *Decline  `json:"decline,omitempty"`
	ProviderTime time.Time `json:"provider_time,omitzero"`
	// Review, when not empty, sets needs_review with this reason.
	Review string `json:"review,omitempty"`
}

// CreateRefund returns captured money.
type CreateRefund struct {
	Call     Call
	RefundID string
	Invoice  InvoiceRef
	// AttemptRef is the [Attempt.ProviderAttemptID] whose money goes back, where an invoice was paid in several
	// attempts and the caller chose one. Empty leaves the choice to the provider.
	AttemptRef string
	// Amount is always stated, also for a full refund.
	Amount    Money
	Reason    string
	Reference string
	Items     []Item
	Metadata  map[string]string
	Options   json.RawMessage
}

// RefundRef points an adapter at one refund.
type RefundRef struct {
	RefundID                 string
	OperationID, ProviderKey string
	ProviderRef              string
	Invoice                  InvoiceRef
	// AttemptRef is that of the [CreateRefund]; some providers keep refunds below the attempt they return.
	AttemptRef string
	Amount     Money
	Status     RefundStatus
	State      *State
}

// DisputeRef points an adapter at one dispute.
type DisputeRef struct {
	// DisputeID is the host's id.
	DisputeID string
	// ProviderRef is the provider's id.
	ProviderRef string
	// Invoice is the invoice whose money is claimed back.
	Invoice InvoiceRef
	// Kind and Status are as the host holds them.
	Kind   DisputeKind
	Status DisputeStatus
	// State is what the adapter last reported for this dispute.
	State *State
}

// DisputeKind is what the payer's side wants.
type DisputeKind string

// The kinds of disputes.
const (
	DisputeInquiry    DisputeKind = "inquiry"
	DisputeChargeback DisputeKind = "chargeback"
	DisputeClaim      DisputeKind = "claim"
)

// DisputeStatus is where a dispute stands.
type DisputeStatus string

// The statuses of a dispute.
const (
	DisputeOpen        DisputeStatus = "open"
	DisputeEvidenceDue DisputeStatus = "evidence_due"
	DisputeUnderReview DisputeStatus = "under_review"
	DisputeWon         DisputeStatus = "won"
	DisputeLost        DisputeStatus = "lost"
	DisputeWithdrawn   DisputeStatus = "withdrawn"
)

// Dispute is money claimed back, a fact beside the status of its invoice.
type Dispute struct {
	Report      Report        `json:"-"`
	DisputeID   string        `json:"dispute_id,omitempty"`
	ProviderRef string        `json:"provider_ref,omitempty"`
	Kind        DisputeKind   `json:"kind,omitempty"`
	Status      DisputeStatus `json:"status,omitempty"`
	Amount      Money         `json:"amount,omitzero"`
	// Reason is the provider's word for it.
	Reason string `json:"reason,omitempty"`
	// EvidenceDueAt is the last moment for an answer.
	EvidenceDueAt time.Time `json:"evidence_due_at,omitzero"`
	ProviderTime  time.Time `json:"provider_time,omitzero"`
}
