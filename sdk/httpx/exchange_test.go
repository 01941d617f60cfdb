package httpx_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newClient(t *testing.T, cfg httpx.Config) *http.Client {
	t.Helper()
	c, err := httpx.New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func post(t *testing.T, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	return r
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return r
}

func payError(t *testing.T, err error) *pay.Error {
	t.Helper()
	e, ok := err.(*pay.Error) //nolint:errorlint // The contract is that it is one, not that it wraps one.
	require.True(t, ok, "want a *pay.Error, got %T: %v", err, err)
	return e
}

// rawServer answers every connection with the given function and counts the
// requests whose headers arrived.
type rawServer struct {
	addr     string
	requests atomic.Int64
}

func newRawServer(t *testing.T, serve func(s *rawServer, c net.Conn, in *bufio.Reader)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &rawServer{addr: l.Addr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(s, c, bufio.NewReader(c))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return s
}

func (s *rawServer) url() string { return "http://" + s.addr + "/pay" }

// read takes one whole request off the connection.
func (s *rawServer) read(in *bufio.Reader) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	s.requests.Add(1)
	_, _ = io.Copy(io.Discard, r.Body)
	return true
}

func TestRefusedConnectionIsNotExecuted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())

	_, err = httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, "http://"+addr+"/pay?key=hush-hush", "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindProviderUnavailable, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
	require.Equal(t, pay.RetrySameOperation, e.RetryRule())
	require.NotContains(t, e.Error(), "hush-hush")
	require.Contains(t, e.Error(), "connection refused")
}

func TestUnresolvableHostIsNotExecuted(t *testing.T) {
	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, "https://host.invalid/pay", "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindProviderUnavailable, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
}

func TestTLSFailureIsNotExecuted(t *testing.T) {
	var hits atomic.Int64
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	srv.Config.ErrorLog = nil
	srv.StartTLS()
	defer srv.Close()

	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, srv.URL, "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindProviderUnavailable, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
	require.Contains(t, e.Error(), "TLS")
	require.Zero(t, hits.Load())

	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	res, err := httpx.Do(t.Context(), newClient(t, httpx.Config{CABundle: bundle}), post(t, srv.URL, "{}"))
	require.NoError(t, err, "the CA bundle must be trusted")
	require.Equal(t, 200, res.Status)
}

func TestPlainServerBehindHTTPSIsNotExecuted(t *testing.T) {
	s := newRawServer(t, func(_ *rawServer, c net.Conn, _ *bufio.Reader) { _, _ = c.Write([]byte("HTTP/1.1 400 no\r\n\r\n")) })
	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, "https://"+s.addr, "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindProviderUnavailable, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
}

func TestFailuresAfterWriting(t *testing.T) {
	tests := map[string]func(s *rawServer, c net.Conn, in *bufio.Reader){
		"cut without an answer": func(s *rawServer, _ net.Conn, in *bufio.Reader) { s.read(in) },
		"reset": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_ = c.(*net.TCPConn).SetLinger(0)
		},
		"not HTTP": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("the-secret-body\r\n\r\n"))
		},
		"cut in the headers": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nConte"))
		},
		"cut in the body": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe-secret-body"))
		},
		"cut in a chunk": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nthe-secret-body"))
		},
		"redirect": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/the-secret-body?a=b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
		},
		"no end of headers": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for {
				if _, err := c.Write([]byte("X-Filler: " + strings.Repeat("the-secret-body", 100) + "\r\n")); err != nil {
					return
				}
			}
		},
		"endless body": func(s *rawServer, c net.Conn, in *bufio.Reader) {
			s.read(in)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
			for {
				if _, err := c.Write([]byte(strings.Repeat("the-secret-body", 1000))); err != nil {
					return
				}
			}
		},
	}
	for name, serve := range tests {
		t.Run(name, func(t *testing.T) {
			s := newRawServer(t, serve)
			client := newClient(t, httpx.Config{})
			_, err := httpx.Do(t.Context(), client, post(t, s.url()+"?token=hush-hush", "{}"))
			e := payError(t, err)
			require.Equal(t, pay.KindOutcomeUnknown, e.Kind, "%v", err)
			require.Equal(t, pay.ExecutedUnknown, e.WasExecuted())
			require.Equal(t, pay.RetryAfterLookup, e.RetryRule())
			require.NotContains(t, e.Error(), "the-secret-body")
			require.NotContains(t, e.Error(), "hush-hush")
			require.EqualValues(t, 1, s.requests.Load())

			_, err = httpx.Do(t.Context(), client, get(t, s.url()))
			e = payError(t, err)
			require.Equal(t, pay.KindProviderUnavailable, e.Kind, "%v", err)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())

			_, err = httpx.Exchange{Client: client, Request: post(t, s.url(), "{}"), Effect: httpx.Reads}.Do(t.Context())
			require.ErrorIs(t, err, pay.KindProviderUnavailable)
			_, err = httpx.Exchange{Client: client, Request: get(t, s.url()), Effect: httpx.Mutates}.Do(t.Context())
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.EqualValues(t, 4, s.requests.Load())
		})
	}
}

