package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a database package gives to [New].
type Config struct {
	// Dialect says how this database differs.
	Dialect Dialect
	// Write opens the one connection that writes.
	Write func() (Conn, error)
	// Read has several connections, which cannot write. New takes it over.
	Read *sql.DB
	// Sealer encrypts; required.
	Sealer Sealer
	// Lock waits until this process may own the database, and returns what gives it back.
	// It must end with ctx.
	Lock func(ctx context.Context) (unlock func() error, err error)
	// Checkpoint, if set, does background work on the database file after commits, about once every
	// CheckpointEvery. Scrub asks it to leave no old bytes in the log, because a data key was destroyed. It returns how many
	// pages the log has: when it has many, Checkpoint is also called between two commits, after a call beside them has left
	// little to do, so that the log can begin anew. It runs once at a time.
	Checkpoint func(ctx context.Context, scrub bool) (pages int, err error)
	// CheckpointEvery is the least time between two checkpoints; zero means a second.
	CheckpointEvery time.Duration
	// Closed is called once, at the end of Close.
	Closed func() error
	// Logger gets what no caller can be told, such as a failed checkpoint; nil means nobody.
	Logger *slog.Logger
	// Now is the clock for the store's own bookkeeping; nil means the system's.
	Now func() time.Time
}

// Store is an open database. Its methods may be used by many goroutines. See
// the package comment for what it promises.
type Store struct {
	// Reader sees what was committed.
	Reader

	config  Config
	dialect Dialect
	now     func() time.Time
	log     *slog.Logger

	// acquiring lets one Acquire run at a time; closing ends when Close begins.
	acquiring chan struct{}
	closing   context.Context
	close     context.CancelFunc

	queue      *queue
	reads      *pool
	writer     *session // of the writer's goroutine, once it runs
	writerDone chan struct{}
	wary       int          // of the writer's goroutine: how many batches still use savepoints from the start
	keys       keptDataKeys // as committed
	drafts     *lenders
	recent     *recentInvoices
	// commits nudges the checkpointer; it has room for one token.
	commits chan struct{}
	// finish asks the writer for the last bit of a checkpoint.
	finish         atomic.Bool
	checkpointing  sync.Mutex
	checkpointDone chan struct{}

	mu          sync.Mutex
	owned       bool  // guarded by mu
	brokenBy    error // guarded by mu
	broken      chan struct{}
	unlock      func() error  // guarded by mu
	events      chan struct{} // guarded by mu; closed at the next commit with events
	scrub       bool          // guarded by mu; the next checkpoint is to scrub
	fingerprint []byte        // guarded by mu
	closeOnce   sync.Once
	closeErr    error

	// commitHook, in tests, stands around COMMIT to count it or to let it fail.
	commitHook func(commit func() error) error
}

// New returns a Store that owns nothing yet: [Store.Acquire] does the rest. It
// is for database packages; programs call theirs, for example sqlite.Open.
func New(c Config) *Store {
	if c.CheckpointEvery <= 0 {
		c.CheckpointEvery = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of a clock that can be handed in
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	closing, cancel := context.WithCancel(context.Background())
	s := &Store{
		config: c, dialect: c.Dialect, now: c.Now, log: c.Logger,
		acquiring: make(chan struct{}, 1), closing: closing, close: cancel,
		queue: &queue{wake: make(chan struct{}, 1)}, commits: make(chan struct{}, 1),
		keys: keptDataKeys{keys: dataKeys{}}, broken: make(chan struct{}), events: make(chan struct{}),
		recent: newRecentInvoices(),
	}
	s.reads = &pool{s: s, db: c.Read}
	s.Reader = Reader{q: s.reads, sealer: c.Sealer, texts: &texts{}, memory: s.reads}
	s.drafts = newLenders(&s.Reader)
	return s
}

// Acquire waits until this process owns the database, brings the schema up to
// date and starts the writer. It returns at once when the database is owned
// already. Until it has returned nil, every other call fails with
// [ErrNotOwned]. It fails when ctx ends, when the Store is closed, and with
// [ErrSchema] when the database was made by a newer program.
func (s *Store) Acquire(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)() //nolint:contextcheck // both contexts end the wait
	select {
	case s.acquiring <- struct{}{}:
		defer func() { <-s.acquiring }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNotOwned, ctx.Err())
	}
	switch err := s.usable(); {
	case s.closing.Err() != nil:
		return fmt.Errorf("%w: the store is closed", ErrNotOwned)
	case err == nil || errors.Is(err, ErrBroken):
		return err
	}
	unlock, err := s.config.Lock(ctx)
	if err != nil {
		return fmt.Errorf("%w: waiting for the database: %w", ErrNotOwned, err)
	}
	if err := s.start(ctx); err != nil {
		return errors.Join(err, unlock())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unlock, s.owned = unlock, true
	return nil
}

