package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// Reader reads. A [Store] embeds one that sees what was committed and may be
// used by many goroutines; a [Tx] embeds one that sees the transaction's own
// changes and ends with it.
//
// Lists are read whole, up to their limit; a missing single object is
// [ErrNotFound]. The zero Reader answers [ErrNotOwned].
type Reader struct {
	q      querier
	sealer Sealer
	texts  *texts
}

// pool is the querier over read connections. Fixed statements stay prepared on every connection that ran them.
type pool struct {
	s     *Store
	db    *sql.DB
	stmts sync.Map // text → *sql.Stmt
}

func (p *pool) query(ctx context.Context, kept bool, text string, args []any) (*sql.Rows, error) {
	if err := p.s.usable(); err != nil {
		return nil, err
	}
	if !kept {
		return p.db.QueryContext(ctx, text, args...)
	}
	stmt, err := p.prepared(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (p *pool) failed() {}

func (p *pool) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := p.stmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, raced := p.stmts.LoadOrStore(text, stmt); raced {
		return first.(*sql.Stmt), stmt.Close() //nolint:sqlclosecheck // only the one that lost the race goes
	}
	return stmt, nil
}

func (p *pool) close() error {
	p.stmts.Range(func(_, stmt any) bool {
		_ = stmt.(*sql.Stmt).Close() // its connections are closed next
		return true
	})
	return p.db.Close()
}

// session is the one writing connection with its prepared statements. Only the
// goroutine that runs the current transaction uses it, so nothing is locked.
type session struct {
	// ctx never ends: a caller's cancelled context would roll the whole transaction back, and with it the jobs of
	// other callers.
	ctx   context.Context
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (w *session) exec(text string, args ...any) (int64, error) {
	stmt, err := w.prepared(text) //nolint:sqlclosecheck // kept until the session closes
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(w.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (w *session) query(ctx context.Context, kept bool, text string, args []any) (*sql.Rows, error) {
	if !kept {
		return w.conn.QueryContext(context.WithoutCancel(ctx), text, args...)
	}
	stmt, err := w.prepared(text) //nolint:sqlclosecheck // kept until the session closes
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.WithoutCancel(ctx), args...)
}

func (w *session) failed() {}

func (w *session) prepared(text string) (*sql.Stmt, error) {
	if stmt, ok := w.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(w.ctx, text)
	if err != nil {
		return nil, fmt.Errorf("preparing: %w", err)
	}
	w.stmts[text] = stmt
	return stmt, nil
}

func (w *session) close() error {
	for _, stmt := range w.stmts {
		_ = stmt.Close() // its connection is closed next
	}
	return w.conn.Close()
}
