package store

import "context"

func (r *Reader) evidence() record[Evidence] {
	return record[Evidence]{"evidence", func(e *Evidence) []field {
		return []field{
			fixed("id", &e.ID),
			fixed("tenant", &e.Tenant),
			fixed("account_id", &e.AccountID),
			fixed("object_type", &e.ObjectType),
			fixed("object_id", &e.ObjectID),
			fixed("operation_id", &e.OperationID),
			fixed("webhook_id", &e.WebhookID),
			fixed("kind", &e.Kind),
			fixed("observed_at", timeRef{&e.ObservedAt}),
			fixed("provider_time", timeRef{&e.ProviderTime}),
			fixed("provider_version", &e.ProviderVersion),
			fixed("provider_request_id", &e.ProviderRequestID),
			fixed("http_status", &e.HTTPStatus),
			fixed("raw", sealedBytes(r.sealer, "evidence", "raw", &e.ID, &e.Raw)),
			fixed("raw_content_type", &e.RawContentType),
			fixed("status", &e.Status),
			fixed("applied", &e.Applied),
			fixed("reason", &e.Reason),
			fixed("actor", &e.Actor),
			fixed("detail", rawRef{&e.Detail}),
			fixed("created_at", timeRef{&e.CreatedAt}),
		}
	}}
}

// Evidence returns every observation of an object, oldest first.
func (r *Reader) Evidence(ctx context.Context, objectType, objectID string) ([]Evidence, error) {
	return list(ctx, r, r.evidence(), "WHERE object_type = $1 AND object_id = $2 ORDER BY created_at, id", objectType, objectID)
}

// InsertEvidence stores an observation. Evidence is never changed afterwards.
func (t *Tx) InsertEvidence(e *Evidence) error {
	return t.insertNew("evidence", t.evidence().fields(e))
}
