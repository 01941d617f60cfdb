package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// registerServices makes a gRPC server serve the contract, one by one and over the stream lane.
func registerServices(s grpc.ServiceRegistrar, impl pluginv1.ProviderServiceServer, log *slog.Logger) {
	pluginv1.RegisterProviderServiceServer(s, impl)
	pluginv1.RegisterLaneServiceServer(s, newLaneServer(impl, log))
}

// laneServer is the plugin's end of all lanes.
type laneServer struct {
	pluginv1.UnimplementedLaneServiceServer
	impl    pluginv1.ProviderServiceServer
	log     *slog.Logger
	recover grpc.UnaryServerInterceptor
	methods map[string]grpc.MethodHandler
}

func newLaneServer(impl pluginv1.ProviderServiceServer, log *slog.Logger) *laneServer {
	s := &laneServer{impl: impl, log: log, recover: recoverUnary(log), methods: map[string]grpc.MethodHandler{}}
	for _, desc := range pluginv1.ProviderService_ServiceDesc.Methods {
		s.methods[desc.MethodName] = desc.Handler
	}
	return s
}

// Carry implements the service: it serves the calls of one stream until that ends.
func (s *laneServer) Carry(stream grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]) error {
	// The host uses the stream once it has heard something on it.
	if err := stream.SendMsg(&laneBatch{data: new([]byte)}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	run := &laneRun{
		server: s, ctx: ctx, calls: map[uint64]*laneServed{}, next: make(chan *laneServed), replies: newLaneReplies(),
	}
	var sender sync.WaitGroup
	sender.Go(func() { run.replies.send(ctx, stream) })
	// gRPC's stream may not be used any more when this returns. Calls that are still running are told to end and answer nobody.
	defer sender.Wait()
	defer cancel()
	for {
		var batch laneBatch
		if err := stream.RecvMsg(&batch); err != nil {
			return err
		}
		if err := readCalls(*batch.data, run.start, run.abandon); err != nil {
			s.log.Warn("the stream lane is closed, because the host broke its rules", "error", err.Error())
			return status.Error(codes.InvalidArgument, err.Error())
		}
	}
}

// laneRun is one stream in a plugin.
type laneRun struct {
	server  *laneServer
	ctx     context.Context // ends with the stream
	replies *laneReplies
	next    chan *laneServed // takes calls while a worker has nothing to do
	parked  atomic.Int32     // workers that wait for a call
	last    uint64           // the newest id; used by the reader alone

	mu    sync.Mutex // guards calls and the cancels in them
	calls map[uint64]*laneServed
}

// laneServed is one call in a plugin.
type laneServed struct {
	id      uint64
	method  grpc.MethodHandler // nil: unknown
	name    string             // of an unknown method
	timeout time.Duration
	request []byte
	given   bool               // the host waits no more
	cancel  context.CancelFunc // nil until it runs
}

// start begins one call. Its errors are violations of the protocol.
func (r *laneRun) start(f laneCallFrame) error {
	if f.id <= r.last {
		return fmt.Errorf("the id %d does not follow %d", f.id, r.last)
	}
	if len(f.request) > laneMaxRequest {
		return fmt.Errorf("a request has %d bytes, more than %d", len(f.request), laneMaxRequest)
	}
	r.last = f.id
	c := &laneServed{id: f.id, method: r.server.methods[string(f.method)], timeout: f.timeout, request: f.request}
	if c.method == nil {
		c.name = clip(string(f.method))
	}
	r.mu.Lock()
	full := len(r.calls) >= laneMaxCalls
	if !full {
		r.calls[c.id] = c
	}
	r.mu.Unlock()
	if full {
		return fmt.Errorf("more than %d calls wait for an answer", laneMaxCalls)
	}
	select {
	case r.next <- c:
	default:
		go r.work(c)
	}
	return nil
}

// abandon ends a call that nobody waits for any more.
func (r *laneRun) abandon(id uint64) error {
	if id > r.last {
		return fmt.Errorf("a cancel of call %d, which was never made", id)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.calls[id]; ok {
		c.given = true
		if c.cancel != nil {
			c.cancel()
		}
	}
	return nil
}

// work serves calls one after the other. Goroutines are kept because a new one has to grow its stack first.
func (r *laneRun) work(c *laneServed) {
	var scratch []byte
	for c != nil {
		scratch = r.serve(c, scratch[:0])
		if cap(scratch) > laneMaxRequest {
			scratch = nil
		}
		c = r.park()
	}
}

// park waits for another call; nil when there is none for this goroutine.
func (r *laneRun) park() *laneServed {
	defer r.parked.Add(-1)
	if r.parked.Add(1) > laneWorkers {
		return nil
	}
	select {
	case c := <-r.next:
		return c
	case <-r.ctx.Done():
		return nil
	}
}

// serve runs one call and queues its answer, which it encodes in scratch.
func (r *laneRun) serve(c *laneServed, scratch []byte) []byte {
	ctx, cancel := r.begin(c)
	defer cancel()
	encoded, err := r.invoke(ctx, c, scratch)
	if len(encoded) > MaxMessage {
		err = status.Errorf(codes.ResourceExhausted, "the answer has %d bytes, more than %d", len(encoded), MaxMessage)
	}
	answer := laneAnswerFrame{id: c.id, response: encoded}
	if err != nil {
		answer = faultFrame(c.id, err)
	}
	// The answer frees the host's place for another call, so that ours must be free before.
	r.mu.Lock()
	delete(r.calls, c.id)
	r.mu.Unlock()
	r.replies.put(ctx, answer)
	return encoded
}

// begin makes the context of a call: it ends with the stream, at the deadline, and when the host gives up.
func (r *laneRun) begin(c *laneServed) (context.Context, context.CancelFunc) {
	var ctx context.Context
	var cancel context.CancelFunc
	if c.timeout > 0 {
		ctx, cancel = context.WithTimeout(r.ctx, c.timeout)
	} else {
		ctx, cancel = context.WithCancel(r.ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.cancel = cancel
	if c.given {
		cancel()
	}
	return ctx, cancel
}

// invoke does what gRPC does for a unary call, behind the same interceptor.
func (r *laneRun) invoke(ctx context.Context, c *laneServed, scratch []byte) (encoded []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(r.server.log, pluginv1.LaneService_Carry_FullMethodName, p)
		}
	}()
	if c.method == nil {
		return scratch, status.Error(codes.Unimplemented, "unknown method "+c.name)
	}
	res, err := c.method(r.server.impl, ctx, func(in any) error {
		if err := readMessage(c.request, in, nil); err != nil {
			return status.Error(codes.Internal, "the request cannot be decoded: "+err.Error())
		}
		return nil
	}, r.server.recover)
	if err != nil {
		return scratch, err
	}
	return appendMessage(scratch, res)
}

// faultFrame answers with a status.
func faultFrame(id uint64, err error) laneAnswerFrame {
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	return laneAnswerFrame{id: id, code: uint32(st.Code()), message: []byte(cut(st.Message(), laneMaxStatus))}
}
