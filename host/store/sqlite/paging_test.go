package sqlite_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/host/store"
)

// Whatever the times, ids, page sizes and later inserts: a walk sees what was there at its start exactly once, and nothing twice.
func TestPagesLoseAndRepeatNothing(t *testing.T) {
	t.Parallel()
	st, n := open(t), 0
	rapid.Check(t, func(t *rapid.T) {
		account := fmt.Sprintf("acc%d", n) // each case has rows of its own in one database
		n++
		require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertAccount(&store.Account{ID: account, CreatedAt: utc()})
		}))
		add := func(moments []int) {
			require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
				for _, moment := range moments {
					n++
					op := store.Operation{ID: fmt.Sprintf("op%d", (n*7919)%1_000_003), AccountID: account, CreatedAt: utc().Add(time.Duration(moment) * time.Microsecond)}
					if _, err := tx.InsertOperation(&op); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		moments := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 12)
		add(moments.Draw(t, "rows"))
		before, err := st.Operations(t.Context(), store.OperationFilter{AccountID: account, Limit: 500})
		require.NoError(t, err)
		var walked []string
		for f := (store.OperationFilter{AccountID: account}); ; {
			f.Limit = rapid.IntRange(1, 5).Draw(t, "page size")
			page, err := st.Operations(t.Context(), f)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, op := range page {
				walked = append(walked, op.ID)
				f.BeforeTime, f.BeforeID = op.CreatedAt, op.ID
			}
			if len(walked) < 40 {
				add(moments.Draw(t, "added"))
			}
		}
		for _, op := range before {
			require.Contains(t, walked, op.ID)
		}
		slices.Sort(walked)
		require.Len(t, slices.Compact(slices.Clone(walked)), len(walked))
	})
}
