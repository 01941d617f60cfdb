package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
)

// RefundList is the answer of GET /v1/invoices/{id}/refunds, oldest first. It also holds refunds ordered elsewhere, whose
// origin is external.
type RefundList struct {
	Refunds []host.Refund `json:"refunds"`
}

type refundsOutput struct{ Body RefundList }

type refundInput struct {
	ID string `path:"id" doc:"The id of a refund."`
}

type refundOutput struct{ Body *host.Refund }

func (s *server) refundRoutes() {
	register(s, endpoint{
		id: "create-refund", method: http.MethodPost, path: "/v1/invoices/{id}/refunds", tag: "refunds", scope: ScopeRefund,
		summary: "Return captured money, wholly or in part", status: http.StatusCreated, key: keyRequired,
		body: reflect.TypeFor[host.CreateRefund](), bodyOptional: true, also: notKnownYet("the refund"),
		detail: "Without an amount, all that can still be refunded. Refunds that are pending or whose outcome is not known reserve " +
			"their amount. A refund may be created and not yet succeeded: its status says which.",
	}, s.createRefund)
	register(s, endpoint{
		id: "list-invoice-refunds", method: http.MethodGet, path: "/v1/invoices/{id}/refunds", tag: "refunds", scope: ScopeRead,
		summary: "List the refunds of an invoice",
	}, func(ctx context.Context, in *invoiceInput) (*refundsOutput, error) {
		list, err := s.host.InvoiceRefunds(ctx, in.ID)
		return &refundsOutput{RefundList{list}}, err
	})
	register(s, endpoint{
		id: "get-refund", method: http.MethodGet, path: "/v1/refunds/{id}", tag: "refunds", scope: ScopeRead, summary: "Get a refund",
	}, func(ctx context.Context, in *refundInput) (*refundOutput, error) {
		r, err := s.host.Refund(ctx, in.ID)
		return &refundOutput{r}, err
	})
}

func (s *server) createRefund(ctx context.Context, in *invoiceInput) (*createdOutput[host.Refund], error) {
	req, err := optional[host.CreateRefund](ctx)
	if err != nil {
		return nil, err
	}
	req.IdempotencyKey, req.Invoice = keyFrom(ctx), in.ID
	r, err := s.host.CreateRefund(ctx, req)
	status, err := statusFor(http.StatusCreated, r, err)
	if err != nil {
		return nil, err
	}
	return &createdOutput[host.Refund]{
		Status: status, Location: "/v1/refunds/" + r.ID, Replayed: replayed(r.Replayed), Body: r,
	}, nil
}
