package plugin

import (
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// adapterCall is one call on the plugin's side, and the context of it, all in one piece.
type adapterCall struct {
	lateContext
	frame    pay.Call // and the two below: set when the call is given to an adapter
	method   method   // empty before
	mutating bool
	lent     *lentMessages // nil: messages are not lent
	listener listener      // nil: nobody hears of it when the call is given up
	late     bool          // the adapter has returned, but was given up before; for the goroutine it ran in

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

// Value implements [context.Context].
func (c *adapterCall) Value(key any) any {
	if c.method != "" {
		switch key.(type) {
		case pay.CallKey:
			return &c.frame
		case httpx.CallNameKey:
			return string(c.method.ability())
		}
	}
	return c.lateContext.Value(key)
}
