package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func (r *Reader) webhooks() record[Webhook] {
	return record[Webhook]{"webhooks", func(w *Webhook) []field {
		return []field{
			fixed("id", &w.ID),
			fixed("tenant", &w.Tenant),
			fixed("account_id", &w.AccountID),
			fixed("provider", &w.Provider),
			fixed("tail", &w.Tail),
			mutable("dedup_key", &w.DedupKey),
			mutable("state", &w.State),
			mutable("reason", &w.Reason),
			fixed("method", &w.Method),
			fixed("raw_query", sealedText(r.sealer, "webhooks", "raw_query", &w.ID, &w.RawQuery)),
			fixed("headers", sealedHeaders(r.sealer, "webhooks", "headers", &w.ID, &w.Headers)),
			fixed("body", sealedBytes(r.sealer, "webhooks", "body", &w.ID, &w.Body)),
			mutable("events", sealedBytes(r.sealer, "webhooks", "events", &w.ID, &w.Events)),
			fixed("peer", &w.Peer),
			mutable("object_type", &w.ObjectType),
			mutable("object_id", &w.ObjectID),
			mutable("provider_ref", &w.ProviderRef),
			mutable("provider_key", &w.ProviderKey),
			mutable("deliveries", &w.Deliveries),
			fixed("received_at", timeRef{&w.ReceivedAt}),
			mutable("processed_at", timeRef{&w.ProcessedAt}),
			mutable("version", &w.Version),
		}
	}}
}

// Webhook returns the webhook with the id.
func (r *Reader) Webhook(ctx context.Context, id string) (Webhook, error) {
	return one(ctx, r, r.webhooks(), "WHERE id = $1", id)
}

// WebhookByDedup returns the webhook of an account that has the key.
func (r *Reader) WebhookByDedup(ctx context.Context, accountID, key string) (Webhook, error) {
	return one(ctx, r, r.webhooks(), "WHERE account_id = $1 AND dedup_key = $2 AND dedup_key <> ''", accountID, key)
}

// Webhooks returns the webhooks that f selects, newest first by (received_at, id).
func (r *Reader) Webhooks(ctx context.Context, f WebhookFilter) ([]Webhook, error) {
	var c conditions
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	in(&c, "state", f.States)
	equal(&c, "provider_ref", f.ProviderRef)
	equal(&c, "object_id", f.ObjectID)
	order := c.page("received_at", f.BeforeTime, f.BeforeID, time.Time{})
	rest := c.rest(order, f.Limit)
	return list(ctx, r, r.webhooks(), rest, c.args...)
}

// SpoolSize returns how many webhooks of an account wait for verification.
func (r *Reader) SpoolSize(ctx context.Context, accountID string) (int, error) {
	return scalar[int](ctx, r, "SELECT COUNT(*) FROM webhooks WHERE account_id = $1 AND state = 'spooled'", accountID)
}

// OpenWebhooks returns which webhooks in a state follow a place in the inbox, oldest first by (received_at, id), without what they say.
func (r *Reader) OpenWebhooks(ctx context.Context, state WebhookState, after WebhookPlace, limit int) ([]WebhookPlace, error) {
	places := record[WebhookPlace]{"webhooks", func(w *WebhookPlace) []field {
		return []field{fixed("id", &w.ID), fixed("account_id", &w.AccountID), fixed("received_at", timeRef{&w.ReceivedAt})}
	}}
	return listAs(ctx, r, "select places of webhooks", places,
		"WHERE state = $1 AND (received_at, id) > ($2, $3) ORDER BY received_at, id LIMIT $4",
		string(state), after.ReceivedAt.UnixMicro(), after.ID, clampLimit(limit))
}

// WebhookNames is what a webhook names: the host's own id of an object, or the provider's.
type WebhookNames struct{ AccountID, ObjectID, ProviderRef string }

// UnmatchedWebhooks returns what unmatched webhooks name, oldest first; a limit as in all lists.
func (r *Reader) UnmatchedWebhooks(ctx context.Context, limit int) ([]WebhookNames, error) {
	names := record[WebhookNames]{"webhooks", func(w *WebhookNames) []field {
		return []field{fixed("account_id", &w.AccountID), fixed("object_id", &w.ObjectID), fixed("provider_ref", &w.ProviderRef)}
	}}
	return listAs(ctx, r, "select names of webhooks", names, "WHERE state = $1 ORDER BY received_at, id LIMIT $2 + 0",
		string(WebhookUnmatched), clampLimit(limit))
}

// ReadyWebhook is a new webhook with its columns, sealed where they must be.
type ReadyWebhook struct {
	// Webhook is what they say; its Version is 1. It must not be changed.
	Webhook Webhook
	text    string
	values  []Value
}

// ReadyWebhook makes the columns of a new webhook, so that the one writer does not have to.
func (r *Reader) ReadyWebhook(w Webhook) (*ReadyWebhook, error) {
	ready := &ReadyWebhook{Webhook: w}
	ready.Webhook.Version = 1
	fields := r.webhooks().fields(&ready.Webhook)
	ready.text = r.insertInto("webhooks", fields)
	var err error
	ready.values, err = encoded("webhooks", fields)
	return ready, err
}

// InsertReadyWebhook is [Tx.InsertWebhook] for a webhook whose columns are made.
func (t *Tx) InsertReadyWebhook(w *ReadyWebhook) (existing *Webhook, err error) {
	fresh, err := t.insertValues("webhooks", w.text, w.values)
	if err != nil || fresh {
		return nil, err
	}
	return t.holder(&w.Webhook)
}

// InsertWebhook stores a new webhook; its Version becomes 1. When its DedupKey
// is taken in the account it stores nothing and returns the webhook that holds
// it. A webhook with an empty key is always new.
func (t *Tx) InsertWebhook(w *Webhook) (existing *Webhook, err error) {
	setUntilUndone(t, &w.Version, 1)
	fresh, err := t.insert("webhooks", t.webhooks().fields(w))
	if err != nil || fresh {
		return nil, err
	}
	return t.holder(w)
}

// holder is the stored webhook with the deduplication key of one that was not stored.
func (t *Tx) holder(w *Webhook) (*Webhook, error) {
	holder, err := t.WebhookByDedup(t.batch.session.ctx, w.AccountID, w.DedupKey)
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: the id of webhook %s is taken", ErrConflict, w.ID)
	}
	return &holder, err
}

// CloseWebhook writes what became of a webhook (State, Reason, ProcessedAt and its object) where the stored version is w.Version, and
// leaves all else alone: what it says is not sealed again.
func (t *Tx) CloseWebhook(w *Webhook) error {
	old := w.Version
	t.setVersion(&w.Version, old+1)
	return t.compareAndSwap("webhooks", `UPDATE webhooks SET state = $1, reason = $2, processed_at = $3, object_type = $4, object_id = $5, version = $6
		WHERE id = $7 AND version = $8`,
		[]any{string(w.State), w.Reason, timeValue(w.ProcessedAt), w.ObjectType, w.ObjectID, old + 1, w.ID, old}, w.ID, &w.Version, old)
}

// CountDelivery notes that a stored webhook was delivered once more.
func (t *Tx) CountDelivery(id string) error {
	n, err := t.exec("UPDATE webhooks SET deliveries = deliveries + 1, version = version + 1 WHERE id = $1", id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// UpdateWebhook writes what can change where the stored version is w.Version;
// the request itself never does.
func (t *Tx) UpdateWebhook(w *Webhook) error {
	return t.update("webhooks", t.webhooks().fields(w), w.ID, &w.Version)
}
