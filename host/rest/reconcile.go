package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/payhost/payhost/host"
)

// ReconciliationPage is the answer of GET /v1/accounts/{id}/reconciliations, newest first.
type ReconciliationPage host.ReconciliationPage

// ReconciliationReport is a run with a page of what it found.
type ReconciliationReport struct {
	host.ReconciliationRun
	// Findings are the differences, in the order they were found.
	Findings   []host.Finding `json:"findings"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

type reconcileOutput struct {
	Status   int
	Location string `header:"Location" doc:"The path of the run."`
	Body     *ReconciliationReport
}

type reconciliationsInput struct {
	ID     string `path:"id" doc:"The id of an account."`
	Limit  int    `query:"limit" doc:"1 to 500; 50 when left out."`
	Cursor string `query:"cursor" doc:"What the page before gave."`
}

type reconciliationInput struct {
	ID     string `path:"id" doc:"The id of a reconciliation."`
	Class  string `query:"class" doc:"Only findings of this class."`
	Limit  int    `query:"limit" doc:"1 to 500 findings; 50 when left out."`
	Cursor string `query:"cursor" doc:"What the page before gave."`
}

func (s *server) reconcileRoutes() {
	register(s, endpoint{
		id: "reconcile-account", method: http.MethodPost, path: "/v1/accounts/{id}/reconcile", tag: "accounts", scope: ScopeRead,
		summary: "Compare what is held of an account with what its provider holds", body: reflect.TypeFor[host.Reconcile](),
		detail: "from and to are dates in the account's time zone, both included, or RFC 3339 times, to not included. The run and its " +
			"findings are stored; nothing else changes unless heal is true, which needs the scope resolve: then the provider is asked " +
			"about each object that differs. One account has one run at a time. blind_spots says what the provider does not let one see.",
		also: map[int]string{http.StatusAccepted: "The run goes on: ask for it under its Location."},
	}, s.reconcile)
	register(s, endpoint{
		id: "list-reconciliations", method: http.MethodGet, path: "/v1/accounts/{id}/reconciliations", tag: "accounts", scope: ScopeRead,
		summary: "List the reconciliations of an account, newest first",
	}, func(ctx context.Context, in *reconciliationsInput) (*pageOutput[ReconciliationPage], error) {
		page, err := s.host.Reconciliations(ctx, host.ListReconciliations{Account: in.ID, Limit: in.Limit, Cursor: in.Cursor})
		return &pageOutput[ReconciliationPage]{ReconciliationPage(page)}, err
	})
	register(s, endpoint{
		id: "get-reconciliation", method: http.MethodGet, path: "/v1/reconciliations/{id}", tag: "accounts", scope: ScopeRead,
		summary: "Get a reconciliation with a page of its findings",
	}, func(ctx context.Context, in *reconciliationInput) (*pageOutput[ReconciliationReport], error) {
		run, err := s.host.Reconciliation(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		report, err := s.report(ctx, run, host.ListFindings{Class: host.FindingClass(in.Class), Limit: in.Limit, Cursor: in.Cursor})
		if err != nil {
			return nil, err
		}
		return &pageOutput[ReconciliationReport]{*report}, nil
	})
}

func (s *server) reconcile(ctx context.Context, in *accountInput) (*reconcileOutput, error) {
	req, err := decode[host.Reconcile](bodyFrom(ctx))
	if err != nil {
		return nil, err
	}
	if req.Heal {
		if refused := authorize(callerFrom(ctx), ScopeResolve); refused != nil {
			return nil, refused
		}
	}
	req.Account = in.ID
	run, err := s.host.Reconcile(ctx, req)
	if err != nil {
		return nil, err
	}
	// The time of the call may be over; what is stored can still be told.
	report, err := s.report(context.WithoutCancel(ctx), run, host.ListFindings{})
	if err != nil {
		return nil, err
	}
	out := &reconcileOutput{Status: http.StatusOK, Location: "/v1/reconciliations/" + run.ID, Body: report}
	if run.FinishedAt == nil {
		out.Status = http.StatusAccepted
	}
	return out, nil
}

// report adds a page of differences to a run.
func (s *server) report(ctx context.Context, run *host.ReconciliationRun, ask host.ListFindings) (*ReconciliationReport, error) {
	ask.Run = run.ID
	page, err := s.host.ReconciliationFindings(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &ReconciliationReport{ReconciliationRun: *run, Findings: page.Findings, NextCursor: page.NextCursor}, nil
}
