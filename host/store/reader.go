package store

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
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
	// memory is nil where every read goes to the database.
	memory invoiceMemory
}

// pool is the querier over read connections. Statements stay prepared on every connection that ran them.
type pool struct {
	s     *Store
	db    *sql.DB
	stmts sync.Map // text → *sql.Stmt
	count atomic.Int64
}

// keptStatements is how many statements stay prepared. Lists have a text for every set of filters, a few hundred; whoever makes
// more of them pays for compiling the rest.
const keptStatements = 512

func (p *pool) query(ctx context.Context, text string, args []any) (rowSet, error) {
	if err := p.s.usable(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Queries are short. A context that can end costs two goroutines each, one of database/sql and one of the driver.
	ctx = context.WithoutCancel(ctx)
	stmt, err := p.prepared(ctx, text) //nolint:sqlclosecheck // kept until the pool closes
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return p.db.QueryContext(ctx, text, args...) //nolint:rowserrcheck // whoever reads the rows checks
	}
	return stmt.QueryContext(ctx, args...) //nolint:rowserrcheck // as above
}

func (p *pool) failed() {}

// prepared returns nil for a text that is not kept.
func (p *pool) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := p.stmts.Load(text); ok {
		return stmt.(*sql.Stmt), nil
	}
	if p.count.Load() >= keptStatements {
		return nil, nil
	}
	stmt, err := p.db.PrepareContext(ctx, p.s.dialect.statement(text))
	if err != nil {
		return nil, err
	}
	if first, raced := p.stmts.LoadOrStore(text, stmt); raced {
		return first.(*sql.Stmt), stmt.Close() //nolint:sqlclosecheck // only the one that lost the race goes
	}
	p.count.Add(1)
	return stmt, nil
}

func (p *pool) close() error {
	p.stmts.Range(func(_, stmt any) bool {
		_ = stmt.(*sql.Stmt).Close() // its connections are closed next
		return true
	})
	return p.db.Close()
}
