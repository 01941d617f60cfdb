package commit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/store/sqlite"
)

// PerRequest writes a template's rows the way a program without an engine does: two transactions for each create, each with
// its own flush, prepared statements, one connection that writes.
type PerRequest struct {
	db       *sql.DB
	template *Template
	prepared map[string]*sql.Stmt
	byKey    *sql.Stmt
	byID     *sql.Stmt
	// skip leaves out a table; column turns a value into what the database takes.
	skip   string
	column func(statement, []any) []any
	n      atomic.Int64
}

// OpenSQLite makes a database in dir with the engine's schema and what stood in it when the template was taken.
func OpenSQLite(ctx context.Context, dir string, t *Template) (*PerRequest, error) {
	path := filepath.Join(dir, "peer.db")
	st, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(st.Acquire(ctx), st.Close()); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	p := &PerRequest{db: db, template: t, prepared: map[string]*sql.Stmt{}}
	if err := p.prepare(ctx, "INSERT OR REPLACE"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// prepare copies the base and prepares every statement.
func (p *PerRequest) prepare(ctx context.Context, insert string) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, t := range p.template.tables {
		for _, row := range p.template.base[t.name] {
			s := t.insert(row)
			if t.name == "schema_migrations" {
				continue
			}
			if _, err := tx.ExecContext(ctx, insert+s.sql[len("INSERT"):], p.values(s, row)...); err != nil {
				return fmt.Errorf("copying %s: %w", t.name, errors.Join(err, tx.Rollback()))
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, s := range append(append([]statement{}, p.template.intent...), p.template.outcome...) {
		if p.prepared[s.sql], err = p.db.PrepareContext(ctx, s.sql); err != nil {
			return err
		}
	}
	if p.byKey, err = p.db.PrepareContext(ctx, "SELECT id FROM operations WHERE tenant = $1 AND kind = $2 AND idempotency_key = $3 AND idempotency_key <> ''"); err != nil {
		return err
	}
	p.byID, err = p.db.PrepareContext(ctx, "SELECT status FROM invoices WHERE id = $1")
	return err
}

func (p *PerRequest) values(s statement, row []any) []any {
	if p.column == nil {
		return row
	}
	return p.column(s, row)
}

// create makes one with the provider in this process.
func (p *PerRequest) create(ctx context.Context, _ int) error {
	n, err := p.Intend(ctx)
	if err != nil {
		return err
	}
	return p.Settle(ctx, n, echo.Accept(echo.Request()).ProviderRef)
}

// Intend is the transaction before the provider is called: is the key new, and the rows of the intent. It returns the create's number.
func (p *PerRequest) Intend(ctx context.Context) (int64, error) {
	n := p.n.Add(1)
	return n, p.write(ctx, n, p.template.intent, func(tx *sql.Tx) error {
		var existing string
		err := tx.StmtContext(ctx, p.byKey).QueryRowContext(ctx, "default", "create", keyOf(1_000+n)).Scan(&existing)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("the key is taken by %q", existing))
	})
}

// Settle is the transaction after it. The provider's own id is looked for first.
func (p *PerRequest) Settle(ctx context.Context, n int64, ref string) error {
	return p.write(ctx, n, p.template.outcome, func(tx *sql.Tx) error {
		var status string
		err := tx.StmtContext(ctx, p.byID).QueryRowContext(ctx, ref).Scan(&status)
		if errors.Is(err, sql.ErrNoRows) { // looked for under a name that does not exist: the same work in the index
			return nil
		}
		return err
	})
}

func (p *PerRequest) write(ctx context.Context, n int64, list []statement, read func(*sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := read(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for _, s := range list {
		if s.table == p.skip {
			continue
		}
		if _, err := tx.StmtContext(ctx, p.prepared[s.sql]).ExecContext(ctx, p.values(s, p.template.args(s, n))...); err != nil {
			return fmt.Errorf("%s: %w", s.table, errors.Join(err, tx.Rollback()))
		}
	}
	return tx.Commit()
}

// Close closes the database.
func (p *PerRequest) Close() error { return p.db.Close() }
