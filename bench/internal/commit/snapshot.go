package commit

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"strings"
)

// table is the shape of one table.
type table struct {
	name    string
	columns []string
	key     []int // positions of the primary key's columns
}

// snapshot holds all rows of a database: by table, by primary key.
type snapshot map[string]map[string][]any

// tables returns all tables, referenced ones before those that refer to them.
func tables(ctx context.Context, db *sql.DB) ([]table, error) {
	names, err := texts(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	var list []table
	for _, name := range names {
		t := table{name: name}
		if t.columns, err = texts(ctx, db, "SELECT name FROM pragma_table_info($1) ORDER BY cid", name); err != nil {
			return nil, err
		}
		keys, err := texts(ctx, db, "SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY cid", name)
		if err != nil {
			return nil, err
		}
		for i, column := range t.columns {
			for _, key := range keys {
				if column == key {
					t.key = append(t.key, i)
				}
			}
		}
		list = append(list, t)
	}
	return list, nil
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

func take(ctx context.Context, db *sql.DB, all []table) (snapshot, error) {
	s := snapshot{}
	for _, t := range all {
		rows, err := db.QueryContext(ctx, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name)
		if err != nil {
			return nil, err
		}
		s[t.name] = map[string][]any{}
		for rows.Next() {
			values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				return nil, err
			}
			s[t.name][t.keyOf(values)] = values
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (t table) keyOf(values []any) string {
	var b strings.Builder
	for _, i := range t.key {
		fmt.Fprintf(&b, "%v\x00", values[i])
	}
	return b.String()
}

// statement is one write with the values of the create that it was taken from.
type statement struct {
	table string
	sql   string
	// columns are those that args fill, in order.
	columns []string
	args    []any
}

// between returns the statements that turn one snapshot into the next: whole new rows, and of old rows what changed.
func between(all []table, before, after snapshot) []statement {
	var list []statement
	for _, t := range all {
		for key, row := range after[t.name] {
			old, existed := before[t.name][key]
			switch {
			case !existed:
				list = append(list, t.insert(row))
			case !reflect.DeepEqual(old, row):
				list = append(list, t.update(old, row))
			}
		}
	}
	return list
}

func (t table) insert(row []any) statement {
	holders := make([]string, len(row))
	for i := range row {
		holders[i] = fmt.Sprintf("$%d", i+1)
	}
	return statement{t.name, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, strings.Join(t.columns, ", "), strings.Join(holders, ", ")), t.columns, row}
}

func (t table) update(old, row []any) statement {
	s := statement{table: t.name}
	var set, where []string
	for i, column := range t.columns {
		if !reflect.DeepEqual(old[i], row[i]) {
			s.columns, s.args = append(s.columns, column), append(s.args, row[i])
			set = append(set, fmt.Sprintf("%s = $%d", column, len(s.args)))
		}
	}
	for _, i := range t.key {
		s.columns, s.args = append(s.columns, t.columns[i]), append(s.args, row[i])
		where = append(where, fmt.Sprintf("%s = $%d", t.columns[i], len(s.args)))
	}
	s.sql = fmt.Sprintf("UPDATE %s SET %s WHERE %s", t.name, strings.Join(set, ", "), strings.Join(where, " AND "))
	return s
}
