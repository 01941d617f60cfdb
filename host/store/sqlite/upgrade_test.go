package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

// A database that an older program filled is brought up to date with everything in it: the rows that change their table, the erasure of
// personal data that now finds its rows by their owner, and the references between tables.
func TestADatabaseOfTheFirstSchemaIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "payhost.db")
	// What the first schema's program wrote: one create with two tries, and its key file.
	dump, err := os.ReadFile(filepath.Join("testdata", "schema1.sql"))
	require.NoError(t, err)
	raw(t, path, string(dump))
	key, err := os.ReadFile(filepath.Join("testdata", "schema1.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".key", key, 0o600))

	st, ctx := openFile(t, path), t.Context()
	tries, err := st.Tries(ctx, "op-1")
	require.NoError(t, err)
	require.Len(t, tries, 2)
	want := store.Try{OperationID: "op-1", Number: 2, Plugin: "fake", Protocol: 1, HostVersion: "0.1.0", Transport: "answered", StartedAt: utc()}
	require.Equal(t, want, tries[1])
	found, err := st.InvoiceByProviderKey(ctx, "acc", "key-1")
	require.NoError(t, err)
	require.Equal(t, "inv-1", found.ID)
	for customer, want := range map[string]string{"anna": `{"name":"Anna"}`, "": `{"name":"nobody's"}`} {
		got, err := st.Personal(ctx, "t", customer, "invoice", "inv-1", store.PersonalPayer)
		require.NoError(t, err, "of %q", customer)
		require.JSONEq(t, want, string(got))
	}
	events, err := st.Events(ctx, store.EventFilter{ObjectType: "invoice", ObjectID: "inv-1"})
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.JSONEq(t, `{"status":"pending"}`, string(events[1].Data))
	require.JSONEq(t, `{"status":"creating"}`, string(events[1].Previous))

	require.NoError(t, st.Write(ctx, func(tx *store.Tx) error { return tx.ErasePersonal("t", "anna") }))
	_, err = st.Personal(ctx, "t", "anna", "invoice", "inv-1", store.PersonalPayer)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = st.Personal(ctx, "t", "", "invoice", "inv-1", store.PersonalPayer)
	require.NoError(t, err, "somebody else's")
	require.Error(t, st.Write(ctx, func(tx *store.Tx) error { return tx.InsertTry(&store.Try{OperationID: "no such operation", Number: 1}) }))
	require.NoError(t, st.Close())

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	var broken int
	require.NoError(t, db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&broken))
	require.Zero(t, broken)
	var sound string
	require.NoError(t, db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)

	fresh := filepath.Join(t.TempDir(), "fresh.db")
	require.NoError(t, openFile(t, fresh).Close())
	require.Equal(t, schemaOf(t, fresh), schemaOf(t, path), "an old database and a new one are the same")
}

// schemaOf returns the statements that made a database's tables and indexes.
func schemaOf(t *testing.T, path string) (schema []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY type, name")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var one string
		require.NoError(t, rows.Scan(&one))
		schema = append(schema, one)
	}
	require.NoError(t, rows.Err())
	return schema
}
