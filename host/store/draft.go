package store

import (
	"errors"
	"fmt"
)

// Draft makes the steps of jobs about one operation and its object before these jobs are queued: all others wait for the one writer, so it
// should not encode and seal what can be encoded and sealed elsewhere. Its methods are those of [Tx], with an error that [Draft.Steps]
// returns. They take records as they are now, whose bytes must not change until the job is done, and do not set their versions. A Draft is for one goroutine at a time; its steps may go to others.
type Draft struct {
	s     *Store
	steps Steps
	err   error
	// owner is whose data key seals personal data. key is what the writer used last for it or, in the hope that there is
	// none yet, a new one, which column stores.
	owner  keyOwnerName
	key    sealKey
	column []byte
}

// Steps are changes that [Tx.Do] makes in their order, up to the first that fails. A job that runs again may make them again.
type Steps []step

type step func(t *Tx) error

// Do makes changes that were drafted.
func (t *Tx) Do(steps Steps) error {
	for _, do := range steps {
		if err := do(t); err != nil {
			return err
		}
	}
	return nil
}

// Draft returns a Draft about an operation and its object, whose personal data are its customer's, or its own without a customer.
func (s *Store) Draft(op Operation) *Draft { return &Draft{s: s, owner: op.owner()} }

// Steps returns what was drafted since it was called last.
func (d *Draft) Steps() (Steps, error) {
	steps, err := d.steps, d.err
	d.steps, d.err = nil, nil
	return steps, err
}

func (d *Draft) add(do step, err error) {
	d.steps = append(d.steps, do)
	d.err = errors.Join(d.err, err)
}

// InsertInvoice drafts [Tx.InsertInvoice].
func (d *Draft) InsertInvoice(i Invoice) {
	i.Version = 1
	insert, err := d.s.insertion("invoices", d.s.invoices().fields(&i))
	stored := i.asStored()
	d.add(func(t *Tx) error {
		err := insert(t)
		if err == nil {
			t.wrote(i.ID, stored)
		}
		return err
	}, err)
}

// ChangeInvoice drafts [Tx.ChangeInvoice].
func (d *Draft) ChangeInvoice(before, after Invoice) {
	after.Version = before.Version + 1
	change, err := d.s.alteration("invoices", d.s.invoices().fields(&before), d.s.invoices().fields(&after), before.ID, before.Version)
	stored := after.changedFrom(before)
	d.add(func(t *Tx) error {
		err := change(t)
		if err == nil {
			t.wrote(before.ID, stored)
		}
		return err
	}, err)
}

// InsertOperation drafts [Tx.InsertOperation], but a taken idempotency key is an [ErrConflict] as well.
func (d *Draft) InsertOperation(op Operation) {
	op.Version = 1
	row, err := sealOperation(op, d.dataKey)
	if err != nil {
		d.add(nil, err)
		return
	}
	insert, err := d.s.insertion("operations", d.s.operations().fields(row))
	d.add(d.sealed(insert, func(t *Tx) error {
		again := op
		existing, err := t.InsertOperation(&again)
		if existing != nil {
			return taken("operations")
		}
		return err
	}), err)
}

// ChangeOperation drafts [Tx.ChangeOperation].
func (d *Draft) ChangeOperation(before, after Operation) {
	after.Version = before.Version
	stored, row, err := changedOperation(before, after, d.dataKey)
	if err != nil {
		d.add(nil, err)
		return
	}
	row.Version++
	change, err := d.s.alteration("operations", d.s.operations().fields(stored), d.s.operations().fields(row), before.ID, before.Version)
	d.add(d.sealed(change, func(t *Tx) error {
		again := after
		return t.ChangeOperation(before, &again)
	}), err)
}

// InsertTry drafts [Tx.InsertTry].
func (d *Draft) InsertTry(try Try) { d.add(d.s.insertion("tries", d.s.tries().fields(&try))) }

// InsertEvidence drafts [Tx.InsertEvidence].
func (d *Draft) InsertEvidence(e Evidence) {
	d.add(d.s.insertion("evidence", d.s.evidence().fields(&e)))
}

// PutPersonal drafts [Tx.PutPersonal]. The data must be the object's or its customer's.
func (d *Draft) PutPersonal(p PersonalData) {
	put := func(t *Tx) error { return t.PutPersonal(p) }
	if len(p.Data) == 0 {
		d.add(put, nil)
		return
	}
	key, err := d.dataKey(p.owner())
	if err != nil {
		d.add(nil, err)
		return
	}
	column, err := seal(key, p.Data, p.place())
	d.add(d.sealed(func(t *Tx) error { return t.putSealed(p, key.id, column) }, put), err)
}

// AppendEvent drafts [Tx.AppendEvent].
func (d *Draft) AppendEvent(e Event) {
	text, values, err := d.s.appended(e)
	d.add(func(t *Tx) error {
		position, err := t.next("events")
		if err != nil {
			return err
		}
		values[0] = intValue(position)
		fresh, err := t.insertValues("events", text, values)
		if err := isNew("events", fresh, err); err != nil {
			return err
		}
		t.batch.events = true
		return nil
	}, err)
}

// sealed is the step for rows that were sealed under the draft's key, or otherwise where the owner has another by now.
func (d *Draft) sealed(do, otherwise step) step {
	if d.key.secret == nil { // nothing was
		return do
	}
	owner, key, column := d.owner, d.key, d.column
	return func(t *Tx) (err error) {
		var current sealKey
		if column == nil {
			current, err = t.dataKey(owner)
		} else {
			current, err = t.dataKeyOr(owner, key, column)
		}
		if err != nil {
			return err
		}
		if current.id != key.id {
			return otherwise(t)
		}
		return do(t)
	}
}

// dataKey is the key that the draft seals under.
func (d *Draft) dataKey(owner keyOwnerName) (sealKey, error) {
	if owner != d.owner {
		return sealKey{}, errors.New("store: a draft about one operation has personal data of another")
	}
	if d.key.secret != nil {
		return d.key, nil
	}
	key, ok := d.s.keys.get(d.owner)
	if !ok {
		key = newSealKey()
		var err error
		if d.column, err = sealDataKey(d.s.sealer, key); err != nil {
			return sealKey{}, err
		}
	}
	d.key = key
	return key, nil
}

// insertion is the step that stores a new row; an existing one is a conflict.
func (r *Reader) insertion(table string, fields []field) (step, error) {
	text := r.insertInto(table, fields)
	values, err := encoded(table, fields)
	return func(t *Tx) error {
		fresh, err := t.insertValues(table, text, values)
		return isNew(table, fresh, err)
	}, err
}

// alteration is the step that writes the columns of a row that differ, where it has the version.
func (r *Reader) alteration(table string, before, fields []field, id string, version int64) (step, error) {
	text, values, err := r.changes(table, before, fields, id, version)
	return func(t *Tx) error { return t.swap(table, text, values, id, version) }, err
}

// encoded are the columns of a row as they are written.
func encoded(table string, fields []field) ([]Value, error) {
	values := make([]Value, len(fields))
	for i, f := range fields {
		var err error
		if values[i], err = argument(f.ref); err != nil {
			return nil, fmt.Errorf("store: column %s of %s: %w", f.name, table, err)
		}
	}
	return values, nil
}
