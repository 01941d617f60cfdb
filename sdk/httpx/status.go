package httpx

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// maxRetryAfter bounds what a provider may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// ClassifyStatus returns the default reading of an HTTP status, for adapters
// whose provider says nothing better in the body; nil for 2xx.
//
// 400 and 422 are invalid_request, 401 and 403 auth, 404 and 410 not_found, 409
// invalid_state, 429 rate_limited, other 4xx invalid_request. 408, 425, 5xx and
// everything else may have been executed: outcome_unknown when mutating, else
// provider_unavailable.
//
// Source: the default map of the error taxonomy.
func ClassifyStatus(status int, mutating bool) *pay.Error {
	if status >= 200 && status < 300 {
		return nil
	}
	out := &pay.Error{
		Message: fmt.Sprintf("the provider answered HTTP %d", status),
		Report:  pay.Report{Evidence: pay.Evidence{HTTPStatus: status}},
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		out.Kind = pay.KindAuth
	case status == http.StatusNotFound, status == http.StatusGone:
		out.Kind = pay.KindNotFound
	case status == http.StatusConflict:
		out.Kind = pay.KindInvalidState
	case status == http.StatusTooManyRequests:
		out.Kind = pay.KindRateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status < 400, status >= 500:
		out.Kind, out.Executed = lost(mutating)
	default:
		out.Kind = pay.KindInvalidRequest
	}
	return out
}

// Failure is [ClassifyStatus] of the response, with its evidence and with the
// Retry-After header where the request may be sent again; nil for 2xx.
func (r *Response) Failure() *pay.Error {
	out := ClassifyStatus(r.Status, r.mutating)
	if out == nil {
		return nil
	}
	out.Report.Evidence = r.Evidence
	if after := r.RetryAfter(); after > 0 && (out.Kind == pay.KindRateLimited || out.Kind == pay.KindProviderUnavailable) {
		out.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: after}
	}
	return out
}

// Garbled returns the error for a 2xx answer that cannot be read: outcome
// unknown when the request was mutating, else provider_unavailable. The text
// must not repeat the body.
func (r *Response) Garbled(format string, args ...any) *pay.Error {
	kind, executed := lost(r.mutating)
	return &pay.Error{
		Kind: kind, Executed: executed,
		Message: "the provider's answer cannot be read: " + fmt.Sprintf(format, args...),
		Report:  pay.Report{Evidence: r.Evidence},
	}
}

// RetryAfter reads the Retry-After header: seconds or, when the exchange had a
// clock, a date. Zero when absent, unreadable or past; never above 24 hours.
func (r *Response) RetryAfter() time.Duration {
	v := strings.TrimSpace(r.Header.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(v, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(v); err == nil && r.now != nil {
		return min(max(at.Sub(r.now()), 0), maxRetryAfter)
	}
	return 0
}
