package plugin

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// methodPrefix stands before the name of every method of the contract in gRPC.
const methodPrefix = "/payhost.plugin.v1.ProviderService/"

// laneMaxSilence is how many looks at its health in a row a lane may miss.
const laneMaxSilence = 2

// laneConn is a connection whose calls of the contract go over the stream lane where it is open and has room, and over the
// connection itself otherwise: streams, large requests, everything before the lane is open and everything after it has broken.
// A lane that broke is not opened again: the process that broke it serves one by one until its end.
type laneConn struct {
	conn   grpc.ClientConnInterface
	lane   atomic.Pointer[laneClient] // nil while there is none
	silent atomic.Int32               // looks at its health that the lane has missed in a row
}

// Invoke implements [grpc.ClientConnInterface]. A call that the lane gives back has provably not left it.
func (c *laneConn) Invoke(ctx context.Context, fullMethod string, args, reply any, opts ...grpc.CallOption) error {
	if lane := c.lane.Load(); lane != nil {
		if method, ok := strings.CutPrefix(fullMethod, methodPrefix); ok {
			if carried, err := lane.invoke(ctx, method, args, reply, traceOf(ctx), nil); carried {
				return err
			}
		}
	}
	return c.conn.Invoke(ctx, fullMethod, args, reply, opts...)
}

// NewStream implements [grpc.ClientConnInterface].
func (c *laneConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.conn.NewStream(ctx, desc, method, opts...)
}

// look asks over the lane whether the plugin answers, which it has just done without it. A lane that is silent time and again
// gets no further calls; those it carries keep their time, because their answers may still come.
func (c *laneConn) look(ctx context.Context, req *pluginv1.HealthRequest) {
	lane := c.lane.Load()
	if lane == nil {
		return
	}
	if _, err := lane.invoke(ctx, string(methodHealth), req, &pluginv1.HealthResponse{}, nil, nil); err == nil || ctx.Err() == nil {
		c.silent.Store(0)
		return
	}
	if c.silent.Add(1) >= laneMaxSilence {
		c.lane.Store(nil)
		lane.log.Warn("the stream lane of a plugin is silent; its calls are made one by one from now on")
	}
}

// open opens the lane. Until the plugin has taken it, and where it does not, calls are made one by one.
func (c *laneConn) open(log *slog.Logger) {
	_ = openLane(c.conn, log, c.lane.Store) // an error is a connection that is gone, which the next call says
}
