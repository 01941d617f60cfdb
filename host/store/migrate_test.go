package store_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

func files(texts ...string) fstest.MapFS {
	names := []string{"migrations/0001_a.sql", "migrations/0002_b.sql", "migrations/0003_c.sql"}
	fsys := fstest.MapFS{}
	for i, text := range texts {
		fsys[names[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestHistoryMustBeABeginningOfOurs(t *testing.T) {
	t.Parallel()
	require.NoError(t, store.CheckHistory(files(), files("a", "b")))
	require.NoError(t, store.CheckHistory(files("a"), files("a", "b")))
	require.NoError(t, store.CheckHistory(files("a", "b"), files("a", "b")))
	require.ErrorIs(t, store.CheckHistory(files("a", "b", "c"), files("a", "b")), store.ErrSchema, "a newer database")
	require.ErrorIs(t, store.CheckHistory(files("x", "b"), files("a", "b")), store.ErrSchema, "an edited migration")
	gap := fstest.MapFS{"migrations/0002_b.sql": &fstest.MapFile{Data: []byte("b")}}
	require.Error(t, store.CheckHistory(files(), gap), "numbers have no gaps")
}
