package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/sdk/pay"
)

// follower reads one event stream.
type follower struct {
	t     testing.TB
	resp  *http.Response
	lines *bufio.Scanner
}

func (s *surface) follow(edits ...edit) *follower {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second) // a stream that says nothing fails instead of hanging
	s.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/events/stream", nil)
	require.NoError(s.t, err)
	token(apiToken)(req)
	for _, e := range edits {
		e(req)
	}
	resp, err := s.client.Do(req)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { resp.Body.Close() })
	require.Equal(s.t, http.StatusOK, resp.StatusCode)
	require.Equal(s.t, "text/event-stream", resp.Header.Get("Content-Type"))
	return &follower{s.t, resp, bufio.NewScanner(resp.Body)}
}

// next returns the next event and checks its frame.
func (f *follower) next() host.Event {
	f.t.Helper()
	var id, kind string
	var ev host.Event
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			require.NoError(f.t, json.Unmarshal([]byte(value), &ev))
			require.Equal(f.t, string(ev.Position), id)
			require.Equal(f.t, ev.Type, kind)
			return ev
		}
	}
	f.t.Fatalf("the stream ended: %v", f.lines.Err())
	return ev
}

// comment waits for a line that begins with text.
func (f *follower) comment(text string) {
	f.t.Helper()
	for f.lines.Scan() {
		if strings.HasPrefix(f.lines.Text(), text) {
			return
		}
	}
	f.t.Fatalf("the stream ended before %q", text)
}

// ended waits until the server has closed the stream.
func (f *follower) ended() {
	f.t.Helper()
	for f.lines.Scan() { //nolint:revive // reads to the end
	}
	require.NoError(f.t, f.lines.Err(), "the stream must end whole")
}

func TestListEvents(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	for range 3 {
		s.created("ok")
	}
	var all rest.EventList
	s.call("GET", "/v1/events", token(apiToken)).want(http.StatusOK).into(&all)
	require.GreaterOrEqual(t, len(all.Events), 3)
	var got []host.Event
	for at := host.Position(""); ; {
		var page rest.EventList
		s.call("GET", "/v1/events?limit=2&after="+string(at), token(apiToken)).want(http.StatusOK).into(&page)
		if len(page.Events) == 0 {
			require.Equal(t, at, page.Position, "the end keeps the position")
			break
		}
		got, at = append(got, page.Events...), page.Position
	}
	require.Equal(t, all.Events, got)
	p := s.call("GET", "/v1/events?after=yesterday", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	require.Equal(t, []string{"after"}, p.paths())
}

func TestStreamFollowsAndResumes(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	f := s.follow()
	inv := s.created("ok")
	first := f.next()
	require.Equal(t, inv.ID, first.Object.ID)
	require.Equal(t, int64(1), first.Sequence)

	// A client that comes back continues after what it has seen; the header wins over the parameter.
	var all rest.EventList
	s.created("ok")
	s.call("GET", "/v1/events", token(apiToken)).want(http.StatusOK).into(&all)
	again := s.follow(header("Last-Event-ID", string(all.Events[0].Position)), func(r *http.Request) { r.URL.RawQuery = "after=" + string(all.Position) })
	for _, want := range all.Events[1:] {
		require.Equal(t, want, again.next())
	}
	// And then it is live.
	third := s.created("ok")
	require.Equal(t, third.ID, again.next().Object.ID)

	late := s.follow(func(r *http.Request) { r.URL.RawQuery = "after=" + string(all.Position) })
	require.Equal(t, third.ID, late.next().Object.ID)
}

func TestStreamRefusals(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	s.call("GET", "/v1/events/stream?after=bad", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	s.call("GET", "/v1/events/stream", token(apiToken), header("Last-Event-ID", "bad")).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	s.call("GET", "/v1/events/stream?limit=1", token(apiToken)).problem(http.StatusUnprocessableEntity, pay.KindInvalidRequest)
	s.call("HEAD", "/v1/events/stream", token(apiToken)).want(http.StatusOK)
}

// Streams outlive the timeout of calls, and comments keep them open.
func TestStreamHeartbeat(t *testing.T) {
	t.Parallel()
	s := newSurface(t, func(c *rest.Config) { c.Heartbeat, c.Timeout = 700*time.Millisecond, 2*time.Second })
	f := s.follow()
	for range 4 {
		f.comment(": heartbeat")
	}
}

func TestStreamEndsWithServer(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	s := newSurface(t, func(c *rest.Config) { c.Done = done })
	f := s.follow()
	f.comment(": payhost events")
	close(done)
	f.ended()
}

func TestStreamEndsWithHost(t *testing.T) {
	t.Parallel()
	s := newSurface(t)
	f := s.follow()
	f.comment(": payhost events")
	s.stop()
	f.ended()
}
