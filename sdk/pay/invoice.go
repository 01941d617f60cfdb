package pay

import (
	"encoding/json"
	"time"
)

// Mode is the environment of an account.
type Mode string

// The modes.
const (
	ModeSandbox Mode = "sandbox"
	ModeLive    Mode = "live"
)

// Purpose is what an invoice is for.
type Purpose string

// The purposes.
const (
	// PurposePayment is the default: the payer settles a positive amount.
	PurposePayment Purpose = "payment"
	// PurposeVerification checks a payment instrument; the amount is zero and a stored credential results.
	PurposeVerification Purpose = "verification"
)

// CaptureMode says who takes the money after an authorization.
type CaptureMode string

// The capture modes.
const (
	// CaptureAutomatic is the default: the money is taken at once.
	CaptureAutomatic CaptureMode = "automatic"
	// CaptureManual only reserves it; a later capture takes it.
	CaptureManual CaptureMode = "manual"
)

// InvoiceState is what an adapter knows about one invoice. Only stated values
// are compared and stored: a Money that states no amount, an empty text and a
// zero time mean "the provider does not say". Lists and amounts are
// cumulative: they replace what was known, they never add to it.
type InvoiceState struct {
	// Report is what the adapter observed beside the state.
	Report Report
	// ProviderRef is the id that the provider's callbacks and look-ups use.
	ProviderRef string
	// ProviderRefs are other ids by name, for example payin's "pretty_id".
	ProviderRefs map[string]string
	// Status is zero when the adapter cannot tell; then Review says why.
	Status Status
	// Review, when not empty, sets needs_review with this reason.
	Review string
	// Amount is the invoiced amount as the provider states it. The host compares it with its own.
	Amount Money
	// Due is what the payer must send; it may exceed Amount only by the caller's opt-in.
	Due Money
	// Received is what the payer sent. When parts came in several currencies it is their value in the currency of
	// the invoice as the provider states it, or nothing; an adapter does not convert.
	Received Money
	// ReceivedParts are what the payer sent per currency, one entry each, when parts came in several; nil
	// otherwise.
	ReceivedParts []Money
	// Authorized, Captured and Refunded are the amounts reserved, taken and returned.
	Authorized, Captured, Refunded Money
	// Overpaid marks that more than due arrived.
	Overpaid bool
	// Final says that nothing more can arrive without a new fact; FinalReason says why.
	Final       bool
	FinalReason string
	// Attempts, Refunds and Disputes are all the provider shows, oldest first.
	Attempts []Attempt
	Refunds  []RefundState
	Disputes []Dispute
	// NextActions are alternatives for the payer, best first.
	NextActions []NextAction
	// Credential is the stored credential that this invoice produced.
	Credential *StoredCredential
	// ExpiresAt is when the payer's time runs out.
	ExpiresAt time.Time
	// Data are further facts for the caller, in the provider's own field names:
	// never secrets, never personal data.
	Data map[string]string
}

// AttemptStatus is where one payment attempt stands.
type AttemptStatus string

// The statuses of an attempt.
const (
	AttemptPending    AttemptStatus = "pending"
	AttemptProcessing AttemptStatus = "processing"
	AttemptAuthorized AttemptStatus = "authorized"
	AttemptSucceeded  AttemptStatus = "succeeded"
	AttemptDeclined   AttemptStatus = "declined"
	AttemptCanceled   AttemptStatus = "canceled"
	AttemptExpired    AttemptStatus = "expired"
)

// Attempt is one try of the payer to settle an invoice.
type Attempt struct {
	// ProviderAttemptID is the provider's id of the attempt.
	ProviderAttemptID string        `json:"provider_attempt_id,omitempty"`
	Status            AttemptStatus `json:"status,omitempty"`
	// Amount is what was asked, Received what came, Fee what the provider keeps, Net what remains; each has its own currency.
	Amount   Money `json:"amount,omitzero"`
	Received Money `json:"received,omitzero"`
	Fee      Money `json:"fee,omitzero"`
	Net      Money `json:"net,omitzero"`
	// Rate is the exchange rate between them as the provider wrote it.
	Rate string `json:"rate,omitempty"`
	// Method is the provider's name of the payment method.
	Method         string         `json:"method,omitempty"`
	Instrument     Instrument     `json:"instrument,omitzero"`
	Authentication Authentication `json:"authentication,omitzero"`
	Network        Network        `json:"network,omitzero"`
	// Decline is set when the attempt was refused.
	Decline *Decline `json:"decline,omitempty"`
	// ProviderTime is the provider's time of the last change of the attempt.
	ProviderTime time.Time `json:"provider_time,omitzero"`
}

