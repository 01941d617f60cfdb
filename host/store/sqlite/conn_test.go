package sqlite

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
)

func testConn(t *testing.T) store.Conn {
	t.Helper()
	c, err := connect(dsn(filepath.Join(t.TempDir(), "test.db"), "rwc", nil), pragmas("OFF", -1024, 1000))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func run(t *testing.T, c store.Conn, text string, args ...store.Value) int64 {
	t.Helper()
	s, err := c.Prepare(text)
	require.NoError(t, err)
	n, err := s.Exec(args)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return n
}

func all(t *testing.T, s store.Statement, args ...store.Value) (rows [][]driver.Value) {
	t.Helper()
	found, err := s.Query(args)
	require.NoError(t, err)
	for {
		row := make([]driver.Value, found.Width())
		err := found.Next(row)
		if errors.Is(err, io.EOF) {
			require.NoError(t, found.Close())
			return rows
		}
		require.NoError(t, err)
		rows = append(rows, row)
	}
}

func text(s string) store.Value { return store.Value{Kind: store.TextValue, Text: s} }
func blob(b []byte) store.Value { return store.Value{Kind: store.BlobValue, Text: string(b)} }

// Whatever is stored is read back as it was, also what is empty, has zeros in it, or takes more room than a statement keeps; one statement
// serves values of all sizes in turn.
func TestValuesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	c := testConn(t)
	run(t, c, "CREATE TABLE v (n INTEGER PRIMARY KEY, text TEXT, blob BLOB) STRICT")
	put, err := c.Prepare("INSERT INTO v (n, text, blob) VALUES (?, ?, ?)")
	require.NoError(t, err)
	get, err := c.Prepare("SELECT n, text, blob, n + 0.5, NULL FROM v WHERE n = ?")
	require.NoError(t, err)
	for i, size := range []int{0, 1, 300, keptRoom, 3 * keptRoom, 17, 0, 1 << 20} {
		n := int64(i) - 3
		words, bits := strings.Repeat("ї\x00x", size)[:size], bytes.Repeat([]byte{0, 255, 1}, size)
		changed, err := put.Exec([]store.Value{{Kind: store.IntValue, Int: n}, text(words), blob(bits)})
		require.NoError(t, err)
		require.Equal(t, int64(1), changed)
		require.Equal(t, [][]driver.Value{{n, words, bits, float64(n) + 0.5, nil}}, all(t, get, store.Value{Kind: store.IntValue, Int: n}))
	}
	_, err = put.Exec([]store.Value{{Kind: store.IntValue, Int: 100}, {}, {}})
	require.NoError(t, err)
	require.Equal(t, [][]driver.Value{{int64(100), nil, nil, 100.5, nil}}, all(t, get, store.Value{Kind: store.IntValue, Int: 100}), "what was bound before is gone")
	require.NoError(t, put.Close())
	require.NoError(t, get.Close())
}

// A numbered parameter is the argument with its number, in whatever order and however often it stands in the text.
func TestParametersAreFoundByTheirNumbers(t *testing.T) {
	t.Parallel()
	c := testConn(t)
	s, err := c.Prepare("SELECT $3, $1, $2, $1 WHERE $2 = 'b'")
	require.NoError(t, err)
	require.Equal(t, [][]driver.Value{{"c", "a", "b", "a"}}, all(t, s, text("a"), text("b"), text("c")))
	_, err = s.Query([]store.Value{text("a"), text("b")})
	require.ErrorContains(t, err, "parameter 3 has no argument")
	require.NoError(t, s.Close())
	_, err = c.Prepare("SELECT :name")
	require.ErrorContains(t, err, ":name")
}

// A statement that fails says why, changes nothing and serves again.
func TestAFailedStatementServesAgain(t *testing.T) {
	t.Parallel()
	c := testConn(t)
	run(t, c, "CREATE TABLE v (n INTEGER PRIMARY KEY) STRICT")
	put, err := c.Prepare("INSERT INTO v (n) VALUES (?)")
	require.NoError(t, err)
	one := []store.Value{{Kind: store.IntValue, Int: 1}}
	_, err = put.Exec(one)
	require.NoError(t, err)
	_, err = put.Exec(one)
	require.ErrorContains(t, err, "UNIQUE constraint failed: v.n")
	_, err = put.Exec([]store.Value{text("one")})
	require.ErrorContains(t, err, "datatype mismatch")
	_, err = put.Exec([]store.Value{{Kind: store.IntValue, Int: 2}})
	require.NoError(t, err)
	require.NoError(t, put.Close())
	require.Equal(t, int64(2), run(t, c, "DELETE FROM v"))
	for _, bad := range []string{"SELEC", "", "SELECT * FROM nothing"} {
		_, err = c.Prepare(bad)
		require.Error(t, err, bad)
	}
	_, err = connect(dsn(filepath.Join(t.TempDir(), "no such directory", "x.db"), "rwc", nil), nil)
	require.ErrorContains(t, err, "unable to open database file")
	_, err = connect(dsn(filepath.Join(t.TempDir(), "x.db"), "rwc", nil), []string{"journal_mode("})
	require.Error(t, err)
}
