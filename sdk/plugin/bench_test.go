package plugin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// benchRequest is a create with the fields that a shop usually sends.
func benchRequest(b *testing.B) pay.CreateInvoice {
	amount, err := pay.ParseMoney("1250.50", "UAH")
	if err != nil {
		b.Fatal(err)
	}
	return pay.CreateInvoice{
		Call: pay.Call{
			OperationID: "op_01kaxyz4m8q2v6t0c3b5", ProviderKey: "op_01kaxyz4m8q2v6t0c3b5", Try: 1, AccountID: "main", AccountRevision: 3, Mode: pay.ModeLive,
			Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", CorrelationID: "checkout-77", Deadline: time.Now().Add(time.Hour),
		},
		InvoiceID: "inv_01kaxyz4m8q2v6t0c3b5", WebhookURL: "https://billing.example.com/pay/webhooks/main/inv_01kaxyz4m8q2v6t0c3b5", Amount: amount,
		AccountWebhookURL: "https://billing.example.com/pay/webhooks/main", Purpose: pay.PurposePayment, Reference: "order-2026-000123",
		Description: "Order 2026-000123", Customer: pay.Customer{ID: "customer-17"}, Payer: pay.Payer{Locale: "uk-UA", Country: "UA"},
		ReturnURLs: pay.ReturnURLs{Default: "https://shop.example.com/orders/2026-000123"}, Metadata: map[string]string{"order": "2026-000123", "channel": "web"},
	}
}

// benchAnswer is what a provider says to it.
func benchAnswer(req pay.CreateInvoice) pay.InvoiceState {
	return pay.InvoiceState{
		Report: pay.Report{Evidence: pay.Evidence{
			ProviderTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), HTTPStatus: http.StatusOK, ProviderRequestID: "request-1",
			RawContentType: "application/json", Raw: []byte(`{"invoiceId":"p-1","pageUrl":"https://pay.example.com/p-1","status":"created","amount":"1250.50"}`),
		}},
		ProviderRef: "p-1", Status: pay.StatusPending, Amount: req.Amount,
		NextActions: []pay.NextAction{{ID: "page", Type: pay.NextRedirect, URL: "https://pay.example.com/p-1"}},
	}
}

func benchProvider() *fake {
	f := newFake()
	f.account.create = func(_ context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) { return benchAnswer(req), nil }
	return f
}

// BenchmarkLayer measures everything that one create costs beside the transport: conversions, checks, codec, guard, verdict, on
// both sides together.
func BenchmarkLayer(b *testing.B) {
	c, err := InProcess(benchProvider(), ClientConfig{})
	if err != nil {
		b.Fatal(err)
	}
	callAccount(b, c, 1)
}

// BenchmarkCall measures one create call with everything around it but the provider, beside a bare gRPC call of the same
// messages with gRPC's default settings. Both ends are in one process and share its collector.
func BenchmarkCall(b *testing.B) {
	for _, callers := range []int{1, 64} {
		name := map[int]string{1: "1 caller", 64: "64 callers"}[callers]
		b.Run("ours, "+name, func(b *testing.B) {
			s := newServer(benchProvider(), nil, nil)
			conn := serveUnix(b, s, serverOptions(slog.New(slog.DiscardHandler)), DialOptions())
			c := NewClient(conn, ClientConfig{})
			if err := c.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			callAccount(b, c, callers)
		})
		b.Run("bare gRPC, "+name, func(b *testing.B) {
			req := benchRequest(b)
			message := &pluginv1.CreateInvoiceRequest{Call: toCall(nil, req.Call), Invoice: toNewInvoice(nil, req)}
			state, report := writeInvoiceState(nil, benchAnswer(req))
			answer := &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_State{State: state}}
			rpc := pluginv1.NewProviderServiceClient(serveUnix(b, ready{answer: answer}, nil, nil))
			runCallers(b, callers, func() error {
				answer, err := rpc.CreateInvoice(b.Context(), message)
				if err == nil && answer.GetState() == nil {
					err = errors.New("no state")
				}
				return err
			})
		})
	}
}

// ready answers with a ready-made message.
type ready struct {
	pluginv1.UnimplementedProviderServiceServer
	answer *pluginv1.CreateInvoiceResponse
}

// CreateInvoice implements the service.
func (r ready) CreateInvoice(context.Context, *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	return r.answer, nil
}

func callAccount(b *testing.B, p pay.Provider, callers int) {
	a, err := p.Open(b.Context(), testConfig())
	if err != nil {
		b.Fatal(err)
	}
	req := benchRequest(b)
	runCallers(b, callers, func() error {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		state, err := a.CreateInvoice(ctx, req)
		if err == nil && state.Status != pay.StatusPending {
			err = errors.New("not the provider's answer")
		}
		return err
	})
}

func runCallers(b *testing.B, callers int, call func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	before := processorTime()
	defer func() { b.ReportMetric(float64(processorTime()-before)/float64(b.N), "cpu-ns/op") }()
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			for n := i; n < b.N; n += callers {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func serveUnix(b *testing.B, s pluginv1.ProviderServiceServer, serving []grpc.ServerOption, dialing []grpc.DialOption) *grpc.ClientConn {
	socket := filepath.Join(b.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer(serving...)
	pluginv1.RegisterProviderServiceServer(server, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	conn, err := grpc.NewClient("unix://"+socket, append(dialing, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-done
	})
	return conn
}

// BenchmarkCodec measures the four passes of one create: both messages encoded and decoded.
func BenchmarkCodec(b *testing.B) {
	req := benchRequest(b)
	request := &pluginv1.CreateInvoiceRequest{Call: toCall(nil, req.Call), Invoice: toNewInvoice(nil, req)}
	state, report := writeInvoiceState(nil, benchAnswer(req))
	answer := &pluginv1.CreateInvoiceResponse{Report: report, Result: &pluginv1.CreateInvoiceResponse_State{State: state}}
	for name, c := range map[string]interface {
		Marshal(v any) (mem.BufferSlice, error)
		Unmarshal(data mem.BufferSlice, v any) error
	}{"ours": newCodec(), "gRPC's": newCodec().general} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for from, to := range map[any]any{request: new(pluginv1.CreateInvoiceRequest), answer: new(pluginv1.CreateInvoiceResponse)} {
					data, err := c.Marshal(from)
					if err == nil {
						err = c.Unmarshal(data, to)
					}
					if err != nil {
						b.Fatal(err)
					}
					data.Free()
				}
			}
		})
	}
}
