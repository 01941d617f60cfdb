package plugin

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

// verdict is what the transport can prove about one call. Status codes cannot: a plugin that died before the call and one
// that was killed in the middle of it give the same code.
type verdict int

const (
	// ambiguous: handed to the transport, and no complete answer came back.
	ambiguous verdict = iota
	// notSent: never handed to the transport.
	notSent
	// answered: the plugin ended the call itself, with or without an error.
	answered
)

// DialOptions are what a connection to a plugin must be made with: the evidence [Client] decides by, size limits, and no
// retries by gRPC. They are appended to go-plugin's own through its GRPCDialOptions.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithStatsHandler(StatsHandler()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage), grpc.ForceCodecV2(newCodec())),
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
		grpc.WithStaticStreamWindowSize(streamWindow),
		grpc.WithStaticConnWindowSize(connWindow),
	}
}

// StatsHandler observes which calls were handed to the transport and which were answered. It keeps nothing itself: what it
// sees is stored in the context of the call.
func StatsHandler() stats.Handler { return observer{} }

// trace is what has been seen of one call. It has no lock: gRPC's goroutines only ever set its flags.
type trace struct {
	tagged, sent, trailer atomic.Bool
	// unsent is set by the stream lane, which took the call back before it was sent.
	unsent atomic.Bool
}

type traceKey struct{}

// tracedContext is the context of a call together with its trace.
type tracedContext struct {
	context.Context
	trace trace
}

// Value implements [context.Context].
func (c *tracedContext) Value(key any) any {
	if _, ok := key.(traceKey); ok {
		return &c.trace
	}
	return c.Context.Value(key)
}

func withTrace(ctx context.Context) (context.Context, *trace) {
	c := &tracedContext{Context: ctx}
	return c, &c.trace
}

func traceOf(ctx context.Context) *trace {
	t, _ := ctx.Value(traceKey{}).(*trace)
	return t
}

// verdict judges a call that has ended. A call that gRPC never showed to the observer was not sent, provided that the
// connection has an observer at all, which an earlier call has proved.
func (t *trace) verdict(observed bool) verdict {
	switch {
	case t.trailer.Load():
		return answered
	case t.sent.Load():
		return ambiguous
	case t.unsent.Load(), t.tagged.Load(), observed:
		return notSent
	}
	return ambiguous
}

type observer struct{}

// TagRPC implements [stats.Handler].
func (observer) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if t := traceOf(ctx); t != nil {
		t.tagged.Store(true)
	} else if e := laneEvidenceOf(ctx); e != nil {
		e.tagged.Store(true)
	}
	return ctx
}

// HandleRPC implements [stats.Handler].
func (observer) HandleRPC(ctx context.Context, s stats.RPCStats) {
	t := traceOf(ctx)
	if t == nil {
		if _, ok := s.(*stats.OutPayload); ok {
			if e := laneEvidenceOf(ctx); e != nil {
				e.handed.Add(1)
			}
		}
		return
	}
	switch s.(type) {
	case *stats.OutHeader:
		t.sent.Store(true)
	case *stats.InTrailer:
		t.trailer.Store(true)
	}
}

// TagConn implements [stats.Handler].
func (observer) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements [stats.Handler].
func (observer) HandleConn(context.Context, stats.ConnStats) {}
