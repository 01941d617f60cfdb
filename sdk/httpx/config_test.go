package httpx_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]httpx.Config{
		"proxy scheme":    {ProxyURL: "ftp://proxy"},
		"proxy host":      {ProxyURL: "http://"},
		"proxy unparsed":  {ProxyURL: "http://user:hush-hush@[::1"},
		"bundle":          {CABundle: []byte("hush-hush")},
		"negative limit":  {MaxBody: -1},
		"negative time":   {Timeout: -1},
		"negative dialer": {ConnectTimeout: -1},
	} {
		_, err := httpx.New(cfg)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "hush-hush", name)
	}
}

func TestPlainHTTPOnlyToLoopback(t *testing.T) {
	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{}), post(t, "http://192.0.2.1/pay", "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindInvalidRequest, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
}

func TestHeadersOfEveryRequest(t *testing.T) {
	var seen http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
	}))
	defer srv.Close()
	client := newClient(t, httpx.Config{UserAgent: "payhost/1.0"})
	const tp = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

	ctx := pay.WithCall(t.Context(), pay.Call{Traceparent: tp})
	_, err := httpx.Do(ctx, client, post(t, srv.URL, "{}"))
	require.NoError(t, err)
	require.Equal(t, tp, seen.Get("Traceparent"))
	require.Equal(t, "payhost/1.0", seen.Get("User-Agent"))
	require.Empty(t, seen.Get("Idempotency-Key"))
	require.Empty(t, seen.Get("Accept-Encoding"), "bodies are evidence: exact bytes, and no compression bombs")

	ctx = pay.WithCall(t.Context(), pay.Call{Traceparent: tp[:54] + "\n"})
	req := post(t, srv.URL, "{}")
	req.Header.Set("Idempotency-Key", "op_1")
	_, err = httpx.Do(ctx, client, req)
	require.NoError(t, err)
	require.Empty(t, seen.Get("Traceparent"), "a malformed trace context is dropped")
	require.Empty(t, seen.Get("Cookie"), "cookies are not kept")
	require.Equal(t, "op_1", seen.Get("Idempotency-Key"), "an adapter's own header still arrives")
	require.Equal(t, "op_1", req.Header.Get("Idempotency-Key"), "the caller's request is not changed")
}

func TestProxyIsUsedExceptForLoopback(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.WriteHeader(http.StatusTeapot)
	}))
	defer proxy.Close()
	client := newClient(t, httpx.Config{ProxyURL: proxy.URL, AllowPlainHTTP: true})

	res, err := httpx.Do(t.Context(), client, get(t, "http://192.0.2.1/pay"))
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, res.Status)
	require.Equal(t, "http://192.0.2.1/pay", asked)

	direct := httptest.NewServer(http.NotFoundHandler())
	defer direct.Close()
	res, err = httpx.Do(t.Context(), client, get(t, direct.URL))
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, res.Status)
}

func TestClassifyStatus(t *testing.T) {
	tests := []struct {
		status        int
		mutating      pay.Kind
		reading       pay.Kind
		mutatingKnown pay.Executed
	}{
		{400, pay.KindInvalidRequest, pay.KindInvalidRequest, pay.ExecutedNo},
		{401, pay.KindAuth, pay.KindAuth, pay.ExecutedNo},
		{402, pay.KindInvalidRequest, pay.KindInvalidRequest, pay.ExecutedNo},
		{403, pay.KindAuth, pay.KindAuth, pay.ExecutedNo},
		{404, pay.KindNotFound, pay.KindNotFound, pay.ExecutedNo},
		{405, pay.KindInvalidRequest, pay.KindInvalidRequest, pay.ExecutedNo},
		{408, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{409, pay.KindInvalidState, pay.KindInvalidState, pay.ExecutedNo},
		{410, pay.KindNotFound, pay.KindNotFound, pay.ExecutedNo},
		{422, pay.KindInvalidRequest, pay.KindInvalidRequest, pay.ExecutedNo},
		{425, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{429, pay.KindRateLimited, pay.KindRateLimited, pay.ExecutedNo},
		{500, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{503, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{999, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{304, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
		{101, pay.KindOutcomeUnknown, pay.KindProviderUnavailable, pay.ExecutedUnknown},
	}
	for _, tt := range tests {
		e := httpx.ClassifyStatus(tt.status, true)
		require.Equal(t, tt.mutating, e.Kind, "%d", tt.status)
		require.Equal(t, tt.mutatingKnown, e.WasExecuted(), "%d", tt.status)
		require.Equal(t, tt.reading, httpx.ClassifyStatus(tt.status, false).Kind, "%d", tt.status)
		require.Equal(t, pay.ExecutedNo, httpx.ClassifyStatus(tt.status, false).WasExecuted(), "%d", tt.status)
	}
	require.Nil(t, httpx.ClassifyStatus(200, true))
	require.Nil(t, httpx.ClassifyStatus(299, true))
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                               0,
		"7":                              7 * time.Second,
		" 7 ":                            7 * time.Second,
		"-7":                             0,
		"soon":                           0,
		"4000000000":                     24 * time.Hour,
		"99999999999999999999":           0,
		"Sun, 01 Mar 2026 12:00:30 GMT":  30 * time.Second,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Sun, 01 Mar 2037 11:00:00 GMT":  24 * time.Hour,
		"Sun, 01 Mar 2026 12:00:30 +2h!": 0,
	}
	for header, want := range tests {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		res, err := httpx.Exchange{
			Client: newClient(t, httpx.Config{}), Request: post(t, srv.URL, ""), Now: func() time.Time { return now },
		}.Do(t.Context())
		require.NoError(t, err)
		e := res.Failure()
		require.Equal(t, pay.KindRateLimited, e.Kind)
		require.Equal(t, want, e.Retry.After, "%q", header)
		require.Equal(t, pay.RetrySameOperation, e.RetryRule())
		require.Equal(t, 429, e.Report.Evidence.HTTPStatus)
		srv.Close()
	}
}

func TestErrorTextsHoldNoSecrets(t *testing.T) {
	s := "http://user:hush-password@127.0.0.1:1/bot/hush-token/pay?key=hush-query#hush-fragment"
	_, err := httpx.Exchange{Client: newClient(t, httpx.Config{}), Request: post(t, s, "hush-body"), Secrets: []string{"hush-token"}}.Do(t.Context())
	require.Error(t, err)
	for e := err; e != nil; {
		require.NotContains(t, e.Error(), "hush")
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	require.True(t, strings.Contains(err.Error(), "127.0.0.1:1/bot/***/pay?key=***"), err.Error())
}

func TestCutOverTLSIsUnknown(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer srv.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	_, err := httpx.Do(t.Context(), newClient(t, httpx.Config{CABundle: bundle}), post(t, srv.URL, "{}"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
}

func TestProxyThatRefusesIsNotExecuted(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	client := newClient(t, httpx.Config{ProxyURL: strings.Replace(proxy.URL, "://", "://user:hush-hush@", 1)})
	_, err := httpx.Do(t.Context(), client, post(t, "https://192.0.2.1/pay", "{}"))
	e := payError(t, err)
	require.Equal(t, pay.KindProviderUnavailable, e.Kind)
	require.Equal(t, pay.ExecutedNo, e.WasExecuted())
	require.NotContains(t, e.Error(), "hush-hush")
}
