package simkit

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Outage is what a simulator answers to everything while its provider is under maintenance.
type Outage struct {
	// Status is the HTTP status; 0 means 503.
	Status int
	// Body is sent as JSON if it looks like it and else as HTML; empty means what [Config].StatusBody says.
	Body string
	// RetryAfter is announced in whole seconds, rounded up; 0 announces none.
	RetryAfter time.Duration
}

// Maintenance turns every operation of a simulator away while it is on; nothing is acted upon. It is safe for concurrent
// use, and the zero value is off.
type Maintenance struct {
	mu     sync.Mutex // guards both
	on     bool
	outage Outage
}

// Begin switches it on, or changes what is answered.
func (m *Maintenance) Begin(o Outage) error {
	if o.Status != 0 && (o.Status < 400 || o.Status > 599) || o.RetryAfter < 0 {
		return errors.New("maintenance: status must be 400 to 599 and retry_after not negative")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o.Status = cmp.Or(o.Status, http.StatusServiceUnavailable)
	m.on, m.outage = true, o
	return nil
}

// End switches it off.
func (m *Maintenance) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on, m.outage = false, Outage{}
}

// Now tells whether it is on, and what is answered then.
func (m *Maintenance) Now() (Outage, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.outage, m.on
}

func (o Outage) write(w http.ResponseWriter, statusBody func(int) string) {
	writeRefusal(w, o.Status, cmp.Or(o.Body, statusBody(o.Status)), o.RetryAfter)
}

func writeRefusal(w http.ResponseWriter, status int, body string, retry time.Duration) {
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((retry+time.Second-1)/time.Second), 10))
	}
	kind := "text/html; charset=utf-8"
	if strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// MaintenanceCommand is the body of POST /_sim/maintenance and the answer of both methods.
type MaintenanceCommand struct {
	// On switches it on or off.
	On bool `json:"on"`
	// Status, Body and RetryAfter, a text such as "2m", are [Outage]'s.
	Status     int    `json:"status,omitempty"`
	Body       string `json:"body,omitempty"`
	RetryAfter string `json:"retry_after,omitempty"`
}

func (m *Maintenance) command(c MaintenanceCommand) error {
	if !c.On {
		m.End()
		return nil
	}
	retry, err := time.ParseDuration(cmp.Or(c.RetryAfter, "0s"))
	if err != nil {
		return err
	}
	return m.Begin(Outage{c.Status, c.Body, retry})
}

// MarshalJSON writes it as a [MaintenanceCommand].
func (m *Maintenance) MarshalJSON() ([]byte, error) {
	o, on := m.Now()
	out := MaintenanceCommand{On: on, Status: o.Status, Body: o.Body}
	if o.RetryAfter > 0 {
		out.RetryAfter = o.RetryAfter.String()
	}
	return json.Marshal(out)
}
