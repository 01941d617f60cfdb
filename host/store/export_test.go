package store

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// AroundCommit puts hook around every later COMMIT of s. Call it while no job is queued.
func AroundCommit(s *Store, hook func(commit func() error) error) { s.commitHook = hook }

// SealPlace is the associated data of a sealed column.
func SealPlace(table, column string, row ...string) []byte { return place(table, column, row...) }

// Exec runs a statement inside a job.
func Exec(tx *Tx, text string, args ...any) error { _, err := tx.exec(text, args...); return err }

// CheckHistory compares migrations a database ran, as version → checksum overrides of ours, with those of files.
func CheckHistory(ran, ours fs.FS) error {
	applied, err := loadMigrations(ran)
	if err != nil {
		return err
	}
	all, err := loadMigrations(ours)
	if err != nil {
		return err
	}
	return checkMigrations(applied, all)
}

// ParseKeyFile exposes the parser to its fuzz test; it returns the number of keys.
func ParseKeyFile(text []byte) (int, error) { keys, err := parseKeyFile(text); return len(keys), err }

// UTC is a time for records of tests.
func UTC() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// Queued is the number of jobs that wait.
func Queued(s *Store) int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.jobs)
}

// SpendSalt makes the next value that a built-in sealer seals the last one of its salt.
func SpendSalt(s Sealer) {
	ring := s.(keyring)
	ring.keys[len(ring.keys)-1].derived.left = 1
}

// Plan is how the database finds what ask asks for, which gets no rows.
func Plan(tx *Tx, ask func(r *Reader) error) (string, error) {
	spy := &planner{tx: tx}
	err := ask(&Reader{q: spy, texts: &texts{}})
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return strings.Join(spy.steps, "; "), err
}

// ReadBeside reads what is beside so many invoices: attempts, disputes, amounts of refunds, personal data.
func ReadBeside(ctx context.Context, r *Reader, n int) error {
	all := make([]ShownInvoice, n)
	ids := make([]string, n)
	for i := range all {
		ids[i] = "inv_" + strconv.Itoa(i)
		all[i].ID, all[i].hasAttempts, all[i].hasDisputes, all[i].hasRefunds = ids[i], true, true, true
	}
	err := r.beside(ctx, all)
	if err == nil {
		_, err = r.PersonalOfInvoices(ctx, PersonalNextActions, ids)
	}
	return err
}

// planner asks for the plan of each query in the query's place.
type planner struct {
	tx    *Tx
	steps []string
}

func (p *planner) failed() {}

func (p *planner) query(ctx context.Context, text string, args []any) (rowSet, error) {
	rows, err := p.tx.query(ctx, "EXPLAIN QUERY PLAN "+text, args)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var id, parent, unused int64
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return nil, err
		}
		p.steps = append(p.steps, step)
	}
	return rows, rows.Err()
}
