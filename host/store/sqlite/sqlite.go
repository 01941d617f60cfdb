// Package sqlite opens a [store.Store] on one SQLite file: the embedded
// database of a host on one machine, in pure Go.
//
//	st, err := sqlite.Open("payhost.db", sqlite.Options{})
//	if err != nil { … }
//	defer st.Close()
//	err = st.Acquire(ctx) // waits while another process owns the file
//
// One process owns the database at a time. Ownership is a lock on the file
// path+".lock", held until Close or the end of the process however it ends; that file stays and
// must not be deleted by hand. The database itself is in WAL mode with
// synchronous=FULL: what was committed survives a power cut as far as the disk
// keeps its word. Do not put it on a network file system.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite" of database/sql

	"github.com/payhost/payhost/host/store"
)

// Options are the settings of [Open]. The zero value is right for most.
type Options struct {
	// Sealer encrypts secrets and personal data; nil means the key file path+".key", made with a new database.
	Sealer store.Sealer
	// StoreWait is how long Acquire waits for another owner; zero means as long as its context lasts.
	StoreWait time.Duration
	// Logger gets what no caller can be told; nil means nobody.
	Logger *slog.Logger
	// Now is the clock for the store's own bookkeeping; nil means the system's.
	Now func() time.Time
}

// Open prepares a Store on the file path, which need not exist. It does not
// wait and does not touch the database: [store.Store.Acquire] does. It fails
// when the directory is missing, or when a database exists and its key file does not.
func Open(path string, opts Options) (*store.Store, error) {
	file, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if opts.Sealer == nil {
		if opts.Sealer, err = keyFile(file); err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
	}
	return open(file, "FULL", opts, nil)
}

// OpenMemory returns a Store for tests, already acquired. SQLite's shared
// in-memory mode locks whole tables against readers, so this is a file in a private
// temporary directory, without flushes, removed by Close. The sealer is a new random key
// unless opts has one.
func OpenMemory(opts Options) (*store.Store, error) {
	dir, err := os.MkdirTemp("", "payhost-store-")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if opts.Sealer == nil {
		opts.Sealer = store.NewMemorySealer()
	}
	st, err := open(filepath.Join(dir, "memory.db"), "OFF", opts, func() error { return os.RemoveAll(dir) })
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := st.Acquire(context.Background()); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// resolve finds the one true name of a file, so that two names of it share a lock.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if file, err := filepath.EvalSymlinks(path); !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// keyFile opens the default key file. It makes one only for a new database: for an old one, a new key opens nothing.
func keyFile(file string) (store.Sealer, error) {
	path := file + ".key"
	_, keyErr := os.Stat(path)
	info, dbErr := os.Stat(file)
	if errors.Is(keyErr, fs.ErrNotExist) && dbErr == nil && info.Size() > 0 {
		return nil, fmt.Errorf("the database %s exists but its key file %s does not; put it back", file, path)
	}
	return store.NewKeyFileSealer(path)
}

func open(file, synchronous string, opts Options, closed func() error) (*store.Store, error) {
	read, err := sql.Open("sqlite", dsn(file, "ro", []string{"query_only(1)", "busy_timeout(10000)", "cache_size(-16384)"}))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	checkpoint, err := newCheckpointer(file, synchronous)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", errors.Join(err, read.Close()))
	}
	return store.New(store.Config{
		Dialect: dialect(),
		Write: func() (store.Conn, error) {
			return connect(dsn(file, "rwc", nil), pragmas(synchronous, -writerCache, 60000))
		},
		Read:       read,
		Sealer:     opts.Sealer,
		Lock:       func(ctx context.Context) (func() error, error) { return lock(ctx, file+".lock", opts.StoreWait) },
		Checkpoint: checkpoint.run,
		Closed: func() error {
			err := checkpoint.close()
			if closed != nil {
				err = errors.Join(err, closed())
			}
			return err
		},
		Logger: opts.Logger,
		Now:    opts.Now,
	}), nil
}

// writerCache is how many KiB of pages the writer keeps. More is slower: when SQLite has moved a page within a tree, which it does through
// a page number beyond the file, the next commit looks through the whole cache for pages that are no longer part of the file.
const writerCache = 32 << 10

// pragmas of a connection that writes. The log is moved to the file by the background
// checkpointer; autocheckpoint is the net below it, high enough that commits rarely meet it. A negative cache size is in
// KiB; see [writerCache]. secure_delete overwrites what is deleted, so that a destroyed data key is not left behind: FAST within the pages of a table,
// which is all that storing a key can leave a copy in; the transactions that destroy one overwrite freed pages too.
func pragmas(synchronous string, cache, autocheckpoint int) []string {
	return []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)", "secure_delete(FAST)",
		"temp_store(MEMORY)",
		fmt.Sprintf("cache_size(%d)", cache), fmt.Sprintf("wal_autocheckpoint(%d)", autocheckpoint),
	}
}

func dsn(file, mode string, pragmas []string) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter
	}
	return (&url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: url.Values{"mode": {mode}, "_pragma": pragmas}.Encode()}).String()
}

// dialect makes every table STRICT, so that a column refuses a value of another type as PostgreSQL's does.
func dialect() store.Dialect {
	types := strings.NewReplacer("BIGINT", "INTEGER", "BYTEA", "BLOB", "BOOLEAN", "INTEGER")
	word := regexp.MustCompile(`\b(BIGINT|BYTEA|BOOLEAN)\b`)
	return store.Dialect{
		Name: "sqlite",
		DDL: func(statement string) string {
			statement = word.ReplaceAllStringFunc(statement, types.Replace)
			statement = strings.Replace(statement, "\n) WITHOUT ROWID;", "\n) STRICT, WITHOUT ROWID;", 1)
			return strings.Replace(statement, "\n);", "\n) STRICT;", 1)
		},
		Statement: positional,
		Erase:     "PRAGMA secure_delete = ON",
		Erased:    "PRAGMA secure_delete = FAST",
		Begin:     "BEGIN IMMEDIATE",
	}
}
