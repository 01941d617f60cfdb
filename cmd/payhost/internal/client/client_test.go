package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/payhost/payhost/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answering returns a client of a server with one answer.
func answering(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	c, err := New(Config{URL: s.URL + "/", Token: "secret-token"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestProblemsKeepAllThatWasSaid(t *testing.T) {
	t.Parallel()
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"type":"urn:payhost:problem:invalid_request","title":"The request is not valid","status":422,
			"detail":"amount.value: is wrong (and 1 more)","kind":"invalid_request","executed":"no","retry":"never","provider_code":"E7",
			"errors":[{"path":"amount.value","message":"is wrong"},{"path":"capture","message":"is refused"}]}`)
	})
	_, err := c.Invoice(t.Context(), "x")
	require.EqualError(t, err, "The request is not valid\n  amount.value: is wrong\n  capture: is refused\n  kind: invalid_request\n"+
		"  executed: no\n  provider code: E7")
}

func TestAnswersOfSomethingElse(t *testing.T) {
	t.Parallel()
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/invoices/redirect":
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		case "/v1/invoices/page":
			_, _ = io.WriteString(w, "<html>")
		case "/v1/invoices/cut":
			panic(http.ErrAbortHandler)
		default:
			http.NotFound(w, r)
		}
	})
	for id, want := range map[string]string{
		"redirect": "302 Found, which is not an answer of payhost", "absent": "404 Not Found, which is not an answer of payhost",
		"page": "is not the JSON this program knows", "cut": "no answer from payhost at http://127.0.0.1:",
	} {
		_, err := c.Invoice(t.Context(), id)
		require.ErrorContains(t, err, want, id)
		require.NotContains(t, err.Error(), "secret-token")
	}
	_, err := c.Invoice(t.Context(), "cut")
	_, lost := errors.AsType[*UnreachableError](err)
	require.True(t, lost)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"id":"inv_1","unresolved_operation":"op_1"}`)
	})
	inv, unknown, err := c.CreateInvoice(t.Context(), "key", map[string]string{"account": "a"})
	require.NoError(t, err)
	require.True(t, unknown, "202 says that nobody knows")
	require.Equal(t, "op_1", inv.UnresolvedOperation)
	require.Equal(t, "key", seen.Header.Get("Idempotency-Key"))
	require.Equal(t, "Bearer secret-token", seen.Header.Get("Authorization"))
	require.Equal(t, "application/json", seen.Header.Get("Content-Type"))
	_, err = c.Invoice(t.Context(), "../admin?x")
	require.NoError(t, err)
	require.Equal(t, "/v1/invoices/..%2Fadmin%3Fx", seen.URL.EscapedPath(), "an id cannot become another path")
	_, err = c.Invoices(t.Context(), url.Values{"status": {"paid"}})
	require.NoError(t, err)
	require.Equal(t, "status=paid", seen.URL.RawQuery)
}

func TestWatchGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, ": hello\nretry: 1000\n\nid: p1\nevent: a\ndata: {\"id\":\"e1\",\"position\":\"p1\"}\n\n: heartbeat\n\n"+
			"data: {\"id\":\"e2\",\ndata: \"position\":\"p2\"}\n\ndata: {\"id\":\"cut")
	})
	var ids []string
	after, err := c.Watch(t.Context(), "", func(ev host.Event) error {
		ids = append(ids, ev.ID)
		return nil
	})
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, []string{"e1", "e2"}, ids, "what was cut off is no event")
	require.Equal(t, host.Position("p2"), after)

	stop := errors.New("enough")
	after, err = c.Watch(t.Context(), "", func(host.Event) error { return stop })
	require.ErrorIs(t, err, stop)
	require.Empty(t, after, "an event that was refused is seen again")
}

func TestFollowSurvivesAStreamThatDoesNotWork(t *testing.T) {
	t.Parallel()
	looks := 0
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/invoices/i/events":
			_, _ = io.WriteString(w, `{"events":[],"position":""}`)
		case "/v1/invoices/i", "/v1/invoices/i/refresh":
			looks++
			status := "pending"
			if r.Method == http.MethodPost {
				status = "paid"
			}
			_, _ = io.WriteString(w, `{"id":"i","status":"`+status+`","version":`+map[string]string{"pending": "1", "paid": "2"}[status]+`}`)
		default:
			http.NotFound(w, r)
		}
	})
	var seen []string
	inv, err := c.Follow(t.Context(), "i", lookEvery/100, func(inv *host.Invoice) { seen = append(seen, string(inv.Status)) })
	require.NoError(t, err)
	require.True(t, Ended(inv))
	require.Equal(t, []string{"pending", "paid"}, seen)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Follow(ctx, "i", 0, func(*host.Invoice) {})
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzReadEvents(f *testing.F) {
	f.Add("data: {}\n\n")
	f.Add("data:a\ndata: b\n\nid: 1\n\ndata\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		count := 0
		err := readEvents(strings.NewReader(stream), func(data []byte) error {
			if len(data) == 0 {
				t.Fatal("an event without data")
			}
			count++
			return nil
		})
		if err == nil || count > strings.Count(stream, "data:") {
			t.Fatalf("%d events from %q: %v", count, stream, err)
		}
	})
}
