package plugin

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// incoming is where a request comes from.
type incoming interface {
	// decode reads it into m, whose parts are lent.
	decode(m wireMessage) error
}

// serving serves one method for one call. The context is that call.
type serving func(s *server, c *adapterCall, in incoming) (wireMessage, error)

func servingOf[Req, Res wireMessage](
	lend func(*pluginv1.Arena) Req, answer func(*server, context.Context, Req) (Res, error),
) serving {
	return func(s *server, c *adapterCall, in incoming) (wireMessage, error) {
		req := lend(&c.lent.Arena)
		if err := in.decode(req); err != nil {
			return nil, err
		}
		res, err := answer(s, c, req)
		if err != nil {
			return nil, err
		}
		return res, nil
	}
}

// servings returns how each unary method is served.
func servings() map[string]serving {
	type a = pluginv1.Arena
	return map[string]serving{
		"Configure":        servingOf((*a).ConfigureRequest, (*server).Configure),
		"Describe":         servingOf((*a).DescribeRequest, (*server).Describe),
		"Health":           servingOf((*a).HealthRequest, (*server).Health),
		"OpenAccount":      servingOf((*a).OpenAccountRequest, (*server).OpenAccount),
		"CloseAccount":     servingOf((*a).CloseAccountRequest, (*server).CloseAccount),
		"Check":            servingOf((*a).CheckRequest, (*server).Check),
		"Maintain":         servingOf((*a).MaintainRequest, (*server).Maintain),
		"CreateInvoice":    servingOf((*a).CreateInvoiceRequest, (*server).CreateInvoice),
		"GetInvoice":       servingOf((*a).GetInvoiceRequest, (*server).GetInvoice),
		"FindInvoice":      servingOf((*a).FindInvoiceRequest, (*server).FindInvoice),
		"CancelInvoice":    servingOf((*a).CancelInvoiceRequest, (*server).CancelInvoice),
		"CaptureInvoice":   servingOf((*a).CaptureInvoiceRequest, (*server).CaptureInvoice),
		"VoidInvoice":      servingOf((*a).VoidInvoiceRequest, (*server).VoidInvoice),
		"Charge":           servingOf((*a).ChargeRequest, (*server).Charge),
		"CreateRefund":     servingOf((*a).CreateRefundRequest, (*server).CreateRefund),
		"GetRefund":        servingOf((*a).GetRefundRequest, (*server).GetRefund),
		"CreatePayout":     servingOf((*a).CreatePayoutRequest, (*server).CreatePayout),
		"GetPayout":        servingOf((*a).GetPayoutRequest, (*server).GetPayout),
		"CancelPayout":     servingOf((*a).CancelPayoutRequest, (*server).CancelPayout),
		"ReadBalances":     servingOf((*a).ReadBalancesRequest, (*server).ReadBalances),
		"ListTransactions": servingOf((*a).ListTransactionsRequest, (*server).ListTransactions),
		"HandleWebhook":    servingOf((*a).HandleWebhookRequest, (*server).HandleWebhook),
		"RouteWebhook":     servingOf((*a).RouteWebhookRequest, (*server).RouteWebhook),
	}
}

// serve serves one call. Panics of the SDK itself are caught here; the host reads their status as a fault of unknown outcome.
func (s *server) serve(method string, by serving, c *adapterCall, in incoming) (res wireMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, recovered(s.guard.log, methodPrefix+method, p)
		}
	}()
	return by(s, c, in)
}

// unaryDesc describes the service to gRPC as the generated description does; only its handlers are ours, which use messages again.
func (s *server) unaryDesc() *grpc.ServiceDesc {
	desc := pluginv1.ProviderService_ServiceDesc
	desc.Methods = slices.Clone(desc.Methods)
	for i, m := range desc.Methods {
		by, ok := s.methods[m.MethodName]
		if !ok {
			continue
		}
		desc.Methods[i].Handler = func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			lent := s.lent.get()
			c := &adapterCall{lateContext: lateContext{around: ctx}, lent: lent}
			defer c.end()
			res, err := s.serve(m.MethodName, by, c, fromGRPC{lent, decode})
			if err != nil {
				lent.giveBack()
				return nil, err
			}
			lent.message = res
			return lent, nil // the codec gives it back
		}
	}
	return &desc
}

// fromGRPC is the request of a call that is one of gRPC's.
type fromGRPC struct {
	lent *lentMessages
	read func(any) error
}

// decode implements incoming.
func (r fromGRPC) decode(m wireMessage) error {
	r.lent.message = m
	return r.read(r.lent)
}
