package payin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// answer is an accepted call: status was true.
type answer struct {
	result   json.RawMessage
	response *httpx.Response
}

// report returns the observation behind the answer.
func (a answer) report() pay.Report { return pay.Report{Evidence: a.response.Evidence} }

// envelope is the shape of every answer. Status is a pointer to tell false from missing.
type envelope struct {
	Status  *bool           `json:"status"`
	Result  json.RawMessage `json:"result"`
	UserMsg json.RawMessage `json:"user_msg"`
	Tracker json.RawMessage `json:"tracker"`
}

// question is one call of the provider.
type question struct {
	path   string
	effect httpx.Effect
	// fields hold final texts: what is posted has to decode to what was signed.
	fields []field
	// hidden are texts of this call that no error may hold. An answer to such a call is not kept as evidence, because it
	// might repeat them.
	hidden []string
}

// post asks a question that hides nothing.
func (a *account) post(ctx context.Context, path string, effect httpx.Effect, fields ...field) (answer, error) {
	return a.ask(ctx, question{path: path, effect: effect, fields: fields})
}

// ask signs and sends one call. It adds user_id, timestamp and hash to the fields.
// The provider allows 10 seconds between the timestamp and its own clock, so
// signing is the last thing before sending, and a signed call is never kept.
func (a *account) ask(ctx context.Context, q question) (answer, error) {
	signed := canonical(append(q.fields,
		textField("user_id", a.userID),
		textField("timestamp", strconv.FormatInt(a.now().Unix(), 10)),
	))
	body := signed + "&" + textField("hash", sign(a.secret, signed)).encoded
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base.JoinPath(q.path).String(), strings.NewReader(body))
	if err != nil {
		return answer{}, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be built"}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Without it the provider may report an error as HTML.
	req.Header.Set("Accept", "application/json")
	secrets := append(a.secrets(), q.hidden...)
	res, err := httpx.Exchange{Client: a.http, Request: req, Effect: q.effect, Secrets: secrets, Now: a.now}.Do(ctx)
	if err == nil {
		if len(q.hidden) > 0 {
			res.Evidence.Raw = nil
		}
		return a.read(res, secrets)
	}
	if e, ok := errors.AsType[*pay.Error](err); ok && len(q.hidden) > 0 {
		e.Report.Evidence.Raw = nil
	}
	return answer{}, err
}

// read decides by the JSON body, because the provider documents no HTTP
// statuses: a well-formed status:false is a definite refusal; HTML, an empty
// body or a missing status leaves the outcome of a mutating call unknown. A
// status that a proxy may have made after the provider acted (5xx, 408) stays
// unknown whatever the body says.
func (a *account) read(res *httpx.Response, secrets []string) (answer, error) {
	var e envelope
	shaped := json.Unmarshal(res.Body, &e) == nil && e.Status != nil
	if shaped {
		// Every sample of the provider has a leading space here.
		res.Evidence.ProviderRequestID = httpx.Scrub(plainText(e.Tracker), secrets...)
	}
	failure := res.Failure()
	switch {
	case failure != nil && (failure.Kind == pay.KindOutcomeUnknown || failure.Kind == pay.KindProviderUnavailable):
		return answer{}, failure
	case shaped && *e.Status && failure == nil:
		return answer{result: bytes.TrimSpace(e.Result), response: res}, nil
	case shaped && !*e.Status && plainText(e.UserMsg) != "":
		return answer{}, a.refused(plainText(e.UserMsg), res, secrets)
	case !shaped && failure != nil && (failure.Kind == pay.KindAuth || failure.Kind == pay.KindRateLimited):
		return answer{}, failure
	}
	return answer{}, res.Garbled("HTTP %d without the documented fields", res.Status)
}

// plainText returns a JSON string without the space around it, and the empty
// text for anything else.
func plainText(raw json.RawMessage) string {
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}

// secrets are the texts no error may hold.
func (a *account) secrets() []string { return append([]string{a.secret}, a.previous...) }
