package pay

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind classifies an [Error]. The list is closed. A Kind is itself an error so
// that callers write errors.Is(err, pay.KindDeclined).
type Kind string

// The kinds of errors.
const (
	// KindDeclined: processed and refused by payer, issuer or risk control. Executed.
	KindDeclined Kind = "declined"
	// KindInvalidRequest: our data was refused before any effect.
	KindInvalidRequest Kind = "invalid_request"
	// KindUnsupported: the provider or account has no such ability.
	KindUnsupported Kind = "unsupported"
	// KindInvalidState: illegal for the current state of the object.
	KindInvalidState Kind = "invalid_state"
	// KindNotFound: the provider does not know the object.
	KindNotFound Kind = "not_found"
	// KindAuth: the provider refuses the account's credentials or signature. Retried as the same operation, with
	// the same key, but never by the clock alone: after the account's config has changed or Maintain has run.
	KindAuth Kind = "auth"
	// KindUnauthenticated: the caller's own token is missing or wrong.
	KindUnauthenticated Kind = "unauthenticated"
	// KindForbidden: the caller's token lacks the scope.
	KindForbidden Kind = "forbidden"
	// KindAccountPaused: an operator paused the account.
	KindAccountPaused Kind = "account_paused"
	// KindRateLimited: refused for volume.
	KindRateLimited Kind = "rate_limited"
	// KindProviderUnavailable: certainly not executed: DNS, connection refused, TLS handshake, documented maintenance.
	KindProviderUnavailable Kind = "provider_unavailable"
	// KindOutcomeUnknown: sent, and no definitive answer came back.
	KindOutcomeUnknown Kind = "outcome_unknown"
	// KindIntegrityMismatch: amount, currency, reference or account differs from ours.
	KindIntegrityMismatch Kind = "integrity_mismatch"
	// KindIdempotencyMismatch: the same key with other parameters.
	KindIdempotencyMismatch Kind = "idempotency_mismatch"
	// KindInProgress: the same key, or another operation on the object, is still running.
	KindInProgress Kind = "in_progress"
	// KindPluginFault: the plugin panicked, crashed or broke the protocol.
	KindPluginFault Kind = "plugin_fault"
	// KindInternal: a defect of the host or a failure of its storage.
	KindInternal Kind = "internal"
)

// Kinds returns the closed list of kinds.
func Kinds() []Kind {
	return []Kind{
		KindDeclined, KindInvalidRequest, KindUnsupported, KindInvalidState, KindNotFound, KindAuth,
		KindUnauthenticated, KindForbidden, KindAccountPaused, KindRateLimited, KindProviderUnavailable,
		KindOutcomeUnknown, KindIntegrityMismatch, KindIdempotencyMismatch, KindInProgress, KindPluginFault, KindInternal,
	}
}

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return strings.ReplaceAll(string(k), "_", " ") }

// Executed says whether the provider acted on a call.
type Executed string

// The three answers to "did it happen?".
const (
	ExecutedNo      Executed = "no"
	ExecutedYes     Executed = "yes"
	ExecutedUnknown Executed = "unknown"
)

// Executed returns the default of kind k, used where an error does not say.
func (k Kind) Executed() Executed {
	switch k {
	case KindDeclined, KindIntegrityMismatch:
		return ExecutedYes
	case KindOutcomeUnknown, KindPluginFault, KindInternal, "":
		return ExecutedUnknown
	default:
		return ExecutedNo
	}
}

// RetryRule says what may be done after an error.
type RetryRule string

// The retry rules.
const (
	// RetryNever: the same request can never succeed.
	RetryNever RetryRule = "never"
	// RetrySameOperation: the same operation, with the same key, after [Retry.After]; for [KindAuth] after the
	// config has changed or Maintain has run.
	RetrySameOperation RetryRule = "same_operation_after"
	// RetryAfterLookup: only after a look-up has shown what happened.
	RetryAfterLookup RetryRule = "after_lookup"
	// RetryNewAttempt: a new operation is a new decision and may succeed.
	RetryNewAttempt RetryRule = "new_attempt"
)

// Retry is the advice an error carries.
type Retry struct {
	Rule RetryRule
	// After is the shortest wait, for [RetrySameOperation]. Zero leaves it to the caller.
	After time.Duration
}

