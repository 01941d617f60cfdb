package store

import (
	"context"
	"errors"
	"sync"
)

// Personal data is sealed under a data key of its owner: a customer, or an
// object that has no customer. Data keys lie sealed in customer_keys; erasing
// one destroys its bytes, and everything sealed under it is gone, wherever it lies and
// however often it was copied. An owner that comes back gets a new key.

// customerOwner is the owner kind of customers. No object type has this name.
const customerOwner = "customer"

// ownerName is the owner of the personal data of an object.
func ownerName(tenant, customerID, objectType, objectID string) keyOwnerName {
	kind, id := keyOwner(customerID, objectType, objectID)
	return keyOwnerName{tenant, kind, id}
}

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

// dataKeys are open data keys by their owner.
type dataKeys map[keyOwnerName]sealKey

// keptDataKeys are those that the writer used last. Only the writer changes them: a key that came from a reader could have
// been erased in between, and what is sealed under an erased key is lost. Others may seal under what they find here, if the writer
// then compares. They are safe for concurrent use.
type keptDataKeys struct {
	mu   sync.Mutex
	keys dataKeys
}

func (k *keptDataKeys) get(owner keyOwnerName) (sealKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.keys[owner]
	return key, ok
}

func (k *keptDataKeys) put(keys dataKeys) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for owner, key := range keys {
		for old := range k.keys {
			if len(k.keys) < keptKeys {
				break
			}
			delete(k.keys, old)
		}
		k.keys[owner] = key
	}
}

func (k *keptDataKeys) drop(owner keyOwnerName) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, owner)
}

// dataKey returns the current key of an owner, a new one if there is none.
func (t *Tx) dataKey(owner keyOwnerName) (sealKey, error) {
	if key, ok := t.keptKey(owner); ok {
		return key, nil
	}
	key, err := t.openDataKey(t.batch.session.ctx, "tenant = $1 AND owner_kind = $2 AND owner_id = $3", owner.tenant, owner.kind, owner.id)
	if errors.Is(err, ErrNotFound) {
		key = newSealKey()
		column, err := sealDataKey(t.sealer, key)
		if err != nil {
			return sealKey{}, err
		}
		fresh, err := t.insertDataKey(owner, key, column)
		return key, isNew("customer_keys", fresh, err)
	}
	if err != nil {
		return sealKey{}, err
	}
	t.batch.keys[owner] = key
	return key, nil
}

// dataKeyOr is dataKey for an owner that probably has none: then it becomes key, which column stores.
func (t *Tx) dataKeyOr(owner keyOwnerName, key sealKey, column []byte) (sealKey, error) {
	if kept, ok := t.keptKey(owner); ok {
		return kept, nil
	}
	if fresh, err := t.insertDataKey(owner, key, column); err != nil || fresh {
		return key, err
	}
	return t.dataKey(owner)
}

// keptKey is the current key of an owner, where it needs no look at the database.
func (t *Tx) keptKey(owner keyOwnerName) (sealKey, bool) {
	if key, ok := t.batch.keys[owner]; ok {
		return key, true
	}
	return t.s.keys.get(owner)
}

// insertDataKey makes a key the owner's current one, and reports whether that had none.
func (t *Tx) insertDataKey(owner keyOwnerName, key sealKey, column []byte) (fresh bool, err error) {
	fresh, err = t.insert("customer_keys", []field{
		fixed("id", key.id),
		fixed("tenant", owner.tenant),
		fixed("owner_kind", owner.kind),
		fixed("owner_id", owner.id),
		fixed("data_key", column),
		fixed("created_at", timeValue(t.now())),
	})
	if fresh {
		t.batch.keys[owner] = key
	}
	return fresh, err
}

func sealDataKey(s Sealer, key sealKey) ([]byte, error) {
	return seal(s, key.secret, dataKeyPlace(key.id))
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
	name := keyOwnerName{tenant, kind, owner}
	t.s.keys.drop(name)
	delete(t.batch.keys, name)
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
