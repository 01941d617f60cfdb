package store

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// loadFingerprintKey reads the key for request digests, or makes it in a new database. It is also the
// proof that the sealer is the right one, before anything is written with it.
func (s *Store) loadFingerprintKey(w *session) error {
	const name = "fingerprint_key"
	aad := place("meta", "value", name)
	r := &Reader{q: w, sealer: s.sealer, texts: s.texts}
	column, err := scalar[[]byte](w.ctx, r, "SELECT value FROM meta WHERE name = $1", name)
	if errors.Is(err, ErrNotFound) {
		key := make([]byte, 32)
		rand.Read(key) // never fails, see crypto/rand
		if column, err = seal(s.sealer, key, aad); err != nil {
			return err
		}
		err = w.exec("INSERT INTO meta (name, value) VALUES ($1, $2)", name, column)
	}
	if err != nil {
		return fmt.Errorf("store: the fingerprint key: %w", err)
	}
	key, err := unseal(s.sealer, column, aad)
	if err != nil {
		return fmt.Errorf("store: this database was sealed with another key: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fingerprint = key
	return nil
}
