package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

// defaultEvents is how many events an answer has when the caller names no limit.
const defaultEvents = 100

// EventList is the answer of GET /v1/events and GET /v1/invoices/{id}/events,
// in the order the events were committed.
type EventList struct {
	Events []host.Event `json:"events"`
	// Position is what to give as after next time: the position of the last event, or what was given.
	Position host.Position `json:"position"`
}

type listEventsInput struct {
	After string `query:"after" doc:"The position of the last event seen; the beginning when not given."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" doc:"100 when not given."`
}

type invoiceEventsInput struct {
	ID    string `path:"id" doc:"The id of an invoice."`
	After string `query:"after" doc:"The position of the last event seen; the beginning when not given."`
	Limit int    `query:"limit" minimum:"1" maximum:"500" doc:"100 when not given."`
}

type listEventsOutput struct{ Body EventList }

func (s *server) eventRoutes() {
	register(s, endpoint{
		id: "list-events", method: http.MethodGet, path: "/v1/events", tag: "events", scope: ScopeRead,
		summary: "List events after a position",
	}, func(ctx context.Context, in *listEventsInput) (*listEventsOutput, error) {
		after := host.Position(in.After)
		events, err := s.host.EventsAfter(ctx, after, orDefault(in.Limit))
		return eventList(after, events), err
	})
	register(s, endpoint{
		id: "list-invoice-events", method: http.MethodGet, path: "/v1/invoices/{id}/events", tag: "invoices", scope: ScopeRead,
		summary: "List the events of one invoice",
	}, func(ctx context.Context, in *invoiceEventsInput) (*listEventsOutput, error) {
		if _, err := s.host.Invoice(ctx, in.ID); err != nil {
			return nil, err
		}
		after := host.Position(in.After)
		events, err := s.host.ObjectEvents(ctx, after, orDefault(in.Limit), "invoice", in.ID)
		return eventList(after, events), err
	})
	s.streamRoute()
}

func orDefault(limit int) int {
	if limit == 0 {
		return defaultEvents
	}
	return limit
}

func eventList(after host.Position, events []host.Event) *listEventsOutput {
	list := EventList{Events: events, Position: after}
	if len(events) > 0 {
		list.Position = events[len(events)-1].Position
	}
	return &listEventsOutput{list}
}
