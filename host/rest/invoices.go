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
	IdempotencyKey string `header:"Idempotency-Key" doc:"The caller's key for this one intended invoice, 1 to 255 characters. The same key and body never make a second invoice."`

	keys int // how often the header was sent
}

// Resolve counts what the router would read only once.
func (in *createInvoiceInput) Resolve(ctx huma.Context) []error {
	ctx.EachHeader(func(name, _ string) {
		if name == "Idempotency-Key" {
			in.keys++
		}
	})
	return nil
}

type createInvoiceOutput struct {
	Status   int
	Location string `header:"Location" doc:"The path of the invoice."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the stored result of an earlier call with the same key."`
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
		summary: "Create an invoice", status: http.StatusCreated, body: reflect.TypeFor[host.CreateInvoice](),
		also: map[int]string{http.StatusAccepted: "The outcome is not known yet: the invoice names its unresolved_operation. Follow the invoice; do not create another."},
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
	s.documentKey()
}

func (s *server) createInvoice(ctx context.Context, in *createInvoiceInput) (*createInvoiceOutput, error) {
	if in.keys > 1 {
		return nil, keyProblem("was sent more than once; which one is meant?")
	}
	key, err := idempotencyKey(in.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	req, err := decode[host.CreateInvoice](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	req.IdempotencyKey = key
	inv, err := s.host.CreateInvoice(ctx, req)
	out := &createInvoiceOutput{Status: http.StatusCreated, Body: inv}
	if err != nil {
		if !unresolved(inv, err) {
			return nil, withInvoice(err, inv)
		}
		out.Status = http.StatusAccepted
	}
	out.Location = "/v1/invoices/" + inv.ID
	if inv.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// unresolved reports whether an error beside an invoice says only that the provider may have acted. A failure of the
// host itself stays an error.
func unresolved(inv *host.Invoice, err error) bool {
	if inv == nil {
		return false
	}
	e := pay.AsError(err)
	return e.Kind == pay.KindOutcomeUnknown || e.Kind == pay.KindPluginFault && e.WasExecuted() == pay.ExecutedUnknown
}

// withInvoice makes sure that the problem names the invoice that was refused.
func withInvoice(err error, inv *host.Invoice) error {
	p := asProblem(err)
	if inv != nil && p.InvoiceID == "" {
		p.InvoiceID = inv.ID
	}
	return p
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

// idempotencyKey reads the header as it is, or as the quoted string that the IETF draft on idempotency keys asks for.
func idempotencyKey(header string) (string, error) {
	key := header
	if len(key) >= 2 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1]
	}
	switch {
	case key == "":
		return "", keyProblem("is required: choose one value for this one intended invoice and keep it over retries")
	case len(key) > 255:
		return "", keyProblem("has more than 255 characters")
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }):
		return "", keyProblem("holds a character outside printable ASCII")
	}
	return key, nil
}

func keyProblem(message string) *Problem {
	p := requestProblem(http.StatusBadRequest, "the header Idempotency-Key %s", message)
	p.Errors = []pay.FieldError{{Path: "Idempotency-Key", Message: message}}
	return p
}

// documentKey marks the header as required. It is not so for the router, which would answer 422 where 400 is promised.
func (s *server) documentKey() {
	for _, param := range s.api.OpenAPI().Paths["/v1/invoices"].Post.Parameters {
		if param.Name == "Idempotency-Key" {
			param.Required = true
		}
	}
}
