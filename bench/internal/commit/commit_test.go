package commit

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The peer leaves behind as many rows in every table as the engine does for as many creates: it does the same work.
func TestThePeerWritesTheRowsOfTheEngine(t *testing.T) {
	ctx, dir, peerDir := t.Context(), t.TempDir(), t.TempDir()
	template, err := NewTemplate(ctx, dir)
	require.NoError(t, err)
	peer, err := OpenSQLite(ctx, peerDir, template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, peer.Close()) })
	require.NoError(t, peer.create(ctx, 0))
	ours, theirs := open(t, filepath.Join(dir, "engine.db")), open(t, filepath.Join(peerDir, "peer.db"))
	require.Equal(t, counts(t, ours), counts(t, theirs))
	for range 20 {
		require.NoError(t, peer.create(ctx, 0))
	}
	require.Equal(t, 22, counts(t, theirs)["invoices"])
	var pending int
	require.NoError(t, theirs.QueryRowContext(ctx, "SELECT count(*) FROM invoices WHERE status = 'pending' AND provider_ref <> ''").Scan(&pending))
	require.Equal(t, 22, pending, "the second transaction found the rows of the first")
}

// The bare store is given the rows of the engine too.
func TestTheBareStoreWritesTheRowsOfTheEngine(t *testing.T) {
	ctx, template, own := t.Context(), t.TempDir(), t.TempDir()
	b, err := StartBare(ctx, template, own, t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	engine, store := open(t, filepath.Join(template, "engine.db")), open(t, filepath.Join(own, "store.db"))
	empty := counts(t, store)
	for range 4 { // two creates
		require.NoError(t, b.commit(ctx, 0))
	}
	after, want := counts(t, store), counts(t, engine)
	for _, table := range []string{"accounts", "account_revisions", "audit_log", "manifests"} { // what a host writes when it starts
		delete(want, table)
	}
	for table, rows := range want {
		if rows != empty[table] {
			require.Equal(t, rows, after[table], table)
		}
	}
}

func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func counts(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	all, err := tables(context.WithoutCancel(t.Context()), db)
	require.NoError(t, err)
	n := map[string]int{}
	for _, table := range all {
		var rows int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table.name).Scan(&rows))
		n[table.name] = rows
	}
	return n
}
