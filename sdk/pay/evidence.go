package pay

import "time"

// EvidenceKind says how an observation was made, which decides what it can
// prove.
type EvidenceKind string

// The kinds of evidence, strongest first by [EvidenceKind.Rank].
const (
	// EvidenceAPISync is the provider's answer to a question about the object.
	EvidenceAPISync EvidenceKind = "api_sync"
	// EvidenceAPIResponse is the provider's answer to a mutating call.
	EvidenceAPIResponse EvidenceKind = "api_response"
	// EvidenceManual is a person's decision, with a name and a reason.
	EvidenceManual EvidenceKind = "manual"
	// EvidenceVerifiedWebhook is a webhook whose signature covers its body.
	EvidenceVerifiedWebhook EvidenceKind = "verified_webhook"
	// EvidenceRedirect is the payer's browser coming back. It only triggers a sync.
	EvidenceRedirect EvidenceKind = "redirect_return"
	// EvidenceHint is a webhook that is authenticated only, or not at all. It only triggers a sync.
	EvidenceHint EvidenceKind = "hint"
	// EvidenceHost is the host's own journal: it proves that nothing was sent.
	EvidenceHost EvidenceKind = "host"
)

// Rank orders kinds by what they prove; a greater rank wins where times are
// equal. Kinds that may only trigger a sync have ranks below
// verified_webhook.
func (k EvidenceKind) Rank() int {
	switch k {
	case EvidenceAPISync:
		return 6
	case EvidenceAPIResponse:
		return 5
	case EvidenceManual:
		return 4
	case EvidenceVerifiedWebhook:
		return 3
	case EvidenceRedirect:
		return 2
	case EvidenceHint:
		return 1
	case EvidenceHost:
		return 0
	}
	return 0
}

// Evidence is one observation of a provider: what was seen, when and how.
type Evidence struct {
	// Kind is how it was observed. The host sets it; an adapter leaves it empty.
	Kind EvidenceKind `json:"kind,omitempty"`
	// ObservedAt is when the answer or webhook reached us.
	ObservedAt time.Time `json:"observed_at,omitzero"`
	// ProviderTime is the provider's own time of the last change, the first
	// ordering key among observations. Zero when the provider states none.
	ProviderTime time.Time `json:"provider_time,omitzero"`
	// ProviderVersion is a counter of changes some providers give. Zero when there is none.
	ProviderVersion int64 `json:"provider_version,omitempty"`
	// ProviderRequestID is the provider's id of this exchange, for its support
	// desk (for example payin's tracker).
	ProviderRequestID string `json:"provider_request_id,omitempty"`
	// HTTPStatus is the status code of the answer; zero where there was none.
	HTTPStatus int `json:"http_status,omitempty"`
	// Raw is the exact body seen, up to 64 KiB. The host stores it sealed and never logs it.
	Raw []byte `json:"-"`
	// RawContentType is the media type of Raw.
	RawContentType string `json:"raw_content_type,omitempty"`
}

// RateLimit is what a provider said about the calls it still accepts.
type RateLimit struct {
	// Remaining is the number of calls left, -1 when not stated.
	Remaining int64
	// ResetAt is when the limit is renewed; zero when not stated.
	ResetAt time.Time
}

// State is what an adapter wants to find again with a later call: opaque to the
// host, which seals it at rest. Adapters keep nothing else between calls,
// because their process may be killed at any time and may run several times at
// once.
type State struct {
	// Version is the author's version of the format of Data. A manifest lists the versions a binary
	// can read, so that an upgrade cannot orphan an open invoice. It is one sequence for all states of a
	// binary, those of accounts, invoices, refunds, payouts and disputes: a new format of any of them is the next
	// version, and a binary that reads a version reads it for all of them.
	Version int
	// Data is at most 64 KiB.
	Data []byte
}

// MaxStateSize is the largest [State.Data] the host accepts, in bytes.
const MaxStateSize = 64 << 10

// MaxRawSize is the number of bytes of [Evidence.Raw] and of a raw webhook that are kept.
const MaxRawSize = 64 << 10

// Report is what an adapter tells beside a result or an error.
type Report struct {
	// Evidence is the observation behind the answer.
	Evidence Evidence
	// State replaces the adapter's private state of the object; nil keeps what the host has.
	State *State
	// AccountState replaces the private state of the account when the call renewed something on the way, for
	// example a token that the provider handed over with its answer; nil keeps what the host has. The host
	// stores it, also beside an error, and opens the account again with it. Calls of one account run at the
	// same time and the last report wins, so only what stays good beside an older state may be renewed like
	// this. A renewal that ends the life of what it replaces, such as a refresh token of one use, belongs in
	// [AccountMaintainer], which runs alone: answer [KindAuth] and wait for it.
	AccountState *State
	// NextLookAt asks the host to look at the object at this time. Zero leaves it to the
	// manifest's cadence.
	NextLookAt time.Time
	// RateLimit is what the provider said about further calls; nil when it said nothing.
	RateLimit *RateLimit
	// Warnings are short texts for the operator. They must not hold secrets or
	// personal data.
	Warnings []string
}