// Retry returns the default rule of kind k, used where an error does not say.
func (k Kind) Retry() RetryRule {
	switch k {
	case KindDeclined:
		return RetryNewAttempt
	case KindAuth, KindAccountPaused, KindRateLimited, KindProviderUnavailable:
		return RetrySameOperation
	case KindInvalidState, KindOutcomeUnknown, KindPluginFault, KindInProgress, KindInternal:
		return RetryAfterLookup
	default:
		return RetryNever
	}
}

// DeclineReason is why a payment was declined, in one vocabulary for all
// providers.
type DeclineReason string

// The unified reasons of a decline.
const (
	DeclineGeneric                DeclineReason = "generic"
	DeclineInsufficientFunds      DeclineReason = "insufficient_funds"
	DeclineExpired                DeclineReason = "expired"
	DeclineLimitExceeded          DeclineReason = "limit_exceeded"
	DeclineFraudSuspected         DeclineReason = "fraud_suspected"
	DeclineAuthenticationRequired DeclineReason = "authentication_required"
	DeclineBlocked                DeclineReason = "blocked"
	// DeclineNoRequisites: a P2P gateway has nobody to receive the money now.
	DeclineNoRequisites DeclineReason = "no_requisites"
)

// FieldError names one field of a request and what is wrong with it.
type FieldError struct {
	// Path is the field in the names of the public API, for example
	// "amount.value" or "provider_options.payment_option".
	Path string `json:"path"`
	// Message says what is wrong and what to do about it, without repeating a secret value.
	Message string `json:"message"`
}

// Error is a failure whose meaning is known. Adapters return one when they know
// that nothing happened or that the provider refused; any other error means
// that nobody knows, and the host treats it as [KindOutcomeUnknown].
type Error struct {
	// Kind is one of [Kinds].
	Kind Kind
	// Executed says whether the provider acted. Empty means the default of Kind.
	Executed Executed
	// Retry is the advice. An empty rule means the default of Kind.
	Retry Retry
	// Message is for the operator and the log. It must not hold secrets or
	// personal data.
	Message string
	// SafeMessage may be shown to the payer; empty means nothing may.
	SafeMessage string
	// Reason is set for [KindDeclined].
	Reason DeclineReason
	// ProviderCode and ProviderMessage are what the provider said, scrubbed.
	ProviderCode, ProviderMessage string
	// Fields lists what is wrong with a request.
	Fields []FieldError
	// Report is what else the adapter observed.
	Report Report
	// OperationID and InvoiceID are set by the host.
	OperationID, InvoiceID string
	// Err is the cause; it does not cross the wire except as text in Message.
	Err error
}

// Errorf returns an Error of kind k with a formatted message; %w keeps a cause.
func Errorf(k Kind, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Kind: k, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Invalid returns a [KindInvalidRequest] that names one field.
func Invalid(path, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Kind: KindInvalidRequest, Message: path + ": " + msg, Fields: []FieldError{{Path: path, Message: msg}}}
}

// Unsupported returns a [KindUnsupported] that names what is not offered.
func Unsupported(what string) *Error {
	return &Error{Kind: KindUnsupported, Message: what + " is not supported"}
}

// Error returns the kind and the message; it is safe to log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	if e.ProviderCode != "" {
		fmt.Fprintf(&b, " (provider code %s)", e.ProviderCode)
	}
	return b.String()
}

// Is makes errors.Is(err, kind) work.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WasExecuted returns Executed or, where it is empty, the default of the kind.
func (e *Error) WasExecuted() Executed {
	if e.Executed != "" {
		return e.Executed
	}
	return e.Kind.Executed()
}

// RetryRule returns the rule of Retry or, where it is empty, the default of the
// kind; an unknown execution is never retried before a look-up.
func (e *Error) RetryRule() RetryRule {
	switch {
	case e.Retry.Rule != "":
		return e.Retry.Rule
	case e.WasExecuted() == ExecutedUnknown:
		return RetryAfterLookup
	}
	return e.Kind.Retry()
}

// Final reports whether e settles its operation for good: nothing may be tried
// again under the same key.
func (e *Error) Final() bool {
	return e.WasExecuted() != ExecutedUnknown && (e.RetryRule() == RetryNever || e.RetryRule() == RetryNewAttempt)
}

// AsError returns err as an [*Error]. An error that carries none becomes
// [KindOutcomeUnknown]: the careless default is the safe one.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: KindOutcomeUnknown, Executed: ExecutedUnknown, Message: err.Error(), Err: err}
}
