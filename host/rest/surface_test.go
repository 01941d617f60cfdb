package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	adminToken = "admin-secret-0001"
	apiToken   = "api-secret-0002"
)

// surface is a running host behind a real HTTP server.
type surface struct {
	t        testing.TB
	url      string
	client   *http.Client
	host     *host.Host
	provider *scripted
	log      *logBuffer
	stop     func() // ends the host and waits for it
	keys     atomic.Int64
}

// newSurface starts a host with the account "main" and serves it until the test ends.
func newSurface(t testing.TB, change ...func(*rest.Config)) *surface {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	s := &surface{t: t, provider: newScripted(), log: &logBuffer{}}
	s.host, err = host.New(host.Config{
		Store: st, Providers: map[string]pay.Provider{"scripted": s.provider}, PublicURL: "https://billing.example.com",
		Accounts: []host.Account{{ID: "main", Provider: "scripted", Config: json.RawMessage(`{"token":"provider-secret"}`)}},
	})
	require.NoError(t, err)
	cfg := rest.Config{
		Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		Tokens: []rest.Token{
			{Name: "root", Token: adminToken, Scopes: []string{rest.ScopeAdmin}},
			{Name: "billing", Token: apiToken, Scopes: []string{rest.ScopeAPI}},
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	handler, err := rest.New(s.host, cfg)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	s.url, s.client = server.URL, server.Client()

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.host.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(func() {
		s.stop()
		server.Close()
		require.NoError(t, st.Close())
	})
	select {
	case <-s.host.Ready():
	case err := <-ended:
		require.NoError(t, err)
		t.Fatal("the host ended before it was ready")
	}
	return s
}

// in is the same surface, failing another test.
func (s *surface) in(t testing.TB) *surface {
	return &surface{t: t, url: s.url, client: s.client, host: s.host, provider: s.provider, log: s.log, stop: s.stop}
}

// edit changes a request before it is sent.
type edit func(*http.Request)

func header(name, value string) edit {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func token(secret string) edit { return header("Authorization", "Bearer "+secret) }

func key(k string) edit { return header("Idempotency-Key", k) }

func body(text string) edit {
	return func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
		if r.Header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", "application/json")
		}
	}
}

// reply is an answer, read completely.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	raw    []byte
}

func (s *surface) call(method, path string, edits ...edit) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	require.NoError(s.t, err)
	for _, e := range edits {
		e(req)
	}
	resp, err := s.client.Do(req)
	require.NoError(s.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return reply{s.t, method + " " + path, resp.StatusCode, resp.Header, raw}
}

// create sends a create request whose description scripts the provider.
func (s *surface) create(description string, edits ...edit) reply {
	s.t.Helper()
	text := fmt.Sprintf(`{"account":"main","amount":{"value":"100.00","currency":"UAH"},"description":%q}`, description)
	k := fmt.Sprintf("key-%d", s.keys.Add(1))
	return s.call("POST", "/v1/invoices", append([]edit{token(apiToken), key(k), body(text)}, edits...)...)
}

func (s *surface) created(description string) host.Invoice {
	s.t.Helper()
	var inv host.Invoice
	s.create(description).want(http.StatusCreated).into(&inv)
	return inv
}

func (r reply) want(status int) reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, "%s: %s", r.what, r.raw)
	return r
}

func (r reply) into(v any) {
	r.t.Helper()
	require.NoError(r.t, json.Unmarshal(r.raw, v), "%s", r.raw)
}

// problemReply is a problem with the headers it came with.
type problemReply struct {
	rest.Problem
	header http.Header
}

// problem checks what every problem must be.
func (r reply) problem(status int, kind pay.Kind) problemReply {
	r.t.Helper()
	r.want(status)
	require.Equal(r.t, "application/problem+json", r.header.Get("Content-Type"), "%s", r.raw)
	p := problemReply{header: r.header}
	dec := json.NewDecoder(bytes.NewReader(r.raw))
	dec.DisallowUnknownFields()
	require.NoError(r.t, dec.Decode(&p.Problem), "%s", r.raw)
	require.Equal(r.t, kind, p.Kind, "%s", r.raw)
	require.Equal(r.t, "urn:payhost:problem:"+string(kind), p.Type)
	require.Equal(r.t, status, p.Status)
	require.NotEmpty(r.t, p.Title)
	require.NotEmpty(r.t, p.Detail)
	require.NotEmpty(r.t, p.Executed)
	require.NotEmpty(r.t, p.Retry)
	require.NotEmpty(r.t, r.header.Get("X-Request-Id"))
	return p
}

// paths are the fields a problem names.
func (p problemReply) paths() []string {
	var list []string
	for _, e := range p.Errors {
		list = append(list, e.Path)
	}
	return list
}

// logBuffer is a log that several requests write.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// serve serves a handler until the test ends.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}
