package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
)

func (s *server) changeRoutes() {
	s.invoiceChange("cancel", ScopeCreate, "Cancel an unpaid invoice; on an authorized one this is a void", s.host.CancelInvoice)
	s.invoiceChange("capture", ScopeCapture, "Take an authorized amount, or part of it", s.host.CaptureInvoice)
	s.invoiceChange("void", ScopeCapture, "Release an authorization", s.host.VoidInvoice)
}

// invoiceChange adds one of the calls that change an existing invoice.
func (s *server) invoiceChange(verb, scope, summary string, change func(context.Context, host.ChangeInvoice) (*host.Invoice, error)) {
	register(s, endpoint{
		id: verb + "-invoice", method: http.MethodPost, path: "/v1/invoices/{id}/" + verb, tag: "invoices", scope: scope,
		summary: summary, key: keyRequired, body: reflect.TypeFor[host.ChangeInvoice](), bodyOptional: true, also: notKnownYet("the invoice"),
	}, func(ctx context.Context, in *invoiceInput) (*changedOutput[host.Invoice], error) {
		req, err := optional[host.ChangeInvoice](ctx)
		if err != nil {
			return nil, err
		}
		req.IdempotencyKey, req.Invoice = keyFrom(ctx), in.ID
		inv, err := change(ctx, req)
		status, err := statusFor(http.StatusOK, inv, err)
		if err != nil {
			return nil, withInvoice(err, invoiceID(inv))
		}
		return &changedOutput[host.Invoice]{Status: status, Replayed: replayed(inv.Replayed), Body: inv}, nil
	})
}
