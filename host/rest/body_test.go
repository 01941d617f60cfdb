package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

const goodBody = `{"account":"main","amount":{"value":"1.00","currency":"UAH"}}`

func TestSyntaxIs400(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for name, text := range map[string]string{
		"nothing":           "",
		"spaces":            "  ",
		"no JSON":           "account=main",
		"cut":               `{"account":"main"`,
		"data after":        goodBody + `{}`,
		"word after":        goodBody + ` true`,
		"comma":             `{"account":"main",}`,
		"invalid UTF-8":     "{\"account\":\"ma\xffin\"}",
		"duplicate":         `{"account":"main","account":"other","amount":{"value":"1.00","currency":"UAH"}}`,
		"duplicate below":   `{"account":"main","amount":{"value":"1.00","value":"9.00","currency":"UAH"}}`,
		"duplicate escaped": `{"account":"main","\u0061ccount":"other"}`,
		"duplicate options": `{"account":"main","provider_options":{"a":{"b":1,"b":2}}}`,
		"half a character":  `{"account":"main","description":"\ud83d"}`,
		"wrong half":        `{"account":"main","description":"\ude00\ud83d"}`,
		"too deep":          `{"provider_options":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 101),
	} {
		p := s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(text)).problem(http.StatusBadRequest, pay.KindInvalidRequest)
		require.Equal(t, pay.ExecutedNo, p.Executed, name)
		require.Equal(t, pay.RetryNever, p.Retry, name)
	}
	p := s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(`{"amount":{"value":"1","value":"2"}}`)).problem(400, pay.KindInvalidRequest)
	require.Equal(t, []string{"amount.value"}, p.paths())
	// A whole character written in escapes is fine.
	s.call("POST", "/v1/invoices", token(apiToken), key("smile"), body(`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"reference":"\\ud83d \ud83d\ude00"}`)).
		want(http.StatusCreated)
	require.Equal(t, `\ud83d 😀`, s.provider.lastSeen().Reference)
}

func TestFieldErrorsAre422(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for text, paths := range map[string][]string{
		`{}`:   {"account", "amount"},
		`[]`:   {"body"},
		`null`: {"body"},
		`{"account":"main","amount":{"value":100,"currency":"UAH"}}`:                                             {"amount.value"},
		`{"account":"main","amount":{"value":1e2,"currency":980}}`:                                               {"amount.value", "amount.currency"},
		`{"account":"main","amount":"100 UAH"}`:                                                                  {"amount"},
		`{"account":"main","amount":{"value":"1.00"}}`:                                                           {"amount.currency"},
		`{"account":"main","amount":null}`:                                                                       {"amount"},
		`{"Account":"main","amount":{"value":"1.00","currency":"UAH"}}`:                                          {"account", "Account"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH","rate":1},"ammount":1}`:                     {"amount.rate", "ammount"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"idempotency_key":"k","IdempotencyKey":1}`: {"idempotency_key", "IdempotencyKey"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"save_credential":"yes"}`:                  {"save_credential"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"metadata":{"a":1,"b":"x"}}`:               {"metadata.a"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"metadata":["a"]}`:                         {"metadata"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"provider_options":"x"}`:                   {"provider_options"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"provider_options":{"a":["\u0000"]}}`:      {"provider_options.a.0"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"description":"\u0000"}`:                   {"description"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"customer":{"name":7}}`:                    {"customer.name"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"items":[{"name":"a","unit_price":1},{}]}`: {
			"items.0.unit_price", "items.1.name", "items.1.unit_price"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"items":{"name":"a"}}`: {"items"},
		// These the host finds; they look the same.
		`{"account":"main","amount":{"value":"1.001","currency":"UAH"},"expires_in":"soon"}`:                        {"amount.value", "expires_in"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"provider_options":{"colour":"red"}}`:         {"provider_options.colour"},
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"return_urls":{"default":"javascript:void"}}`: {"return_urls.default"},
	} {
		p := s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(text)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
		for _, path := range paths {
			require.Contains(t, p.paths(), path, text)
		}
		for _, e := range p.Errors {
			require.NotEmpty(t, e.Message, text)
		}
	}
	require.Zero(t, s.provider.calls())

	p := s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(`{"account":"main","amount":{"value":100.10,"currency":"UAH"}}`)).
		problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Contains(t, p.Detail, "amount.value: must be a JSON string")
	s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(`{"account":"nowhere","amount":{"value":"1.00","currency":"UAH"}}`)).
		problem(http.StatusNotFound, pay.KindNotFound)
	s.call("POST", "/v1/invoices", token(apiToken), key("k"), body(`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"capture":"manual"}`)).
		problem(http.StatusNotImplemented, pay.KindUnsupported)
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.MaxBody = int64(len(goodBody)) })
	send := func(text string, edits ...edit) reply {
		return s.call("POST", "/v1/invoices", append([]edit{token(apiToken), key("limit"), body(text)}, edits...)...)
	}
	send(goodBody).want(http.StatusCreated)
	p := send(goodBody+" ").problem(http.StatusRequestEntityTooLarge, pay.KindInvalidRequest)
	require.Contains(t, p.Detail, fmt.Sprint(len(goodBody)))
	send(goodBody+" ", func(r *http.Request) { r.ContentLength = -1 }).problem(http.StatusRequestEntityTooLarge, pay.KindInvalidRequest)
	// Strangers are refused before their body is read.
	send(strings.Repeat(" ", 4096), token("wrong")).problem(http.StatusUnauthorized, pay.KindUnauthenticated)
}

