package store

import (
	"fmt"
)

// Sealer encrypts what must not lie in the database in clear. aad names the
// place of the value (table, column and row); Open must fail when it is not the
// aad given to Seal, so that a sealed value cannot be moved to another row.
//
// A Sealer is safe for concurrent use. It must keep opening what it sealed
// earlier: rotation adds keys, each [Sealed] says by KeyID which one it needs.
type Sealer interface {
	// Seal encrypts plaintext under the current key.
	Seal(plaintext, aad []byte) (Sealed, error)
	// Open decrypts. Its errors wrap [ErrUnsealable] and never show the plaintext.
	Open(sealed Sealed, aad []byte) ([]byte, error)
}

// Sealed is an encrypted value as it lies in the database.
type Sealed struct {
	// KeyID names the key that opens it, at most 255 bytes.
	KeyID string
	// Nonce is at most 255 bytes.
	Nonce      []byte
	Ciphertext []byte
}

// sealedFormat is the first byte of a stored [Sealed]; other values are for later forms.
const sealedFormat = 1

// MarshalBinary writes the form of sealed columns: a byte 1, the length and
// bytes of KeyID, the length and bytes of Nonce, and Ciphertext to the end.
func (s Sealed) MarshalBinary() ([]byte, error) {
	if len(s.KeyID) > 255 || len(s.Nonce) > 255 {
		return nil, fmt.Errorf("store: a key id or nonce of a sealed value is longer than 255 bytes")
	}
	out := make([]byte, 0, 3+len(s.KeyID)+len(s.Nonce)+len(s.Ciphertext))
	out = append(out, sealedFormat, byte(len(s.KeyID)))
	out = append(out, s.KeyID...)
	out = append(out, byte(len(s.Nonce)))
	out = append(out, s.Nonce...)
	return append(out, s.Ciphertext...), nil
}

// UnmarshalBinary reads what [Sealed.MarshalBinary] wrote. The slices share b's memory.
func (s *Sealed) UnmarshalBinary(b []byte) error {
	if len(b) < 1 || b[0] != sealedFormat {
		return fmt.Errorf("%w: not a sealed value", ErrUnsealable)
	}
	keyID, rest, ok := cutCounted(b[1:])
	if !ok {
		return fmt.Errorf("%w: cut short in its key id", ErrUnsealable)
	}
	nonce, rest, ok := cutCounted(rest)
	if !ok {
		return fmt.Errorf("%w: cut short in its nonce", ErrUnsealable)
	}
	*s = Sealed{KeyID: string(keyID), Nonce: nonce, Ciphertext: rest}
	return nil
}

func cutCounted(b []byte) (counted, rest []byte, ok bool) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[1:n:n], b[n:], true
}

// place names where a sealed value lies: the associated data of its encryption.
// Parts are counted, so that no two places have one name.
func place(table, column string, row ...string) []byte {
	out := append(make([]byte, 0, 96), "payhost/store/1"...)
	for _, part := range append([]string{table, column}, row...) {
		out = append(out, byte(len(part)>>8), byte(len(part)))
		out = append(out, part...)
	}
	return out
}

// seal encrypts and encodes for a column. Nil stays nil, which is NULL.
func seal(s Sealer, plaintext, aad []byte) ([]byte, error) {
	if plaintext == nil {
		return nil, nil
	}
	sealed, err := s.Seal(plaintext, aad)
	if err != nil {
		return nil, fmt.Errorf("store: sealing: %w", err)
	}
	return sealed.MarshalBinary()
}

// unseal reverses seal.
func unseal(s Sealer, column, aad []byte) ([]byte, error) {
	if column == nil {
		return nil, nil
	}
	var sealed Sealed
	if err := sealed.UnmarshalBinary(column); err != nil {
		return nil, err
	}
	return s.Open(sealed, aad)
}
