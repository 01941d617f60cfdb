package paper

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// secrets are the texts that no error may hold.
func (a *account) secrets() []string {
	return []string{a.config.ClientSecret, a.tokens.Access, a.tokens.Refresh, a.tokens.WebhookSecret, a.tokens.PreviousSecret}
}

// get asks the provider.
func (a *account) get(ctx context.Context, path string, out any) (pay.Report, error) {
	return a.send(ctx, http.MethodGet, path, "", nil, httpx.Reads, out)
}

// post sends a JSON document. It changes something at the provider.
func (a *account) post(ctx context.Context, path string, in, out any) (pay.Report, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return pay.Report{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be written: %w", err)
	}
	return a.send(ctx, http.MethodPost, path, "application/json", bytes.NewReader(body), httpx.Mutates, out)
}

func (a *account) send(ctx context.Context, method, path, kind string, body io.Reader, effect httpx.Effect, out any) (pay.Report, error) {
	if a.tokens.Access == "" {
		return pay.Report{}, pay.Errorf(pay.KindAuth, "the account has no access token yet: it has to be maintained first")
	}
	req, err := http.NewRequestWithContext(ctx, method, a.config.BaseURL+path, body)
	if err != nil {
		return pay.Report{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be made")
	}
	req.Header.Set("Authorization", "Bearer "+a.tokens.Access)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return a.exchange(ctx, req, effect, out)
}

// renewed returns the account's state with the token that came with an answer; nil when none came. The present token stays
// good beside it, so that other calls under way lose nothing, whichever report the host stores last. Without that a token
// could only be replaced by Maintain.
func (a *account) renewed(h http.Header) *pay.State {
	access := h.Get("X-Paper-Token")
	seconds, err := strconv.ParseInt(h.Get("X-Paper-Token-Expires-In"), 10, 64)
	if access == "" || err != nil || seconds <= 0 {
		return nil
	}
	next := a.tokens
	next.Access, next.Until = access, a.now().Add(time.Duration(seconds)*time.Second)
	data, err := json.Marshal(next)
	if err != nil {
		return nil
	}
	return &pay.State{Version: stateVersion, Data: data}
}

// exchange sends once and reads the answer.
func (a *account) exchange(ctx context.Context, req *http.Request, effect httpx.Effect, out any) (pay.Report, error) {
	res, err := httpx.Exchange{Client: a.http, Request: req, Effect: effect, Secrets: a.secrets(), Now: a.now}.Do(ctx)
	if err != nil {
		return pay.Report{}, err
	}
	if failure := res.Failure(); failure != nil {
		failure.Report.AccountState = a.renewed(res.Header)
		secrets := append(a.secrets(), res.Header.Get("X-Paper-Token"))
		var said struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		}
		if json.Unmarshal(res.Body, &said) == nil {
			failure.ProviderCode = httpx.Scrub(said.Code, secrets...)
			failure.ProviderMessage = httpx.Scrub(said.Message, secrets...)
		}
		return pay.Report{}, failure
	}
	if err := json.Unmarshal(res.Body, out); err != nil {
		garbled := res.Garbled("it is not of the documented form")
		garbled.Report.AccountState = a.renewed(res.Header)
		return pay.Report{}, garbled
	}
	return pay.Report{Evidence: res.Evidence, AccountState: a.renewed(res.Header)}, nil
}

// oauth asks for tokens. A lost answer costs a token at most, so it counts as a read.
func (a *account) oauth(ctx context.Context, form url.Values, out any) (pay.Report, error) {
	form.Set("client_id", a.config.ClientID)
	form.Set("client_secret", a.config.ClientSecret)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.config.BaseURL+"/oauth/token", bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		return pay.Report{}, pay.Errorf(pay.KindInvalidRequest, "the request cannot be made")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.exchange(ctx, req, httpx.Reads, out)
}
