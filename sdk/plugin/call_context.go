package plugin

import (
	"context"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// CallContext is the context of one call that a host makes of an account: it carries the frame of the call, as [pay.WithCall] would,
// and ends at a deadline. It costs one piece of memory, because a timer and a channel are made only when somebody waits for
// its end; the stream lane does not, it keeps the deadlines of all its calls with one timer. It is safe for concurrent use.
type CallContext struct {
	lateContext
	frame pay.Call
}

// NewCallContext returns a context that ends with ctx, at the deadline, or with [CallContext.End], which must be called when the call
// has returned. The deadline is one of the system's clock.
func NewCallContext(ctx context.Context, deadline time.Time, frame pay.Call) *CallContext {
	return &CallContext{lateContext: lateContext{around: ctx, deadline: deadline}, frame: frame}
}

// Value implements [context.Context].
func (c *CallContext) Value(key any) any {
	if _, ok := key.(pay.CallKey); ok {
		return &c.frame
	}
	return c.lateContext.Value(key)
}

// End ends the context, for everything that was made from it. It does not cut a call that still runs: that is left to the context
// around and to the deadline. It may be called more than once.
func (c *CallContext) End() { c.end() }
