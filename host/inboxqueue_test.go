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
	for taken := q.take(); taken != nil; taken = q.take() {
		for _, a := range taken {
			if a.row != nil {
				kept++
			}
		}
		q.finished(taken, nil)
	}
	require.Equal(t, maxArrivalBytes/(each+arrivalSize), kept)
	require.Zero(t, q.bytes)
	require.Zero(t, q.queued)
	require.Empty(t, q.known)
	require.Empty(t, q.busy)
}

func TestAccountsTakeTurnsInTheInbox(t *testing.T) {
	q := newInbox()
	for n := range maxBatches * maxTogether {
		q.offer(arrived("a", n))
	}
	q.offer(arrived("b", 0))
	first := q.take()
	require.Len(t, first, maxTogether)
	require.Equal(t, []arrival{arrived("a", 0), arrived("b", 0), arrived("a", 1), arrived("a", 2)}, first[:4])
	require.Len(t, q.take(), maxTogether)
	require.Empty(t, q.take(), "there are so many transactions already")
	q.finished(first, nil)
	require.Equal(t, []arrival{arrived("a", maxBatches*maxTogether-1)}, q.take())
}

// A provider that does not answer holds up its own account, and only so many calls of that.
func TestWhatIsAppliedAloneHoldsUpItsAccountOnly(t *testing.T) {
	q := newInbox()
	for n := range maxTogether {
		q.offer(arrived("slow", n))
	}
	batch := q.take()
	apart := map[string]bool{}
	for _, a := range batch[2:] {
		apart[a.ID] = true
	}
	q.offer(batch[5]) // wanted once more meanwhile
	q.offer(arrived("slow", maxTogether))
	q.finished(batch, apart)
	require.Zero(t, q.batches)
	require.Equal(t, maxTogether-2+1, q.queued)
	var alone [][]arrival
	for taken := q.take(); taken != nil; taken = q.take() {
		require.Len(t, taken, 1)
		require.Equal(t, batch[2+len(alone)].ID, taken[0].ID, "in their order")
		require.True(t, taken[0].alone)
		alone = append(alone, taken)
	}
	require.Len(t, alone, maxAccountJobs)
	q.offer(arrived("quick", 0))
	require.Equal(t, []arrival{arrived("quick", 0)}, q.take())
	require.Empty(t, q.take())
	q.finished(alone[3], nil)
	require.Equal(t, batch[2+maxAccountJobs].ID, q.take()[0].ID)
	require.Empty(t, q.take())
}

func TestAWebhookIsAppliedByOneAtATime(t *testing.T) {
	q := newInbox()
	one := arrived("a", 1)
	q.offer(one)
	q.offer(one)
	taken := q.take()
	require.Len(t, taken, 1)
	require.Empty(t, q.take(), "it is queued once")
	q.offer(one)
	require.True(t, q.refill(one, 1), "what is being applied needs no place")
	require.Empty(t, q.take(), "it is being applied")
	q.finished(taken, nil)
	taken = q.take()
	require.Len(t, taken, 1, "it is wanted once more, because something has become known meanwhile")
	q.finished(taken, nil)
	require.Empty(t, q.take())
	require.Empty(t, q.running)
	require.Empty(t, q.known)
}

// What waits in the store is older: webhooks that arrive later must not push it back for ever.
func TestArrivalsDoNotOvertakeWhatWaitsInTheStore(t *testing.T) {
	q := newInbox()
	for n := range maxAccountArrivals + 1 {
		q.offer(arrived("a", n))
	}
	q.finished(q.take(), nil)
	require.False(t, q.offer(arrived("a", 10_000)))
	q.takeNews()
	q.caughtUp()
	require.True(t, q.offer(arrived("a", 10_001)))
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
		taken := q.take()
		for _, a := range taken {
			require.True(t, a.ReceivedAt.After(last[a.AccountID]), "oldest first")
			last[a.AccountID] = a.ReceivedAt
			of[a.AccountID]++
			require.NoError(t, st.Write(t.Context(), func(tx *store.Tx) error {
				return tx.CloseWebhook(&store.Webhook{ID: a.ID, State: store.WebhookProcessed, Version: 1})
			}))
		}
		if len(taken) > 0 {
			q.finished(taken, nil)
		}
	}
	require.Equal(t, map[string]int{"a": backlog, "b": others}, of)
	_, err := s.step(t.Context(), &st.Reader, q)
	require.NoError(t, err)
	require.False(t, s.wanted, "it knows that there is nothing more")
}

// The webhooks of an account that cannot be applied now stay where they are, and others are found behind them.
func TestAScanLooksBehindAStuckAccount(t *testing.T) {
	st := storedWebhooks(t, map[string]int{"stuck": 2 * maxAccountArrivals})
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
