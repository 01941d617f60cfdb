package process

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// maxHeaders limits the metadata of one answer, in bytes. Adapter errors travel in messages, so it can be small.
const maxHeaders = 64 << 10

// brokerMethod opens go-plugin's connection broker.
const brokerMethod = "/plugin.GRPCBroker/StartStream"

// closingMessage is gRPC's text for a call on a closed connection; its error value is deprecated. A test fails if it changes.
const closingMessage = "grpc: the client connection is closing"

// dialOptions come after go-plugin's own and override them: without them a message of 2 GiB is accepted (H11).
func dialOptions(cfg Config, peer peerCheck, g *connGuard) []grpc.DialOption {
	opts := []grpc.DialOption{
		grpc.WithTransportCredentials(peer),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(cfg.MaxMessage), grpc.MaxCallSendMsgSize(cfg.MaxMessage)),
		grpc.WithMaxHeaderListSize(maxHeaders),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(), // a payment call is never sent twice below the engine
		grpc.WithIdleTimeout(0),
		grpc.WithNoProxy(),
		grpc.WithChainUnaryInterceptor(interceptUnary),
		grpc.WithChainStreamInterceptor(g.intercept),
	}
	return append(opts, cfg.DialOptions...)
}

// connGuard sees every stream of a connection.
//
// It keeps the broker closed, which this host does not use and through which a plugin could make go-plugin's maps and
// goroutines grow without bound. And it remembers the connections: when go-plugin fails half-way through its client setup it
// forgets the connection it has opened, and nobody else could close it.
type connGuard struct {
	mu    sync.Mutex // guards conns
	conns map[*grpc.ClientConn]struct{}
}

func (g *connGuard) intercept(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	g.mu.Lock()
	g.conns[cc] = struct{}{}
	g.mu.Unlock()
	if method == brokerMethod {
		return nil, status.Error(codes.Unimplemented, "process: the connection broker is not used")
	}
	stream, err := next(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, endedError(err)
	}
	return endedStream{stream}, nil
}

func interceptUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return endedError(next(ctx, method, req, reply, cc, opts...))
}

// endedStream is a stream whose errors pass through endedError.
type endedStream struct{ grpc.ClientStream }

// RecvMsg implements grpc.ClientStream.
func (s endedStream) RecvMsg(m any) error { return endedError(s.ClientStream.RecvMsg(m)) }

// SendMsg implements grpc.ClientStream.
func (s endedStream) SendMsg(m any) error { return endedError(s.ClientStream.SendMsg(m)) }

// endedError gives a call one status for the death of the process, Unavailable, whether the call notices the socket's end
// first or the connection's, which is closed in consequence. gRPC calls the second Canceled, as if the caller had wanted it.
func endedError(err error) error {
	if err == nil || status.Code(err) != codes.Canceled || status.Convert(err).Message() != closingMessage {
		return err
	}
	return status.Error(codes.Unavailable, "the plugin process has ended")
}

// close closes every connection that was ever seen. Closing one twice is harmless.
func (g *connGuard) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for cc := range g.conns {
		_ = cc.Close()
	}
}

// peerCredentials stands in for TLS on the private socket: before the first byte, the kernel is asked which process serves
// the other end, and it must be the plugin.
type peerCredentials struct {
	pid func() int

	mu  sync.Mutex // guards err
	err error
}

// ClientHandshake implements credentials.TransportCredentials.
func (p *peerCredentials) ClientHandshake(_ context.Context, _ string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	err := checkPeer(raw, p.pid())
	p.mu.Lock()
	p.err = err
	p.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	return raw, peerInfo{credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}, nil
}

// ServerHandshake implements credentials.TransportCredentials; the host serves nothing with them.
func (p *peerCredentials) ServerHandshake(net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, status.Error(codes.Unimplemented, "process: peer credentials are for clients only")
}

// Info implements credentials.TransportCredentials.
func (p *peerCredentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "peer-process"}
}

// Clone implements credentials.TransportCredentials. The value is shared on purpose: it remembers the last refusal.
func (p *peerCredentials) Clone() credentials.TransportCredentials { return p }

// OverrideServerName implements credentials.TransportCredentials; there is no server name.
func (p *peerCredentials) OverrideServerName(string) error { return nil }

func (p *peerCredentials) lastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

type peerInfo struct{ credentials.CommonAuthInfo }

// AuthType implements credentials.AuthInfo.
func (peerInfo) AuthType() string { return "peer-process" }
