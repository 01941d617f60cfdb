package rest

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

type createInvoiceInput struct {
	Prefer string `header:"Prefer" doc:"respond-async: accept the request durably and answer 202 without waiting for the provider; the host sends it."`

	prefer []string // every line of the header
}

// Resolve reads all lines of what may be sent in several.
func (in *createInvoiceInput) Resolve(ctx huma.Context) []error {
	in.prefer = nil
	ctx.EachHeader(func(name, value string) {
		if name == "Prefer" {
			in.prefer = append(in.prefer, value)
		}
	})
	return nil
}

// async reports whether the caller prefers not to wait. Other preferences are ignored, as RFC 7240 asks.
func (in *createInvoiceInput) async() bool {
	for preference := range strings.SplitSeq(strings.Join(in.prefer, ","), ",") {
		name, _, _ := strings.Cut(preference, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}

type createInvoiceOutput struct {
	Status   int
	Location string `header:"Location" doc:"The path of the invoice."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the stored result of an earlier call with the same key."`
	Applied  string `header:"Preference-Applied" doc:"respond-async when the request is accepted and not sent yet."`
	Body     *host.Invoice
}

type invoiceInput struct {
	ID string `path:"id" doc:"The id of an invoice."`
}

type invoiceOutput struct{ Body *host.Invoice }

type listInvoicesInput struct {
	Account     string     `query:"account"`
	Status      pay.Status `query:"status"`
	Reference   string     `query:"reference" doc:"The merchant's own order id."`
	ProviderRef string     `query:"provider_ref" doc:"The provider's id."`
	Customer    string     `query:"customer" doc:"The id of a customer."`
	NeedsReview string     `query:"needs_review" enum:"true,false"`
	Unresolved  string     `query:"unresolved" enum:"true,false" doc:"Whether an operation has an unknown outcome."`
	Limit       int        `query:"limit" minimum:"1" maximum:"500" doc:"50 when not given."`
	Cursor      string     `query:"cursor" doc:"The next_cursor of the page before."`
}

type listInvoicesOutput struct{ Body host.InvoicePage }

func (s *server) invoiceRoutes() {
	register(s, endpoint{
		id: "create-invoice", method: http.MethodPost, path: "/v1/invoices", tag: "invoices", scope: ScopeCreate,
		summary: "Create an invoice", status: http.StatusCreated, key: keyRequired, body: reflect.TypeFor[host.CreateInvoice](),
		also: map[int]string{http.StatusAccepted: "With Preference-Applied: accepted, and the host will send it. Without: the outcome is not known yet and " +
			"the invoice names its unresolved_operation. Follow the invoice; do not create another."},
	}, s.createInvoice)
	register(s, endpoint{
		id: "list-invoices", method: http.MethodGet, path: "/v1/invoices", tag: "invoices", scope: ScopeRead,
		summary: "List invoices, newest first",
	}, s.listInvoices)
	register(s, endpoint{
		id: "get-invoice", method: http.MethodGet, path: "/v1/invoices/{id}", tag: "invoices", scope: ScopeRead,
		summary: "Get an invoice as the host knows it",
	}, func(ctx context.Context, in *invoiceInput) (*invoiceOutput, error) {
		inv, err := s.host.Invoice(ctx, in.ID)
		return &invoiceOutput{inv}, err
	})
	register(s, endpoint{
		id: "refresh-invoice", method: http.MethodPost, path: "/v1/invoices/{id}/refresh", tag: "invoices", scope: ScopeRead,
		summary: "Ask the provider for the truth about an invoice now",
	}, func(ctx context.Context, in *invoiceInput) (*invoiceOutput, error) {
		inv, err := s.host.RefreshInvoice(ctx, in.ID)
		return &invoiceOutput{inv}, err
	})
}

func (s *server) createInvoice(ctx context.Context, in *createInvoiceInput) (*createInvoiceOutput, error) {
	req, err := decode[host.CreateInvoice](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	req.IdempotencyKey, req.Async = keyFrom(ctx), in.async()
	inv, err := s.host.CreateInvoice(ctx, req)
	status, err := statusFor(http.StatusCreated, inv, err)
	if err != nil {
		return nil, withInvoice(err, invoiceID(inv))
	}
	out := &createInvoiceOutput{Status: status, Location: "/v1/invoices/" + inv.ID, Replayed: replayed(inv.Replayed), Body: inv}
	if inv.Queued {
		out.Status, out.Applied = http.StatusAccepted, "respond-async"
	}
	return out, nil
}

func (s *server) listInvoices(ctx context.Context, in *listInvoicesInput) (*listInvoicesOutput, error) {
	page, err := s.host.Invoices(ctx, host.ListInvoices{
		Account: in.Account, Status: in.Status, Reference: in.Reference, ProviderRef: in.ProviderRef, Customer: in.Customer,
		NeedsReview: flag(in.NeedsReview), Unresolved: flag(in.Unresolved), Limit: in.Limit, Cursor: in.Cursor,
	})
	return &listInvoicesOutput{page}, err
}

// flag is nil when a query parameter was not given: needs_review=false is not the same as nothing.
func flag(s string) *bool {
	if s == "" {
		return nil
	}
	return new(s == "true")
}
