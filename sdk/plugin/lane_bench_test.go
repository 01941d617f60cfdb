//go:build unix

package plugin

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// BenchmarkLanes compares the two ways of a call over a unix socket, both ends in one process. "call" is a create as the engine
// makes it; "hop" leaves out what both ways share: the service answers a ready-made message. "cpu-ns/op" is the processor time
// of both ends.
func BenchmarkLanes(b *testing.B) {
	for _, callers := range []int{1, 8, 64, 256} {
		for _, unary := range []bool{true, false} {
			name := map[bool]string{true: "unary", false: "lane"}[unary]
			b.Run(fmt.Sprintf("call/%s/callers=%d", name, callers), func(b *testing.B) {
				c := NewClient(serveSocket(b, newServer(newFake(), nil, nil)), ClientConfig{Unary: unary})
				if err := c.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				if !unary {
					awaitLane(b, c.conn)
				}
				a, err := c.Open(b.Context(), testConfig())
				if err != nil {
					b.Fatal(err)
				}
				amount, err := pay.ParseMoney("100.00", "UAH")
				if err != nil {
					b.Fatal(err)
				}
				shareOut(b, callers, func(ctx context.Context) error {
					_, err := a.CreateInvoice(ctx, pay.CreateInvoice{InvoiceID: "inv", Amount: amount})
					return err
				})
			})
			b.Run(fmt.Sprintf("hop/%s/callers=%d", name, callers), func(b *testing.B) {
				conn := &laneConn{conn: serveSocket(b, &readyMade{})}
				if !unary {
					conn.open(nil)
					awaitLane(b, conn)
				}
				service := pluginv1.NewProviderServiceClient(conn)
				req := &pluginv1.CreateInvoiceRequest{Invoice: &pluginv1.NewInvoice{InvoiceId: "inv", Description: "Order 1"}}
				shareOut(b, callers, func(ctx context.Context) error {
					_, err := service.CreateInvoice(ctx, req)
					return err
				})
			})
		}
	}
}

// readyMade answers without doing anything.
type readyMade struct {
	pluginv1.UnimplementedProviderServiceServer
}

func (*readyMade) CreateInvoice(context.Context, *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	return &pluginv1.CreateInvoiceResponse{Result: &pluginv1.CreateInvoiceResponse_State{State: &pluginv1.InvoiceState{
		Status: "pending", ProviderRef: "p-inv",
	}}}, nil
}

// shareOut makes b.N calls, callers at a time.
func shareOut(b *testing.B, callers int, call func(context.Context) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	before := cpuTime(b)
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				ctx := NewCallContext(b.Context(), time.Now().Add(time.Minute), pay.Call{})
				err := call(ctx)
				ctx.End()
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// serveSocket serves s on a unix socket as a plugin does.
func serveSocket(tb testing.TB, s pluginv1.ProviderServiceServer) *grpc.ClientConn {
	path := filepath.Join(shortDir(tb), "s")
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "unix", path)
	if err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	server := grpc.NewServer(serverOptions(log)...)
	registerServices(server, s, log)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	conn, err := grpc.NewClient("unix:"+path, append(DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-done
	})
	return conn
}
