package payin

import (
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// refused turns a well-formed status:false into an error. The provider has no
// codes, only texts, and documents few of them; an unknown text is a definite
// refusal of the request. Nothing was executed in any of these cases.
func (a *account) refused(text string, res *httpx.Response, secrets []string) *pay.Error {
	out := &pay.Error{
		Kind:            pay.KindInvalidRequest,
		Executed:        pay.ExecutedNo,
		ProviderMessage: httpx.Scrub(text, secrets...),
		Report:          pay.Report{Evidence: res.Evidence},
	}
	if f := res.Failure(); f != nil && (f.Kind == pay.KindAuth || f.Kind == pay.KindRateLimited) {
		out.Kind, out.Retry, out.Message = f.Kind, f.Retry, f.Message
		return out
	}
	words := strings.ToLower(text)
	switch {
	case strings.Contains(words, "incorrect timestamp"):
		// The next try signs anew with the then current time, so it may succeed.
		out.Kind = pay.KindProviderUnavailable
		out.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: clockRetry}
		out.Message = clockSkew(a.now(), res.Header.Get("Date"))
	case strings.Contains(words, "payment with") && strings.Contains(words, "not found"):
		out.Kind = pay.KindNotFound
		out.Message = "the provider knows no such payment"
	case strings.Contains(words, "already exists"), words == "exist_in_system":
		// The earlier request was the accepted one.
		out.Kind = pay.KindInvalidState
		out.Message = "the provider already has this object"
	case strings.Contains(words, "hash"):
		// The text of a wrong signature is not documented; this word names nothing else in the API.
		out.Kind = pay.KindAuth
		out.Message = "the provider refused the signature: check user_id and secret"
	default:
		out.Message = "the provider refused the request: " + out.ProviderMessage
	}
	return out
}
