package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// CallContext is the context of one call that a host makes of an account: it carries the frame of the call, as [pay.WithCall] would,
// and ends at a deadline. It costs one piece of memory, because a timer and a channel are made only when somebody waits for
// its end; the stream lane does not, it keeps the deadlines of all its calls with one timer. It is safe for concurrent use.
type CallContext struct {
	around   context.Context
	deadline time.Time
	frame    pay.Call

	mu     sync.Mutex         // guards the fields below
	inner  context.Context    // does the waiting; nil until somebody waits
	cancel context.CancelFunc // of inner
	ended  error              // set by End, unless the context had ended before
}

// NewCallContext returns a context that ends with ctx, at the deadline, or with [CallContext.End], which must be called when the call
// has returned. The deadline is one of the system's clock.
func NewCallContext(ctx context.Context, deadline time.Time, frame pay.Call) *CallContext {
	if around, ok := ctx.Deadline(); ok && around.Before(deadline) {
		deadline = around
	}
	return &CallContext{around: ctx, deadline: deadline, frame: frame}
}

// Deadline implements [context.Context].
func (c *CallContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Done implements [context.Context].
func (c *CallContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.inner, c.cancel = context.WithDeadline(c.around, c.deadline)
		if c.ended != nil {
			c.cancel()
		}
	}
	return c.inner.Done()
}

// Err implements [context.Context].
func (c *CallContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err()
}

// err is Err; the caller holds mu. The end stays what it was found to be first.
func (c *CallContext) err() error {
	switch {
	case c.ended != nil:
	case c.inner != nil && c.inner.Err() != nil:
		c.ended = c.inner.Err()
	case c.around.Err() != nil:
		c.ended = c.around.Err()
	case !time.Now().Before(c.deadline):
		c.ended = context.DeadlineExceeded
	}
	return c.ended
}

// Value implements [context.Context]. A context that is made from c finds inner here, whose child it then is.
func (c *CallContext) Value(key any) any {
	if _, ok := key.(pay.CallKey); ok {
		return &c.frame
	}
	c.mu.Lock()
	from := c.around
	if c.inner != nil {
		from = c.inner
	}
	c.mu.Unlock()
	return from.Value(key)
}

// End ends the context, for everything that was made from it. It does not cut a call that still runs: that is left to the context
// around and to the deadline. It may be called more than once.
func (c *CallContext) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err() == nil {
		c.ended = context.Canceled
	}
	if c.cancel != nil {
		c.cancel()
	}
}
