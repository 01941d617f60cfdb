package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

// Timeline is the answer of GET /v1/invoices/{id}/timeline, in the order things happened; what is planned stands at the end.
type Timeline struct {
	Entries []host.TimelineEntry `json:"entries"`
}

// EvidenceList is the answer of GET /v1/invoices/{id}/evidence, oldest first.
type EvidenceList struct {
	Evidence []host.Evidence `json:"evidence"`
}

type timelineOutput struct{ Body Timeline }

type evidenceOutput struct{ Body EvidenceList }

// historyRoutes are what is recorded about an invoice.
func (s *server) historyRoutes() {
	register(s, endpoint{
		id: "get-invoice-timeline", method: http.MethodGet, path: "/v1/invoices/{id}/timeline", tag: "invoices", scope: ScopeRead,
		summary: "Get everything that is recorded about an invoice, in order",
		detail:  "Its operations and their tries, what was observed and what became of it, webhooks, transitions, and when the provider is asked next.",
	}, func(ctx context.Context, in *invoiceInput) (*timelineOutput, error) {
		list, err := s.host.Timeline(ctx, in.ID)
		if list == nil {
			list = []host.TimelineEntry{}
		}
		return &timelineOutput{Timeline{list}}, err
	})
	register(s, endpoint{
		id: "list-invoice-evidence", method: http.MethodGet, path: "/v1/invoices/{id}/evidence", tag: "invoices", scope: ScopeEvidence,
		summary: "List what was observed of an invoice, with the exact bytes the provider sent", detail: "The bytes may hold personal data.",
	}, func(ctx context.Context, in *invoiceInput) (*evidenceOutput, error) {
		inv, err := s.host.Invoice(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		// The evidence of an invoice is the evidence of the object of its create.
		bundle, err := s.host.OperationBundle(ctx, inv.Operation, true)
		if err != nil {
			return nil, err
		}
		return &evidenceOutput{EvidenceList{bundle.Evidence}}, nil
	})
}
