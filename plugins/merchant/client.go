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

// exchange signs and sends one call and reads its answer. Segments are joined
// to the base address; ids among them must be [isToken], so that the signed
// address needs no escaping. Body is JSON or nil. What is signed is the byte
// slice that is sent. A refusal becomes an error of [account.refused].
func (a *account) exchange(ctx context.Context, method string, body []byte, segments ...string) (*httpx.Response, error) {
	address := a.base.JoinPath(segments...).String()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "the request cannot be built"}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-Identity", a.apiKey)
	req.Header.Set("X-Signature", signature(a.secret, method, address, body))
	if body != nil {
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
