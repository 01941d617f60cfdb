package store

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// migrationFiles are numbered without gaps from 0001. One that was released is
// never edited: its checksum stands in every database that ran it.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one numbered step of the schema.
type migration struct {
	version        int64
	name, checksum string
	text           string
}

func loadMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || version != int64(i+1) {
			return nil, fmt.Errorf("store: migration %s should have number %04d", base, i+1)
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{version, base, hex.EncodeToString(sum[:]), string(text)})
	}
	return all, nil
}

// migrate brings the schema up to date, each step in its own transaction
// together with its record. It runs under the database's lock, on a context that does not
// end, so that no step is cut in two.
func migrate(w *session, now time.Time) error {
	all, err := loadMigrations(migrationFiles)
	if err != nil {
		return err
	}
	err = w.once(w.dialect.DDL(`CREATE TABLE IF NOT EXISTS schema_migrations (
  version    BIGINT PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);`))
	if err != nil {
		return fmt.Errorf("store: preparing the schema: %w", err)
	}
	applied, err := appliedMigrations(w)
	if err != nil {
		return err
	}
	if err := checkMigrations(applied, all); err != nil {
		return err
	}
	for _, m := range all[len(applied):] {
		if err := m.apply(w, now); err != nil {
			return fmt.Errorf("store: migration %s: %w", m.name, err)
		}
	}
	return nil
}

// checkMigrations refuses a database whose history is not the beginning of ours.
func checkMigrations(applied, all []migration) error {
	for i, a := range applied {
		switch {
		case i >= len(all):
			return fmt.Errorf("%w: the database has migration %s, which is newer than this program", ErrSchema, a.name)
		case a.version != all[i].version:
			return fmt.Errorf("%w: the database lacks migration %s but has a later one", ErrSchema, all[i].name)
		case a.checksum != all[i].checksum:
			return fmt.Errorf("%w: migration %s was not the same when this database ran it", ErrSchema, all[i].name)
		}
	}
	return nil
}

func appliedMigrations(w *session) ([]migration, error) {
	rows, err := w.query(w.ctx, "SELECT version, name, checksum FROM schema_migrations ORDER BY version", nil)
	if err != nil {
		return nil, fmt.Errorf("store: reading the schema's history: %w", err)
	}
	defer rows.Close()
	var list []migration
	for rows.Next() {
		var m migration
		if err := rows.Scan(&m.version, &m.name, &m.checksum); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

func (m migration) apply(w *session, now time.Time) (err error) {
	if err := w.once(w.dialect.Begin); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.once("ROLLBACK"))
		}
	}()
	for _, statement := range statements(m.text) {
		if err := w.once(w.dialect.DDL(statement)); err != nil {
			return err
		}
	}
	err = w.once("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
		m.version, m.name, m.checksum, now.UnixMicro())
	if err != nil {
		return err
	}
	return w.once("COMMIT")
}

// statements splits a migration at the semicolons that end a line.
func statements(text string) []string {
	var list []string
	for _, statement := range strings.SplitAfter(text, ";\n") {
		if strings.TrimSpace(statement) != "" {
			list = append(list, statement)
		}
	}
	return list
}
