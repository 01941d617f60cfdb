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

// perRequest writes a template's rows the way a program without an engine does: two transactions for each create, each with
// its own flush, prepared statements, one connection that writes.
type perRequest struct {
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

// newSQLite makes a database in dir with the engine's schema and what stood in it when the template was taken.
func newSQLite(ctx context.Context, dir string, t *Template) (*perRequest, error) {
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
	p := &perRequest{db: db, template: t, prepared: map[string]*sql.Stmt{}}
	if err := p.prepare(ctx, "INSERT OR REPLACE"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// prepare copies the base and prepares every statement.
func (p *perRequest) prepare(ctx context.Context, insert string) error {
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

func (p *perRequest) values(s statement, row []any) []any {
	if p.column == nil {
		return row
	}
	return p.column(s, row)
}

// create makes one: is the key new, intent, call, outcome.
func (p *perRequest) create(ctx context.Context, _ int) error {
	n := p.n.Add(1)
	err := p.write(ctx, n, p.template.intent, func(tx *sql.Tx) error {
		var existing string
		err := tx.StmtContext(ctx, p.byKey).QueryRowContext(ctx, "default", "create", keyOf(1_000+n)).Scan(&existing)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("the key is taken by %q", existing))
	})
	if err != nil {
		return err
	}
	state := echo.Accept(echo.Request())
	return p.write(ctx, n, p.template.outcome, func(tx *sql.Tx) error {
		var status string
		err := tx.StmtContext(ctx, p.byID).QueryRowContext(ctx, state.ProviderRef).Scan(&status)
		if errors.Is(err, sql.ErrNoRows) { // looked for under a name that does not exist: the same work in the index
			return nil
		}
		return err
	})
}

func (p *perRequest) write(ctx context.Context, n int64, list []statement, read func(*sql.Tx) error) error {
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

func (p *perRequest) close() error { return p.db.Close() }
