package monobank

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// maxCodeLength bounds a code that is copied into an error.
const maxCodeLength = 64

// edgePause is the wait after the bank's edge refused us with a page of its own:
// users of the same host report blocks of about a day after abuse.
const edgePause = time.Hour

// apiError is the body of every refusal. The text must not drive logic; the
// code may.
type apiError struct {
	Code text `json:"errCode"`
	Text text `json:"errText"`
}

// refusal returns the error in an answer that is not 2xx, or nil. The code
// decides before the HTTP class, but a 5xx is a definite refusal only with the
// one code that is documented to be.
//
// Source: the provider's list of API errors.
func refusal(res *httpx.Response, secrets []string) error {
	out := res.Failure()
	if out == nil {
		return nil
	}
	var e apiError
	if json.Unmarshal(res.Body, &e) != nil || e.Code == "" {
		switch res.Status {
		case http.StatusNotFound, http.StatusGone:
			// The API says in JSON that it does not know an object; a page is from something in between, and
			// absence is believed in the API's own words only.
			return res.Garbled("HTTP %d without a code of the API", res.Status)
		case http.StatusForbidden:
			// The API itself refuses a token in JSON; a page is from the edge in front of it.
			out.Kind = pay.KindRateLimited
			out.Retry = pay.Retry{Rule: pay.RetrySameOperation, After: max(res.RetryAfter(), edgePause)}
			out.Message = "the provider's edge refused the request without a code; it blocks addresses that send too much"
		}
		return out
	}
	code := string(e.Code)
	out.ProviderCode = httpx.Scrub(code[:min(len(code), maxCodeLength)], secrets...)
	out.ProviderMessage = httpx.Scrub(string(e.Text), secrets...)
	definite := out.Kind != pay.KindOutcomeUnknown && out.Kind != pay.KindProviderUnavailable
	if kind, retry, known := refusalKind(code); known && (definite || code == codeCancelNotAvailable) {
		out.Kind, out.Executed = kind, ""
		if kind != pay.KindRateLimited {
			out.Retry = pay.Retry{Rule: retry}
		}
	}
	return out
}

// codeCancelNotAvailable is a definite refusal although it comes with HTTP 500.
const codeCancelNotAvailable = "CANCEL_NOT_AVAILABLE"

// refusalKind reads a code of the API. An empty rule is the default of the kind.
func refusalKind(code string) (kind pay.Kind, rule pay.RetryRule, known bool) {
	switch code {
	case "BAD_REQUEST", "1001", "INVALID_MERCHANT_PAYM_INFO", "TOKEN_NOT_FOUND", "METHOD_NOT_ALLOWED":
		return pay.KindInvalidRequest, "", true
	case "ORDER_IN_PROGRESS", "HOLD_INVOICE_NOT_FINALIZED", "INVOICE_ALREADY_USED":
		return pay.KindInvalidState, "", true
	case "WRONG_CANCEL_AMOUNT":
		// A wrong amount or "already refunded": only a look at the invoice tells.
		return pay.KindInvalidState, pay.RetryAfterLookup, true
	case codeCancelNotAvailable:
		return pay.KindInvalidState, pay.RetryNever, true
	case "FORBIDDEN":
		return pay.KindAuth, "", true
	case "NOT_FOUND", "1004":
		return pay.KindNotFound, "", true
	case "TMR":
		return pay.KindRateLimited, "", true
	}
	return "", "", false
}

// declineReason maps the code of a failed payment. An unknown code is a generic
// decline; known reports whether the provider's table has it.
//
// Source: the provider's page of payment errors (October 2026).
func declineReason(code string) (reason pay.DeclineReason, known bool) {
	switch code {
	case "59":
		return pay.DeclineInsufficientFunds, true
	case "51", "8001": // card expired; payment link expired
		return pay.DeclineExpired, true
	case "60", "61", "62", "63", "83", "1405", "8005", "8006":
		return pay.DeclineLimitExceeded, true
	case "1406", "1407": // risk control
		return pay.DeclineFraudSuspected, true
	case "84", "1034", "1035", "1045", "1054", "1421", "1422", "1425", "1429", "1458", "8004": // 3-D Secure
		return pay.DeclineAuthenticationRequired, true
	case "6", "71", "72", "75", "1165", "1193", "1408", "1413", "1428", // blocked by the issuer
		"40", "41", "50", "58", // lost, or spending restricted
		"1436": // cards that policy excludes
		return pay.DeclineBlocked, true
	case "52", "54", "55", "56", "57", "68", "73", "80", "81", "82",
		"67", "74", "98", "1044", "1053", "1066", "1115", "1121", // set-up of the merchant
		"1000", "1005", "1010", "1036", "1420", "1090", "8003", // inside the bank
		"1001", "1014", "1056", "1064", "1077", "1080", "1419", "1145", "1187", "1194", "1200",
		"1411", "1433", "1439", "8002":
		return pay.DeclineGeneric, true
	}
	return pay.DeclineGeneric, false
}
