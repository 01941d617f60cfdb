package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Effect says what a request may do at the provider.
type Effect int

// The effects. The zero Effect goes by the method: GET and HEAD read, all others may change
// something.
const (
	ByMethod Effect = iota
	// Reads: repeating it would be harmless, so a failure is only "unavailable".
	Reads
	// Mutates: once a byte was written, a failure is "nobody knows".
	Mutates
)

// Exchange is one request and how to read what becomes of it.
type Exchange struct {
	// Client is the one from [pay.AccountConfig].
	Client  *http.Client
	Request *http.Request
	// Effect decides what a failure means. The default goes by the method.
	Effect Effect
	// Secrets are texts that must not appear in an error, for example a token that is part
	// of the path.
	Secrets []string
	// Now dates the evidence; nil leaves [pay.Evidence.ObservedAt] to the host.
	Now func() time.Time
}

// Response is a complete answer: the body has been read within its limits.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Evidence is the observation, for a [pay.Report]: status, media type and the first
	// [pay.MaxRawSize] bytes of the body.
	Evidence pay.Evidence

	mutating bool
	now      func() time.Time
}

// Do sends req once and reads the whole answer. GET and HEAD count as reads,
// every other method as mutating; use an [Exchange] to say otherwise. Every
// error is a [*pay.Error].
func Do(ctx context.Context, client *http.Client, req *http.Request) (*Response, error) {
	return Exchange{Client: client, Request: req}.Do(ctx)
}

// Mutating reports whether the exchange counts as one that may change something.
func (e Exchange) Mutating() bool {
	switch e.Effect {
	case Reads:
		return false
	case Mutates:
		return true
	case ByMethod:
	}
	return e.Request.Method != "" && e.Request.Method != http.MethodGet && e.Request.Method != http.MethodHead
}

// Do sends the request once and reads the whole answer, whatever its status;
// redirects are the exception, because they answer nothing. Every error is a
// [*pay.Error] whose executed says what is known; its report carries the
// evidence where a status line arrived.
func (e Exchange) Do(ctx context.Context) (*Response, error) {
	if e.Client == nil || e.Request == nil {
		return nil, &pay.Error{Kind: pay.KindInternal, Executed: pay.ExecutedNo, Message: "an exchange needs a client and a request"}
	}
	f := &flight{}
	res, err := e.Client.Do(e.Request.WithContext(f.trace(ctx)))
	if err != nil {
		return nil, e.failed(err, f.provesUnsent(err), pay.Evidence{})
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	out := &Response{
		Status:   res.StatusCode,
		Header:   res.Header,
		Body:     body,
		Evidence: e.evidence(res, body),
		mutating: e.Mutating(),
		now:      e.Now,
	}
	switch {
	case err != nil:
		return nil, e.failed(err, false, out.Evidence)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return nil, e.redirected(res, out.Evidence)
	}
	return out, nil
}

func (e Exchange) evidence(res *http.Response, body []byte) pay.Evidence {
	ev := pay.Evidence{
		HTTPStatus:     res.StatusCode,
		Raw:            body[:min(len(body), pay.MaxRawSize)],
		RawContentType: res.Header.Get("Content-Type"),
	}
	if e.Now != nil {
		ev.ObservedAt = e.Now()
	}
	return ev
}

// failed classifies a transport failure.
func (e Exchange) failed(err error, unsent bool, ev pay.Evidence) *pay.Error {
	text, cause := describe(err)
	out := &pay.Error{
		Message: Scrub(fmt.Sprintf("%s: %s", e.where(), text), e.Secrets...),
		Report:  pay.Report{Evidence: ev},
		Err:     cause,
	}
	switch {
	case errors.Is(err, errPlainHTTP):
		out.Kind, out.Executed = pay.KindInvalidRequest, pay.ExecutedNo
	case unsent:
		out.Kind, out.Executed = pay.KindProviderUnavailable, pay.ExecutedNo
	default:
		out.Kind, out.Executed = lost(e.Mutating())
	}
	return out
}

// redirected refuses a redirect: whoever answers there is not who we asked.
// A provider may redirect after it acted, so a mutating request stays unknown.
func (e Exchange) redirected(res *http.Response, ev pay.Evidence) *pay.Error {
	target := "nowhere"
	if u, err := url.Parse(res.Header.Get("Location")); err == nil && u.Host != "" {
		target = u.Hostname()
	} else if err == nil && u.Path != "" {
		target = "the same host"
	}
	kind, executed := lost(e.Mutating())
	return &pay.Error{
		Kind: kind, Executed: executed,
		Message: Scrub(fmt.Sprintf("%s: redirect %d to %s was not followed", e.where(), res.StatusCode, target), e.Secrets...),
		Report:  pay.Report{Evidence: ev},
	}
}

// lost is the reading of "sent, and no definitive answer".
func lost(mutating bool) (pay.Kind, pay.Executed) {
	if mutating {
		return pay.KindOutcomeUnknown, pay.ExecutedUnknown
	}
	return pay.KindProviderUnavailable, pay.ExecutedNo
}

func (e Exchange) where() string {
	return orDefault(e.Request.Method, http.MethodGet) + " " + RedactURL(e.Request.URL)
}
