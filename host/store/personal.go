package store

import (
	"context"
	"encoding/json"
	"errors"
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

// personalRow is one row of personal data with the key that opens it.
type personalRow struct {
	tenant, customerID, objectID string
	data                         []byte
	key                          sealKey
}

// PersonalOfInvoices returns one kind of personal data of the invoices with the ids, by id. An invoice that has none, or whose data was
// erased, is not among them.
func (r *Reader) PersonalOfInvoices(ctx context.Context, kind PersonalKind, ids []string) (map[string]json.RawMessage, error) {
	// The invoices lead to the rest by whole keys, which row values beside other conditions would not.
	rows := record[personalRow]{"invoices i JOIN personal_data p ON p.tenant = i.tenant AND p.customer_id = i.customer_id " +
		"AND p.object_type = 'invoice' AND p.object_id = i.id JOIN customer_keys k ON k.id = p.key_id", func(p *personalRow) []field {
		return []field{
			fixed("i.tenant", &p.tenant),
			fixed("i.customer_id", &p.customerID),
			fixed("i.id", &p.objectID),
			fixed("p.data", blobRef{&p.data}),
			fixed("k.id", &p.key.id),
			fixed("k.data_key", sealedBytes(r.sealer, "customer_keys", "data_key", &p.key.id, &p.key.secret)),
		}
	}}
	found := map[string]json.RawMessage{}
	var failed error
	err := eachOf(ctx, r, "select "+string(kind)+" of invoices", rows,
		"WHERE k.erased_at IS NULL AND p.kind = '"+string(kind)+"' AND i.id IN ", ids, "", func(p personalRow) {
			data, err := unseal(p.key, p.data, personalPlace(p.tenant, p.customerID, "invoice", p.objectID, kind))
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("store: personal data of invoice %s: %w", p.objectID, err))
			} else if data != nil {
				found[p.objectID] = data
			}
		})
	return found, errors.Join(err, failed)
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
	key, err := t.dataKey(p.owner())
	if err != nil {
		return err
	}
	column, err := seal(key, p.Data, p.place())
	if err != nil {
		return err
	}
	return t.putSealed(p, key.id, column)
}

func (p PersonalData) owner() keyOwnerName {
	return ownerName(p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID)
}

func (p PersonalData) place() []byte {
	return personalPlace(p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, p.Kind)
}

// putSealed is PutPersonal for data that are sealed already.
func (t *Tx) putSealed(p PersonalData, keyID string, column []byte) error {
	now := timeValue(t.now())
	fresh, err := t.insert("personal_data", []field{
		fixed("tenant", p.Tenant),
		fixed("customer_id", p.CustomerID),
		fixed("object_type", p.ObjectType),
		fixed("object_id", p.ObjectID),
		fixed("kind", string(p.Kind)),
		fixed("key_id", keyID),
		fixed("data", column),
		fixed("updated_at", now),
	})
	if err != nil || fresh {
		return err
	}
	// Not in one statement: for an INSERT that may become an UPDATE SQLite first copies every page it touches.
	_, err = t.exec("UPDATE personal_data SET key_id = $1, data = $2, updated_at = $3 "+
		"WHERE tenant = $4 AND customer_id = $5 AND object_type = $6 AND object_id = $7 AND kind = $8",
		keyID, column, now, p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, string(p.Kind))
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
