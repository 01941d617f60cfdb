package simkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
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
	// Now is the clock used for times in the logs. Nil means time.Now.
	Now func() time.Time
	// After is the timer used between deliveries and for delay faults. Nil means time.After.
	After func(time.Duration) <-chan time.Time
	// Logger receives one line a delivery. Nil discards.
	Logger *slog.Logger
}

// Kit joins the fault table, the request log and the callback sender of one simulator. It is safe for concurrent use.
type Kit struct {
	// Faults is the table of scripted faults.
	Faults *Faults
	// Requests is the log of requests to operations served through [Kit.Handle].
	Requests *Requests
	// Callbacks sends the provider's notifications.
	Callbacks *Callbacks
}

// New returns a kit for one simulator. The caller closes it with [Kit.Close].
func New(c Config) *Kit {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
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
	return &Kit{
		Faults:    newFaults(c.After, c.StatusBody),
		Requests:  newRequests(c.Now, c.SecretHeaders),
		Callbacks: newCallbacks(c),
	}
}

// Handle serves one provider operation: it reads the body up to [MaxBody], records the request under the name op,
// applies the next scripted fault of op and otherwise calls next. Next finds the whole body in r.Body.
func (k *Kit) Handle(op string, next http.HandlerFunc) http.Handler {
	return k.handle(op, MaxBody, true, next)
}

// HandleUpload is [Kit.Handle] for an operation that takes files: it reads a body of up to most bytes, and the request
// log keeps nothing of it, because files are large and personal.
func (k *Kit) HandleUpload(op string, most int64, next http.HandlerFunc) http.Handler {
	return k.handle(op, most, false, next)
}

func (k *Kit) handle(op string, most int64, keep bool, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// Close releases held requests, stops every goroutine of the callback sender and waits for them. Closing twice is fine.
func (k *Kit) Close() {
	k.Faults.close()
	k.Callbacks.Close()
}
