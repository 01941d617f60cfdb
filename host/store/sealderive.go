package store

import (
	"crypto/cipher"
	"crypto/rand"
	"sync"
)

const (
	// sealsPerSalt is how many values share a salt, and with it an AES key. Two of so many random nonces of 96 bits are the same
	// with a chance of 2^-57; NIST SP 800-38D allows 2^32 values at 2^-32.
	sealsPerSalt = 1 << 20
	// openedSalts is how many keys of salts stay at hand for opening.
	openedSalts = 64
)

// derivations keeps AES keys that were derived from one key, because deriving one takes longer than sealing a value with it. It is
// safe for concurrent use. A nil one keeps nothing.
type derivations struct {
	mu sync.Mutex
	// salt is that of the values sealed next, sealing its key, left how many of them it may still seal.
	salt    [sealSaltSize]byte
	sealing cipher.AEAD
	left    int
	opening map[[sealSaltSize]byte]cipher.AEAD
}

// forSealing returns the AES key for the next value and fills in its salt.
func (d *derivations) forSealing(k sealKey, salt []byte) (cipher.AEAD, error) {
	if d == nil {
		rand.Read(salt) // never fails, see crypto/rand
		return k.aead(salt)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		rand.Read(d.salt[:]) // never fails, see crypto/rand
		gcm, err := k.aead(d.salt[:])
		if err != nil {
			return nil, err
		}
		d.sealing, d.left = gcm, sealsPerSalt
	}
	d.left--
	copy(salt, d.salt[:])
	return d.sealing, nil
}

// forOpening returns the AES key of a salt.
func (d *derivations) forOpening(k sealKey, salt []byte) (cipher.AEAD, error) {
	if d == nil {
		return k.aead(salt)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at := [sealSaltSize]byte(salt)
	if d.sealing != nil && at == d.salt {
		return d.sealing, nil
	}
	if gcm, ok := d.opening[at]; ok {
		return gcm, nil
	}
	gcm, err := k.aead(salt)
	if err != nil {
		return nil, err
	}
	if d.opening == nil {
		d.opening = map[[sealSaltSize]byte]cipher.AEAD{}
	}
	for old := range d.opening {
		if len(d.opening) < openedSalts {
			break
		}
		delete(d.opening, old)
	}
	d.opening[at] = gcm
	return gcm, nil
}
