package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

// The pages of the lists, newest first.
type (
	// RefundPage is the answer of GET /v1/refunds.
	RefundPage host.RefundPage
	// PayoutPage is the answer of GET /v1/payouts.
	PayoutPage host.PayoutPage
	// DisputePage is the answer of GET /v1/disputes.
	DisputePage host.DisputePage
)

type listObjectsInput struct {
	Account string `query:"account" doc:"Only of this account."`
	Invoice string `query:"invoice" doc:"Only of this invoice."`
	Limit   int    `query:"limit" doc:"1 to 500; 50 when left out."`
	Cursor  string `query:"cursor" doc:"What the page before gave."`
}

func (in *listObjectsInput) request() host.ListObjects {
	return host.ListObjects{Account: in.Account, Invoice: in.Invoice, Limit: in.Limit, Cursor: in.Cursor}
}

type pageOutput[T any] struct{ Body T }

func (s *server) listRoutes() {
	register(s, endpoint{
		id: "list-refunds", method: http.MethodGet, path: "/v1/refunds", tag: "refunds", scope: ScopeRead, summary: "List refunds, newest first",
	}, func(ctx context.Context, in *listObjectsInput) (*pageOutput[RefundPage], error) {
		page, err := s.host.Refunds(ctx, in.request())
		return &pageOutput[RefundPage]{RefundPage(page)}, err
	})
	register(s, endpoint{
		id: "list-payouts", method: http.MethodGet, path: "/v1/payouts", tag: "payouts", scope: ScopeRead, summary: "List payouts, newest first",
	}, func(ctx context.Context, in *listObjectsInput) (*pageOutput[PayoutPage], error) {
		page, err := s.host.Payouts(ctx, in.request())
		return &pageOutput[PayoutPage]{PayoutPage(page)}, err
	})
	register(s, endpoint{
		id: "list-disputes", method: http.MethodGet, path: "/v1/disputes", tag: "disputes", scope: ScopeRead, summary: "List disputes, newest first",
	}, func(ctx context.Context, in *listObjectsInput) (*pageOutput[DisputePage], error) {
		page, err := s.host.Disputes(ctx, in.request())
		return &pageOutput[DisputePage]{DisputePage(page)}, err
	})
}
