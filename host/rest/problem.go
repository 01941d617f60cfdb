package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

// problemType is the prefix of [Problem.Type]; the kind follows.
const problemType = "urn:payhost:problem:"

// Problem is the body of every refusal: an RFC 9457 problem of media type
// application/problem+json.
//
// Executed says whether the provider acted; a caller that reads nothing else must read that.
type Problem struct {
	// Type is "urn:payhost:problem:" and the kind.
	Type string `json:"type"`
	// Title says in a few words what the kind means.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	host.Problem

	headers http.Header
}

// Error returns the title and the detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Title + ": " + p.Detail
}

// GetStatus returns the HTTP status. It makes a problem an answer of the router.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns the headers that belong to the problem, for example Retry-After.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType returns the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// newProblem returns the problem that says what err says.
func newProblem(err error) *Problem {
	e := pay.AsError(err)
	p := &Problem{
		Type: problemType + string(e.Kind), Title: title(e.Kind), Status: statusOf(e.Kind),
		Problem: host.ProblemOf(err), headers: http.Header{},
	}
	switch wait := retryAfter(e); {
	case wait > 0:
		p.headers.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	}
	return p
}

// requestProblem is a refusal of a request that could not even be read.
func requestProblem(status int, format string, args ...any) *Problem {
	p := newProblem(pay.Errorf(pay.KindInvalidRequest, format, args...))
	p.Status = status
	return p
}

// asProblem returns err as a problem.
func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return newProblem(err)
}

// write sends p as the whole answer.
func (p *Problem) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), p.headers)
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone
}

// statusOf is the HTTP column of the error taxonomy. An outcome_unknown comes here only when there is no resource to
// answer 202 with.
func statusOf(k pay.Kind) int {
	switch k {
	case pay.KindDeclined:
		return http.StatusPaymentRequired
	case pay.KindInvalidRequest, pay.KindIdempotencyMismatch:
		return http.StatusUnprocessableEntity
	case pay.KindUnsupported:
		return http.StatusNotImplemented
	case pay.KindInvalidState, pay.KindIntegrityMismatch, pay.KindInProgress:
		return http.StatusConflict
	case pay.KindNotFound:
		return http.StatusNotFound
	case pay.KindAuth, pay.KindPluginFault:
		return http.StatusBadGateway
	case pay.KindUnauthenticated:
		return http.StatusUnauthorized
	case pay.KindForbidden:
		return http.StatusForbidden
	case pay.KindAccountPaused, pay.KindProviderUnavailable:
		return http.StatusServiceUnavailable
	case pay.KindRateLimited:
		return http.StatusTooManyRequests
	case pay.KindOutcomeUnknown:
		return http.StatusGatewayTimeout
	case pay.KindInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// title is the text that does not change between two problems of a kind.
func title(k pay.Kind) string {
	switch k {
	case pay.KindDeclined:
		return "The payment was declined"
	case pay.KindInvalidRequest:
		return "The request is not valid"
	case pay.KindUnsupported:
		return "The provider or account cannot do this"
	case pay.KindInvalidState:
		return "The state of the object does not allow this"
	case pay.KindNotFound:
		return "There is no such object"
	case pay.KindAuth:
		return "The provider refuses the account's credentials"
	case pay.KindUnauthenticated:
		return "A valid token is needed"
	case pay.KindForbidden:
		return "The token may not do this"
	case pay.KindAccountPaused:
		return "The account is paused"
	case pay.KindRateLimited:
		return "Too many calls"
	case pay.KindProviderUnavailable:
		return "The provider cannot be reached; nothing was sent"
	case pay.KindOutcomeUnknown:
		return "The outcome is not known"
	case pay.KindIntegrityMismatch:
		return "The provider's data differ from ours"
	case pay.KindIdempotencyMismatch:
		return "The idempotency key was used for another request"
	case pay.KindInProgress:
		return "An operation is still running"
	case pay.KindPluginFault:
		return "The provider plugin failed"
	case pay.KindInternal:
		return "Internal error"
	}
	return "Error"
}

// retryAfter is how long a client shall wait; zero says nothing. Answers 429 and 503 always say something, because
// clients without a wait come back at once.
func retryAfter(e *pay.Error) time.Duration {
	if e.Retry.After > 0 {
		return e.Retry.After
	}
	switch e.Kind {
	case pay.KindRateLimited, pay.KindProviderUnavailable:
		return time.Second
	case pay.KindAccountPaused:
		return 30 * time.Second
	default:
		return 0
	}
}
