package plugin

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// InProcess returns a client for a provider that runs in this process. Everything but the socket is the same as for a plugin:
// the same messages, guards and verdicts, so that a provider cannot tell the difference and neither can its caller. A panic
// or an ignored deadline is one failed call; a crash of the runtime still takes the whole process along.
//
// It starts the client; an error means that the provider cannot describe itself or that cfg.Runtime is not usable.
func InProcess(p pay.Provider, cfg ClientConfig) (*Client, error) {
	cfg.Unary = true // there is no transport to save
	s := newServer(p, cfg.Logger, cfg.Now)
	s.guard.local = true
	c := NewClient(directConn{s, newCodec()}, cfg)
	if err := c.Start(context.Background()); err != nil {
		return nil, err
	}
	return c, nil
}

func newServer(p pay.Provider, log *slog.Logger, now func() time.Time) *server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	return &server{guard: newGuard(p, log, now), methods: servings()}
}

// directConn calls the service without a transport. Messages are encoded and decoded as on a wire, so that neither side can change
// what the other holds, and neither is given what a wire would refuse.
type directConn struct {
	server *server
	codec  codec
}

// Invoke implements [grpc.ClientConnInterface] for unary methods.
func (d directConn) Invoke(ctx context.Context, fullMethod string, args, reply any, opts ...grpc.CallOption) (err error) {
	seen := traceOf(ctx)
	if seen != nil {
		seen.tagged.Store(true)
	}
	name := fullMethod[strings.LastIndexByte(fullMethod, '/')+1:]
	by, ok := d.server.methods[name]
	if !ok {
		return status.Errorf(codes.Unimplemented, "unknown method %s", name)
	}
	if seen != nil {
		seen.sent.Store(true)
		seen.trailer.Store(true) // whatever comes back is an answer
	}
	c := &adapterCall{lateContext: lateContext{around: ctx}, lent: d.server.lent.get()}
	defer c.end()
	defer c.lent.giveBack()
	request := d.codec
	request.lender = &c.lent.Arena
	res, err := d.server.serve(name, by, c, fromCaller{request, args})
	if err != nil {
		return err
	}
	return answerCodec(d.codec, opts).copy(res, reply)
}

// answerCodec returns the codec that the caller asks for, or c.
func answerCodec(c codec, opts []grpc.CallOption) codec {
	for _, o := range opts {
		if forced, ok := o.(grpc.ForceCodecV2CallOption); ok {
			if theirs, ok := forced.CodecV2.(codec); ok {
				return theirs
			}
		}
	}
	return c
}

// fromCaller is the request of a call inside this process.
type fromCaller struct {
	codec codec
	args  any
}

// decode implements incoming.
func (r fromCaller) decode(m wireMessage) error { return r.codec.copy(r.args, m) }

// NewStream implements [grpc.ClientConnInterface] for RunAction, the one streaming method. The handler runs when the client
// has sent everything, which is when it would have acted anyway.
func (d directConn) NewStream(
	ctx context.Context, _ *grpc.StreamDesc, fullMethod string, _ ...grpc.CallOption,
) (grpc.ClientStream, error) {
	if fullMethod != pluginv1.ProviderService_RunAction_FullMethodName {
		return nil, status.Errorf(codes.Unimplemented, "unknown method %s", fullMethod)
	}
	if seen := traceOf(ctx); seen != nil {
		seen.tagged.Store(true)
		seen.sent.Store(true)
		seen.trailer.Store(true)
	}
	return &directStream{ctx: ctx, server: d.server}, nil
}

// directStream is both ends of one RunAction call; it is used by one goroutine.
type directStream struct {
	ctx    context.Context
	server *server
	sent   []*pluginv1.RunActionRequest
	reply  *pluginv1.RunActionResponse
}

// Context implements [grpc.ClientStream] and [grpc.ServerStream].
func (s *directStream) Context() context.Context { return s.ctx }

// SendMsg implements [grpc.ClientStream].
func (s *directStream) SendMsg(m any) error {
	s.sent = append(s.sent, proto.Clone(m.(proto.Message)).(*pluginv1.RunActionRequest))
	return nil
}

// CloseSend implements [grpc.ClientStream].
func (s *directStream) CloseSend() error { return nil }

// RecvMsg implements [grpc.ClientStream]: it runs the handler.
func (s *directStream) RecvMsg(m any) error {
	handler := recoverStream(s.server.guard.log)
	err := handler(s.server, &directServerStream{s}, &grpc.StreamServerInfo{FullMethod: pluginv1.ProviderService_RunAction_FullMethodName},
		func(srv any, stream grpc.ServerStream) error {
			return srv.(*server).RunAction(
				&grpc.GenericServerStream[pluginv1.RunActionRequest, pluginv1.RunActionResponse]{ServerStream: stream})
		})
	if err != nil {
		return err
	}
	if s.reply == nil {
		return io.ErrUnexpectedEOF
	}
	proto.Merge(m.(proto.Message), s.reply)
	return nil
}

// Header implements [grpc.ClientStream].
func (s *directStream) Header() (metadata.MD, error) { return nil, nil }

// Trailer implements [grpc.ClientStream].
func (s *directStream) Trailer() metadata.MD { return nil }

// directServerStream is the handler's end.
type directServerStream struct{ *directStream }

// RecvMsg implements [grpc.ServerStream].
func (s *directServerStream) RecvMsg(m any) error {
	if len(s.sent) == 0 {
		return io.EOF
	}
	proto.Merge(m.(proto.Message), s.sent[0])
	s.sent = s.sent[1:]
	return nil
}

// SendMsg implements [grpc.ServerStream].
func (s *directServerStream) SendMsg(m any) error {
	s.reply = proto.Clone(m.(proto.Message)).(*pluginv1.RunActionResponse)
	return nil
}

// SetHeader implements [grpc.ServerStream].
func (s *directServerStream) SetHeader(metadata.MD) error { return nil }

// SendHeader implements [grpc.ServerStream].
func (s *directServerStream) SendHeader(metadata.MD) error { return nil }

// SetTrailer implements [grpc.ServerStream].
func (s *directServerStream) SetTrailer(metadata.MD) {}
