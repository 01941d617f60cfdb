package httpx

import (
	"io"
	"net/http"

	"github.com/payhost/payhost/sdk/pay"
)

// guard is the transport of every client that [New] makes: what it enforces
// holds also for an adapter that calls the client directly.
type guard struct {
	next       *http.Transport
	userAgent  string
	maxBody    int64
	allowPlain bool
}

// sentinel is an error that is a constant.
type sentinel string

func (s sentinel) Error() string { return string(s) }

// The errors of the guard, which [Exchange.Do] recognises.
const (
	errPlainHTTP    = sentinel("plain http is allowed to loopback addresses only")
	errBodyTooLarge = sentinel("the body is larger than the limit")
)

// ErrBodyTooLarge is the cause of an error, by errors.Is, when an answer was larger than [Config.MaxBody]: an adapter may
// then ask for less.
const ErrBodyTooLarge = errBodyTooLarge

// RoundTrip sends a copy of r that net/http cannot send twice.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.allowPlain && !loopback(r.URL.Hostname()) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errPlainHTTP
	}
	once := r.Clone(r.Context())
	sendOnce(once)
	if once.Header.Get("User-Agent") == "" {
		once.Header.Set("User-Agent", g.userAgent)
	}
	if tp := pay.CallFrom(r.Context()).Traceparent; validTraceparent(tp) {
		once.Header.Set("Traceparent", tp)
	}
	res, err := g.next.RoundTrip(once)
	if err != nil {
		return nil, err
	}
	res.Body = &limitedBody{ReadCloser: res.Body, left: g.maxBody}
	return res, nil
}

// CloseIdleConnections makes [http.Client.CloseIdleConnections] work.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// sendOnce takes from r everything that lets net/http repeat it on another
// connection; see the package comment. The two header names are those that
// net/http looks for, in exactly this spelling; header names do not depend on
// case for the receiver.
func sendOnce(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		switch r.Method {
		case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
			r.Body = emptyBody{}
		}
	}
	for canonical, lower := range map[string]string{
		"Idempotency-Key":   "idempotency-key",
		"X-Idempotency-Key": "x-idempotency-key",
	} {
		if v, ok := r.Header[canonical]; ok {
			delete(r.Header, canonical)
			r.Header[lower] = v
		}
	}
}

// emptyBody is a body that net/http does not know to be empty until it reads it.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }

// limitedBody fails, rather than ends, after left bytes.
type limitedBody struct {
	io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		b.left = 0
		return n, errBodyTooLarge
	}
	b.left -= int64(n)
	return n, err
}

// validTraceparent checks the form of W3C Trace Context, version 00 and later:
// a header made from outside text must not carry anything else.
func validTraceparent(s string) bool {
	if len(s) != 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	for i, c := range []byte(s) {
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f'
		if !hex && i != 2 && i != 35 && i != 52 {
			return false
		}
	}
	return true
}
