package pay

import (
	"encoding/json"
	"time"
)

// Manifest describes a provider plugin: what it is, what it can do and what the
// host must know to call it rightly. It is data; the host stores it, so that it can answer while the plugin is down.
type Manifest struct {
	// Name is the provider's name, [a-z][a-z0-9-]{0,31}; also the suffix of the binary.
	Name string `json:"name,omitzero"`
	// Version is the plugin's own version, for example "1.4.0".
	Version string `json:"version,omitzero"`
	// SDK is the version of the SDK it was built with; the SDK fills it in.
	SDK string `json:"sdk,omitzero"`
	// Title is the provider's name for people.
	Title string `json:"title,omitzero"`
	// DocsURL points to the plugin's documentation. Optional.
	DocsURL string `json:"docs_url,omitzero"`

	// Currencies are those the provider can take: ISO 4217 codes or codes of its own with their exponents.
	Currencies []Currency `json:"currencies,omitzero"`
	// ConfigSchema is the JSON Schema (2020-12) of an account's config. Properties that are secret carry "secret": true.
	ConfigSchema json.RawMessage `json:"config_schema,omitzero"`
	// OptionSchemas are the JSON Schemas of provider_options by operation.
	// An operation without one takes no options.
	OptionSchemas map[Operation]json.RawMessage `json:"option_schemas,omitzero"`
	// OperationKey is the form of the key the provider accepts.
	OperationKey KeyFormat `json:"operation_key,omitzero"`
	// Operations describe the mutating operations the binary offers.
	Operations map[Operation]OperationSpec `json:"operations,omitzero"`
	// Fields says, per common field of a create request, what becomes of it.
	// A field that is not listed is [FieldStored] when informational and
	// [FieldRefused] when behavioural; see [CommonFields].
	Fields map[string]FieldSpec `json:"fields,omitzero"`
	// Abilities are what the binary can offer; an account may offer less.
	Abilities Abilities `json:"abilities,omitzero"`

	// VisibilityDelay is how long a new object may stay invisible to look-ups: absence counts as
	// evidence only after it.
	VisibilityDelay time.Duration `json:"visibility_delay_ns,omitzero"`
	// LateWindow is how long after the end of an invoice money may still arrive.
	LateWindow time.Duration `json:"late_window_ns,omitzero"`
	// PollCadence is how often an invoice in a status is worth a look.
	PollCadence map[Status]time.Duration `json:"poll_cadence_ns,omitzero"`
	// RateLimits are the limits the host keeps per account.
	RateLimits []RateLimitSpec `json:"rate_limits,omitzero"`
	// EgressHosts are the hosts (host or host:port) the plugin must reach; "{config.base_url}" stands for a config key.
	EgressHosts []string `json:"egress_hosts,omitzero"`
	// Actions are provider-specific extras.
	Actions []ActionSpec `json:"actions,omitzero"`
	// StateReads and StateWrites are the versions of [State] the binary
	// understands and produces. The versions are one sequence over the states of accounts, invoices, refunds,
	// payouts and disputes, see [State.Version].
	StateReads  []int `json:"state_reads,omitzero"`
	StateWrites int   `json:"state_writes,omitzero"`
	// AccountWebhook says that the provider reports to one URL per account that a person registers there;
	// WebhookTails are the tails it uses below the account's URL.
	AccountWebhook bool     `json:"account_webhook,omitzero"`
	WebhookTails   []string `json:"webhook_tails,omitzero"`
}

// Operation names one kind of mutating call. The list is closed.
type Operation string

// The operations.
const (
	OpCreate       Operation = "create"
	OpCancel       Operation = "cancel"
	OpCapture      Operation = "capture"
	OpVoid         Operation = "void"
	OpRefund       Operation = "refund"
	OpCharge       Operation = "charge"
	OpPayout       Operation = "payout"
	OpCancelPayout Operation = "cancel_payout"
	OpAction       Operation = "action"
)

// Operations returns every operation.
func Operations() []Operation {
	return []Operation{OpCreate, OpCancel, OpCapture, OpVoid, OpRefund, OpCharge, OpPayout, OpCancelPayout, OpAction}
}

// Resolution says what can settle an operation whose outcome is unknown.
type Resolution string

