package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// provider is one simulator as the page sees it: an address and a control surface. Everything that differs between
// providers comes from the surface's own description, so the page has no code for any of them.
type provider struct {
	Name, URL string
	handler   http.Handler
}

// The answers of the control surface, as far as the page shows them.
type (
	field struct {
		Name, Label, Value, Kind string
		Options                  []string
	}
	move struct {
		Name, Label, Of, Group, Command string
		Fixed                           map[string]any
		Fields                          []field
	}
	detail struct{ Name, Value string }
	object struct {
		Of, ID, State, Amount, Description, Page string
		CreatedAt                                time.Time `json:"created_at"`
		ExpiresAt                                time.Time `json:"expires_at"`
		Details                                  []detail
		Moves                                    []string
	}
	clock struct {
		Now, Next    time.Time
		Real, Frozen bool
		Timers       int
	}
	attempt struct {
		Seq, Attempt, Status   int
		Lane, Event, URL, Body string
		At                     time.Time
		Accepted               bool
		Error                  string
	}
	request struct {
		Seq, Status                   int
		At                            time.Time
		Op, Method, Path, Body, Fault string
		Acted                         bool
	}
	callbacks struct {
		Attempts []attempt
		Held     []struct {
			Seq         int
			Event, Lane string
		}
	}
)

// get reads one part of the control surface.
func (p provider) get(ctx context.Context, name string, out any) error {
	return p.call(ctx, http.MethodGet, name, nil, out)
}

// press carries a move out and returns the simulator's answer as text.
func (p provider) press(ctx context.Context, m move, body map[string]any) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	var out json.RawMessage
	err = p.call(ctx, http.MethodPost, m.Command, raw, &out)
	return string(out), err
}

// call speaks to the control surface without a network between.
func (p provider) call(ctx context.Context, method, name string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, p.URL+"/_sim/"+name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	w := answer{header: http.Header{}}
	p.handler.ServeHTTP(&w, r)
	if cmp.Or(w.status, http.StatusOK) == http.StatusOK {
		return json.Unmarshal(w.body.Bytes(), out)
	}
	var refused struct{ Error string }
	if json.Unmarshal(w.body.Bytes(), &refused) != nil || refused.Error == "" {
		refused.Error = strings.TrimSpace(w.body.String())
	}
	return fmt.Errorf("%s: %s", p.Name, refused.Error)
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's header.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the first status.
func (a *answer) WriteHeader(status int) { a.status = cmp.Or(a.status, status) }

// Write keeps the body.
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
