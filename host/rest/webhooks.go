package rest

import (
	"context"
	"net/http"

	"github.com/payhost/payhost/host"
)

// Webhook is one stored webhook. Method, headers and body are there only for a token with the scope evidence.
type Webhook struct {
	host.Webhook
	Headers []WebhookHeader `json:"headers,omitempty"`
}

// WebhookHeader is one header line of a webhook.
type WebhookHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// WebhookList is the answer of GET /v1/webhooks, newest first and without the content of the webhooks.
type WebhookList struct {
	Webhooks []Webhook `json:"webhooks"`
	// NextCursor is empty on the last page.
	NextCursor string `json:"next_cursor,omitempty"`
}

type listWebhooksInput struct {
	Account string `query:"account"`
	State   string `query:"state" enum:"spooled,accepted,processed,unmatched,rejected,failed"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" doc:"50 when not given."`
	Cursor  string `query:"cursor" doc:"The next_cursor of the page before."`
}

type listWebhooksOutput struct{ Body WebhookList }

type webhookInput struct {
	ID string `path:"id" doc:"The id of a webhook."`
}

type webhookOutput struct{ Body Webhook }

func (s *server) webhookRoutes() {
	register(s, endpoint{
		id: "list-webhooks", method: http.MethodGet, path: "/v1/webhooks", tag: "webhooks", scope: ScopeRead,
		summary: "List received webhooks, newest first",
	}, func(ctx context.Context, in *listWebhooksInput) (*listWebhooksOutput, error) {
		page, err := s.host.WebhooksReceived(ctx, host.ListWebhooks{Account: in.Account, State: in.State, Limit: in.Limit, Cursor: in.Cursor})
		list := WebhookList{Webhooks: make([]Webhook, 0, len(page.Webhooks)), NextCursor: page.NextCursor}
		for _, w := range page.Webhooks {
			list.Webhooks = append(list.Webhooks, webhookOf(&w))
		}
		return &listWebhooksOutput{list}, err
	})
	register(s, endpoint{
		id: "get-webhook", method: http.MethodGet, path: "/v1/webhooks/{id}", tag: "webhooks", scope: ScopeRead,
		summary: "Get a received webhook", detail: "The request itself is shown only to a token with the scope evidence: it may hold personal data.",
	}, func(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
		w, err := s.host.WebhookReceived(ctx, in.ID, s.seesRaw(ctx))
		if err != nil {
			return nil, err
		}
		return &webhookOutput{webhookOf(w)}, nil
	})
	register(s, endpoint{
		id: "replay-webhook", method: http.MethodPost, path: "/v1/webhooks/{id}/replay", tag: "webhooks", scope: ScopeResolve,
		summary: "Process a stored webhook again",
		detail:  "It was verified when it came. What it has changed already it does not change again.",
	}, func(ctx context.Context, in *webhookInput) (*webhookOutput, error) {
		w, err := s.host.ReplayWebhook(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &webhookOutput{webhookOf(w)}, nil
	})
}

// seesRaw reports whether the caller may see what providers sent, byte for byte.
func (s *server) seesRaw(ctx context.Context) bool {
	return allows(callerFrom(ctx).scopes, ScopeEvidence)
}

func webhookOf(w *host.Webhook) Webhook {
	out := Webhook{Webhook: *w}
	for _, h := range w.Headers {
		out.Headers = append(out.Headers, WebhookHeader{Name: h.Name, Value: h.Value})
	}
	return out
}
