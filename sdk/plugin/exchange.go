package plugin

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// exchange is what one call of a [Client] needs for as long as it lasts: the messages of request and answer, and what was seen of
// the call. It is used again for the next call, so that nothing of it may be kept.
type exchange struct {
	*pluginv1.Arena
	// opts make gRPC decode the answer into lent messages.
	opts []grpc.CallOption
	seen trace
}

// exchanges are those of one client that are not in use.
type exchanges struct{ pool sync.Pool }

// begin takes an exchange, which must be given to [exchanges.end] when everything has been read out of it.
func (e *exchanges) begin() *exchange {
	if x, ok := e.pool.Get().(*exchange); ok {
		return x
	}
	x := &exchange{Arena: new(pluginv1.Arena)}
	c := newCodec()
	c.lender = x.Arena
	x.opts = []grpc.CallOption{grpc.ForceCodecV2(c), grpc.StaticMethod()}
	return x
}

func (e *exchanges) end(x *exchange) {
	x.Reset()
	e.pool.Put(x)
}

// call makes one call, over the lane where that carries it. The trace that it returns is valid until the exchange ends.
func (c *laneConn) call(ctx context.Context, x *exchange, m method, req, res wireMessage) (seen *trace, err error) {
	if lane := c.lane.Load(); lane != nil {
		x.seen = trace{}
		if carried, err := lane.invoke(ctx, string(m), req, res, &x.seen, x.Arena); carried {
			return &x.seen, err
		}
	}
	return c.callPlain(ctx, x, m, req, res)
}

// callPlain makes one call without the lane. gRPC may look at the context of a call after its end, which is why the trace in it
// belongs to this call alone.
func (c *laneConn) callPlain(ctx context.Context, x *exchange, m method, req, res wireMessage) (seen *trace, err error) {
	ctx, seen = withTrace(ctx)
	return seen, c.conn.Invoke(ctx, methodPrefix+string(m), req, res, x.opts...)
}
