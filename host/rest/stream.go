package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/payhost/payhost/host"
)

// stopCheck is how often a waiting stream looks whether the host still serves. Nothing wakes it then:
// a host that stops commits no event.
const stopCheck = time.Second

type streamEventsInput struct {
	After       string `query:"after" doc:"Start after this position; the beginning when not given."`
	LastEventID string `header:"Last-Event-ID" doc:"The id of the last event seen; browsers send it when they come back. It wins over after."`
}

type streamEventsOutput struct{ Body func(huma.Context) }

func (s *server) streamRoute() {
	register(s, endpoint{
		id: "stream-events", method: http.MethodGet, path: "/v1/events/stream", tag: "events", scope: ScopeRead,
		summary: "Follow events as they are committed",
		detail: "Server-sent events: id is the position, event the type, data the event as in GET /v1/events. Comments keep an idle stream " +
			"open. The stream ends when the host stops; come back with Last-Event-ID and nothing is missed.",
	}, s.streamEvents)
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[host.Event](), true, "Event")
	s.api.OpenAPI().Paths["/v1/events/stream"].Get.Responses["200"].Content = map[string]*huma.MediaType{
		"text/event-stream": {Schema: schema},
	}
}

func (s *server) streamEvents(ctx context.Context, in *streamEventsInput) (*streamEventsOutput, error) {
	at := host.Position(in.After)
	if in.LastEventID != "" {
		at = host.Position(in.LastEventID)
	}
	// The first page is fetched before the answer begins, so that a bad position or a host that is not ready is a problem
	// and not an empty stream.
	signal := s.host.NewEvents()
	events, err := s.host.EventsAfter(ctx, at, defaultEvents)
	if err != nil {
		return nil, err
	}
	return &streamEventsOutput{func(hctx huma.Context) {
		r, w := humago.Unwrap(hctx)
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // nginx would hold events back
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodHead {
			return
		}
		f := &feed{server: s, w: w, control: http.NewResponseController(w), at: at}
		f.run(r.Context(), signal, events)
	}}, nil
}

// feed is one open stream.
type feed struct {
	server  *server
	w       http.ResponseWriter
	control *http.ResponseController
	at      host.Position
}

// run sends events until the client, the server or the host is gone. signal was taken before events were read, so that no
// commit falls between the two.
func (f *feed) run(ctx context.Context, signal <-chan struct{}, events []host.Event) {
	heartbeat := time.NewTicker(f.server.cfg.Heartbeat)
	defer heartbeat.Stop()
	stopped := time.NewTicker(stopCheck)
	defer stopped.Stop()
	err := f.send(": payhost events\nretry: 1000\n\n")
	for err == nil {
		if len(events) > 0 {
			if err = f.sendEvents(events); err == nil {
				signal, events, err = f.next(ctx)
			}
			continue
		}
		select {
		case <-signal:
			signal, events, err = f.next(ctx)
		case <-heartbeat.C:
			err = f.send(": heartbeat\n\n")
		case <-stopped.C:
			if f.server.host.ReadyProblem() != nil {
				signal, events, err = f.next(ctx)
			}
		case <-f.server.cfg.Done:
			return
		case <-ctx.Done():
			return
		}
	}
	if !errors.Is(err, host.ErrStopped) && ctx.Err() == nil {
		f.server.cfg.Logger.WarnContext(ctx, "an event stream ended", "request_id", requestIDFrom(ctx), "error", err.Error())
	}
}

func (f *feed) next(ctx context.Context) (<-chan struct{}, []host.Event, error) {
	signal := f.server.host.NewEvents()
	events, err := f.server.host.EventsAfter(ctx, f.at, defaultEvents)
	return signal, events, err
}

func (f *feed) sendEvents(events []host.Event) error {
	var text []byte
	for _, ev := range events {
		data, err := json.Marshal(ev)
		if err != nil {
			return fmt.Errorf("event %s: %w", ev.ID, err)
		}
		// JSON has no line breaks of its own, so one data line is enough.
		text = fmt.Appendf(text, "id: %s\nevent: %s\ndata: %s\n\n", ev.Position, ev.Type, data)
		f.at = ev.Position
	}
	return f.send(string(text))
}

// send writes and flushes. A client that does not read for the call timeout is given up.
func (f *feed) send(text string) error {
	// Writers without deadlines (tests, HTTP/2 servers of others) do without.
	_ = f.control.SetWriteDeadline(f.server.cfg.Now().Add(f.server.cfg.Timeout))
	if _, err := f.w.Write([]byte(text)); err != nil {
		return err
	}
	return f.control.Flush()
}
