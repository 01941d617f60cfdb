package simkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// FaultKind names one way in which a provider's answer goes wrong.
type FaultKind string

// The kinds of faults. "Acting" means that the operation really happened on the provider's side, so that a caller who
// saw no answer and tries again does it twice.
const (
	// FaultDelay waits Fault.Delay, then acts and answers normally.
	FaultDelay FaultKind = "delay"
	// FaultCutBefore closes the connection without acting.
	FaultCutBefore FaultKind = "cut_before"
	// FaultCutAfter acts, then closes the connection without an answer.
	FaultCutAfter FaultKind = "cut_after"
	// FaultStatus answers Fault.Status (default 503) with a JSON body, without acting.
	FaultStatus FaultKind = "status"
	// FaultStatusAfter acts, then answers Fault.Status (default 500) with a JSON body.
	FaultStatusAfter FaultKind = "status_after"
	// FaultHTML answers 502 with an HTML page, without acting.
	FaultHTML FaultKind = "html"
	// FaultHTMLAfter acts, then answers 502 with an HTML page.
	FaultHTMLAfter FaultKind = "html_after"
	// FaultTruncated acts, then sends half of the answer under its full Content-Length and closes the connection.
	FaultTruncated FaultKind = "truncated"
	// FaultRedirect answers 302 to /_sim/elsewhere without acting. A client that follows shows up in the request log
	// as operation "elsewhere".
	FaultRedirect FaultKind = "redirect"
	// FaultHang holds the request until its client gives up or the simulator closes, without acting.
	FaultHang FaultKind = "hang"
	// FaultEmpty acts, then answers 200 with an empty body.
	FaultEmpty FaultKind = "empty"
)

// What the request log says of requests that a standing condition turned away, in the place of a fault's kind. They cannot
// be scripted as faults.
const (
	// ConditionMaintenance is a [Maintenance].
	ConditionMaintenance FaultKind = "maintenance"
	// ConditionRateLimit is one of [Limits].
	ConditionRateLimit FaultKind = "rate_limit"
)

func faultKinds() []FaultKind {
	return []FaultKind{FaultDelay, FaultCutBefore, FaultCutAfter, FaultStatus, FaultStatusAfter, FaultHTML,
		FaultHTMLAfter, FaultTruncated, FaultRedirect, FaultHang, FaultEmpty}
}

// AnyOp as a Fault.Op matches every operation.
const AnyOp = "*"

// Fault is one line of the fault table. Faults of one operation are used up in the order in which they were added.
type Fault struct {
	// Op is the name of the operation the simulator gave to [Kit.Handle], or [AnyOp].
	Op string
	// Kind says what goes wrong.
	Kind FaultKind
	// Times is how many requests the fault hits; 0 means one.
	Times int
	// Delay is the wait of FaultDelay; other kinds wait it before anything else happens.
	Delay time.Duration
	// Status is the HTTP status of FaultStatus and FaultStatusAfter; 0 means the kind's default.
	Status int
	// Body is the body of those two; empty means what [Config].StatusBody says for the status.
	Body string
}

type faultJSON struct {
	Op     string    `json:"op"`
	Kind   FaultKind `json:"kind"`
	Times  int       `json:"times,omitempty"`
	Delay  string    `json:"delay,omitempty"`
	Status int       `json:"status,omitempty"`
	Body   string    `json:"body,omitempty"`
}

// MarshalJSON writes the fault as the control surface reads it, the delay as text such as "250ms".
func (f Fault) MarshalJSON() ([]byte, error) {
	out := faultJSON{Op: f.Op, Kind: f.Kind, Times: f.Times, Status: f.Status, Body: f.Body}
	if f.Delay != 0 {
		out.Delay = f.Delay.String()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads {"op","kind","times","delay","status","body"} and refuses other members and bad delays.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var in faultJSON
	if err := decodeStrict(data, &in); err != nil {
		return err
	}
	*f = Fault{Op: in.Op, Kind: in.Kind, Times: in.Times, Status: in.Status, Body: in.Body}
	if in.Delay == "" {
		return nil
	}
	delay, err := time.ParseDuration(in.Delay)
	f.Delay = delay
	return err
}

func (f Fault) check() error {
	switch {
	case f.Op == "":
		return errors.New("fault: op is missing")
	case !slices.Contains(faultKinds(), f.Kind):
		return fmt.Errorf("fault: unknown kind %q, known are %v", f.Kind, faultKinds())
	case f.Times < 0 || f.Delay < 0:
		return errors.New("fault: times and delay must not be negative")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("fault: status %d is not a final HTTP status", f.Status)
	case f.Kind == FaultDelay && f.Delay == 0:
		return errors.New("fault: a delay fault needs a delay")
	}
	return nil
}

// Faults is the table of scripted faults of one simulator. It is safe for concurrent use.
//
// A Go client repeats a GET by itself when a reused connection closes without an answer; to see a cut on a GET, script
// it with more Times or use a client without keep-alive.
type Faults struct {
	clock *Clock
	body  func(status int) string
	done  chan struct{}

	mu     sync.Mutex // guards table and closed
	table  []Fault
	closed bool
}

func newFaults(clock *Clock, body func(status int) string) *Faults {
	return &Faults{clock: clock, body: body, done: make(chan struct{})}
}

// Add appends faults to the table. It adds none when one of them is not valid.
func (t *Faults) Add(faults ...Fault) error {
	for i := range faults {
		if err := faults[i].check(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		t.table = append(t.table, f)
	}
	return nil
}

// Clear empties the table.
func (t *Faults) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table = nil
}

// Pending returns the faults not used up yet, with the number of times left.
func (t *Faults) Pending() []Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Fault{}, t.table...)
}

func (t *Faults) take(op string) (Fault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.table, func(f Fault) bool { return f.Op == op || f.Op == AnyOp })
	if i < 0 {
		return Fault{}, false
	}
	fault := t.table[i]
	if t.table[i].Times--; t.table[i].Times == 0 {
		t.table = slices.Delete(t.table, i, i+1)
	}
	return fault, true
}

func (t *Faults) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.done)
	}
}

// wait reports whether the whole delay passed; false means that nobody waits for the answer any more.
func (t *Faults) wait(r *http.Request, delay time.Duration) bool {
	if delay == 0 {
		return true
	}
	passed, stop := t.clock.wait(delay)
	defer stop()
	select {
	case <-passed:
		return true
	case <-r.Context().Done():
	case <-t.done:
	}
	return false
}
