package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// registerServices makes a gRPC server serve the contract, one by one and over the stream lane.
func registerServices(s grpc.ServiceRegistrar, impl pluginv1.ProviderServiceServer, log *slog.Logger) {
	if ours, ok := impl.(*server); ok {
		s.RegisterService(ours.unaryDesc(), ours)
	} else {
		pluginv1.RegisterProviderServiceServer(s, impl)
	}
	pluginv1.RegisterLaneServiceServer(s, newLaneServer(impl, log))
}

// laneServer is the plugin's end of all lanes.
type laneServer struct {
	pluginv1.UnimplementedLaneServiceServer
	impl    pluginv1.ProviderServiceServer
	log     *slog.Logger
	recover grpc.UnaryServerInterceptor
	methods map[string]grpc.MethodHandler
	ours    *server // nil: impl is of another kind
}

func newLaneServer(impl pluginv1.ProviderServiceServer, log *slog.Logger) *laneServer {
	s := &laneServer{impl: impl, log: log, recover: recoverUnary(log), methods: map[string]grpc.MethodHandler{}}
	for _, desc := range pluginv1.ProviderService_ServiceDesc.Methods {
		s.methods[desc.MethodName] = desc.Handler
	}
	s.ours, _ = impl.(*server)
	return s
}

// Carry implements the service: it serves the calls of one stream until that ends.
func (s *laneServer) Carry(stream grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]) error {
	// The host uses the stream once it has heard something on it.
	if err := stream.SendMsg(&laneBatch{data: new([]byte)}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	run := &laneRun{server: s, ctx: ctx, calls: map[uint64]*laneServed{}, workers: newWorkers(laneWorkers), stream: stream}
	// gRPC's stream may not be used any more when this returns. Calls that are still running are told to end and answer nobody.
	defer run.replies.close()
	defer run.workers.end()
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

// find finds out how a call is served.
func (s *laneServer) find(c *laneServed, method []byte) {
	if s.ours != nil {
		c.serving = s.ours.methods[string(method)]
	} else {
		c.handler = s.methods[string(method)]
	}
	if c.serving == nil && c.handler == nil {
		c.name = clip(string(method))
	}
}

// laneRun is one stream in a plugin.
type laneRun struct {
	server  *laneServer
	ctx     context.Context // ends with the stream
	stream  grpc.ServerStream
	replies laneReplies
	workers *workers
	scratch laneBuffers
	last    uint64 // the newest id; used by the reader alone

	mu    sync.Mutex // guards calls
	calls map[uint64]*laneServed
}

// laneServed is one call in a plugin. Its context ends with the stream, at the deadline, and when the host gives up.
type laneServed struct {
	adapterCall
	run     *laneRun
	id      uint64
	serving serving            // nil: unknown, or not ours
	handler grpc.MethodHandler // nil: unknown
	name    string             // of the method
	request []byte
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
	c := &laneServed{run: r, id: f.id, request: f.request}
	r.server.find(c, f.method)
	c.around, c.listener = r.ctx, c
	if f.timeout > 0 {
		c.deadline = time.Now().Add(f.timeout)
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
	r.workers.run(c)
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
		c.end()
	}
	return nil
}

// work implements job: it runs the call and queues its answer, unless that has been given up.
func (c *laneServed) work() {
	defer c.end()
	scratch := c.run.scratch.Get(0)
	defer func() { c.run.scratch.Put(scratch) }()
	answer := laneAnswerFrame{id: c.id, code: uint32(codes.Internal), message: []byte("the plugin ended the goroutine of the call")}
	defer func() {
		if c.late {
			return
		}
		if send := c.run.answer(c, answer); send {
			c.end()
			c.run.replies.send(c.run.stream)
		}
	}()
	encoded, err := c.invoke((*scratch)[:0])
	*scratch = encoded
	if len(encoded) > MaxMessage {
		err = status.Errorf(codes.ResourceExhausted, "the answer has %d bytes, more than %d", len(encoded), MaxMessage)
	}
	if err != nil {
		answer = faultFrame(c.id, err)
	} else {
		answer = laneAnswerFrame{id: c.id, response: encoded}
	}
}

// givenUp implements listener: the call is answered in place of its adapter.
func (c *laneServed) givenUp(*adapterCall) {
	report, fault := writeError(abandoned(c.method, c.mutating, c.Err()))
	// The answers of all methods have their report and their error in the same fields.
	encoded, err := appendMessage(nil, &pluginv1.CreateInvoiceResponse{
		Report: finish(report, false, fault), Result: &pluginv1.CreateInvoiceResponse_Error{Error: fault},
	})
	answer := laneAnswerFrame{id: c.id, response: encoded}
	if err != nil {
		answer = faultFrame(c.id, err)
	}
	if c.run.answer(c, answer) {
		go c.run.replies.send(c.run.stream) // the overseer must not wait for the host to read
	}
}

// answer queues the one answer of a call, and returns true when the caller must send what is queued.
func (r *laneRun) answer(c *laneServed, f laneAnswerFrame) (send bool) {
	// The answer frees the host's place for another call, so that ours must be free before.
	r.mu.Lock()
	delete(r.calls, c.id)
	r.mu.Unlock()
	return r.replies.put(c, f)
}

// invoke does what gRPC does for a unary call, behind the same interceptor. It appends the answer to scratch.
func (c *laneServed) invoke(scratch []byte) (encoded []byte, err error) {
	server := c.run.server
	defer func() {
		if p := recover(); p != nil {
			encoded, err = scratch, recovered(server.log, pluginv1.LaneService_Carry_FullMethodName, p)
		}
	}()
	switch {
	case c.serving != nil:
		c.lent = server.ours.lent.get()
		res, err := c.serving(server.ours, &c.adapterCall, c)
		if err == nil {
			scratch, err = appendMessage(scratch, res)
		}
		c.lent.giveBack()
		return scratch, err
	case c.handler != nil:
		res, err := c.handler(server.impl, &c.adapterCall, c.decodeAny, server.recover)
		if err == nil {
			scratch, err = appendMessage(scratch, res)
		}
		return scratch, err
	}
	return scratch, status.Error(codes.Unimplemented, "unknown method "+c.name)
}

// decode implements incoming. Nothing refers to the request afterwards.
func (c *laneServed) decode(m wireMessage) error {
	if err := decodeWire(c.request, m, lenderOf(&c.adapterCall)); err != nil {
		return undecodable(err)
	}
	c.request = nil
	return nil
}

// decodeAny is decode for a service that is not ours.
func (c *laneServed) decodeAny(in any) error {
	if err := readMessage(c.request, in, nil); err != nil {
		return undecodable(err)
	}
	return nil
}

func undecodable(err error) error {
	return status.Error(codes.Internal, "the request cannot be decoded: "+err.Error())
}

// faultFrame answers with a status.
func faultFrame(id uint64, err error) laneAnswerFrame {
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	return laneAnswerFrame{id: id, code: uint32(st.Code()), message: []byte(cut(st.Message(), laneMaxStatus))}
}
