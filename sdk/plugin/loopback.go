package plugin

import (
	"context"
	"log/slog"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// Loopback serves p over a real gRPC connection inside this process and returns a started client for it, so that a test
// sees exactly what crosses the wire. stop ends both sides and waits for them; it must be called once.
func Loopback(ctx context.Context, p pay.Provider) (provider pay.Provider, stop func(), err error) {
	conn, stop, err := dialLoopback(newServer(p, nil, nil)) //nolint:contextcheck // calls bring theirs
	if err != nil {
		return nil, nil, err
	}
	client := NewClient(conn, ClientConfig{})
	if err := client.Start(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	return client, stop, nil
}

// dialLoopback serves s in memory and connects to it.
func dialLoopback(s *server) (*grpc.ClientConn, func(), error) {
	s.guard.keepWorkers()
	return dialService(s, func() {
		s.guard.end()
		s.guard.closeIdle()
	})
}

// dialService serves any implementation of the protocol in memory. ended, if set, runs when the server has stopped.
func dialService(s pluginv1.ProviderServiceServer, ended func()) (*grpc.ClientConn, func(), error) {
	return dialServices(func(r grpc.ServiceRegistrar, log *slog.Logger) { registerServices(r, s, log) }, ended)
}

func dialServices(register func(grpc.ServiceRegistrar, *slog.Logger), ended func()) (*grpc.ClientConn, func(), error) {
	listener := bufconn.Listen(256 << 10)
	log := slog.New(slog.DiscardHandler)
	grpcServer := grpc.NewServer(serverOptions(log)...)
	register(grpcServer, log)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = grpcServer.Serve(listener) // ends with Stop
	}()
	conn, err := grpc.NewClient("passthrough:///loopback", append(DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	stop := func() {
		if conn != nil {
			_ = conn.Close()
		}
		grpcServer.Stop()
		<-done
		if ended != nil {
			ended()
		}
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return conn, stop, nil
}