// The resolutions.
const (
	// ResolveResend: the provider is natively idempotent; the same provider key may be sent again.
	ResolveResend Resolution = "resend"
	// ResolveLookup: a look-up shows it; absence counts only after the visibility delay.
	ResolveLookup Resolution = "lookup"
	// ResolveAbandon: a lost answer cannot move money, because the payer never got the link.
	ResolveAbandon Resolution = "abandon"
	// ResolveHuman: only a person can tell. It is the default.
	ResolveHuman Resolution = "human"
)

// OperationSpec describes one operation of a provider.
type OperationSpec struct {
	// Resolution is what can settle an unknown outcome; empty means [ResolveHuman].
	Resolution Resolution `json:"resolution,omitzero"`
	// OnAbsence is what a proved absence means after a look-up: empty means "not executed",
	// [ResolveHuman] leaves it to a person.
	OnAbsence Resolution `json:"on_absence,omitzero"`
	// HumanWhen names provider_options whose presence makes an unknown outcome a case for a person.
	HumanWhen []string `json:"human_when,omitzero"`
	// Expected and Maximum are how long the provider usually and at most takes to answer. Zero: unstated.
	Expected time.Duration `json:"expected_ns,omitzero"`
	Maximum  time.Duration `json:"maximum_ns,omitzero"`
}

// KeyAlphabet is the alphabet of provider keys.
type KeyAlphabet string

// The alphabets.
const (
	KeyDigits KeyAlphabet = "digits"
	KeyAlnum  KeyAlphabet = "alnum"
	// KeyToken is [A-Za-z0-9_-]; the host then uses the operation id itself. It is the default.
	KeyToken KeyAlphabet = "token"
	KeyUUID  KeyAlphabet = "uuid"
)

// KeyFormat is the form of the provider key.
type KeyFormat struct {
	Alphabet KeyAlphabet `json:"alphabet,omitzero"`
	// MaxLength is 32 when zero.
	MaxLength int `json:"max_length,omitzero"`
}

// FieldUse is what a provider does with a common field.
type FieldUse string

// The uses of a field.
const (
	// FieldRequired: the provider needs it; the host refuses a request without it.
	FieldRequired FieldUse = "required"
	// FieldHonoured: it reaches the provider or changes what the adapter does.
	FieldHonoured FieldUse = "honoured"
	// FieldStored: the host keeps it and the provider never sees it.
	FieldStored FieldUse = "stored_by_host"
	// FieldRefused: the host refuses a request that sets it, naming field and provider.
	FieldRefused FieldUse = "refused"
)

// FieldSpec says what becomes of one common field, within which limits.
type FieldSpec struct {
	Use FieldUse `json:"use,omitzero"`
	// MaxLength is the largest number of characters; zero: no limit of its own.
	MaxLength int `json:"max_length,omitzero"`
	// Pattern is a regular expression the whole value must match, in RE2 syntax.
	Pattern string `json:"pattern,omitzero"`
	// Values are the only ones accepted, when any are listed.
	Values []string `json:"values,omitzero"`
	// MaxDuration bounds a duration such as expires_in.
	MaxDuration time.Duration `json:"max_duration_ns,omitzero"`
	// Note is for the generated documentation.
	Note string `json:"note,omitzero"`
}

// CommonFields returns the names of the common fields of a create request and
// what becomes of one that a manifest does not list: informational fields are
// stored by the host, behavioural ones are refused.
func CommonFields() map[string]FieldUse {
	fields := map[string]FieldUse{}
	for _, f := range commonFields() {
		fields[f.name] = f.unlisted
	}
	return fields
}

// commonField is a common field and what becomes of it where a manifest does not list it.
type commonField struct {
	name     string
	unlisted FieldUse
}

