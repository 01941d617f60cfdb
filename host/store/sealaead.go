package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// The sizes of the built-in encryption, in bytes. Values have AES-256 keys derived from the master key by a random salt, a new
// one after [sealsPerSalt] values, so that random GCM nonces stay safe for any number of values.
const (
	sealKeySize   = 32
	sealSaltSize  = 16
	sealNonceSize = 12
)

// sealKey is one key of the built-in sealers.
type sealKey struct {
	id     string
	secret []byte
	// derived keeps what was derived from secret; nil derives anew for every value.
	derived *derivations
}

func newSealKey() sealKey {
	id, secret := make([]byte, 6), make([]byte, sealKeySize)
	rand.Read(id)     // never fails, see crypto/rand
	rand.Read(secret) // never fails, see crypto/rand
	return sealKey{"k_" + hex.EncodeToString(id), secret, &derivations{}}
}

func (k sealKey) aead(salt []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, k.secret, salt, "payhost seal 1", sealKeySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Seal implements [Sealer] with AES-256-GCM.
func (k sealKey) Seal(plaintext, aad []byte) (Sealed, error) {
	nonce := make([]byte, sealSaltSize+sealNonceSize)
	gcm, err := k.derived.forSealing(k, nonce[:sealSaltSize])
	if err != nil {
		return Sealed{}, err
	}
	rand.Read(nonce[sealSaltSize:]) // never fails, see crypto/rand
	return Sealed{KeyID: k.id, Nonce: nonce, Ciphertext: gcm.Seal(nil, nonce[sealSaltSize:], plaintext, aad)}, nil
}

// Open implements [Sealer].
func (k sealKey) Open(s Sealed, aad []byte) ([]byte, error) {
	if s.KeyID != k.id {
		return nil, fmt.Errorf("%w: it needs key %q", ErrUnsealable, s.KeyID)
	}
	if len(s.Nonce) != sealSaltSize+sealNonceSize {
		return nil, fmt.Errorf("%w: its nonce has %d bytes", ErrUnsealable, len(s.Nonce))
	}
	gcm, err := k.derived.forOpening(k, s.Nonce[:sealSaltSize])
	if err != nil {
		return nil, err
	}
	// Dst is not nil, so that an empty value stays different from none.
	plaintext, err := gcm.Open([]byte{}, s.Nonce[sealSaltSize:], s.Ciphertext, aad)
	if err != nil {
		return nil, fmt.Errorf("%w: altered, or moved from another row or column", ErrUnsealable)
	}
	return plaintext, nil
}

// keyring seals with its last key and opens with any.
type keyring struct{ keys []sealKey }

func (r keyring) Seal(plaintext, aad []byte) (Sealed, error) {
	return r.keys[len(r.keys)-1].Seal(plaintext, aad)
}

func (r keyring) Open(s Sealed, aad []byte) ([]byte, error) {
	for _, k := range r.keys {
		if k.id == s.KeyID {
			return k.Open(s, aad)
		}
	}
	return nil, fmt.Errorf("%w: it needs key %q, which is not among the seal keys", ErrUnsealable, s.KeyID)
}

// NewMemorySealer returns a sealer with a random key that exists nowhere else:
// what it sealed is lost with it. For tests and databases that do not outlive
// the program.
func NewMemorySealer() Sealer { return keyring{[]sealKey{newSealKey()}} }
