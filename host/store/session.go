package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// session is the one writing connection with its prepared statements. It does without database/sql: what that does around every
// statement, pooling, locking and converting by reflection, costs the one writer as much as the statements. Only
// the goroutine that runs the current transaction uses it, so nothing is locked.
type session struct {
	// ctx never ends: a caller's cancelled context would roll the whole transaction back, and with it the jobs of
	// other callers.
	ctx     context.Context
	conn    Conn
	dialect Dialect
	stmts   map[string]*statement
	// args is the room for the arguments of one statement.
	args []Value
}

// statement is one prepared statement. It has one set of rows open at a time.
type statement struct {
	Statement
	// row is the room for one row.
	row []driver.Value
}

func newSession(ctx context.Context, conn Conn, d Dialect) *session {
	return &session{ctx: ctx, conn: conn, dialect: d, stmts: map[string]*statement{}}
}

func (w *session) exec(text string, args ...any) error {
	values, err := w.values(args)
	if err == nil {
		_, err = w.execValues(text, values)
	}
	return err
}

func (w *session) execValues(text string, values []Value) (int64, error) {
	stmt, err := w.prepared(text)
	if err != nil {
		return 0, err
	}
	return stmt.Exec(values)
}

// once is exec for a statement that is not kept, such as a step of a migration.
func (w *session) once(text string, args ...any) error {
	stmt, err := w.prepare(text)
	if err != nil {
		return err
	}
	values, err := w.values(args)
	if err == nil {
		_, err = stmt.Exec(values)
	}
	return errors.Join(err, stmt.Close())
}

// query implements querier. The context of a job's caller does not count; see ctx.
func (w *session) query(_ context.Context, text string, args []any) (rowSet, error) {
	stmt, err := w.prepared(text)
	if err != nil {
		return nil, err
	}
	values, err := w.values(args)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.Query(values)
	if err != nil {
		return nil, err
	}
	if n := rows.Width(); len(stmt.row) != n {
		stmt.row = make([]driver.Value, n)
	}
	return &sessionRows{rows: rows, row: stmt.row}, nil
}

func (w *session) failed() {}

// values is good until the next statement.
func (w *session) values(args []any) ([]Value, error) {
	w.args = w.args[:0]
	for i, arg := range args {
		value, err := argument(arg)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
		w.args = append(w.args, value)
	}
	return w.args, nil
}

func (w *session) prepared(text string) (*statement, error) {
	if stmt, ok := w.stmts[text]; ok {
		return stmt, nil
	}
	for old, stmt := range w.stmts {
		if len(w.stmts) < keptStatements {
			break
		}
		delete(w.stmts, old)
		if err := stmt.Close(); err != nil {
			return nil, err
		}
	}
	stmt, err := w.prepare(text)
	if err != nil {
		return nil, err
	}
	w.stmts[text] = stmt
	return stmt, nil
}

func (w *session) prepare(text string) (*statement, error) {
	stmt, err := w.conn.Prepare(w.dialect.statement(text))
	if err != nil {
		return nil, fmt.Errorf("preparing: %w", err)
	}
	return &statement{Statement: stmt}, nil
}

func (w *session) close() error {
	for _, stmt := range w.stmts {
		_ = stmt.Close() // its connection is closed next
	}
	return w.conn.Close()
}

// sessionRows are the rows of a session's query.
type sessionRows struct {
	rows   Rows
	row    []driver.Value
	err    error
	closed bool
}

func (r *sessionRows) Next() bool {
	if r.closed {
		return false
	}
	if err := r.rows.Next(r.row); err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
		if err := r.Close(); r.err == nil {
			r.err = err
		}
		return false
	}
	return true
}

func (r *sessionRows) Scan(dest ...any) error {
	if len(dest) != len(r.row) {
		return fmt.Errorf("%d columns for %d variables", len(r.row), len(dest))
	}
	for i, d := range dest {
		if err := scanned(d, r.row[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *sessionRows) Err() error { return r.err }

// Close may be called again: by then the statement may have new rows.
func (r *sessionRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}
