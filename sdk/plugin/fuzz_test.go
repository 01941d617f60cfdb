package plugin

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// rawConn answers every call with the same bytes, as a hostile plugin could.
type rawConn struct{ answer []byte }

func (c rawConn) Invoke(_ context.Context, _ string, _, reply any, _ ...grpc.CallOption) error {
	return proto.Unmarshal(c.answer, reply.(proto.Message))
}

func (c rawConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("no streams")
}

// FuzzDecodeAnswer gives a client arbitrary bytes as the answer to every call. It must not panic, must not invent a status,
// and whatever it accepts must survive another trip.
func FuzzDecodeAnswer(f *testing.F) {
	add := func(m proto.Message) {
		b, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	add(&pluginv1.CreateInvoiceResponse{Report: &pluginv1.Report{Executed: "yes"}, Result: &pluginv1.CreateInvoiceResponse_State{
		State: &pluginv1.InvoiceState{Status: "paid", Amount: &pluginv1.Money{Value: "1.00", Currency: "UAH", Exponent: 2}},
	}})
	add(&pluginv1.CreateInvoiceResponse{Result: &pluginv1.CreateInvoiceResponse_Error{Error: &pluginv1.Error{Kind: "declined"}}})
	add(&pluginv1.HandleWebhookResponse{Result: &pluginv1.HandleWebhookResponse_State{State: &pluginv1.WebhookResult{
		Events: []*pluginv1.WebhookEvent{{Subject: "invoice", Strength: "verified", Invoice: &pluginv1.InvoiceState{Status: "?"}}},
	}}})
	add(&pluginv1.DescribeResponse{Result: &pluginv1.DescribeResponse_State{State: toManifest(newFake().manifest)}})
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := NewClient(rawConn{answer}, ClientConfig{})
		_ = c.Start(t.Context())
		a := &account{client: c}
		state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
		if err == nil && state.Status != "" && !state.Status.Known() {
			t.Fatalf("status %q", state.Status)
		}
		if err == nil {
			out := toInvoiceState(nil, state)
			if fault := inspect(out, answerLimits()); fault != nil {
				t.Fatalf("accepted, and refused afterwards: %v", fault)
			}
			if again := fromInvoiceState(out); !again.Captured.Equal(state.Captured) || again.Status != state.Status {
				t.Fatal("changed on the second trip")
			}
		}
		if err != nil && pay.AsError(err).Kind == "" {
			t.Fatal("an error without a kind")
		}
		_, _ = a.GetRefund(t.Context(), pay.RefundRef{})
		_, _ = a.GetPayout(t.Context(), pay.PayoutRef{})
		_, _ = a.Check(t.Context(), pay.Check{})
		_, _ = a.Maintain(t.Context(), pay.Maintain{})
		_, _ = a.ReadBalances(t.Context(), pay.ReadBalances{})
		_, _ = a.ListTransactions(t.Context(), pay.ListTransactions{})
		if result, err := a.HandleWebhook(t.Context(), pay.WebhookRequest{}); err == nil {
			for _, e := range result.Events {
				if e.Strength != pay.StrengthVerified && e.Strength != pay.StrengthHint {
					t.Fatalf("strength %q", e.Strength)
				}
			}
		}
		_, _ = a.RouteWebhook(t.Context(), pay.WebhookRequest{})
	})
}

// FuzzDecodeRequest gives a plugin arbitrary bytes as a request. It must answer and never panic.
func FuzzDecodeRequest(f *testing.F) {
	b, err := proto.Marshal(&pluginv1.CreateInvoiceRequest{
		Call:    &pluginv1.Call{AccountId: "main", AccountRevision: 3},
		Invoice: &pluginv1.NewInvoice{Amount: &pluginv1.Money{Value: "1.00", Currency: "UAH", Exponent: 2}, Description: "x"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	s := newServer(newFake(), nil, nil)
	if err := s.guard.configure(Runtime{}); err != nil {
		f.Fatal(err)
	}
	if _, err := s.guard.open(f.Context(), pay.Call{}, testConfig()); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		var create pluginv1.CreateInvoiceRequest
		if proto.Unmarshal(request, &create) == nil {
			res, err := s.CreateInvoice(t.Context(), &create)
			if err != nil || res.GetState() == nil && res.GetError() == nil {
				t.Fatalf("no answer: %v", err)
			}
		}
		var open pluginv1.OpenAccountRequest
		if proto.Unmarshal(request, &open) == nil {
			if _, err := s.OpenAccount(t.Context(), &open); err != nil {
				t.Fatal(err)
			}
		}
	})
}
