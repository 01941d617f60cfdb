package simkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// CallbackMode is what happens to a queued callback.
type CallbackMode string

// The modes of callbacks.
const (
	// CallbackDeliver sends the callback and repeats it by the retry rule until it is accepted.
	CallbackDeliver CallbackMode = "deliver"
	// CallbackLost never sends it.
	CallbackLost CallbackMode = "lost"
	// CallbackDuplicate delivers it twice, as if the provider had not seen the first acceptance.
	CallbackDuplicate CallbackMode = "duplicate"
	// CallbackHeld keeps it until [Callbacks.Release], which may reorder.
	CallbackHeld CallbackMode = "held"
)

// Callback is one notification to a merchant.
type Callback struct {
	// Seq is the callback's number, counted from 1; [Callbacks.Send] sets it.
	Seq int `json:"seq"`
	// Lane keeps order: callbacks of one lane (usually the invoice id) are sent one after another, lanes side by side.
	Lane string `json:"lane"`
	// Event names the reason for the logs, such as the new status.
	Event string `json:"event"`
	// URL is where the callback is posted.
	URL string `json:"url"`
	// Header is sent with it; Content-Type defaults to application/json.
	Header http.Header `json:"-"`
	// Body is sent as it is.
	Body []byte `json:"-"`
	// Prepare, when set, is called before each attempt (counted from 1) and its results replace Body and Header: for
	// providers that sign the time of sending. It must not call into the sender.
	Prepare func(attempt int) (body []byte, header http.Header, err error) `json:"-"`
}

// Attempt records one delivery attempt.
type Attempt struct {
	// Seq, Lane, Event and URL are the callback's.
	Seq   int    `json:"seq"`
	Lane  string `json:"lane"`
	Event string `json:"event"`
	URL   string `json:"url"`
	// Attempt counts the deliveries of one copy of the callback from 1.
	Attempt int `json:"attempt"`
	// At is when the attempt ended by the simulator's clock.
	At time.Time `json:"at"`
	// Header and Body are what was sent.
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
	// Status is the HTTP status of the answer, 0 when there was none.
	Status int `json:"status"`
	// Accepted says whether the merchant took the callback by the provider's rule.
	Accepted bool `json:"accepted"`
	// Error says why there was no answer, or why the callback could not be prepared.
	Error string `json:"error,omitempty"`
}

// Callbacks is the queue and sender of one simulator's notifications. It is safe for concurrent use. Goroutines exist
// only while something is queued.
type Callbacks struct {
	config    Config
	clock     *Clock
	client    *http.Client
	ownClient bool
	ctx       context.Context
	cancel    context.CancelFunc
	wg        sync.WaitGroup

	mu       sync.Mutex // guards everything below
	closed   bool
	seq      int
	mode     CallbackMode
	script   []CallbackMode
	lanes    map[string][]delivery // a present lane has a running goroutine
	held     []Callback
	sent     []Callback // all that were queued, for storms
	attempts []Attempt
	pending  int           // deliveries not finished
	idle     chan struct{} // closed while pending is 0
	active   int           // those of them that do not wait for a retry
	quiet    chan struct{} // closed while active is 0
}

type delivery struct {
	callback Callback
	lane     string
	attempt  int
}

func newCallbacks(c Config, clock *Clock) *Callbacks {
	own := c.HTTPClient == nil
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	if !own {
		client = *c.HTTPClient
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithCancel(context.Background())
	idle := make(chan struct{})
	close(idle)
	return &Callbacks{config: c, clock: clock, client: &client, ownClient: own, ctx: ctx, cancel: cancel, mode: CallbackDeliver,
		lanes: map[string][]delivery{}, idle: idle, quiet: idle}
}

// Send queues a callback under the scripted mode and returns its number, 0 after Close. It never blocks on the network.
func (c *Callbacks) Send(cb Callback) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0
	}
	c.seq++
	cb.Seq = c.seq
	c.sent = append(c.sent, cb)
	mode := c.mode
	if len(c.script) > 0 {
		mode, c.script = c.script[0], c.script[1:]
	}
	switch mode {
	case CallbackLost:
	case CallbackHeld:
		c.held = append(c.held, cb)
	case CallbackDuplicate:
		c.push(delivery{cb, cb.Lane, 1})
		c.push(delivery{cb, cb.Lane, 1})
	default:
		c.push(delivery{cb, cb.Lane, 1})
	}
	return cb.Seq
}

// Script gives the next times callbacks the mode, after those scripted before. Times 0 makes it the mode of all
// callbacks from now on and forgets what was scripted.
func (c *Callbacks) Script(mode CallbackMode, times int) error {
	if !slices.Contains([]CallbackMode{CallbackDeliver, CallbackLost, CallbackDuplicate, CallbackHeld}, mode) {
		return fmt.Errorf("callbacks: unknown mode %q", mode)
	}
	if times < 0 {
		return errors.New("callbacks: times must not be negative")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if times == 0 {
		c.mode, c.script = mode, nil
		return nil
	}
	c.script = append(c.script, slices.Repeat([]CallbackMode{mode}, times)...)
	return nil
}

// Held returns the callbacks waiting for release in the order queued.
func (c *Callbacks) Held() []Callback {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Callback{}, c.held...)
}

// Release queues held callbacks for delivery in the order of the numbers given, or all of them in the order queued,
// and returns how many. An unknown number releases nothing.
func (c *Callbacks) Release(seqs ...int) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(seqs) == 0 {
		for _, cb := range c.held {
			seqs = append(seqs, cb.Seq)
		}
	}
	var chosen []Callback
	for n, seq := range seqs {
		i := slices.IndexFunc(c.held, func(cb Callback) bool { return cb.Seq == seq })
		if i < 0 || slices.Contains(seqs[:n], seq) {
			return 0, fmt.Errorf("callbacks: number %d is not held", seq)
		}
		chosen = append(chosen, c.held[i])
	}
	c.held = slices.DeleteFunc(c.held, func(cb Callback) bool { return slices.Contains(seqs, cb.Seq) })
	for _, cb := range chosen {
		c.push(delivery{cb, cb.Lane, 1})
	}
	return len(chosen), nil
}

// Attempts returns every delivery attempt in the order finished.
func (c *Callbacks) Attempts() []Attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Attempt{}, c.attempts...)
}

// Idle waits until nothing is queued, on the wire or waiting for a retry. Held callbacks do not count.
func (c *Callbacks) Idle(ctx context.Context) error {
	c.mu.Lock()
	idle := c.idle
	c.mu.Unlock()
	return await(ctx, idle)
}

// calm waits until nothing is queued or on the wire, whatever waits for a retry.
func (c *Callbacks) calm(ctx context.Context) error {
	c.mu.Lock()
	quiet := c.quiet
	c.mu.Unlock()
	return await(ctx, quiet)
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reset returns to delivering everything and forgets what is held and what was sent.
func (c *Callbacks) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mode, c.script, c.held, c.sent, c.attempts = CallbackDeliver, nil, nil, nil, nil
}

// Close stops the deliveries on the wire, forgets queued ones and waits for every goroutine. Closing twice is fine.
func (c *Callbacks) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
	c.mu.Lock()
	if c.pending > 0 { // What is left waits for a retry that never comes.
		c.pending = 0
		close(c.idle)
	}
	c.mu.Unlock()
	if c.ownClient {
		c.client.CloseIdleConnections()
	}
}
