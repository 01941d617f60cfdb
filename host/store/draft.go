package store

import (
	"errors"
	"fmt"
	"sync"
)

// Draft makes the steps of jobs about one operation and its object before these jobs are queued: all others wait for the one writer, so it
// should not encode and seal what can be encoded and sealed elsewhere. Its methods are those of [Tx], with an error that [Draft.Steps]
// returns. They take records as they are now, whose bytes must not change until the job is done, and do not set their versions. A Draft is for
// one goroutine at a time; its steps may go to others.
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
	row := d.s.drafts.invoices.lend(i)
	defer d.s.drafts.invoices.back(row)
	insert, err := d.s.insertion("invoices", row.fields)
	d.add(remembered(insert, i.ID, i.asStored()), err)
}

// ChangeInvoice drafts [Tx.ChangeInvoice].
func (d *Draft) ChangeInvoice(before, after Invoice) {
	after.Version = before.Version + 1
	from, to := d.s.drafts.invoices.lend(before), d.s.drafts.invoices.lend(after)
	defer d.s.drafts.invoices.back(from, to)
	change, err := d.s.alteration("invoices", from.fields, to.fields, before.ID, before.Version)
	d.add(remembered(change, before.ID, after.changedFrom(before)), err)
}

// remembered is a step that makes an invoice what stored is.
func remembered(do step, id string, stored *Invoice) step {
	return func(t *Tx) error {
		err := do(t)
		if err == nil {
			t.wrote(id, stored)
		}
		return err
	}
}

// InsertOperation drafts [Tx.InsertOperation], but a taken idempotency key is an [ErrConflict] as well.
func (d *Draft) InsertOperation(op Operation) {
	op.Version = 1
	row := d.s.drafts.operations.lend(operationRow{Operation: op})
	defer d.s.drafts.operations.back(row)
	if err := row.row.seal(d.dataKey); err != nil {
		d.add(nil, err)
		return
	}
	insert, err := d.s.insertion("operations", row.fields)
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
	from, to := d.s.drafts.operations.lend(operationRow{Operation: before}), d.s.drafts.operations.lend(operationRow{Operation: after})
	defer d.s.drafts.operations.back(from, to)
	if err := to.row.sealChanged(&from.row, d.dataKey); err != nil {
		d.add(nil, err)
		return
	}
	to.row.Version++
	change, err := d.s.alteration("operations", from.fields, to.fields, before.ID, before.Version)
	d.add(d.sealed(change, func(t *Tx) error {
		again := after
		return t.ChangeOperation(before, &again)
	}), err)
}

// InsertTry drafts [Tx.InsertTry].
func (d *Draft) InsertTry(try Try) {
	row := d.s.drafts.tries.lend(try)
	defer d.s.drafts.tries.back(row)
	d.add(d.s.insertion("tries", row.fields))
}

// InsertEvidence drafts [Tx.InsertEvidence].
func (d *Draft) InsertEvidence(e Evidence) {
	row := d.s.drafts.evidence.lend(e)
	defer d.s.drafts.evidence.back(row)
	d.add(d.s.insertion("evidence", row.fields))
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
	row := d.s.drafts.events.lend(e)
	defer d.s.drafts.events.back(row)
	text, values, err := d.s.appended(row.fields)
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

// lenders lend what drafts encode rows from, because the list of a row's columns takes as much memory as the row.
type lenders struct {
	invoices   lender[Invoice]
	operations lender[operationRow]
	tries      lender[Try]
	evidence   lender[Evidence]
	events     lender[Event]
}

func newLenders(r *Reader) *lenders {
	return &lenders{
		invoices: lender[Invoice]{fields: r.invoices().fields}, operations: lender[operationRow]{fields: r.operations().fields},
		tries: lender[Try]{fields: r.tries().fields}, evidence: lender[Evidence]{fields: r.evidence().fields},
		events: lender[Event]{fields: r.eventRecords().fields},
	}
}

type lender[T any] struct {
	pool   sync.Pool
	fields func(*T) []field
}

// lent is a row with its columns.
type lent[T any] struct {
	row    T
	fields []field
}

func (l *lender[T]) lend(row T) *lent[T] {
	at, _ := l.pool.Get().(*lent[T])
	if at == nil {
		at = &lent[T]{}
		at.fields = l.fields(&at.row)
	}
	at.row = row
	return at
}

// back takes rows back, which nobody may use from then on.
func (l *lender[T]) back(rows ...*lent[T]) {
	for _, at := range rows {
		at.row = *new(T)
		l.pool.Put(at)
	}
}
