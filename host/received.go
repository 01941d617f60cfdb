package host

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Webhook is one stored webhook, without its content.
type Webhook struct {
	ID         string `json:"id"`
	Account    string `json:"account"`
	Provider   string `json:"provider"`
	Tail       string `json:"tail,omitempty"`
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"`
	ObjectType string `json:"object_type,omitempty"`
	Object     string `json:"object,omitempty"`
	// ProviderRef is the provider's id that it names.
	ProviderRef string     `json:"provider_ref,omitempty"`
	Deliveries  int        `json:"deliveries"`
	ReceivedAt  time.Time  `json:"received_at"`
	ProcessedAt *time.Time `json:"processed_at,omitempty"`
	// Method, Headers and Body are the request; only for somebody who may see raw evidence.
	Method  string       `json:"method,omitempty"`
	Headers []pay.Header `json:"headers,omitempty"`
	Body    []byte       `json:"body,omitempty"`
}

// ListWebhooks selects stored webhooks; zero fields select all.
type ListWebhooks struct {
	Account string
	// State is spooled, accepted, processed, unmatched, rejected or failed.
	State  string
	Limit  int
	Cursor string
}

// WebhookPage is one page of a list, newest first.
type WebhookPage struct {
	Webhooks   []Webhook `json:"webhooks"`
	NextCursor string    `json:"next_cursor,omitempty"`
}

func webhookView(r store.Webhook, raw bool) Webhook {
	w := Webhook{
		ID: r.ID, Account: r.AccountID, Provider: r.Provider, Tail: r.Tail, State: string(r.State), Reason: r.Reason,
		ObjectType: r.ObjectType, Object: r.ObjectID, ProviderRef: r.ProviderRef, Deliveries: r.Deliveries,
		ReceivedAt: r.ReceivedAt, ProcessedAt: timeOrNil(r.ProcessedAt),
	}
	if raw {
		w.Method, w.Headers, w.Body = r.Method, r.Headers, r.Body
	}
	return w
}

// WebhooksReceived lists the inbox, newest first.
func (h *Host) WebhooksReceived(ctx context.Context, req ListWebhooks) (WebhookPage, error) {
	var page WebhookPage
	if err := h.ready(ctx); err != nil {
		return page, err
	}
	limit, err := pageLimit(req.Limit)
	if err != nil {
		return page, err
	}
	filter := store.WebhookFilter{AccountID: req.Account, Limit: limit + 1}
	switch s := store.WebhookState(req.State); s {
	case "":
	case store.WebhookSpooled, store.WebhookAccepted, store.WebhookProcessed, store.WebhookUnmatched, store.WebhookRejected, store.WebhookFailed:
		filter.States = []store.WebhookState{s}
	default:
		return page, pay.Invalid("state", "%s is not a state of a webhook", quoteShort(req.State))
	}
	if filter.BeforeTime, filter.BeforeID, err = decodeCursor(req.Cursor); err != nil {
		return page, err
	}
	rows, err := h.store.Webhooks(ctx, filter)
	if err != nil {
		return page, storageError(err)
	}
	page.Webhooks = []Webhook{}
	for i, row := range rows {
		if i == limit {
			page.NextCursor = encodeCursor(rows[limit-1].ReceivedAt, rows[limit-1].ID)
			break
		}
		page.Webhooks = append(page.Webhooks, webhookView(row, false))
	}
	return page, nil
}

// WebhookReceived returns one stored webhook; raw adds the request itself, which may hold personal data.
func (h *Host) WebhookReceived(ctx context.Context, id string, raw bool) (*Webhook, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.store.Webhook(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no webhook %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	w := webhookView(row, raw)
	return &w, nil
}

// ReplayWebhook processes a stored webhook again. It was verified when it came; replaying changes nothing that it had not changed
// then, unless it could not be matched.
func (h *Host) ReplayWebhook(ctx context.Context, id string) (*Webhook, error) {
	if _, err := h.WebhookReceived(ctx, id, false); err != nil {
		return nil, err
	}
	err := h.write(ctx, func(tx *store.Tx) error {
		row, err := tx.Webhook(ctx, id)
		if err != nil {
			return err
		}
		if row.State == store.WebhookRejected || row.State == store.WebhookSpooled {
			return pay.Errorf(pay.KindInvalidState, "webhook %s was never verified; the provider must send it again", id)
		}
		row.State, row.Reason = store.WebhookAccepted, ""
		if err := tx.UpdateWebhook(&row); err != nil {
			return err
		}
		return tx.AppendAudit(h.audit(ctx, "webhook.replay", "webhook", id, nil, nil))
	})
	if err != nil {
		return nil, err
	}
	if err := h.applyWebhook(context.WithoutCancel(ctx), id); err != nil {
		return nil, err
	}
	return h.WebhookReceived(ctx, id, false)
}
