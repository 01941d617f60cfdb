package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// errTxOver is what a Tx answers after its job.
var errTxOver = errors.New("store: a transaction was used after its job returned")

// Tx is the transaction of one job. It is valid until the job returns and must
// not be used by other goroutines. The context parameters of its reads are
// ignored; see [Store.Write].
//
// Inserting what exists and losing a compare-and-swap are [ErrConflict]; the
// job may go on after it. Records given to Update methods get their new Version,
// and their old one back if the job is rolled back.
type Tx struct {
	Reader
	s     *Store
	batch *batch
	// undo restores the records of a job that is rolled back or run again.
	undo []func()
	over bool
	// doubtful says that the database refused a statement. Some refusals, such as a full disk, undo the whole
	// transaction, so a job that goes on after one cannot be trusted to be inside it.
	doubtful bool
}

// query implements querier.
func (t *Tx) query(ctx context.Context, text string, args []any) (rowSet, error) {
	if t.over {
		return nil, errTxOver
	}
	rows, err := t.batch.session.query(ctx, text, args)
	if err != nil {
		t.failed()
	}
	return rows, err
}

func (t *Tx) failed() { t.doubtful = true }

func (t *Tx) exec(text string, args ...any) (int64, error) {
	values, err := t.values(args)
	if err != nil {
		return 0, err
	}
	return t.execValues(text, values)
}

// values are good until the next statement.
func (t *Tx) values(args []any) ([]Value, error) {
	if t.over {
		return nil, errTxOver
	}
	values, err := t.batch.session.values(args)
	if err != nil {
		t.failed()
		return nil, fmt.Errorf("store: %w", err)
	}
	return values, nil
}

func (t *Tx) execValues(text string, values []Value) (int64, error) {
	if t.over {
		return 0, errTxOver
	}
	n, err := t.batch.session.execValues(text, values)
	if err != nil {
		t.failed()
		return 0, fmt.Errorf("store: %w", err)
	}
	return n, nil
}

// insert reports whether the row is new.
func (t *Tx) insert(table string, fields []field) (bool, error) {
	values, err := t.values(refs(fields))
	if err != nil {
		return false, fmt.Errorf("inserting into %s: %w", table, err)
	}
	return t.insertValues(table, t.insertInto(table, fields), values)
}

func (t *Tx) insertValues(table, text string, values []Value) (bool, error) {
	n, err := t.execValues(text, values)
	if err != nil {
		return false, fmt.Errorf("inserting into %s: %w", table, err)
	}
	return n == 1, nil
}

// insertNew is insert where an existing row is a conflict.
func (t *Tx) insertNew(table string, fields []field) error {
	fresh, err := t.insert(table, fields)
	return isNew(table, fresh, err)
}

// isNew makes a conflict of a row that is not new.
func isNew(table string, fresh bool, err error) error {
	if err != nil || fresh {
		return err
	}
	return taken(table)
}

func taken(table string) error {
	return fmt.Errorf("%w: the id or a unique key of a row of %s is taken", ErrConflict, table)
}

// insertVersioned is insertNew for a record with a version, which starts at 1.
func (t *Tx) insertVersioned(table string, fields []field, version *int64) error {
	t.setVersion(version, 1)
	return t.insertNew(table, fields)
}

// update writes the mutable columns where the row still has *version, and adds one to it.
func (t *Tx) update(table string, fields []field, id string, version *int64) error {
	old := *version
	t.setVersion(version, old+1)
	text := t.texts.of("update "+table, func() string { return updateText(table, fields) })
	args := make([]any, 0, len(fields)+2)
	for _, f := range fields {
		if !f.fixed {
			args = append(args, f.ref)
		}
	}
	return t.compareAndSwap(table, text, append(args, id, old), id, version, old)
}

// compareAndSwap runs an update that must find the row as it was.
func (t *Tx) compareAndSwap(table, text string, args []any, id string, version *int64, old int64) error {
	values, err := t.values(args)
	if err == nil {
		err = t.swap(table, text, values, id, old)
	}
	if err != nil {
		*version = old
	}
	return err
}

// swap runs an update that must find the row at a version.
func (t *Tx) swap(table, text string, values []Value, id string, version int64) error {
	n, err := t.execValues(text, values)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: %s %s is not at version %d any more", ErrConflict, table, id, version)
	}
	return err
}

// updateChanged is update for a row whose former state is known: it writes only the columns that differ, because SQLite rewrites
// every index that has one of the columns written, also where the value stays.
func (t *Tx) updateChanged(table string, before, fields []field, id string, version *int64) error {
	old := *version
	t.setVersion(version, old+1)
	text, values, err := t.changes(table, before, fields, id, old)
	if err == nil {
		err = t.swap(table, text, values, id, old)
	}
	if err != nil {
		*version = old
	}
	return err
}

// changes is the update of the columns that differ, where the row has the version.
func (r *Reader) changes(table string, before, fields []field, id string, version int64) (text string, values []Value, err error) {
	var written uint64 // a bit for each field
	for i, f := range fields {
		if f.fixed {
			continue
		}
		value, changed, err := newValue(before[i].ref, f.ref)
		if err != nil {
			return "", nil, fmt.Errorf("store: column %s of %s: %w", f.name, table, err)
		}
		if changed {
			written |= 1 << i
			values = append(values, value)
		}
	}
	text = r.texts.of("update "+table+" "+strconv.FormatUint(written, 36), func() string {
		var changed []field
		for i, f := range fields {
			if written&(1<<i) != 0 {
				changed = append(changed, f)
			}
		}
		return updateText(table, changed)
	})
	return text, append(values, textValue(id), intValue(version)), nil
}

// newValue is the value of a column and whether it differs from the one before.
func newValue(before, after any) (Value, bool, error) {
	if a, ok := after.(sealedRef); ok { // sealed again, the same bytes look different
		same, err := a.sameAs(before.(sealedRef))
		if err != nil || same {
			return Value{}, false, err
		}
		value, err := argument(after)
		return value, true, err
	}
	old, err := argument(before)
	if err != nil {
		return Value{}, false, err
	}
	value, err := argument(after)
	return value, value != old, err
}

// setVersion sets a record's version until the job is rolled back.
func (t *Tx) setVersion(version *int64, v int64) {
	setUntilUndone(t, version, v)
}

func setUntilUndone[T any](t *Tx, at *T, v T) {
	old := *at
	t.undo = append(t.undo, func() { *at = old })
	*at = v
}

// rewind undoes what the job did to its caller's records, last change first.
func (t *Tx) rewind() {
	for _, restore := range slices.Backward(t.undo) {
		restore()
	}
	t.undo = nil
}

// now is the time for the store's own bookkeeping; records carry the caller's times.
func (t *Tx) now() time.Time { return t.s.now() }
