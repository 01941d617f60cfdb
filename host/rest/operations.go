package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

type listOperationsInput struct {
	Account     string `query:"account"`
	State       string `query:"state" enum:"queued,running,done,unknown,needs_review"`
	Invoice     string `query:"invoice" doc:"The id of an invoice."`
	NeedsReview string `query:"needs_review" enum:"true,false"`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" doc:"50 when not given."`
	Cursor      string `query:"cursor" doc:"The next_cursor of the page before."`
}

type listOperationsOutput struct{ Body OperationList }

// OperationList is the answer of GET /v1/operations, newest first.
type OperationList struct {
	Operations []host.Operation `json:"operations"`
	// NextCursor is empty on the last page.
	NextCursor string `json:"next_cursor,omitempty"`
}

type operationInput struct {
	ID string `path:"id" doc:"The id of an operation."`
}

type operationOutput struct{ Body *host.Operation }

func (s *server) operationRoutes() {
	register(s, endpoint{
		id: "list-operations", method: http.MethodGet, path: "/v1/operations", tag: "operations", scope: ScopeRead,
		summary: "List operations, newest first",
	}, func(ctx context.Context, in *listOperationsInput) (*listOperationsOutput, error) {
		page, err := s.host.Operations(ctx, host.ListOperations{
			Account: in.Account, State: in.State, Invoice: in.Invoice, NeedsReview: flag(in.NeedsReview), Limit: in.Limit, Cursor: in.Cursor,
		})
		return &listOperationsOutput{OperationList{Operations: page.Operations, NextCursor: page.NextCursor}}, err
	})
	register(s, endpoint{
		id: "get-operation", method: http.MethodGet, path: "/v1/operations/{id}", tag: "operations", scope: ScopeRead,
		summary: "Get an operation with its tries",
	}, func(ctx context.Context, in *operationInput) (*operationOutput, error) {
		op, err := s.host.Operation(ctx, in.ID)
		return &operationOutput{op}, err
	})
}
