package store

import (
	"database/sql/driver"
	"unsafe"
)

// Conn is the connection that writes. One goroutine at a time uses it, and one statement at a time has rows open. It knows nothing of
// contexts: a statement that began is carried out.
type Conn interface {
	// Prepare compiles one statement, which is kept until it is closed.
	Prepare(text string) (Statement, error)
	// Close closes the connection, after all of its statements.
	Close() error
}

// Statement is a compiled statement of a [Conn].
type Statement interface {
	// Exec carries it out to its end and returns how many rows a change has changed. The bytes of args are not used afterwards.
	Exec(args []Value) (int64, error)
	// Query begins it. Its rows must be closed before it is used again.
	Query(args []Value) (Rows, error)
	// Close frees it.
	Close() error
}

// Rows are what a [Statement] finds.
type Rows interface {
	// Width is the number of columns.
	Width() int
	// Next reads the next row into a slice of that length: nil, int64, float64, string or []byte, all of them copies. After the last row it
	// returns [io.EOF].
	Next(row []driver.Value) error
	// Close ends the reading.
	Close() error
}

// Value is one argument of a statement. The zero Value is NULL.
type Value struct {
	// Kind says which of the others counts.
	Kind ValueKind
	// Int is an integer; truth values are 0 and 1.
	Int int64
	// Text is a text, or the bytes of a blob.
	Text string
}

// ValueKind is the type of a [Value].
type ValueKind uint8

// The kinds of values.
const (
	NullValue ValueKind = iota
	IntValue
	TextValue
	BlobValue
)

func intValue(n int64) Value      { return Value{Kind: IntValue, Int: n} }
func textValue(text string) Value { return Value{Kind: TextValue, Text: text} }

// blobValue holds the bytes themselves, which must not change while it is used: a copy of each would be the better part of what a row takes.
func blobValue(b []byte) Value {
	if b == nil {
		return Value{}
	}
	return Value{Kind: BlobValue, Text: unsafe.String(unsafe.SliceData(b), len(b))} //nolint:gosec // see above
}

func boolValue(yes bool) Value {
	if yes {
		return intValue(1)
	}
	return intValue(0)
}