func TestContentType(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	send := func(contentType string) reply {
		return s.call("POST", "/v1/invoices", token(apiToken), key("ct"), body(goodBody), func(r *http.Request) {
			r.Header.Del("Content-Type")
			if contentType != "" {
				r.Header.Set("Content-Type", contentType)
			}
		})
	}
	for _, bad := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=windows-1251", "json", "application/"} {
		p := send(bad).problem(http.StatusUnsupportedMediaType, pay.KindInvalidRequest)
		require.Contains(t, p.Detail, "application/json", bad)
	}
	for _, good := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		send(good).want(http.StatusCreated)
	}
}

// A call that takes no body says so instead of ignoring what was meant.
func TestUnexpectedBody(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	inv := s.created("ok")
	path := "/v1/invoices/" + inv.ID + "/refresh"
	p := s.call("POST", path, token(apiToken), body(`{"force":true}`)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"force"}, p.paths())
	s.call("POST", path, token(apiToken), body(`{}`)).want(http.StatusOK)
	s.call("POST", path, token(apiToken)).want(http.StatusOK)
}

// FuzzCreateInvoiceBody sends any bytes as a create request. Whatever they are, the answer is a refusal
// by name or an invoice, and never an internal error.
func FuzzCreateInvoiceBody(f *testing.F) {
	for _, seed := range []string{
		goodBody, "", "{", "[]", "null", `{"account":"main","amount":{"value":1,"currency":"UAH"}}`, "\xff", `{"a":1,"a":2}`,
		`{"account":"main","amount":{"value":"1e999999999","currency":"UAH"}}`, `{"account":"main","amount":{"value":"0.000000000000000000000000000000000001","currency":"UAH"}}`,
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"items":[{"name":"a","unit_price":"1","quantity":"1e9"}],"metadata":{"":""}}`,
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"provider_options":{"color":1e400}}`, `{"\ud800":1}`,
		`{"account":"main","amount":{"value":"1.00","currency":"UAH"},"expires_in":"-9223372036854775808ns","amount_limits":{"max":"2"}}`,
		strings.Repeat("[", 200),
	} {
		f.Add([]byte(seed))
	}
	s := newSurface(f)
	s.provider.plain = true
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := s.in(t).call("POST", "/v1/invoices", token(apiToken), key(fmt.Sprint("fuzz-", s.keys.Add(1))), body(string(raw)))
		if r.status != http.StatusCreated && (r.status < 400 || r.status >= 500) && r.status != http.StatusNotImplemented {
			t.Fatalf("%d for %q: %s", r.status, raw, r.raw)
		}
	})
}
