package simkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

// MaxBody is the largest request body, in bytes, that a simulator reads. A longer one is answered with 413.
const MaxBody = 1 << 20

// ErrNotFound says that a script named an invoice the simulator does not know. The control surface answers 404.
var ErrNotFound = errors.New("unknown invoice")

// ErrImpossible says that a script asked for a move the provider's states do not have. The control surface answers 409.
var ErrImpossible = errors.New("impossible move")

// Config is what a simulator gives its [Kit]. The zero value works, except that callbacks then count as accepted on
// any HTTP 200.
type Config struct {
	// SecretHeaders are request headers the log never keeps, besides Authorization, Proxy-Authorization and Cookie.
	SecretHeaders []string
	// HTTPClient sends the callbacks. Nil means a client of the kit's own with a timeout of ten seconds. Redirects are
	// never followed, whatever the client says.
	HTTPClient *http.Client
	// RetryDelays are the waits before the second, third, … delivery of one callback. Empty means one delivery only.
	RetryDelays []time.Duration
	// Accepted decides from an answer whether the callback counts as delivered. Nil means HTTP 200 exactly.
	Accepted func(status int, body []byte) bool
	// StatusBody is the JSON body of status faults that have none, in the provider's error shape. Nil means
	// {"message": "<the status in words>"}.
	StatusBody func(status int) string
	// SecretFields are members of bodies and parameters of addresses whose values the control surface hides, besides
	// those that [Kit.Mount] names.
	SecretFields []string
	// Now is what the [Clock] starts from and returns to. Nil means time.Now.
	Now func() time.Time
	// Logger receives one line a delivery. Nil discards.
	Logger *slog.Logger
}

// Kit joins what one simulator has in common with the others. It is safe for concurrent use.
type Kit struct {
	// Clock is the provider's time.
	Clock *Clock
	// Latency, Maintenance and Limits are conditions that hold for every request until they are lifted.
	Latency     *Latency
	Maintenance *Maintenance
	Limits      *Limits
	// Faults is the table of scripted faults.
	Faults *Faults
	// Requests is the log of requests to operations served through [Kit.Handle].
	Requests *Requests
	// Callbacks sends the provider's notifications.
	Callbacks *Callbacks

	statusBody func(status int) string
	hide       *redactor

	mu  sync.Mutex // guards ops
	ops []string
}

// New returns a kit for one simulator. The caller closes it with [Kit.Close].
func New(c Config) *Kit {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Accepted == nil {
		c.Accepted = func(status int, _ []byte) bool { return status == http.StatusOK }
	}
	if c.StatusBody == nil {
		c.StatusBody = func(status int) string { return fmt.Sprintf(`{"message":%q}`, http.StatusText(status)) }
	}
	clock := newClock(c.Now)
	c.Now = clock.Now
	k := &Kit{
		Clock:       clock,
		Latency:     newLatency(),
		Maintenance: &Maintenance{},
		Limits:      newLimits(clock),
		Faults:      newFaults(clock, c.StatusBody),
		Requests:    newRequests(clock.Now, c.SecretHeaders),
		Callbacks:   newCallbacks(c, clock),
		statusBody:  c.StatusBody,
		hide:        newRedactor(c.SecretHeaders, c.SecretFields),
	}
	clock.settle = k.Callbacks.calm
	return k
}

// Handle serves one provider operation: it reads the body up to [MaxBody], records the request under the name op and
// then lets, in this order, maintenance refuse it, a rate limit refuse it, latency slow it down and the next scripted
// fault of op hit it; otherwise it calls next. Next finds the whole body in r.Body. Whatever time has brought about by
// then has happened before.
func (k *Kit) Handle(op string, next http.HandlerFunc) http.Handler {
	return k.handle(op, MaxBody, true, next)
}

// HandleUpload is [Kit.Handle] for an operation that takes files: it reads a body of up to most bytes, and the request
// log keeps nothing of it, because files are large and personal.
func (k *Kit) HandleUpload(op string, most int64, next http.HandlerFunc) http.Handler {
	return k.handle(op, most, false, next)
}

func (k *Kit) handle(op string, most int64, keep bool, next http.HandlerFunc) http.Handler {
	k.name(op)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.Clock.runDue()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
		var kept []byte
		if keep {
			kept = body
		}
		entry := k.Requests.begin(op, r, kept)
		out := &recorder{ResponseWriter: w, entry: entry}
		if err != nil {
			// A client that went away cannot read this answer; one that sent too much can.
			http.Error(out, "request body too large or broken", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if k.refused(op, out) {
			return
		}
		if !k.Faults.wait(r, k.Latency.draw(op)) {
			panic(http.ErrAbortHandler)
		}
		acting := func(w http.ResponseWriter, r *http.Request) {
			entry.acted()
			next(w, r)
		}
		fault, found := k.Faults.take(op)
		if !found {
			acting(out, r)
			return
		}
		entry.faulted(fault.Kind)
		k.Faults.apply(fault, out, r, acting)
	})
}

// refused answers a request that maintenance or a rate limit turns away.
func (k *Kit) refused(op string, w *recorder) bool {
	if outage, on := k.Maintenance.Now(); on {
		w.entry.faulted(ConditionMaintenance)
		outage.write(w, k.statusBody)
		return true
	}
	if retry, over := k.Limits.take(op); over {
		w.entry.faulted(ConditionRateLimit)
		writeRefusal(w, http.StatusTooManyRequests, k.statusBody(http.StatusTooManyRequests), retry)
		return true
	}
	return false
}

func (k *Kit) name(op string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if op != opElsewhere && !slices.Contains(k.ops, op) {
		k.ops = append(k.ops, op)
	}
}

// Operations are the names given to [Kit.Handle], sorted.
func (k *Kit) Operations() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(slices.Values(k.ops))
}

// Reset undoes what was scripted: faults, latency, maintenance, limits, the mode of callbacks and the clock. Held callbacks
// and both logs are forgotten. What the provider knows stays, and so do settings that one simulator has alone.
func (k *Kit) Reset() {
	k.Faults.Clear()
	k.Latency.Clear()
	k.Maintenance.End()
	k.Limits.Clear()
	k.Callbacks.reset()
	k.Requests.Clear()
	k.Clock.Real()
}

// Close releases held requests, stops every goroutine of the callback sender and of the clock and waits for them. Closing
// twice is fine.
func (k *Kit) Close() {
	k.Faults.close()
	k.Callbacks.Close()
	k.Clock.close()
}
