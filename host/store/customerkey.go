package store

import (
	"context"
	"errors"
)

// Personal data is sealed under a data key of its owner: a customer, or an
// object that has no customer. Data keys lie sealed in customer_keys; erasing
// one destroys its bytes, and everything sealed under it is gone, wherever it lies and
// however often it was copied. An owner that comes back gets a new key.

// customerOwner is the owner kind of customers. No object type has this name.
const customerOwner = "customer"

func keyOwner(customerID, objectType, objectID string) (kind, id string) {
	if customerID != "" {
		return customerOwner, customerID
	}
	return "object:" + objectType, objectID
}

func dataKeyPlace(id string) []byte { return place("customer_keys", "data_key", id) }

// keyOwnerName is the unique key of customer_keys.
type keyOwnerName struct{ tenant, kind, id string }

// keptKeys is how many data keys the writer keeps open.
const keptKeys = 4096

// dataKeys are open data keys by their owner. Only the writer reads and writes them: a key that it took from a reader could have
// been erased in between, and what is sealed under an erased key is lost.
type dataKeys map[keyOwnerName]sealKey

func (k dataKeys) put(owner keyOwnerName, key sealKey) {
	for old := range k {
		if len(k) < keptKeys {
			break
		}
		delete(k, old)
	}
	k[owner] = key
}

// dataKey returns the current key of an owner, a new one if there is none.
func (t *Tx) dataKey(tenant, customerID, objectType, objectID string) (sealKey, error) {
	kind, id := keyOwner(customerID, objectType, objectID)
	owner := keyOwnerName{tenant, kind, id}
	if key, ok := t.batch.keys[owner]; ok {
		return key, nil
	}
	if key, ok := t.s.keys[owner]; ok {
		return key, nil
	}
	key, err := t.openDataKey(t.batch.session.ctx, "tenant = $1 AND owner_kind = $2 AND owner_id = $3", tenant, kind, id)
	if errors.Is(err, ErrNotFound) {
		key, err = t.insertDataKey(owner)
	}
	if err != nil {
		return sealKey{}, err
	}
	t.batch.keys[owner] = key
	return key, nil
}

func (t *Tx) insertDataKey(owner keyOwnerName) (sealKey, error) {
	key := newSealKey()
	column, err := seal(t.sealer, key.secret, dataKeyPlace(key.id))
	if err != nil {
		return sealKey{}, err
	}
	return key, t.insertNew("customer_keys", []field{
		fixed("id", key.id),
		fixed("tenant", owner.tenant),
		fixed("owner_kind", owner.kind),
		fixed("owner_id", owner.id),
		fixed("data_key", column),
		fixed("created_at", timeValue(t.now())),
	})
}

// dataKeyRecord reads a data key and opens it.
func (r *Reader) dataKeyRecord() record[sealKey] {
	return record[sealKey]{"customer_keys", func(k *sealKey) []field {
		return []field{fixed("id", &k.id), fixed("data_key", sealedBytes(r.sealer, "customer_keys", "data_key", &k.id, &k.secret))}
	}}
}

// openDataKey is ErrNotFound for a key that was erased.
func (r *Reader) openDataKey(ctx context.Context, where string, args ...any) (sealKey, error) {
	key, err := one(ctx, r, r.dataKeyRecord(), "WHERE "+where+" AND erased_at IS NULL", args...)
	key.derived = &derivations{}
	return key, err
}

// eraseKeys destroys the current key of an owner. The caller deletes the owner's rows.
func (t *Tx) eraseKeys(tenant, kind, owner string) error {
	if err := t.erase(); err != nil {
		return err
	}
	delete(t.s.keys, keyOwnerName{tenant, kind, owner})
	delete(t.batch.keys, keyOwnerName{tenant, kind, owner})
	_, err := t.exec("UPDATE customer_keys SET data_key = NULL, erased_at = $4 "+
		"WHERE tenant = $1 AND owner_kind = $2 AND owner_id = $3 AND erased_at IS NULL", tenant, kind, owner, timeValue(t.now()))
	t.batch.erased = true
	return err
}

// keyCache opens many values and reads each data key once.
type keyCache struct {
	r    *Reader
	ctx  context.Context
	keys map[string]sealKey
}

func (r *Reader) newKeyCache(ctx context.Context) *keyCache {
	return &keyCache{r: r, ctx: ctx, keys: map[string]sealKey{}}
}

// open returns nil for no value and for one whose key was erased.
func (c *keyCache) open(column, aad []byte) ([]byte, error) {
	if column == nil {
		return nil, nil
	}
	var sealed Sealed
	if err := sealed.UnmarshalBinary(column); err != nil {
		return nil, err
	}
	key, ok := c.keys[sealed.KeyID]
	if !ok {
		var err error
		if key, err = c.r.openDataKey(c.ctx, "id = $1", sealed.KeyID); errors.Is(err, ErrNotFound) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		c.keys[sealed.KeyID] = key
	}
	return key.Open(sealed, aad)
}
