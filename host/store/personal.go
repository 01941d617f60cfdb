package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// Personal returns one row of personal data; what was erased or never stored is [ErrNotFound].
func (r *Reader) Personal(ctx context.Context, tenant, customerID, objectType, objectID string, kind PersonalKind) (json.RawMessage, error) {
	column, err := scalar[[]byte](ctx, r, "SELECT data FROM personal_data WHERE tenant = $1 AND customer_id = $2 "+
		"AND object_type = $3 AND object_id = $4 AND kind = $5", tenant, customerID, objectType, objectID, string(kind))
	if err != nil {
		return nil, err
	}
	data, err := r.newKeyCache(ctx).open(column, personalPlace(tenant, customerID, objectType, objectID, kind))
	if err != nil {
		return nil, fmt.Errorf("store: personal data of %s %s: %w", objectType, objectID, err)
	}
	if data == nil {
		return nil, ErrNotFound
	}
	return data, nil
}

// PutPersonal stores one row of personal data, sealed under its customer's data key, in
// place of what was there. Without a customer the object has a key of its own. Empty Data
// deletes the row.
func (t *Tx) PutPersonal(p PersonalData) error {
	if len(p.Data) == 0 {
		_, err := t.exec("DELETE FROM personal_data WHERE tenant = $1 AND customer_id = $2 AND object_type = $3 AND object_id = $4 AND kind = $5",
			p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, string(p.Kind))
		return err
	}
	key, err := t.dataKey(p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID)
	if err != nil {
		return err
	}
	column, err := seal(key, p.Data, personalPlace(p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, p.Kind))
	if err != nil {
		return err
	}
	now := timeValue(t.now())
	fresh, err := t.insert("personal_data", []field{
		fixed("tenant", p.Tenant),
		fixed("customer_id", p.CustomerID),
		fixed("object_type", p.ObjectType),
		fixed("object_id", p.ObjectID),
		fixed("kind", string(p.Kind)),
		fixed("data", column),
		fixed("updated_at", now),
	})
	if err != nil || fresh {
		return err
	}
	// Not in one statement: for an INSERT that may become an UPDATE SQLite first copies every page it touches.
	_, err = t.exec("UPDATE personal_data SET data = $1, updated_at = $2 "+
		"WHERE tenant = $3 AND customer_id = $4 AND object_type = $5 AND object_id = $6 AND kind = $7",
		column, now, p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, string(p.Kind))
	return err
}

// ErasePersonal destroys a customer's data key: the customer's rows of
// personal data, and requests and results of operations, cannot be read
// again, not even from a backup whose key file is at hand, unless the backup is older than the
// erasure. An operation that still has to be sent again needs its request, so
// settle open operations first. Erasing what does not exist is no error.
func (t *Tx) ErasePersonal(tenant, customerID string) error {
	if customerID == "" {
		return fmt.Errorf("store: erasing needs a customer id; for an object without one use EraseObject")
	}
	if err := t.eraseKeys(tenant, customerOwner, customerID); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM personal_data WHERE tenant = $1 AND customer_id = $2", tenant, customerID)
	return err
}

// EraseObject is [Tx.ErasePersonal] for an object that has no customer.
func (t *Tx) EraseObject(tenant, objectType, objectID string) error {
	kind, owner := keyOwner("", objectType, objectID)
	if err := t.eraseKeys(tenant, kind, owner); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM personal_data WHERE tenant = $1 AND customer_id = '' AND object_type = $2 AND object_id = $3", tenant, objectType, objectID)
	return err
}

func personalPlace(tenant, customerID, objectType, objectID string, kind PersonalKind) []byte {
	return place("personal_data", "data", tenant, customerID, objectType, objectID, string(kind))
}