func TestRedirectNamesTheHostOnly(t *testing.T) {
	s := newRawServer(t, func(s *rawServer, c net.Conn, in *bufio.Reader) {
		s.read(in)
		_, _ = c.Write([]byte("HTTP/1.1 307 Temporary Redirect\r\nLocation: https://user:pw@elsewhere.example/path?q=1\r\nContent-Length: 0\r\n\r\n"))
	})
	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, s.url(), "{}"))
	e := payError(t, err)
	require.Contains(t, e.Message, "elsewhere.example")
	for _, leak := range []string{"user", "pw", "path", "q=1"} {
		require.NotContains(t, strings.ReplaceAll(e.Message, "/pay", ""), leak)
	}
	require.Equal(t, 307, e.Report.Evidence.HTTPStatus)
	require.EqualValues(t, 1, s.requests.Load())
}

// TestNoSecondRequestOnAReusedConnection is the case in which net/http by
// itself sends a request again; the control shows that it does.
func TestNoSecondRequestOnAReusedConnection(t *testing.T) {
	serve := func(s *rawServer, c net.Conn, in *bufio.Reader) {
		if !s.read(in) {
			return
		}
		if s.requests.Load() > 1 && s.requests.Load() != 3 {
			return
		}
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
		s.read(in) // the second request on this connection is read and cut
	}
	keyed := func(r *http.Request) *http.Request {
		r.Header.Set("Idempotency-Key", "op_1")
		return r
	}
	send := map[string]func(t *testing.T, url string) *http.Request{
		"POST with an idempotency key": func(t *testing.T, url string) *http.Request { return keyed(post(t, url, "{}")) },
		"POST without":                 func(t *testing.T, url string) *http.Request { return post(t, url, "{}") },
		"GET":                          get,
	}
	for name, request := range send {
		t.Run(name, func(t *testing.T) {
			s := newRawServer(t, serve)
			client := newClient(t, httpx.Config{})
			_, err := httpx.Do(t.Context(), client, request(t, s.url()))
			require.NoError(t, err)
			_, err = httpx.Do(t.Context(), client, request(t, s.url()))
			require.Error(t, err, "the reused connection was cut")
			require.EqualValues(t, 2, s.requests.Load(), "a second copy of the second request arrived")
		})
	}
	t.Run("control: net/http alone repeats", func(t *testing.T) {
		s := newRawServer(t, serve)
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		bare := &http.Client{Transport: transport}
		for range 2 {
			res, err := bare.Do(keyed(post(t, s.url(), "{}")))
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		require.EqualValues(t, 3, s.requests.Load())
	})
}

func TestBodyLimit(t *testing.T) {
	body := strings.Repeat("x", 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer srv.Close()

	res, err := httpx.Do(t.Context(), newClient(t, httpx.Config{MaxBody: 100}), post(t, srv.URL, ""))
	require.NoError(t, err, "exactly the limit is allowed")
	require.Len(t, res.Body, 100)

	_, err = httpx.Do(t.Context(), newClient(t, httpx.Config{MaxBody: 99}), post(t, srv.URL, ""))
	e := payError(t, err)
	require.Equal(t, pay.KindOutcomeUnknown, e.Kind)
	require.Equal(t, 200, e.Report.Evidence.HTTPStatus)
	require.Len(t, e.Report.Evidence.Raw, 99)
}

func TestDeadlines(t *testing.T) {
	release := make(chan struct{})
	tests := map[string]http.HandlerFunc{
		"no answer": func(http.ResponseWriter, *http.Request) { <-release },
		"slow drip": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(5 * time.Millisecond):
				case <-r.Context().Done():
				}
			}
		},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(h)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := httpx.Do(ctx, newClient(t, httpx.Config{}), post(t, srv.URL, "{}"))
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.ErrorIs(t, err, context.DeadlineExceeded)

			_, err = httpx.Do(t.Context(), newClient(t, httpx.Config{Timeout: 50 * time.Millisecond}), post(t, srv.URL, "{}"))
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			_, err = httpx.Do(t.Context(), newClient(t, httpx.Config{Timeout: 50 * time.Millisecond}), get(t, srv.URL))
			require.ErrorIs(t, err, pay.KindProviderUnavailable)
			if name == "no answer" {
				close(release)
			}
			srv.CloseClientConnections()
			srv.Close()
		})
	}
}

func TestCanceledBeforeConnecting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := httpx.Do(ctx, newClient(t, httpx.Config{}), post(t, "http://127.0.0.1:9", "{}"))
	e := payError(t, err)
	require.NotEqual(t, pay.ExecutedYes, e.WasExecuted())
	require.ErrorIs(t, err, context.Canceled)
}

// TestUntracedTransport: a client that cannot prove that nothing was sent gets
// no benefit of the doubt.
func TestUntracedTransport(t *testing.T) {
	client := &http.Client{Transport: failing{}}
	_, err := httpx.Do(t.Context(), client, post(t, "https://example.com", "{}"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
}

type failing struct{}

func (failing) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return nil, x509.UnknownAuthorityError{}
}

func TestResponse(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	big := strings.Repeat("y", pay.MaxRawSize+1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, big)
	}))
	defer srv.Close()
	res, err := httpx.Exchange{
		Client: newClient(t, httpx.Config{}), Request: post(t, srv.URL, "{}"), Now: func() time.Time { return now },
	}.Do(t.Context())
	require.NoError(t, err)
	require.Nil(t, res.Failure())
	require.Equal(t, big, string(res.Body))
	require.Len(t, res.Evidence.Raw, pay.MaxRawSize)
	require.Equal(t, "application/json", res.Evidence.RawContentType)
	require.Equal(t, 201, res.Evidence.HTTPStatus)
	require.Equal(t, now, res.Evidence.ObservedAt)
	require.ErrorIs(t, res.Garbled("no id"), pay.KindOutcomeUnknown)
}
