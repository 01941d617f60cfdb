package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// querier runs statements: over a read pool, or inside the transaction of a job.
type querier interface {
	// query runs a SELECT. Its text stays prepared as long as there are not too many, so values belong into args.
	query(ctx context.Context, text string, args []any) (rowSet, error)
	// failed says that reading the rows of a query ended in an error.
	failed()
}

// rowSet is what a SELECT found. It is used like [sql.Rows], which is one.
type rowSet interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// texts remembers generated statements, so that each is put together once.
type texts struct{ m sync.Map }

func (t *texts) of(key string, make func() string) string {
	if text, ok := t.m.Load(key); ok {
		return text.(string)
	}
	text, _ := t.m.LoadOrStore(key, make())
	return text.(string)
}

// insertInto is the text that inserts a row whose keys may be taken.
func (r *Reader) insertInto(table string, fields []field) string {
	return r.texts.of("insert "+table, func() string { return insertText(table, fields) })
}

func insertText(table string, fields []field) string {
	names, marks := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		names[i], marks[i] = f.name, "$"+strconv.Itoa(i+1)
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") +
		") ON CONFLICT DO NOTHING"
}

// updateText sets the mutable columns, then compares id and version.
func updateText(table string, fields []field) string {
	var sets []string
	for _, f := range fields {
		if !f.fixed {
			sets = append(sets, f.name+" = $"+strconv.Itoa(len(sets)+1))
		}
	}
	n := len(sets)
	return fmt.Sprintf("UPDATE %s SET %s WHERE id = $%d AND version = $%d", table, strings.Join(sets, ", "), n+1, n+2)
}

func selectText(table string, fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + table + " "
}

func refs(fields []field) []any {
	list := make([]any, len(fields))
	for i, f := range fields {
		list[i] = f.ref
	}
	return list
}

// record ties a table to the Go type of its rows.
type record[T any] struct {
	table  string
	fields func(*T) []field
}

// list reads the rows that rest ("WHERE … ORDER BY …") selects. It reads them to the end before it returns, so that
// the connection is free again.
func list[T any](ctx context.Context, r *Reader, rec record[T], rest string, args ...any) ([]T, error) {
	return listAs(ctx, r, "select "+rec.table, rec, rest, args...)
}

// listAs is list for a record that has only some columns of its table; key tells its text from others.
func listAs[T any](ctx context.Context, r *Reader, key string, rec record[T], rest string, args ...any) ([]T, error) {
	if r.q == nil {
		return nil, ErrNotOwned
	}
	head := r.texts.of(key, func() string { return selectText(rec.table, rec.fields(new(T))) })
	rows, err := r.q.query(ctx, head+rest, args)
	if err != nil {
		return nil, fmt.Errorf("store: reading %s: %w", rec.table, err)
	}
	defer rows.Close()
	var all []T
	row := new(T)
	for into := refs(rec.fields(row)); rows.Next(); {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("store: reading %s: %w", rec.table, err)
		}
		all = append(all, *row)
		*row = *new(T)
	}
	if err := rows.Err(); err != nil {
		r.q.failed()
		return nil, fmt.Errorf("store: reading %s: %w", rec.table, err)
	}
	return all, nil
}

// one reads the single row that rest selects; none is ErrNotFound.
func one[T any](ctx context.Context, r *Reader, rec record[T], rest string, args ...any) (T, error) {
	return single(list(ctx, r, rec, rest, args...))
}

// single is the one row of a list that has no more; none is ErrNotFound.
func single[T any](all []T, err error) (T, error) {
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

// scalar reads one value; a missing row is ErrNotFound.
func scalar[T any](ctx context.Context, r *Reader, text string, args ...any) (v T, err error) {
	if r.q == nil {
		return v, ErrNotOwned
	}
	rows, err := r.q.query(ctx, text, args)
	if err != nil {
		return v, fmt.Errorf("store: %w", err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			r.q.failed()
			return v, fmt.Errorf("store: %w", err)
		}
		return v, ErrNotFound
	}
	if err := rows.Scan(&v); err != nil {
		return v, fmt.Errorf("store: %w", err)
	}
	return v, rows.Err()
}

// conditions collects a WHERE clause.
type conditions struct {
	parts []string
	args  []any
	// few says that another condition selects few rows by an index of its own: equal and in then add conditions that no index can serve.
	few bool
}

// column is how a column stands in a condition.
func (c *conditions) column(name string) string {
	if c.few {
		return name + " || ''"
	}
	return name
}

// add appends a condition in which each "?" stands for the next of args. A literal condition beside it, such as
// "reference <> ”", lets the database use a partial index.
func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, condition)
}

// in appends "column IN (…)" unless values is empty.
func in[T ~string](c *conditions, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	for i, v := range values {
		c.args = append(c.args, string(v))
		marks[i] = "$" + strconv.Itoa(len(c.args))
	}
	c.parts = append(c.parts, c.column(column)+" IN ("+strings.Join(marks, ", ")+")")
}

// equal selects rows with a value; the empty text selects all. Its literal half is what partial indexes ask for.
func equal[T ~string](c *conditions, column string, value T) {
	if value != "" {
		c.add(c.column(column)+" = ? AND "+column+" <> ''", string(value))
	}
}

// boolText is a literal, because a partial index cannot serve a parameter.
func boolText(column string, value bool) string {
	if value {
		return column + " = TRUE"
	}
	return column + " = FALSE"
}

// page continues a list that is newest first by (column, id), or selects what is due for a look by lookBefore, the
// longest due first. It returns the order.
func (c *conditions) page(column string, before time.Time, beforeID string, lookBefore time.Time) (order string) {
	if !before.IsZero() {
		c.add("("+column+", id) < (?, ?)", before.UnixMicro(), beforeID)
	}
	if !lookBefore.IsZero() {
		c.add("next_look_at IS NOT NULL AND next_look_at <= ?", lookBefore.UnixMicro())
		return "next_look_at, id"
	}
	return column + " DESC, id DESC"
}

// rest returns the clause with an order and a limit; a limit of zero is 50, the most is 501, which lets a page of 500 know whether
// there is more. The limit is the last of c.args: texts that differ in it alone would be compiled each. It is written as a sum, because
// SQLite looks into a bare parameter when it plans, and then compiles the statement again whenever a value is bound.
func (c *conditions) rest(order string, limit int) string {
	where := ""
	if len(c.parts) > 0 {
		where = "WHERE " + strings.Join(c.parts, " AND ")
	}
	c.args = append(c.args, int64(clampLimit(limit)))
	return where + " ORDER BY " + order + " LIMIT $" + strconv.Itoa(len(c.args)) + " + 0"
}

// The limits of lists.
const (
	defaultLimit = 50
	maxLimit     = 501
)

func clampLimit(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}
