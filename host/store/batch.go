package store

import (
	"errors"
	"fmt"
)

// job is one call of [Store.Write].
type job struct {
	run  func(*Tx) error
	err  error
	done chan struct{}
	// tx is the last transaction it ran in.
	tx *Tx
}

// batch is one database transaction with the jobs of several callers, which cannot see each other fail.
type batch struct {
	session *session
	// counters are the sequences handed out in this transaction.
	counters map[string]*counter
	// keys are the data keys that were opened or made in this transaction.
	keys dataKeys
	// invoices are those that were changed in this transaction, by id, as they are now; nil for one that must be read.
	invoices map[string]*Invoice
	// events says that the transaction has events, erased that a data key was destroyed in it.
	events, erased bool
	// thorough says that Dialect.Erase was run.
	thorough bool
}

// counter is one row of sequences as the transaction sees it.
type counter struct{ stored, last int64 }

// The texts of savepoints. One name is enough, because they do not nest.
const (
	savepoint = "SAVEPOINT job"
	release   = "RELEASE SAVEPOINT job"
	undo      = "ROLLBACK TO SAVEPOINT job"
)

// wariness is how many batches use savepoints from the start after one needed them.
const wariness = 16

// runBatch commits jobs together. It first hopes that none fails and saves itself the savepoints, for which SQLite
// copies every page a job touches. When one fails everything is rolled back and run again with them. When a failing
// job then takes the transaction down with it, the others run once more, each in a transaction of its own.
func (s *Store) runBatch(jobs []*job) {
	ended := false
	defer func() {
		if !ended { // runtime.Goexit inside a job, as t.FailNow does it: the goroutine is going, its transaction is open
			s.breakDown(errors.New("a job ended the writer's goroutine"))
			failAll(jobs, s.usable())
		}
		for _, j := range jobs {
			close(j.done)
		}
	}()
	again := jobs
	if len(jobs) == 1 || s.wary == 0 {
		again = s.attempt(jobs, false)
		if len(again) > 0 {
			s.wary = wariness
		}
	} else {
		s.wary--
	}
	if len(again) > 0 {
		again = s.attempt(again, true)
	}
	for _, j := range again {
		s.attempt([]*job{j}, true)
	}
	ended = true
}

// attempt runs jobs in one transaction, each in a savepoint if guarded, and sets their errors. Results count only
// after COMMIT, also errors: a job may have judged by what a peer wrote. It returns the jobs that must run again
// because the transaction was rolled back before COMMIT.
func (s *Store) attempt(jobs []*job, guarded bool) (again []*job) {
	if err := s.usable(); err != nil {
		return failAll(jobs, err)
	}
	b := &batch{session: s.writer, counters: map[string]*counter{}, keys: dataKeys{}}
	defer s.endErasing(b)
	if err := b.session.exec(s.dialect.Begin); err != nil {
		return failAll(jobs, fmt.Errorf("store: the transaction did not begin; nothing was done: %w", err))
	}
	for i, j := range jobs {
		if !guarded {
			if s.run(b, j); j.err == nil && !j.tx.doubtful {
				continue
			}
			b.rollback(jobs)
			if len(jobs) == 1 && j.err != nil {
				return nil
			}
			return jobs
		}
		if err := s.runGuarded(b, j); err != nil { // the transaction is gone, and with it what the others did
			b.rollback(jobs)
			j.err = errors.Join(j.err, err)
			return append(append([]*job{}, jobs[:i]...), jobs[i+1:]...)
		}
	}
	if err := b.finish(); err != nil {
		b.rollback(jobs)
		return failAll(jobs, fmt.Errorf("store: the transaction was rolled back: %w", err))
	}
	s.recent.changing(b.invoices)
	if err := s.commit(b.session); err != nil {
		s.breakDown(err)
		return failAll(jobs, s.usable())
	}
	s.recent.changed(b.invoices)
	s.committed(b)
	return nil
}

// erase makes the rest of the transaction overwrite what it frees.
func (t *Tx) erase() error {
	if t.batch.thorough || t.s.dialect.Erase == "" {
		return nil
	}
	if err := t.batch.session.once(t.s.dialect.Erase); err != nil {
		t.failed()
		return fmt.Errorf("store: %w", err)
	}
	t.batch.thorough = true
	return nil
}

func (s *Store) endErasing(b *batch) {
	if !b.thorough {
		return
	}
	if err := b.session.once(s.dialect.Erased); err != nil { // it goes on overwriting, which is only slower
		s.log.Warn("ending the overwriting of erased secrets", "error", err)
	}
}

// run runs one job in the batch's transaction; its error goes to j.err.
func (s *Store) run(b *batch, j *job) {
	j.tx = &Tx{s: s, batch: b}
	j.tx.Reader = Reader{q: j.tx, sealer: s.sealer, texts: s.texts, memory: j.tx}
	j.err = call(j)
}

// runGuarded is run in a savepoint: a failing job is undone alone. An error it returns means that the whole
// transaction is unusable.
func (s *Store) runGuarded(b *batch, j *job) error {
	if err := b.session.exec(savepoint); err != nil {
		return err
	}
	before := b.mark()
	s.run(b, j)
	if j.err != nil {
		if err := b.session.exec(undo); err != nil {
			return err
		}
		b.restore(before)
		j.tx.rewind()
	}
	return b.session.exec(release)
}

// rollback undoes the whole transaction and what its jobs did to their callers' records.
func (b *batch) rollback(jobs []*job) {
	_ = b.session.exec("ROLLBACK") // fails where the database has rolled back by itself
	for _, j := range jobs {
		if j.tx != nil {
			j.tx.rewind()
		}
	}
}

// call runs the job's function; a panic becomes its error, because it must not take its peers down.
func call(j *job) (err error) {
	defer func() {
		j.tx.over = true
		if p := recover(); p != nil {
			err = fmt.Errorf("store: a job panicked: %v", p)
		}
	}()
	return j.run(j.tx)
}

func failAll(jobs []*job, err error) []*job {
	for _, j := range jobs {
		j.err = err
	}
	return nil
}

// batchMark is the state of a batch before a job.
type batchMark struct {
	counters       map[string]counter
	events, erased bool
}

func (b *batch) mark() batchMark {
	m := batchMark{counters: make(map[string]counter, len(b.counters)), events: b.events, erased: b.erased}
	for name, c := range b.counters {
		m.counters[name] = *c
	}
	return m
}

func (b *batch) restore(m batchMark) {
	b.events, b.erased = m.events, m.erased
	clear(b.keys) // the job may have made one
	b.forgetChanges()
	for name, c := range b.counters {
		if old, ok := m.counters[name]; ok {
			*c = old
		} else {
			delete(b.counters, name)
		}
	}
}

// finish writes the sequences that moved.
func (b *batch) finish() error {
	for name, c := range b.counters {
		if c.last != c.stored {
			if err := b.session.exec("UPDATE sequences SET value = $1 WHERE name = $2", c.last, name); err != nil {
				return err
			}
		}
	}
	return nil
}
