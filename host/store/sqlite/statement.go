package sqlite

import (
	"database/sql/driver"
	"fmt"
	"io"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/payhost/payhost/host/store"
)

// statement is a compiled statement of a [conn].
type statement struct {
	c     *conn
	p     uintptr
	width int
	// order has the index of the argument of each parameter.
	order []int
	// room has the bytes of the texts and blobs that are bound, and is size bytes long.
	room uintptr
	size int
}

// keptRoom is the most room that a statement keeps.
const keptRoom = 64 << 10

// Exec implements [store.Statement].
func (s *statement) Exec(args []store.Value) (changed int64, err error) {
	if err := s.bind(args); err != nil {
		return 0, err
	}
	for {
		switch rc := sqlite3.Xsqlite3_step(s.c.tls, s.p); rc {
		case sqlite3.SQLITE_ROW:
		case sqlite3.SQLITE_DONE:
			changed = int64(sqlite3.Xsqlite3_changes(s.c.tls, s.c.db))
			return changed, s.reset()
		default:
			err := s.c.failure(rc)
			_ = s.reset() // says the same again
			return 0, err
		}
	}
}

// Query implements [store.Statement].
func (s *statement) Query(args []store.Value) (store.Rows, error) {
	if err := s.bind(args); err != nil {
		return nil, err
	}
	return &rows{s: s}, nil
}

// Close implements [store.Statement].
func (s *statement) Close() error {
	s.free()
	if rc := sqlite3.Xsqlite3_finalize(s.c.tls, s.p); rc != sqlite3.SQLITE_OK {
		return s.c.failure(rc)
	}
	return nil
}

// reset makes it ready for its next use. What is bound stays bound until then; the room of large values is given back.
func (s *statement) reset() error {
	rc := sqlite3.Xsqlite3_reset(s.c.tls, s.p)
	if s.size > keptRoom {
		sqlite3.Xsqlite3_clear_bindings(s.c.tls, s.p)
		s.free()
	}
	if rc != sqlite3.SQLITE_OK {
		return s.c.failure(rc)
	}
	return nil
}

func (s *statement) free() {
	if s.room != 0 {
		sqlite3.Xsqlite3_free(s.c.tls, s.room)
		s.room, s.size = 0, 0
	}
}

// bind gives every parameter its value. Texts and blobs are copied once, into room that lasts as long as they are bound.
func (s *statement) bind(args []store.Value) error {
	if len(s.order) == 0 {
		return nil
	}
	need := 1 // so that also an empty text has a place: without one it would be NULL
	for _, at := range s.order {
		if at >= len(args) {
			return fmt.Errorf("sqlite: parameter %d has no argument", at+1)
		}
		need += len(args[at].Text)
	}
	if need > s.size {
		s.free()
		room, err := s.c.alloc(max(need, 256))
		if err != nil {
			return err
		}
		s.room, s.size = room, max(need, 256)
	}
	room, used := libc.GoBytes(s.room, s.size), 0
	for i, at := range s.order {
		rc, n, from := int32(0), int32(i+1), s.room+uintptr(used) //nolint:gosec // parameters are few
		switch v := &args[at]; v.Kind {
		case store.NullValue:
			rc = sqlite3.Xsqlite3_bind_null(s.c.tls, s.p, n)
		case store.IntValue:
			rc = sqlite3.Xsqlite3_bind_int64(s.c.tls, s.p, n, v.Int)
		case store.TextValue:
			used += copy(room[used:], v.Text)
			rc = sqlite3.Xsqlite3_bind_text(s.c.tls, s.p, n, from, int32(len(v.Text)), 0) //nolint:gosec // alloc has refused what is longer
		case store.BlobValue:
			used += copy(room[used:], v.Text)
			rc = sqlite3.Xsqlite3_bind_blob(s.c.tls, s.p, n, from, int32(len(v.Text)), 0) //nolint:gosec // as above
		}
		if rc != sqlite3.SQLITE_OK {
			return s.c.failure(rc)
		}
	}
	return nil
}

// rows are what a statement finds.
type rows struct{ s *statement }

// Width implements [store.Rows].
func (r *rows) Width() int { return r.s.width }

// Next implements [store.Rows].
func (r *rows) Next(row []driver.Value) error {
	tls, p := r.s.c.tls, r.s.p
	switch rc := sqlite3.Xsqlite3_step(tls, p); rc {
	case sqlite3.SQLITE_ROW:
	case sqlite3.SQLITE_DONE:
		return io.EOF
	default:
		return r.s.c.failure(rc)
	}
	for i := range row {
		n := int32(i) //nolint:gosec // columns are few
		switch sqlite3.Xsqlite3_column_type(tls, p, n) {
		case sqlite3.SQLITE_INTEGER:
			row[i] = int64(sqlite3.Xsqlite3_column_int64(tls, p, n))
		case sqlite3.SQLITE_FLOAT:
			row[i] = sqlite3.Xsqlite3_column_double(tls, p, n)
		case sqlite3.SQLITE_TEXT:
			from := sqlite3.Xsqlite3_column_text(tls, p, n)
			row[i] = string(bytesAt(from, sqlite3.Xsqlite3_column_bytes(tls, p, n)))
		case sqlite3.SQLITE_BLOB:
			from := sqlite3.Xsqlite3_column_blob(tls, p, n)
			row[i] = append([]byte{}, bytesAt(from, sqlite3.Xsqlite3_column_bytes(tls, p, n))...)
		default:
			row[i] = nil
		}
	}
	return nil
}

// bytesAt are n bytes of SQLite's, until the next step.
func bytesAt(from uintptr, n int32) []byte {
	if from == 0 || n == 0 {
		return nil
	}
	return libc.GoBytes(from, int(n))
}

// Close implements [store.Rows].
func (r *rows) Close() error { return r.s.reset() }
