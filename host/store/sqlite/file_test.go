package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

func utc() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// openFile opens and acquires a database file.
func openFile(t *testing.T, path string) *store.Store {
	t.Helper()
	st, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Acquire(t.Context()))
	return st
}

// raw runs statements on a closed database file, as an attacker or an operator with a shell would.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

// secrets stores one of everything that must not lie in the file in clear.
func secrets(t *testing.T, st *store.Store, canary string) {
	t.Helper()
	text := json.RawMessage(`"` + canary + `"`)
	state := &pay.State{Version: 1, Data: []byte(canary)}
	a := store.Account{ID: "acc", Config: text, PrivateState: state, CreatedAt: utc()}
	i := store.Invoice{ID: "inv", AccountID: "acc", PrivateState: state, CreatedAt: utc()}
	r := store.Refund{ID: "ref", AccountID: "acc", InvoiceID: "inv", PrivateState: state, CreatedAt: utc()}
	p := store.Payout{ID: "po", AccountID: "acc", PrivateState: state, CreatedAt: utc()}
	op := store.Operation{ID: "op", AccountID: "acc", CustomerID: "anna", Request: text, Result: text, CreatedAt: utc()}
	e := store.Evidence{ID: "ev", Evidence: pay.Evidence{Raw: []byte(canary)}, CreatedAt: utc()}
	w := store.Webhook{ID: "wh", AccountID: "acc", RawQuery: canary, Headers: []pay.Header{{Name: "X-Sign", Value: canary}},
		Body: []byte(canary), Events: text, ReceivedAt: utc()}
	c := store.Credential{ID: "cred", AccountID: "acc", StoredCredential: pay.StoredCredential{Token: canary}, CreatedAt: utc()}
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
		for _, put := range []func() error{
			func() error { return tx.InsertAccount(&a) },
			func() error { return tx.InsertInvoice(&i) },
			func() error { return tx.InsertRefund(&r) },
			func() error { return tx.InsertPayout(&p) },
			func() error { _, err := tx.InsertOperation(&op); return err },
			func() error { return tx.InsertEvidence(&e) },
			func() error { _, err := tx.InsertWebhook(&w); return err },
			func() error { return tx.PutCredential(&c) },
			func() error {
				return tx.PutPersonal(store.PersonalData{CustomerID: "anna", ObjectType: "invoice", ObjectID: "inv", Kind: store.PersonalPayer, Data: text})
			},
		} {
			if err := put(); err != nil {
				return err
			}
		}
		return nil
	}))
}

// onDisk returns the bytes of every file of the database, its log included.
func onDisk(t *testing.T, path string) []byte {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	var all []byte
	for _, name := range names {
		if filepath.Ext(name) == ".key" {
			continue
		}
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all = append(all, b...)
	}
	return all
}

func TestFilesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	const canary = "canary-anna@example.com-+380501234567"
	secrets(t, st, canary)
	// A word that must be there shows that the search can find something.
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.SetCursor("consumer-in-clear", 1) }))
	key := st.FingerprintKey()
	require.Len(t, key, 32)
	for range 2 { // with the log, and after it was moved to the file
		disk := onDisk(t, path)
		require.Contains(t, string(disk), "consumer-in-clear")
		require.NotContains(t, string(disk), canary)
		require.NotContains(t, string(disk), "anna@example")
		require.False(t, bytes.Contains(disk, key), "the fingerprint key lies in clear")
		require.NoError(t, st.Close())
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	secrets(t, st, "kept")
	event := store.Event{ID: "e1", ObjectType: "o", ObjectID: "1"}
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.AppendEvent(&event) }))
	key := st.FingerprintKey()
	account, err := st.Account(t.Context(), "acc")
	require.NoError(t, err)
	require.NoError(t, st.Close())

	st = openFile(t, path)
	require.Equal(t, key, st.FingerprintKey(), "a fingerprint must match over restarts")
	again, err := st.Account(t.Context(), "acc")
	require.NoError(t, err)
	require.Equal(t, account, again)
	op, err := st.Operation(t.Context(), "op")
	require.NoError(t, err)
	require.JSONEq(t, `"kept"`, string(op.Request))
	next := store.Event{ID: "e2", ObjectType: "o", ObjectID: "1"}
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.AppendEvent(&next) }))
	require.Equal(t, event.Position+1, next.Position)
	require.Equal(t, int64(2), next.Sequence)
}

func TestMovedSealedValuesAreRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	secrets(t, st, "mine")
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertAccount(&store.Account{ID: "acc2", Config: json.RawMessage(`"theirs"`), CreatedAt: utc()}); err != nil {
			return err
		}
		_, err := tx.InsertOperation(&store.Operation{ID: "op2", AccountID: "acc", CustomerID: "anna", Request: json.RawMessage(`"other"`), CreatedAt: utc()})
		return err
	}))
	require.NoError(t, st.Close())
	raw(t, path,
		"UPDATE accounts SET config = (SELECT config FROM accounts WHERE id = 'acc') WHERE id = 'acc2'",
		"UPDATE operations SET request = (SELECT request FROM operations WHERE id = 'op') WHERE id = 'op2'",
		"UPDATE webhooks SET body = headers",
	)
	st = openFile(t, path)
	_, err := st.Account(t.Context(), "acc2")
	require.ErrorIs(t, err, store.ErrUnsealable, "another row's config")
	_, err = st.Operation(t.Context(), "op2")
	require.ErrorIs(t, err, store.ErrUnsealable, "another operation's request under the same key")
	_, err = st.Webhook(t.Context(), "wh")
	require.ErrorIs(t, err, store.ErrUnsealable, "another column")
	_, err = st.Account(t.Context(), "acc")
	require.NoError(t, err)
}

// An erased key must not survive in a free page or in the log, where the seal key would still open it.
func TestErasedKeysLeaveTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	secrets(t, st, "erase me")
	require.NoError(t, st.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	var key []byte
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT data_key FROM customer_keys WHERE owner_id = 'anna'").Scan(&key))
	require.NoError(t, db.Close())
	require.True(t, bytes.Contains(onDisk(t, path), key))

	st = openFile(t, path)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.ErasePersonal("", "anna") }))
	require.Eventually(t, func() bool { return !bytes.Contains(onDisk(t, path), key) }, 30*time.Second, 10*time.Millisecond)
}

// Keys lie side by side, and their pages are joined as they are erased. No copy of any may stay, in whatever order they go.
func TestManyErasedKeysLeaveTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	const customers, together = 400, 7
	name := func(n int) string { return fmt.Sprintf("customer-%03d", n*173%customers) }
	for n := range customers {
		require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
			return tx.PutPersonal(store.PersonalData{CustomerID: name(n), ObjectType: "invoice", ObjectID: "i", Kind: store.PersonalPayer, Data: json.RawMessage(`{}`)})
		}))
	}
	require.NoError(t, st.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	rows, err := db.QueryContext(t.Context(), "SELECT data_key FROM customer_keys")
	require.NoError(t, err)
	defer rows.Close()
	var keys [][]byte
	for rows.Next() {
		var key []byte
		require.NoError(t, rows.Scan(&key))
		keys = append(keys, key)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, db.Close())
	require.Len(t, keys, customers)

	st = openFile(t, path)
	for n := 0; n < customers; n += together {
		require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
			for k := n; k < min(n+together, customers); k++ {
				if err := tx.ErasePersonal("", name(k*7%customers)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	require.NoError(t, st.Close())
	disk := onDisk(t, path)
	for _, key := range keys {
		require.False(t, bytes.Contains(disk, key), "an erased key is still in the file")
	}
}

// Under a load that never pauses the log begins anew all the same, long before a commit has to move it.
func TestTheLogBeginsAnewUnderLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	st := openFile(t, path)
	sequence := func() uint32 { // of the log: how often it began anew
		head := make([]byte, 16)
		f, err := os.Open(path + "-wal")
		require.NoError(t, err)
		defer f.Close()
		_, err = io.ReadFull(f, head)
		require.NoError(t, err)
		return binary.BigEndian.Uint32(head[12:])
	}
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.SetCursor("c", 1) }))
	first := sequence()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				e := store.Evidence{ID: fmt.Sprint(n, "-", i), Evidence: pay.Evidence{Raw: make([]byte, 64<<10)}, CreatedAt: utc()}
				if err := st.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.InsertEvidence(&e) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	require.Eventually(t, func() bool { return sequence() > first }, 60*time.Second, 10*time.Millisecond)
	stop()
	wg.Wait()
	info, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(60000*4096))
}

func TestSecondOwnerWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "payhost.db")
	first := openFile(t, path)
	link := filepath.Join(dir, "other-name.db")
	require.NoError(t, os.Symlink(path, link))
	second, err := sqlite.Open(link, sqlite.Options{})
	require.NoError(t, err, "opening does not wait")
	t.Cleanup(func() { require.NoError(t, second.Close()) })

	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, second.Acquire(impatient), store.ErrNotOwned)
	require.ErrorIs(t, second.Write(t.Context(), func(*store.Tx) error { return nil }), store.ErrNotOwned)
	_, err = second.Account(t.Context(), "acc")
	require.ErrorIs(t, err, store.ErrNotOwned)

	acquired := make(chan error, 1)
	go func() { acquired <- second.Acquire(t.Context()) }()
	select {
	case err := <-acquired:
		t.Errorf("two own one database: %v", err)
	default:
	}
	require.NoError(t, first.Write(t.Context(), func(tx *store.Tx) error { return tx.SetCursor("c", 5) }))
	require.NoError(t, first.Close())
	require.NoError(t, <-acquired)
	position, err := second.Cursor(t.Context(), "c")
	require.NoError(t, err)
	require.Equal(t, int64(5), position, "the next owner sees all of the last one's commits")
}

func TestStoreWaitEndsTheWait(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	openFile(t, path)
	second, err := sqlite.Open(path, sqlite.Options{StoreWait: time.Millisecond})
	require.NoError(t, err)
	err = second.Acquire(t.Context())
	require.ErrorIs(t, err, store.ErrNotOwned)
	require.ErrorContains(t, err, "another process")
	require.NoError(t, second.Close())
}

func TestCloseEndsAWaitingAcquire(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	openFile(t, path)
	second, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	acquired := make(chan error, 1)
	go func() { acquired <- second.Acquire(t.Context()) }()
	require.NoError(t, second.Close())
	require.ErrorIs(t, <-acquired, store.ErrNotOwned)
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	for range 2 { // the second time there is nothing to do
		require.NoError(t, openFile(t, path).Close())
	}
	refused := func(why string, statements ...string) {
		raw(t, path, statements...)
		st, err := sqlite.Open(path, sqlite.Options{})
		require.NoError(t, err)
		require.ErrorIs(t, st.Acquire(t.Context()), store.ErrSchema, why)
		require.NoError(t, st.Close())
	}
	refused("a newer program was here", "INSERT INTO schema_migrations VALUES (9999, '9999_future.sql', 'x', 1)")
	refused("a migration was edited", "DELETE FROM schema_migrations WHERE version = 9999", "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
}

func TestLostOrWrongKeyIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	require.NoError(t, openFile(t, path).Close())
	require.NoError(t, os.Remove(path+".key"))
	_, err := sqlite.Open(path, sqlite.Options{})
	require.ErrorContains(t, err, "key file")
	require.NoFileExists(t, path+".key", "a new key would open nothing")

	st, err := sqlite.Open(path, sqlite.Options{Sealer: store.NewMemorySealer()})
	require.NoError(t, err)
	require.ErrorIs(t, st.Acquire(t.Context()), store.ErrUnsealable)
	require.NoError(t, st.Close())
}

func TestOddFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"with space.db", "100%?mode=memory&x#y.db", "ключ.db"} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, openFile(t, path).Close())
		require.FileExists(t, path)
	}
	_, err := sqlite.Open(filepath.Join(t.TempDir(), "no such directory", "x.db"), sqlite.Options{})
	require.Error(t, err)
}

func TestMemoryDatabaseLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.SetCursor("c", 1) }))
	require.NoError(t, st.Close())
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}