// start prepares the database and starts the goroutines.
func (s *Store) start(ctx context.Context) (err error) {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: opening the database: %w", err)
	}
	conn, err := s.config.Write()
	if err != nil {
		return fmt.Errorf("store: opening the database: %w", err)
	}
	writer := newSession(context.WithoutCancel(ctx), conn, s.dialect)
	err = migrate(writer, s.now())
	if err == nil {
		err = s.loadFingerprintKey(writer)
	}
	if err != nil {
		return errors.Join(err, writer.close())
	}
	s.writer, s.writerDone, s.checkpointDone = writer, make(chan struct{}), make(chan struct{})
	go s.writeLoop()
	go s.checkpointLoop()
	return nil
}

// usable says why a call cannot be served, if so.
func (s *Store) usable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.brokenBy != nil:
		return fmt.Errorf("%w: %w", ErrBroken, s.brokenBy)
	case !s.owned:
		return ErrNotOwned
	}
	return nil
}

// commit ends the transaction. Its failure is final: the database may hold the transaction or not.
func (s *Store) commit(w *session) error {
	commit := func() error { return w.exec("COMMIT") }
	if s.commitHook != nil {
		return s.commitHook(commit)
	}
	return commit()
}

func (s *Store) breakDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.brokenBy == nil {
		s.brokenBy = err
		close(s.broken)
	}
}

// Broken returns a channel that is closed when a COMMIT has failed. Then nobody can know what is
// stored: the process should end, and the next one read what is there.
func (s *Store) Broken() <-chan struct{} { return s.broken }

// BrokenError returns why the Store is broken, nil while it is not.
func (s *Store) BrokenError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.brokenBy
}

// EventSignal returns a channel that is closed by the next commit that has
// events. Take it before reading events, and wait for it when there were none:
// then no event is missed.
func (s *Store) EventSignal() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events
}

// FingerprintKey returns the 32 bytes of a random key for keyed digests of
// requests. It is made with the database, stored sealed, and never changes. It is
// nil before [Store.Acquire].
func (s *Store) FingerprintKey() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.fingerprint...)
}

// committed tells those who wait of a commit.
func (s *Store) committed(b *batch) {
	s.keys.put(b.keys)
	if !b.events && !b.erased {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scrub = s.scrub || b.erased
	if b.events {
		close(s.events)
		s.events = make(chan struct{})
	}
}

// Close ends an Acquire that waits, lets queued jobs finish, closes the database
// and gives it free for others. Later calls fail with [ErrNotOwned]; closing
// again returns the same result.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.shutdown() })
	return s.closeErr
}

func (s *Store) shutdown() error {
	s.close()
	s.acquiring <- struct{}{} // a running Acquire ends first, and none begins after it
	s.queue.close()
	var errs []error
	if s.writer != nil {
		<-s.writerDone
		<-s.checkpointDone
	}
	s.mu.Lock()
	unlock := s.unlock
	s.owned = false
	s.mu.Unlock()
	errs = append(errs, s.reads.close()) // the readers first: whoever is last tidies the log away
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if unlock != nil {
		errs = append(errs, unlock())
	}
	if s.config.Closed != nil {
		errs = append(errs, s.config.Closed())
	}
	<-s.acquiring
	return errors.Join(errs...)
}
