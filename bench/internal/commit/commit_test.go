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
	peer, err := newSQLite(ctx, peerDir, template)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, peer.close()) })
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
