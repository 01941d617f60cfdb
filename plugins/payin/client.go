package payin

import (
	"bytes"
	"context"
	"encoding/json"
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

// post signs and sends one call. It adds user_id, timestamp and hash to fields,
// which must hold final texts: what is posted has to decode to what was signed.
// The provider allows 10 seconds between the timestamp and its own clock, so
// signing is the last thing before sending, and a signed call is never kept.
func (a *account) post(ctx context.Context, path string, effect httpx.Effect, fields ...field) (answer, error) {
	signed := canonical(append(fields,
		textField("user_id", a.userID),
		textField("timestamp", strconv.FormatInt(a.now().Unix(), 10)),
	))
	body := signed + "&" + textField("hash", sign(a.secret, signed)).encoded
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base.JoinPath(path).String(), strings.NewReader(body))
	if err != nil {
		return answer{}, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be built"}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// Without it the provider may report an error as HTML.
	req.Header.Set("Accept", "application/json")
	res, err := httpx.Exchange{Client: a.http, Request: req, Effect: effect, Secrets: a.secrets(), Now: a.now}.Do(ctx)
	if err != nil {
		return answer{}, err
	}
	return a.read(res)
}

// read decides by the JSON body, because the provider documents no HTTP
// statuses: a well-formed status:false is a definite refusal; HTML, an empty
// body or a missing status leaves the outcome of a mutating call unknown. A
// status that a proxy may have made after the provider acted (5xx, 408) stays
// unknown whatever the body says.
func (a *account) read(res *httpx.Response) (answer, error) {
	var e envelope
	shaped := json.Unmarshal(res.Body, &e) == nil && e.Status != nil
	if shaped {
		// Every sample of the provider has a leading space here.
		res.Evidence.ProviderRequestID = plainText(e.Tracker)
	}
	failure := res.Failure()
	switch {
	case failure != nil && (failure.Kind == pay.KindOutcomeUnknown || failure.Kind == pay.KindProviderUnavailable):
		return answer{}, failure
	case shaped && *e.Status && failure == nil:
		return answer{result: bytes.TrimSpace(e.Result), response: res}, nil
	case shaped && !*e.Status && plainText(e.UserMsg) != "":
		return answer{}, a.refused(plainText(e.UserMsg), res)
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
