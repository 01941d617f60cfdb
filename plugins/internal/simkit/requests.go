package simkit

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is one recorded request to the simulator.
type Request struct {
	// Seq counts from 1 in order of arrival.
	Seq int `json:"seq"`
	// At is the arrival by the simulator's clock.
	At time.Time `json:"at"`
	// Op is the operation's name as given to [Kit.Handle].
	Op string `json:"op"`
	// Method and Path are the request line's; Path has no query.
	Method string `json:"method"`
	Path   string `json:"path"`
	// Query holds the parameters of the address.
	Query url.Values `json:"query,omitempty"`
	// Header holds the request headers without the secret ones.
	Header http.Header `json:"header"`
	// Body is the body as received.
	Body string `json:"body,omitempty"`
	// Status is the HTTP status sent; 0 means that the connection was closed without an answer, or none was sent yet.
	Status int `json:"status"`
	// Acted says whether the operation's handler ran, seen or unseen by the client.
	Acted bool `json:"acted"`
	// Fault is the scripted fault that hit the request, or the condition that turned it away, if any.
	Fault FaultKind `json:"fault,omitempty"`
}

// Requests is the log of one simulator. It is safe for concurrent use and keeps everything until [Requests.Clear].
type Requests struct {
	now    func() time.Time
	secret []string

	mu   sync.Mutex // guards list, each entry's Request and next
	list []*entry
	next int
}

type entry struct {
	log *Requests
	Request
}

func newRequests(now func() time.Time, secret []string) *Requests {
	return &Requests{now: now, secret: append([]string{"Authorization", "Proxy-Authorization", "Cookie"}, secret...)}
}

// All returns the recorded requests in order of arrival.
func (l *Requests) All() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Request, 0, len(l.list))
	for _, e := range l.list {
		out = append(out, e.Request)
	}
	return out
}

// Of returns the recorded requests of one operation in order of arrival.
func (l *Requests) Of(op string) []Request {
	return slices.DeleteFunc(l.All(), func(r Request) bool { return r.Op != op })
}

// Clear forgets the recorded requests; numbering goes on.
func (l *Requests) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

func (l *Requests) begin(op string, r *http.Request, body []byte) *entry {
	header := r.Header.Clone()
	for _, name := range l.secret {
		header.Del(name)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	e := &entry{log: l, Request: Request{Seq: l.next, At: l.now(), Op: op, Method: r.Method, Path: r.URL.Path,
		Query: r.URL.Query(), Header: header, Body: string(body)}}
	l.list = append(l.list, e)
	return e
}

func (e *entry) acted() {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.Acted = true
}

func (e *entry) faulted(kind FaultKind) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.Fault = kind
}

func (e *entry) answered(status int) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	if e.Status == 0 {
		e.Status = status
	}
}

// recorder notes the status before it is on the wire, so that a client with the answer in hand finds it in the log.
type recorder struct {
	http.ResponseWriter
	entry *entry
}

func (w *recorder) WriteHeader(status int) {
	w.entry.answered(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	w.entry.answered(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the real writer.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
