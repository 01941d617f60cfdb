package store

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/payhost/payhost/sdk/pay"
)

// sealedRef is a column that holds {key_id, nonce, ciphertext}. The row id in
// its place is read when the column is, so the id's own column must stand before it in
// the list of fields.
type sealedRef struct {
	sealer        Sealer
	table, column string
	row           *string
	// get returns the clear bytes, nil for none; set takes them.
	get func() ([]byte, error)
	set func([]byte) error
}

func (r sealedRef) Value() (driver.Value, error) {
	clear, err := r.get()
	if err != nil {
		return nil, err
	}
	column, err := seal(r.sealer, clear, place(r.table, r.column, *r.row))
	if column == nil {
		return nil, err
	}
	return column, err
}

// sameAs compares the clear bytes.
func (r sealedRef) sameAs(other sealedRef) (bool, error) {
	mine, err := r.get()
	if err != nil {
		return false, err
	}
	theirs, err := other.get()
	return bytes.Equal(mine, theirs) && (mine == nil) == (theirs == nil), err
}

func (r sealedRef) Scan(src any) error {
	column, err := textOf(src)
	if err != nil {
		return err
	}
	clear, err := unseal(r.sealer, column, place(r.table, r.column, *r.row))
	if err != nil {
		return err
	}
	return r.set(clear)
}

// sealedBytes is a sealed column of bytes.
func sealedBytes[B ~[]byte](s Sealer, table, column string, row *string, v *B) sealedRef {
	return sealedRef{s, table, column, row,
		func() ([]byte, error) { return *v, nil },
		func(b []byte) error { *v = b; return nil }}
}

// sealedText is a sealed column of text; the empty text is NULL.
func sealedText(s Sealer, table, column string, row, v *string) sealedRef {
	return sealedRef{s, table, column, row,
		func() ([]byte, error) {
			if *v == "" {
				return nil, nil
			}
			return []byte(*v), nil
		},
		func(b []byte) error { *v = string(b); return nil }}
}

// sealedHeaders is a sealed column of header lines.
func sealedHeaders(s Sealer, table, column string, row *string, v *[]pay.Header) sealedRef {
	return sealedRef{s, table, column, row,
		func() ([]byte, error) {
			if *v == nil {
				return nil, nil
			}
			return json.Marshal(*v)
		},
		func(b []byte) error {
			*v = nil
			if b == nil {
				return nil
			}
			return json.Unmarshal(b, v)
		}}
}

// sealedState is a sealed column of an adapter's private state.
func sealedState(s Sealer, table string, row *string, v **pay.State) sealedRef {
	return sealedRef{s, table, "private_state", row,
		func() ([]byte, error) {
			if *v == nil {
				return nil, nil
			}
			return append(binary.AppendVarint(nil, int64((*v).Version)), (*v).Data...), nil
		},
		func(b []byte) error {
			*v = nil
			if b == nil {
				return nil
			}
			version, n := binary.Varint(b)
			if n <= 0 {
				return fmt.Errorf("a private state has no version")
			}
			*v = &pay.State{Version: int(version), Data: b[n:]}
			return nil
		}}
}

// stateVersion shows the version of a sealed state in clear, so that the host knows which plugins understand it. It is written
// only: the sealed column carries it too.
type stateVersion struct{ state **pay.State }

func (v stateVersion) Value() (driver.Value, error) {
	if *v.state == nil {
		return int64(0), nil
	}
	return int64((*v.state).Version), nil
}

func (stateVersion) Scan(any) error { return nil }