// Instrument is what the payer paid with, masked by the provider.
type Instrument struct {
	// Masked is for example "444403******1902"; never a full number.
	Masked  string `json:"masked,omitempty"`
	Brand   string `json:"brand,omitempty"`
	Bank    string `json:"bank,omitempty"`
	Country string `json:"country,omitempty"`
}

// Authentication is the result of 3-D Secure or its like.
type Authentication struct {
	// Method is for example "3ds2"; Result is authenticated, attempted, failed or skipped.
	Method string `json:"method,omitempty"`
	Result string `json:"result,omitempty"`
}

// Network holds what the card networks use to find an operation.
type Network struct {
	RRN          string `json:"rrn,omitempty"`
	ApprovalCode string `json:"approval_code,omitempty"`
}

// Decline is why an attempt was refused.
type Decline struct {
	Reason       DeclineReason `json:"reason"`
	ProviderCode string        `json:"provider_code,omitempty"`
	Message      string        `json:"message,omitempty"`
}

// NextActionType is how a [NextAction] is done. The list is open: a caller
// that does not know a type shows another alternative.
type NextActionType string

// The types of next actions in use.
const (
	NextRedirect NextActionType = "redirect"
	NextQR       NextActionType = "qr"
	NextTransfer NextActionType = "transfer"
	NextDeeplink NextActionType = "deeplink"
	NextForm     NextActionType = "form"
	NextUpload   NextActionType = "upload"
)

// NextAction is something a person can do in a browser or a banking app: the payer to settle an invoice, or the
// merchant to give an account the consent it needs, see [AccountInfo.NextActions].
type NextAction struct {
	// ID tells alternatives apart; it is stable over refreshes.
	ID   string         `json:"id"`
	Type NextActionType `json:"type"`
	// URL is where to go, with Method (GET when empty) and FormFields for a form post.
	URL        string            `json:"url,omitempty"`
	Method     string            `json:"method,omitempty"`
	FormFields map[string]string `json:"form_fields,omitempty"`
	// Requisites are where to transfer to. They are personal data of the receiver.
	Requisites *Requisites `json:"requisites,omitempty"`
	// QRPayload is the text of the QR code.
	QRPayload string `json:"qr_payload,omitempty"`
	// Amount is exactly what the payer must send by this action.
	Amount Money `json:"amount,omitzero"`
	// ExpiresAt is when this action stops working; it may be earlier than the invoice's own expiry.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Submit names the action of the account that takes the payer's input, described by InputSchema (JSON Schema).
	Submit      string          `json:"submit,omitempty"`
	InputSchema json.RawMessage `json:"input_schema,omitempty"`
}

// Requisites are the details of a bank transfer.
type Requisites struct {
	// Kind is card, phone, account, iban, wallet or text.
	Kind   string `json:"kind"`
	Value  string `json:"value"`
	Holder string `json:"holder,omitempty"`
	Bank   string `json:"bank,omitempty"`
}

// CredentialStatus is where a stored credential stands.
type CredentialStatus string

// The statuses of a stored credential.
const (
	CredentialPending CredentialStatus = "pending"
	CredentialActive  CredentialStatus = "active"
	CredentialFailed  CredentialStatus = "failed"
	CredentialRevoked CredentialStatus = "revoked"
)

// StoredCredential is a payment instrument the provider keeps for later charges.
type StoredCredential struct {
	// Token is the provider's charging token: a secret. The host seals it and
	// gives callers only its own id.
	Token string
	// Customer is the provider-side owner, for example a wallet id.
	Customer      string
	Masked, Brand string
	ExpiresAt     time.Time
	Status        CredentialStatus
}

// InvoiceRef points an adapter at one invoice.
type InvoiceRef struct {
	// InvoiceID is the host's id.
	InvoiceID string
	// OperationID and ProviderKey belong to the create operation.
	OperationID, ProviderKey string
	// ProviderRef is the provider's id; empty while the outcome of create is unknown.
	ProviderRef string
	// ProviderRefs are the other ids the adapter gave.
	ProviderRefs map[string]string
	// State is what the adapter last reported for this invoice.
	State *State
	// Known is what the host holds. Some providers' words mean something only
	// against it: monobank's "reversed", payin's code 5.
	Known Known
}

// Known is the state of an object as the host holds it.
type Known struct {
	Status                         Status
	Purpose                        Purpose
	Capture                        CaptureMode
	Amount, Due                    Money
	Authorized, Captured, Refunded Money
	CreatedAt, ExpiresAt           time.Time
}
