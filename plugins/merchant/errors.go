package merchant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// refusal is one "no" of the gateway: a text and, sometimes, the field it blames.
type refusal struct {
	Message string
	Field   string
}

// refused reads an answer that is not 2xx; nil for one that is. The texts are
// documented, the form of the body is not: an array of objects, an object and
// plain text are all read. An HTML page did not come from the gateway, so it
// proves nothing about what happened; a text counts only together with its
// HTTP status.
func (a *account) refused(res *httpx.Response) *pay.Error {
	out := res.Failure()
	if out == nil || out.Kind == pay.KindOutcomeUnknown || out.Kind == pay.KindProviderUnavailable {
		return out
	}
	said := parseRefusal(res.Body)
	out.ProviderMessage = httpx.Scrub(joinMessages(said), a.secrets()...)
	if out.Kind == pay.KindAuth {
		out.Message = "the gateway refused the signature: check api_key, secret and the exact base_url of the brand"
	}
	if out.Kind == pay.KindAuth || out.Kind == pay.KindRateLimited {
		return out
	}
	if isHTML(res.Body) {
		return res.Garbled("HTTP %d with a page of something in between", res.Status)
	}
	for _, r := range said {
		if known := classify(res.Status, r, out); known {
			break
		}
	}
	if out.ProviderMessage != "" {
		out.Message = "the gateway refused the request: " + out.ProviderMessage
	}
	return out
}

// classify applies one documented text to out and reports whether it knew it.
//
// Source: the error table of the gateway's documentation.
func classify(status int, r refusal, out *pay.Error) bool {
	words := strings.ToLower(r.Message)
	has := func(part string) bool { return strings.Contains(words, part) }
	blame := func(path string) bool {
		out.Kind = pay.KindInvalidRequest
		out.Fields = append(out.Fields, pay.FieldError{Path: path, Message: out.ProviderMessage})
		return true
	}
	switch {
	case status == http.StatusNotFound && (has("pay in disabled") || has("pay out disabled")):
		out.Kind = pay.KindUnsupported
	case status != http.StatusBadRequest && status != http.StatusUnprocessableEntity:
		return false
	case has("payment_method_not_available"):
		// No invoice was made: this is the other way of saying "no requisites".
		out.Kind, out.Executed, out.Reason = pay.KindDeclined, pay.ExecutedNo, pay.DeclineNoRequisites
		out.ProviderCode = "PAYMENT_METHOD_NOT_AVAILABLE"
		out.Retry = pay.Retry{Rule: pay.RetryNewAttempt}
	case has("invoice amount should be not"):
		return blame("amount.value")
	case has("payment option not allowed"):
		return blame("provider_options.payment_option")
	case has("payment method not allowed"):
		return blame("payment_method")
	case has("maxamount can not be less"):
		return blame("amount_limits.max")
	case has("invoice data not available"):
		// The invoice was not made, or is being canceled: only a look-up tells.
		out.Kind, out.Executed = pay.KindOutcomeUnknown, pay.ExecutedUnknown
	case has("2fa should be enabled"):
		out.Kind = pay.KindUnsupported
	case has("insufficient funds"):
		out.Kind, out.Executed, out.Reason = pay.KindDeclined, pay.ExecutedNo, pay.DeclineInsufficientFunds
	case r.Field != "":
		blame(fieldPath(r.Field))
		return false
	default:
		return false
	}
	return true
}

// fieldPath names a field of the gateway as the caller knows it.
func fieldPath(wire string) string {
	switch wire {
	case "amount":
		return "amount.value"
	case "currency":
		return "amount.currency"
	case "maxAmount":
		return "amount_limits.max"
	case "userId":
		return "customer.id"
	case "paymentMethod":
		return "payment_method"
	case "successUrl":
		return "return_urls.success"
	case "cancelUrl":
		return "return_urls.failure"
	case "paymentOption", "startDeal", "crossBorderCurrency", "crossBorderRequisiteType", "allowMatching", "lang",
		"strictlySingleTransfer":
		return "provider_options." + snake(wire)
	}
	if rest, ok := strings.CutPrefix(wire, "matchingSettings"); ok {
		return "provider_options.matching_settings" + snake(rest)
	}
	return httpx.Scrub(wire)
}

func snake(s string) string {
	var b strings.Builder
	for _, r := range s {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// parseRefusal reads the body of a refusal, however it is written.
func parseRefusal(body []byte) []refusal {
	body = bytes.TrimSpace(body)
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil {
		var out []refusal
		for _, item := range list[:min(len(list), 16)] {
			out = append(out, parseRefusalItem(item)...)
		}
		return out
	}
	if json.Valid(body) {
		return parseRefusalItem(body)
	}
	if len(body) == 0 || isHTML(body) {
		return nil
	}
	return []refusal{{Message: string(body)}}
}

// parseRefusalItem reads an object with a message, or a bare text. The
// documented 404 "null" has neither.
func parseRefusalItem(raw json.RawMessage) []refusal {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		return []refusal{{Message: text}}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	out := refusal{Message: firstText(object, "message", "detail", "error"), Field: firstText(object, "field", "property", "propertyPath")}
	if out.Message == "" {
		return nil
	}
	return []refusal{out}
}

func firstText(object map[string]json.RawMessage, names ...string) string {
	for _, name := range names {
		var s string
		if json.Unmarshal(object[name], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

func joinMessages(list []refusal) string {
	var parts []string
	for _, r := range list {
		if r.Field != "" {
			parts = append(parts, r.Field+": "+r.Message)
		} else {
			parts = append(parts, r.Message)
		}
	}
	return strings.Join(parts, "; ")
}

func isHTML(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}
