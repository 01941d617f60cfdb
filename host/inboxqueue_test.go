package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
)

func arrived(account string, n int) arrival {
	return arrival{WebhookPlace: store.WebhookPlace{ID: fmt.Sprintf("wh_%s_%06d", account, n), AccountID: account, ReceivedAt: time.UnixMicro(int64(n + 1))}}
}

func TestTheInboxQueueIsBounded(t *testing.T) {
	q := newInbox()
	for n := range maxAccountArrivals {
		require.True(t, q.offer(arrived("a", n)))
	}
	require.False(t, q.offer(arrived("a", maxAccountArrivals)), "one account does not fill the queue")
	require.True(t, q.offer(arrived("b", 0)))
	missed, _ := q.takeNews()
	require.True(t, missed, "what did not fit is looked for")
	for n := range 2 * maxArrivals {
		q.offer(arrived(fmt.Sprint("c", n), 0))
	}
	require.Equal(t, maxArrivals, q.queued)
	require.Len(t, q.known, maxArrivals)
}

func TestTheInboxKeepsFewRequestsInMemory(t *testing.T) {
	q := newInbox()
	const each = 1 << 20
	for n := range 12 {
		a := arrived("a", n)
		a.row = &store.Webhook{ID: a.ID, Body: make([]byte, each)}
		require.True(t, q.offer(a), "it is queued all the same, and read again")
	}
	require.LessOrEqual(t, q.bytes, maxArrivalBytes)
	kept := 0
	for {
		a, some := q.next()
		if !some {
			break
		}
		if a.row != nil {
			kept++
		}
		q.finished(a)
	}
	require.Equal(t, maxArrivalBytes/each, kept)
	require.Zero(t, q.bytes)
	require.Zero(t, q.queued)
	require.Empty(t, q.known)
	require.Empty(t, q.busy)
}

func TestAccountsTakeTurnsInTheInbox(t *testing.T) {
	q := newInbox()
	for n := range 3 * maxAccountJobs {
		q.offer(arrived("a", n))
	}
	q.offer(arrived("b", 0))
	var order []string
	for {
		a, some := q.next()
		if !some {
			break
		}
		order = append(order, a.AccountID)
	}
	require.Len(t, order, maxAccountJobs+1, "an account whose places are taken waits alone")
	require.Equal(t, []string{"a", "b", "a"}, order[:3])
}

func TestAWebhookIsAppliedByOneAtATime(t *testing.T) {
	q := newInbox()
	one := arrived("a", 1)
	q.offer(one)
	q.offer(one)
	a, some := q.next()
	require.True(t, some)
	_, some = q.next()
	require.False(t, some, "it is queued once")
	q.offer(one)
	require.True(t, q.refill(one, 1), "what is being applied needs no place")
	_, some = q.next()
	require.False(t, some, "it is being applied")
	q.finished(a)
	a, some = q.next()
	require.True(t, some, "it is wanted once more, because something has become known meanwhile")
	q.finished(a)
	_, some = q.next()
	require.False(t, some)
	require.Empty(t, q.running)
}

// What waits in the store is older: webhooks that arrive later must not push it back for ever.
func TestArrivalsDoNotOvertakeWhatWaitsInTheStore(t *testing.T) {
	q := newInbox()
	for n := range maxAccountArrivals + 1 {
		q.offer(arrived("a", n))
	}
	a, _ := q.next()
	q.finished(a)
	require.False(t, q.offer(arrived("a", 1000)))
	q.takeNews()
	q.caughtUp()
	require.True(t, q.offer(arrived("a", 1001)))
}

func TestApplicationYieldsToAcknowledgements(t *testing.T) {
	now := time.Unix(1000, 0)
	q := newInbox()
	c := quiet{q: q, now: func() time.Time { return now }, since: -1}
	fresh := arrival{WebhookPlace: store.WebhookPlace{ReceivedAt: now}}
	require.False(t, c.allows(fresh), "nobody knows yet")
	<-c.tick()
	c.ticked()
	require.True(t, c.allows(fresh), "a tick has passed without an acknowledgement")
	done := q.acknowledging()
	require.False(t, c.allows(fresh))
	<-c.tick()
	c.ticked()
	require.False(t, c.allows(fresh), "it is still being stored")
	c.tick()
	done()
	q.acknowledging()()
	<-c.tick()
	c.ticked()
	require.False(t, c.allows(fresh), "one came and went meanwhile")
	now = now.Add(patience)
	require.True(t, c.allows(fresh), "acknowledgements are not waited for longer")
}

