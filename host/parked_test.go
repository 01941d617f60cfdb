package host

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
)

// parkInStore stores n unmatched webhooks that name "ref-0", "ref-1", ….
func parkInStore(t *testing.T, st *store.Store, n int) {
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertAccount(&store.Account{ID: "acc", CreatedAt: time.Unix(1, 0)}); err != nil {
			return err
		}
		for i := range n {
			row := store.Webhook{
				ID: fmt.Sprintf("wh_%d", i), AccountID: "acc", DedupKey: fmt.Sprint(i), State: store.WebhookUnmatched,
				ProviderRef: fmt.Sprintf("ref-%d", i), ReceivedAt: time.Unix(int64(i+2), 0),
			}
			if _, err := tx.InsertWebhook(&row); err != nil {
				return err
			}
		}
		return nil
	}))
}

// parkedStore is an empty store.
func parkedStore(t *testing.T) *store.Store {
	st, err := sqlite.Open(filepath.Join(t.TempDir(), "payhost.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Acquire(t.Context()))
	return st
}

func TestParkedWebhooksAreLookedForOnlyWhereTheyMayBe(t *testing.T) {
	t.Parallel()
	st := parkedStore(t)
	parkInStore(t, st, 3)
	var p parked
	known := func(ref string) bool {
		return p.mayWaitFor(store.Invoice{ID: "inv_1", AccountID: "acc", ProviderRef: ref})
	}
	p.note(store.Webhook{AccountID: "acc", ProviderRef: "early"})
	require.True(t, known("other"), "nothing is known of the store yet")
	require.NoError(t, p.load(t.Context(), &st.Reader))
	for _, ref := range []string{"ref-0", "ref-2", "early"} {
		require.True(t, known(ref), ref)
		require.False(t, p.mayWaitFor(store.Invoice{ID: "inv_1", AccountID: "other", ProviderRef: ref}), "a name belongs to its account")
	}
	require.False(t, known("other"))
	require.False(t, known(""))
	p.note(store.Webhook{AccountID: "acc", ObjectID: "inv_1"})
	require.True(t, known("other"), "the URL named the invoice")
	require.False(t, p.mayWaitFor(store.Invoice{ID: "inv_2", AccountID: "acc"}))
}

func TestMoreParkedWebhooksThanAreRememberedAreAllLookedFor(t *testing.T) {
	t.Parallel()
	st := parkedStore(t)
	parkInStore(t, st, maxParked+1)
	var p parked
	require.NoError(t, p.load(t.Context(), &st.Reader))
	require.True(t, p.mayWaitFor(store.Invoice{ID: "inv_1", AccountID: "acc", ProviderRef: "not in the store"}))
}

func TestParkedWebhooksTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	st := parkedStore(t)
	var p parked
	require.NoError(t, p.load(t.Context(), &st.Reader))
	require.False(t, p.mayWaitFor(store.Invoice{ID: "inv_1", AccountID: "acc"}))
	for i := range 10 * maxParked {
		p.note(store.Webhook{AccountID: "acc", ProviderRef: fmt.Sprint("new-", i)})
		require.LessOrEqual(t, len(p.named), 4*maxParked+2)
		require.True(t, p.mayWaitFor(store.Invoice{AccountID: "acc", ProviderRef: fmt.Sprint("new-", i)}))
	}
	require.True(t, p.mayWaitFor(store.Invoice{AccountID: "acc", ProviderRef: "new-0"}), "what was forgotten is read again")
}
