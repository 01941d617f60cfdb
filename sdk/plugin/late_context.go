package plugin

import (
	"context"
	"sync"
	"time"
)

// lateContext is a [context.Context] in one piece: the timer and the channel that waiting for its end costs are made when somebody first
// waits. It ends with the context around it, at its deadline, and when [lateContext.end] says so. It is safe for concurrent use.
type lateContext struct {
	around   context.Context
	deadline time.Time // zero: none but that of the context around; set before anybody else has the context

	mu       sync.Mutex         // guards the fields below
	inner    context.Context    // does the waiting; nil until somebody waits
	cancel   context.CancelFunc // of inner
	finished error              // why it has ended, once that is known
}

// earlier returns the earlier of two times, either of which may be zero for none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Deadline implements [context.Context].
func (c *lateContext) Deadline() (time.Time, bool) {
	around, _ := c.around.Deadline()
	d := earlier(c.deadline, around)
	return d, !d.IsZero()
}

// Done implements [context.Context].
func (c *lateContext) Done() <-chan struct{} {
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
func (c *lateContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look()
}

// look finds out whether it has ended. The caller holds mu. The end stays what it was found to be first.
func (c *lateContext) look() error {
	switch {
	case c.finished != nil:
	case c.inner != nil && c.inner.Err() != nil:
		c.finished = c.inner.Err()
	case c.around.Err() != nil:
		c.finished = c.around.Err()
	case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
		c.finished = context.DeadlineExceeded
	}
	return c.finished
}

// Value implements [context.Context]. A context that is made from c finds inner here, whose child it then is.
func (c *lateContext) Value(key any) any {
	c.mu.Lock()
	from := c.around
	if c.inner != nil {
		from = c.inner
	}
	c.mu.Unlock()
	return from.Value(key)
}

// end ends the context. It may be called more than once.
func (c *lateContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.look() == nil {
		c.finished = context.Canceled
	}
	if c.cancel != nil {
		c.cancel()
	}
}