func commonFields() [24]commonField {
	return [...]commonField{
		{"reference", FieldStored},
		{"description", FieldStored},
		{"customer.id", FieldStored},
		{"customer.email", FieldStored},
		{"customer.phone", FieldStored},
		{"customer.name", FieldStored},
		{"payer.locale", FieldStored},
		{"payer.ip", FieldStored},
		{"payer.user_agent", FieldStored},
		{"payer.country", FieldStored},
		{"metadata", FieldStored},
		{"initiated_by", FieldStored},
		{"purpose", FieldRefused},
		{"capture", FieldRefused},
		{"expires_in", FieldRefused},
		{"payment_method", FieldRefused},
		{"return_urls.default", FieldRefused},
		{"return_urls.success", FieldRefused},
		{"return_urls.failure", FieldRefused},
		{"items", FieldRefused},
		{"amount_limits.max", FieldRefused},
		{"save_credential", FieldRefused},
		{"allow_partial", FieldRefused},
		{"source", FieldRefused},
	}
}

// unlistedUse is what becomes of a common field that a manifest does not list; empty for a name that is no common field.
func unlistedUse(name string) FieldUse {
	for _, f := range commonFields() {
		if f.name == name {
			return f.unlisted
		}
	}
	return ""
}

// Field returns what becomes of the named common field.
func (m Manifest) Field(name string) FieldSpec {
	if f, ok := m.Fields[name]; ok {
		return f
	}
	return FieldSpec{Use: unlistedUse(name)}
}

// RateScope is what a rate limit counts.
type RateScope string

// The scopes of rate limits.
const (
	RatePerAccount  RateScope = "account"
	RatePerInvoice  RateScope = "invoice"
	RatePerProvider RateScope = "provider"
)

// RateLimitSpec is one limit.
type RateLimitSpec struct {
	Scope RateScope `json:"scope,omitzero"`
	// Abilities are the calls it counts; empty: all.
	Abilities Abilities `json:"abilities,omitzero"`
	// Rate is calls per second as a decimal number such as "0.2"; Burst is at least 1.
	Rate  string `json:"rate,omitzero"`
	Burst int    `json:"burst,omitzero"`
}

// Effect says what an action does.
type Effect string

// The effects. Anything but [EffectRead] is a journalled operation with a key.
const (
	EffectRead       Effect = "read"
	EffectChanges    Effect = "changes"
	EffectMovesMoney Effect = "moves_money"
)

// ActionSpec describes one provider-specific extra.
type ActionSpec struct {
	// Name is snake_case, unique within the manifest.
	Name   string `json:"name,omitzero"`
	Title  string `json:"title,omitzero"`
	Effect Effect `json:"effect,omitzero"`
	// Subject is what it acts on: [SubjectInvoice], [SubjectPayout], [SubjectRefund], [SubjectDispute] or
	// [SubjectAccount].
	Subject Subject `json:"subject,omitzero"`
	// Input and Output are JSON Schemas.
	Input  json.RawMessage `json:"input,omitzero"`
	Output json.RawMessage `json:"output,omitzero"`
	// Resolution is what can settle an unknown outcome; empty means [ResolveHuman].
	Resolution Resolution `json:"resolution,omitzero"`
	// MaxAttachments is how many files it takes, of at most MaxAttachmentSize bytes each.
	MaxAttachments    int   `json:"max_attachments,omitzero"`
	MaxAttachmentSize int64 `json:"max_attachment_size,omitzero"`
	// Leaves is what an executed action leaves on its invoice, by which [ResolveLookup] tells whether it was;
	// empty means [TraceAttempt].
	Leaves ActionTrace `json:"leaves,omitzero"`
}

// ActionTrace is what an executed action leaves behind where a look at its invoice shows it.
type ActionTrace string

// The traces of an action.
const (
	// TraceAttempt: the invoice has an attempt. It had none before.
	TraceAttempt ActionTrace = "attempt"
	// TraceLiveAttempt: the invoice has an attempt that is under way or has succeeded. Those it had before were over.
	TraceLiveAttempt ActionTrace = "live_attempt"
	// TraceConfirmation: an attempt is past pending, because somebody said that the money was sent.
	TraceConfirmation ActionTrace = "confirmation"
	// TraceDispute: the invoice has a dispute. It had none before.
	TraceDispute ActionTrace = "dispute"
)

// MaxAttachmentSize is the largest attachment of an action, in bytes.
const MaxAttachmentSize = 16 << 20

// MaxActionOutput is the largest output of an action, in bytes. A provider's answer has at most 1 MiB, which is 1.4 MiB as
// the base64 text of a receipt. A larger output is a fault of the plugin.
const MaxActionOutput = 2 << 20