// storedWebhooks are in the inbox of a store, as many as there are of each account, in turns.
func storedWebhooks(t *testing.T, perAccount map[string]int) *store.Store {
	t.Helper()
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
		for account, count := range perAccount {
			if err := tx.InsertAccount(&store.Account{ID: account, CreatedAt: time.Unix(1, 0)}); err != nil {
				return err
			}
			for n := range count {
				a := arrived(account, n)
				row := store.Webhook{ID: a.ID, AccountID: account, State: store.WebhookAccepted, ReceivedAt: a.ReceivedAt}
				if _, err := tx.InsertWebhook(&row); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return st
}

func TestAScanFindsEveryStoredWebhookOldestFirst(t *testing.T) {
	const backlog, others = 3*maxPage + 7, 5
	st := storedWebhooks(t, map[string]int{"a": backlog, "b": others})
	q := newInbox()
	s := &inboxScan{state: store.WebhookAccepted, limit: maxAccountArrivals, wanted: true}
	last, of := map[string]time.Time{}, map[string]int{}
	for rounds := 0; of["a"]+of["b"] < backlog+others; rounds++ {
		require.Less(t, rounds, 10*backlog, "nothing is found any more")
		for s.wanted && q.roomFor(s.full, s.limit) {
			more, err := s.step(t.Context(), &st.Reader, q)
			require.NoError(t, err)
			require.LessOrEqual(t, q.queued, 2*maxAccountArrivals)
			if !more {
				break
			}
		}
		if a, some := q.next(); some {
			require.True(t, a.ReceivedAt.After(last[a.AccountID]), "oldest first")
			last[a.AccountID] = a.ReceivedAt
			of[a.AccountID]++
			require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
				return tx.CloseWebhook(&store.Webhook{ID: a.ID, State: store.WebhookProcessed, Version: 1})
			}))
			q.finished(a)
		}
	}
	require.Equal(t, map[string]int{"a": backlog, "b": others}, of)
	_, err := s.step(t.Context(), &st.Reader, q)
	require.NoError(t, err)
	require.False(t, s.wanted, "it knows that there is nothing more")
}

// The webhooks of an account that cannot be applied now stay where they are, and others are found behind them.
func TestAScanLooksBehindAStuckAccount(t *testing.T) {
	st := storedWebhooks(t, map[string]int{"stuck": 2 * maxPage})
	require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertAccount(&store.Account{ID: "later", CreatedAt: time.Unix(1, 0)}); err != nil {
			return err
		}
		row := store.Webhook{ID: "wh_later", AccountID: "later", State: store.WebhookAccepted, ReceivedAt: time.Unix(5, 0)}
		_, err := tx.InsertWebhook(&row)
		return err
	}))
	q := newInbox()
	s := &inboxScan{state: store.WebhookAccepted, limit: maxAccountArrivals, wanted: true}
	for range 10 {
		_, err := s.step(t.Context(), &st.Reader, q)
		require.NoError(t, err)
	}
	require.Contains(t, q.waiting, "later")
	require.Len(t, q.waiting["stuck"], maxAccountArrivals)
}

func TestACachedAccountIsForgottenWithItsChange(t *testing.T) {
	c := accountCache{rows: map[string]store.Account{}}
	_, changes, ok := c.get("a")
	require.False(t, ok)
	c.forget() // the change is committed between the reading and the keeping
	c.keep(store.Account{ID: "a", Revision: 1}, changes)
	_, changes, ok = c.get("a")
	require.False(t, ok, "what was read before a change is not kept after it")
	c.keep(store.Account{ID: "a", Revision: 2}, changes)
	row, _, ok := c.get("a")
	require.True(t, ok)
	require.EqualValues(t, 2, row.Revision)
	c.forget()
	_, _, ok = c.get("a")
	require.False(t, ok)
}
