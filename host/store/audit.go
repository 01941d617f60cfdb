package store

import "context"

func (r *Reader) audit() record[AuditEntry] {
	return record[AuditEntry]{"audit_log", func(a *AuditEntry) []field {
		return []field{
			fixed("id", &a.ID),
			fixed("at", timeRef{&a.At}),
			fixed("tenant", &a.Tenant),
			fixed("actor", &a.Actor),
			fixed("action", &a.Action),
			fixed("object_type", &a.ObjectType),
			fixed("object_id", &a.ObjectID),
			fixed("before", rawRef{&a.Before}),
			fixed("after", rawRef{&a.After}),
			fixed("reason", &a.Reason),
			fixed("request_id", &a.RequestID),
			fixed("host_instance", &a.HostInstance),
		}
	}}
}

// Audit returns the entries after an id, oldest first.
func (r *Reader) Audit(ctx context.Context, after int64, limit int) ([]AuditEntry, error) {
	var c conditions
	c.add("id > ?", after)
	rest := c.rest("id", limit)
	return list(ctx, r, r.audit(), rest, c.args...)
}

// AppendAudit stores an entry and sets its ID, in the order of commits. Entries are never changed.
func (t *Tx) AppendAudit(a *AuditEntry) error {
	id, err := t.next("audit")
	if err != nil {
		return err
	}
	setUntilUndone(t, &a.ID, id)
	return t.insertNew("audit_log", t.audit().fields(a))
}
