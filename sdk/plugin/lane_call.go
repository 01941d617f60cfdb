package plugin

import (
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// laneState is how far a call on the lane has come. The first three are on the way, the others are ends.
type laneState uint8

const (
	// laneQueued: it waits to be sent, and can be taken back.
	laneQueued laneState = iota
	// laneOut: it has been given to the stream.
	laneOut
	// laneLeft: the same, but its caller waits no more.
	laneLeft
	// laneAnswered: the plugin has ended it.
	laneAnswered
	// laneReturned: it has certainly not been sent.
	laneReturned
	// laneLost: the lane broke while it was out.
	laneLost
	// laneRevoked: its caller has given it up before it was sent.
	laneRevoked
)

// laneCall is one call of a host. The lane's mutex guards it until its end; from then on it is the caller's.
type laneCall struct {
	id       uint64
	method   string
	deadline time.Time // zero: none
	timed    bool      // the lane gives it up at its deadline; else its caller does
	request  []byte    // encoded
	state    laneState
	done     chan struct{} // gets a token when the call has come to an end

	// received counts the bytes of an answer that comes in parts, and parts holds them while somebody waits for them.
	received int
	parts    []byte

	// answer and fault say how the call was answered, fault in place of an answer.
	answer []byte
	fault  error
}

// end finishes the call and wakes its caller. The caller holds the lane's mutex.
func (c *laneCall) end(state laneState) {
	c.state = state
	c.done <- struct{}{}
}

// givenUp is the status of a call that was left because of cause, and notes in seen, which may be nil, whether it had been sent.
func (*laneCall) givenUp(state laneState, cause error, seen *trace) error {
	switch {
	case seen == nil:
	case state == laneRevoked:
		seen.unsent.Store(true)
	default:
		seen.sent.Store(true)
	}
	return status.FromContextError(cause).Err()
}

// accept takes one part of the answer, the last one if f says so. Its errors are violations of the protocol.
func (c *laneCall) accept(f laneAnswerFrame) error {
	if f.more && len(f.response) == 0 {
		return status.Error(codes.Internal, "a part of an answer is empty")
	}
	c.received += len(f.response)
	if c.received > MaxMessage {
		return status.Errorf(codes.ResourceExhausted, "an answer has more than %d bytes", MaxMessage)
	}
	switch {
	case c.state == laneLeft:
	case f.more || c.parts != nil:
		c.parts = append(c.parts, f.response...)
	default:
		c.answer = f.response
	}
	if !f.more && c.parts != nil {
		c.answer = c.parts
	}
	if !f.more && f.code != uint32(codes.OK) {
		c.fault = status.Error(codes.Code(f.code), string(f.message))
	}
	return nil
}
