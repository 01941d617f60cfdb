package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// field ties one column to one variable. ref is a pointer, or one of the
// references below; it serves as argument of an INSERT or UPDATE and as
// destination of a SELECT, so that a column cannot be written from one place and
// read into another.
type field struct {
	name string
	ref  any
	// fixed columns are written once; an UPDATE leaves them, and their indexes, alone.
	fixed bool
}

// mutable is a column that updates write; fixed is one they do not.
func mutable(name string, ref any) field { return field{name: name, ref: ref} }
func fixed(name string, ref any) field   { return field{name: name, ref: ref, fixed: true} }

// timeRef stores a time as whole microseconds of UTC, the zero time as NULL.
type timeRef struct{ t *time.Time }

func (r timeRef) Value() (driver.Value, error) { return timeValue(*r.t), nil }

func (r timeRef) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*r.t = time.Time{}
	case int64:
		*r.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time column holds %T", src)
	}
	return nil
}

func timeValue(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// moneyRef stores an amount as its exact text, no amount as NULL.
type moneyRef struct{ m *pay.Money }

func (r moneyRef) Value() (driver.Value, error) { return r.m.SQL(), nil }
func (r moneyRef) Scan(src any) error           { return r.m.Scan(src) }

// jsonRef stores a list, map or structure as JSON text, a nil one as NULL.
type jsonRef[T any] struct{ v *T }

func asJSON[T any](v *T) jsonRef[T] { return jsonRef[T]{v} }

func (r jsonRef[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(*r.v)
	if err != nil || string(text) == "null" {
		return nil, err
	}
	return string(text), nil
}

func (r jsonRef[T]) Scan(src any) error {
	text, err := textOf(src)
	if err != nil || text == nil {
		var none T
		*r.v = none
		return err
	}
	return json.Unmarshal(text, r.v)
}

// rawRef stores JSON text byte for byte, an empty one as NULL.
type rawRef struct{ v *json.RawMessage }

func (r rawRef) Value() (driver.Value, error) {
	if len(*r.v) == 0 {
		return nil, nil
	}
	return string(*r.v), nil
}

func (r rawRef) Scan(src any) error {
	text, err := textOf(src)
	*r.v = text
	return err
}

// blobRef stores bytes, none as NULL.
type blobRef struct{ v *[]byte }

func (r blobRef) Value() (driver.Value, error) {
	if len(*r.v) == 0 {
		return nil, nil
	}
	return *r.v, nil
}

func (r blobRef) Scan(src any) (err error) {
	*r.v, err = textOf(src)
	return err
}

// textOf copies a text or binary column, because a driver may reuse its bytes; NULL is nil.
func textOf(src any) ([]byte, error) {
	switch v := src.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(v), nil
	case []byte:
		return append([]byte{}, v...), nil
	}
	return nil, fmt.Errorf("want text or bytes, the column holds %T", src)
}
