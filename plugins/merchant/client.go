package merchant

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// call is one request to the gateway.
type call struct {
	method string
	// segments are joined to the base address; ids among them must be [isToken], so that the signed address needs no
	// escaping. query is encoded and signed as a part of the address.
	segments []string
	query    string
	// json is the body, which is signed: the byte slice that is sent.
	json []byte
	// form is a multipart body, which is not signed. One of json and form is set at most.
	form *form
	// public calls carry neither key nor signature.
	public bool
	// accept is the wanted media type, JSON when empty.
	accept string
}

// exchange signs and sends one call with a JSON body or none.
func (a *account) exchange(ctx context.Context, method string, body []byte, segments ...string) (*httpx.Response, error) {
	return a.do(ctx, call{method: method, json: body, segments: segments})
}

// do sends one call and reads its answer. A refusal becomes an error of [account.refused].
func (a *account) do(ctx context.Context, c call) (*httpx.Response, error) {
	target := a.base.JoinPath(c.segments...)
	target.RawQuery = c.query
	address := target.String()
	var body io.Reader
	switch {
	case c.form != nil:
		body = c.form.body()
	case c.json != nil:
		body = bytes.NewReader(c.json)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address, body)
	if err != nil {
		return nil, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be built"}
	}
	req.Header.Set("Accept", either(c.accept, "application/json"))
	if !c.public {
		req.Header.Set("X-Identity", a.apiKey)
		req.Header.Set("X-Signature", signature(a.secret, c.method, address, c.json))
	}
	switch {
	case c.form != nil:
		req.ContentLength = c.form.size()
		req.Header.Set("Content-Type", c.form.contentType)
	case c.json != nil:
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := httpx.Exchange{Client: a.http, Request: req, Secrets: a.secrets(), Now: a.now}.Do(ctx)
	if err != nil {
		return nil, err
	}
	if failure := a.refused(res); failure != nil {
		return nil, failure
	}
	return res, nil
}

// secrets are the texts no error may hold.
func (a *account) secrets() []string {
	return append([]string{a.apiKey, a.secret}, a.previous...)
}

// signingSecrets are those whose notification tokens are accepted.
func (a *account) signingSecrets() []string { return append([]string{a.secret}, a.previous...) }

// isToken reports whether s is an id that stands in an address as it is.
func isToken(s string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	return s != "" && len(s) <= 128 && strings.Trim(s, alphabet) == ""
}
