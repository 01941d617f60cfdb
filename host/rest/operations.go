package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

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

type getOperationInput struct {
	ID     string `path:"id" doc:"The id of an operation."`
	Bundle string `query:"bundle" enum:"true,false" doc:"true adds its object and everything that was observed; the exact bytes only for a token with the scope evidence."`
}

type operationOutput struct{ Body *host.Operation }

type operationOrBundleOutput struct{ Body operationOrBundle }

// operationOrBundle is an operation, or with bundle=true everything a person needs to settle it.
type operationOrBundle struct {
	operation *host.Operation
	bundle    *host.Bundle
}

// MarshalJSON writes whichever it is.
func (o operationOrBundle) MarshalJSON() ([]byte, error) {
	if o.bundle != nil {
		return json.Marshal(o.bundle)
	}
	return json.Marshal(o.operation)
}

// Schema describes both.
func (operationOrBundle) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		r.Schema(reflect.TypeFor[host.Operation](), true, "Operation"), r.Schema(reflect.TypeFor[host.Bundle](), true, "OperationBundle"),
	}}
}

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
		summary: "Get an operation with its tries, or with bundle=true everything needed to settle it",
	}, s.getOperation)
	register(s, endpoint{
		id: "resolve-operation", method: http.MethodPost, path: "/v1/operations/{id}/resolve", tag: "operations", scope: ScopeResolve,
		summary: "Close an operation whose outcome is not known, by a person's word", body: reflect.TypeFor[host.Resolve](),
		detail: "The word ranks below what the provider answers. After not_executed the host goes on looking; evidence to the contrary " +
			"reopens the case as operation.contradicted. Who decided and why go into the audit log.",
	}, func(ctx context.Context, in *operationInput) (*operationOutput, error) {
		req, err := decode[host.Resolve](bodyFrom(ctx))
		if err != nil {
			return nil, err
		}
		req.Operation = in.ID
		op, err := s.host.ResolveOperation(ctx, req)
		return &operationOutput{op}, err
	})
}

func (s *server) getOperation(ctx context.Context, in *getOperationInput) (*operationOrBundleOutput, error) {
	if in.Bundle == "true" {
		bundle, err := s.host.OperationBundle(ctx, in.ID, s.seesRaw(ctx))
		return &operationOrBundleOutput{operationOrBundle{bundle: bundle}}, err
	}
	op, err := s.host.Operation(ctx, in.ID)
	return &operationOrBundleOutput{operationOrBundle{operation: op}}, err
}
