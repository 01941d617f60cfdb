package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/payhost/payhost/host/store"
)

// conn is the connection that writes. It calls SQLite itself: the driver of database/sql looks for each parameter among all arguments,
// allocates each text and locks a mutex that nobody else wants, which takes the one writer as long as many of its statements do.
type conn struct {
	tls *libc.TLS
	db  uintptr
	// out is room for two pointers that SQLite returns.
	out uintptr
}

// Memory that SQLite keeps at hand for this connection, so that its short-lived buffers cost no allocation: slots that also fit the buffer
// it joins three pages in. The size is no multiple of a page, because the beginnings of all slots would then share few cache lines.
const (
	slotSize = 14<<10 + 64
	slots    = 64
)

// connect opens a database file by its URI and runs the pragmas in their order.
func connect(uri string, pragmas []string) (_ store.Conn, err error) {
	c := &conn{tls: libc.NewTLS()}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.out, err = c.alloc(32); err != nil {
		return nil, err
	}
	name, err := libc.CString(uri)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	// Without a mutex of its own: it is never used by two at once.
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, c.out,
		sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE|sqlite3.SQLITE_OPEN_NOMUTEX|sqlite3.SQLITE_OPEN_URI, 0)
	c.db = c.pointer() // also of a failed opening, which it describes
	if rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	if rc := sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1); rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	sizes := libc.VaList(c.out, uintptr(0), int32(slotSize), int32(slots))
	if rc := sqlite3.Xsqlite3_db_config(c.tls, c.db, sqlite3.SQLITE_DBCONFIG_LOOKASIDE, sizes); rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	for _, pragma := range pragmas {
		if err := c.once("PRAGMA " + pragma); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *conn) once(text string) error {
	s, err := c.Prepare(text)
	if err != nil {
		return err
	}
	_, err = s.Exec(nil)
	return errors.Join(err, s.Close())
}

// Prepare implements [store.Conn].
func (c *conn) Prepare(text string) (store.Statement, error) {
	p, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, p)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, p, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, c.out, 0)
	if rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	s := &statement{c: c, p: c.pointer()}
	if s.p == 0 {
		return nil, errors.New("sqlite: an empty statement")
	}
	s.width = int(sqlite3.Xsqlite3_column_count(c.tls, s.p))
	s.order = make([]int, sqlite3.Xsqlite3_bind_parameter_count(c.tls, s.p))
	for i := range s.order {
		s.order[i] = i
		if name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(c.tls, s.p, int32(i+1))); name != "" { //nolint:gosec // few
			n, err := strconv.Atoi(name[1:])
			if err != nil || n < 1 {
				return nil, errors.Join(fmt.Errorf("sqlite: a parameter is named %s", name), s.Close())
			}
			s.order[i] = n - 1
		}
	}
	return s, nil
}

// Close implements [store.Conn].
func (c *conn) Close() error {
	var err error
	if c.db != 0 {
		if rc := sqlite3.Xsqlite3_close_v2(c.tls, c.db); rc != sqlite3.SQLITE_OK {
			err = c.failure(rc)
		}
		c.db = 0
	}
	if c.out != 0 {
		sqlite3.Xsqlite3_free(c.tls, c.out)
		c.out = 0
	}
	if c.tls != nil {
		c.tls.Close()
		c.tls = nil
	}
	return err
}

// failure is what SQLite says about the last call, which returned rc.
func (c *conn) failure(rc int32) error {
	text := "no connection"
	if c.db != 0 {
		text = libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db))
	}
	return fmt.Errorf("sqlite: %s (%d)", text, rc)
}

func (c *conn) pointer() uintptr {
	return uintptr(binary.NativeEndian.Uint64(append(libc.GoBytes(c.out, strconv.IntSize/8), make([]byte, 8)...)))
}

// alloc returns memory that the collector does not know.
func (c *conn) alloc(n int) (uintptr, error) {
	if n > math.MaxInt32 {
		return 0, errors.New("sqlite: a value is too large")
	}
	p := sqlite3.Xsqlite3_malloc(c.tls, int32(n))
	if p == 0 {
		return 0, fmt.Errorf("sqlite: no memory for %d bytes", n)
	}
	return p, nil
}
