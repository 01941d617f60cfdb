package commit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Stored is a database that a host wrote two creates into and that holds many copies of the second.
type Stored struct {
	// N is the number of copies, Size the bytes of the file.
	N    int
	Size int64
	// Middle is the copy in the middle of the list by creation: its time, id and reference.
	MiddleAt                  time.Time
	MiddleID, MiddleReference string
}

// chunk is how many copies one transaction makes.
const chunk = 20_000

// spacing is the time between two copies, in microseconds, as columns hold times.
const spacing = 1_000_000

// Fill makes a database with n settled invoices in dir, with all rows that the engine writes for one: most are paid, one in twenty
// has expired, and none asks for a look. Copies are made inside the database, without flushes. enough is asked after each
// transaction with the bytes of a copy; what it answers ends the filling.
func Fill(ctx context.Context, dir string, n int, enough func(done int, each float64) error) (s Stored, err error) {
	t, err := NewTemplate(ctx, dir)
	if err != nil {
		return s, err
	}
	path := filepath.Join(dir, "engine.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)&_pragma=cache_size(-262144)")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	before, err := bytesOf(ctx, db)
	if err != nil {
		return s, err
	}
	rows := between(t.tables, t.base, t.done)
	for from := 1; from <= n; from += chunk {
		to := min(from+chunk-1, n)
		if err := t.copies(ctx, db, rows, from, to, n); err != nil {
			return s, err
		}
		if s.Size, err = bytesOf(ctx, db); err != nil {
			return s, err
		}
		if err := enough(to, float64(s.Size-before)/float64(to)); err != nil {
			return s, err
		}
	}
	s.N = n
	_, err = db.ExecContext(ctx, "UPDATE sequences SET value = (SELECT max(position) FROM events) WHERE name = 'events'")
	if err != nil {
		return s, err
	}
	var at int64
	err = db.QueryRowContext(ctx, "SELECT created_at, id, reference FROM invoices WHERE reference = $1", "order-"+keyOf(copyKey(n/2))).
		Scan(&at, &s.MiddleID, &s.MiddleReference)
	s.MiddleAt = time.UnixMicro(at).UTC()
	return s, err
}

func bytesOf(ctx context.Context, db *sql.DB) (int64, error) {
	var pages, size int64
	err := errors.Join(db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages), db.QueryRowContext(ctx, "PRAGMA page_size").Scan(&size))
	return pages * size, err
}

// copyKey is the number in the key of the i-th copy.
func copyKey(i int) int64 { return 1_000 + int64(i) }

// copies makes the copies from to to, of n.
func (t *Template) copies(ctx context.Context, db *sql.DB, rows []statement, from, to, n int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !strings.HasPrefix(row.sql, "INSERT") {
			continue // the counter of events, which is set at the end
		}
		var values []string
		for i, v := range row.args {
			values = append(values, t.expression(row.table, row.columns[i], v, n))
		}
		text := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM n",
			from, to, row.table, strings.Join(row.columns, ", "), strings.Join(values, ", "))
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("filling %s: %w", row.table, errors.Join(err, tx.Rollback()))
		}
	}
	return tx.Commit()
}

// expression is the SQL of one column of the copy i, of n: ids and keys that belong to it, times that lie one second apart, and
// otherwise the value itself.
func (t *Template) expression(table, column string, v any, n int) string {
	switch {
	case table == "invoices" && column == "status":
		return "CASE WHEN i % 20 = 0 THEN 'expired' ELSE 'paid' END"
	case table == "invoices" && column == "final":
		return "1"
	case column == "next_look_at" || column == "expires_at":
		return "NULL"
	}
	switch x := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return "x'" + hex.EncodeToString(x) + "'"
	case string:
		return t.textExpression(x)
	case int64:
		switch {
		case table == "events" && column == "position":
			return fmt.Sprintf("%d + i * 16", x)
		case strings.HasSuffix(column, "_at"):
			return fmt.Sprintf("%d + (i - %d) * %d", x, n+1, spacing)
		}
		return fmt.Sprint(x)
	default:
		return quote(fmt.Sprint(x))
	}
}

// textExpression renews the ids in a text as [Template.renew] does, inside the database.
func (t *Template) textExpression(s string) string {
	var parts []string
	rest := 0
	for _, at := range id.FindAllStringIndex(s, -1) {
		old := s[at[0]:at[1]]
		k, mine := t.ids[old]
		if !mine {
			continue
		}
		keep, renewed := old[:len(old)-12], fmt.Sprintf("printf('%%010d%02d', i)", k)
		if strings.HasPrefix(old, "bench-") {
			renewed = fmt.Sprintf("printf('%%012d', i + %d)", copyKey(0))
		}
		parts = append(parts, quote(s[rest:at[0]]+keep), renewed)
		rest = at[1]
	}
	return strings.Join(append(parts, quote(s[rest:])), " || ")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
