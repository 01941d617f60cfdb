package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// adapterCall is one call on the plugin's side, and the context of it, all in one piece: what waiting for the end of a context
// costs is paid when somebody first waits. It ends with the context around it, at the deadline, and when [adapterCall.end] says so.
type adapterCall struct {
	around   context.Context
	deadline time.Time // zero: none but that of the context around
	frame    pay.Call  // and the two below: set when the call is given to an adapter
	method   method    // empty before
	mutating bool
	lent     *lentMessages // nil: messages are not lent
	listener listener      // nil: nobody hears of it when the call is given up
	late     bool          // the adapter has returned, but was given up before; for the goroutine it ran in

	mu       sync.Mutex         // guards the fields below
	inner    context.Context    // does the waiting; nil until somebody waits
	cancel   context.CancelFunc // of inner
	finished error              // why it has ended, once that is known

	// Below is the overseer's, under its lock.
	before, after *adapterCall
	overdue       time.Time // when it was first seen to run after its end
	state         callState
}

// callState is where a call of an adapter has come to.
type callState uint8

const (
	callRunning  callState = iota + 1
	callReturned           // in time, or at least before it was given up
	callGivenUp            // its adapter still runs
)

// listener is told that a call has been given up, once, and never after the adapter has returned in time.
type listener interface {
	givenUp(c *adapterCall)
}

// enter makes c the call of an adapter. Nobody but its transport knows it before.
func (c *adapterCall) enter(m method, call *pay.Call, mutating bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.method, c.frame, c.mutating = m, *call, mutating
	c.deadline = earlier(c.deadline, call.Deadline)
}

// earlier returns the earlier of two times, either of which may be zero for none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Deadline implements [context.Context].
func (c *adapterCall) Deadline() (time.Time, bool) {
	around, _ := c.around.Deadline()
	d := earlier(c.deadline, around)
	return d, !d.IsZero()
}

// Done implements [context.Context].
func (c *adapterCall) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		if c.deadline.IsZero() {
			c.inner, c.cancel = context.WithCancel(c.around)
		} else {
			c.inner, c.cancel = context.WithDeadline(c.around, c.deadline)
		}
		if c.finished != nil {
			c.cancel()
		}
	}
	return c.inner.Done()
}

// Err implements [context.Context].
func (c *adapterCall) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look()
}

// look finds out whether the call has ended. The caller holds mu.
func (c *adapterCall) look() error {
	switch {
	case c.finished != nil:
	case c.inner != nil:
		c.finished = c.inner.Err()
	case c.around.Err() != nil:
		c.finished = c.around.Err()
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		c.finished = context.DeadlineExceeded
	}
	return c.finished
}

// Value implements [context.Context]. A context that is made from c finds inner here, which is its parent then.
func (c *adapterCall) Value(key any) any {
	if c.method != "" {
		switch key.(type) {
		case pay.CallKey:
			return &c.frame
		case httpx.CallNameKey:
			return string(c.method.ability())
		}
	}
	c.mu.Lock()
	from := c.around
	if c.inner != nil {
		from = c.inner
	}
	c.mu.Unlock()
	return from.Value(key)
}

// end ends the context. It may be called more than once.
func (c *adapterCall) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.look() == nil {
		c.finished = context.Canceled
	}
	if c.cancel != nil {
		c.cancel()
	}
}
