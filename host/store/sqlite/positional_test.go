package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParametersBecomePositionsWhereTheirOrderIsTheirNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"SELECT 1": "SELECT 1",
		"SELECT a FROM t WHERE b = $1 AND c < $2":          "SELECT a FROM t WHERE b = ? AND c < ?",
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)": "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"SELECT '$1', \"$2\", 'it''s $1' WHERE a = $1":     "SELECT '$1', \"$2\", 'it''s $1' WHERE a = ?",
		// Not in order, repeated, with a gap, or with something that is not understood: as it is.
		"UPDATE t SET a = $2 WHERE b = $1":      "UPDATE t SET a = $2 WHERE b = $1",
		"SELECT a WHERE b = $1 OR c = $1":       "SELECT a WHERE b = $1 OR c = $1",
		"SELECT a WHERE b = $1 OR c = $3":       "SELECT a WHERE b = $1 OR c = $3",
		"SELECT a WHERE b = $01":                "SELECT a WHERE b = $01",
		"SELECT a WHERE b = ? OR c = $1":        "SELECT a WHERE b = ? OR c = $1",
		"SELECT a -- it's\nWHERE b = $1 -- '":   "SELECT a -- it's\nWHERE b = $1 -- '",
		"SELECT a /* ' */ WHERE b = $1 /* ' */": "SELECT a /* ' */ WHERE b = $1 /* ' */",
	} {
		require.Equal(t, want, positional(text))
	}
}
