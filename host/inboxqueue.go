package host

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/payhost/payhost/host/store"
)

// Bounds of what the host keeps in memory of the webhooks that wait to be applied. What does not fit waits in the store.
const (
	// maxArrivals are queued at one time, maxAccountArrivals of them of one account, so that its burst is not in the way of others.
	maxArrivals        = 4096
	maxAccountArrivals = 1024
	// maxArrivalBytes of the queued requests themselves are kept; those beyond are read again.
	maxArrivalBytes = 8 << 20
	// arrivalSize is about what a request takes beside its content.
	arrivalSize = 1 << 10
	// maxTogether are applied in one transaction, which an acknowledgement may have to wait for. While one of maxBatches is written, the
	// next is made ready.
	maxTogether = 32
	maxBatches  = 2
	// spooledAtOnce of an account are queued at one time: while its plugin is down each of them only waits.
	spooledAtOnce = 16
)

// arrival is a stored webhook on its way to being applied.
type arrival struct {
	store.WebhookPlace
	// row is what was just stored; nil means that it must be read.
	row *store.Webhook
	// alone says that it needs more than a transaction, such as the provider's answer.
	alone bool
}

func (a arrival) size() int {
	if a.row == nil {
		return 0
	}
	n := arrivalSize + len(a.row.Body) + len(a.row.Events) + len(a.row.RawQuery)
	for _, header := range a.row.Headers {
		n += len(header.Name) + len(header.Value)
	}
	return n
}

// inbox is the queue in front of the application of webhooks: by account, the oldest first, one account after the other. Each
// webhook is in it once. It is safe for concurrent use.
type inbox struct {
	// acks counts acknowledgements: how many have begun to be stored, and how many of them have not ended.
	begun, storing atomic.Int64
	// wake has room for one token: "look again".
	wake chan struct{}

	mu      sync.Mutex
	waiting map[string][]arrival // by account
	turns   []string             // accounts with something waiting, next first
	known   map[string]bool      // by id: queued (false), or being applied and wanted once more (true)
	running map[string]bool      // by id
	busy    map[string]int       // being applied alone, by account
	alone   int                  // being applied alone
	batches int                  // being applied, of several each
	queued  int
	bytes   int
	// behind are the accounts of which something waits in the store only; what comes now must not overtake it.
	behind map[string]bool
	// missed says that something was not queued, verified that a spooled webhook was verified: look into the store again.
	missed, verified bool
}

func newInbox() *inbox {
	return &inbox{
		wake: make(chan struct{}, 1), waiting: map[string][]arrival{}, known: map[string]bool{}, running: map[string]bool{}, busy: map[string]int{},
		behind: map[string]bool{},
	}
}

// acknowledging notes that an acknowledgement is being stored; done ends it.
func (q *inbox) acknowledging() (done func()) {
	q.begun.Add(1)
	q.storing.Add(1)
	return func() { q.storing.Add(-1) }
}

func (q *inbox) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// offer queues a webhook that shall be applied now; false when it is left to the store. One that is being applied is applied again
// afterwards: what was decided about it may be out of date.
func (q *inbox) offer(a arrival) bool {
	q.mu.Lock()
	defer q.nudge()
	defer q.mu.Unlock()
	switch {
	case q.running[a.ID]:
		q.known[a.ID] = true
	case q.behind[a.AccountID], !q.push(a, maxAccountArrivals):
		q.missed, q.behind[a.AccountID] = true, true
		return false
	}
	return true
}

// refill queues a webhook that was found in the store; false when it does not fit, of at most limit of its account.
func (q *inbox) refill(a arrival, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running[a.ID] || q.push(a, limit)
}

// push reports false when there is no room. The caller holds mu.
func (q *inbox) push(a arrival, limit int) bool {
	if _, queued := q.known[a.ID]; queued {
		return true
	}
	n := len(q.waiting[a.AccountID])
	if q.queued >= maxArrivals || n >= limit {
		return false
	}
	q.insert(a, n)
	return true
}

// insert puts a webhook at a place among those that wait of its account. The caller holds mu.
func (q *inbox) insert(a arrival, at int) {
	if q.bytes+a.size() > maxArrivalBytes {
		a.row = nil
	}
	q.bytes += a.size()
	list := q.waiting[a.AccountID]
	if len(list) == 0 {
		q.turns = append(q.turns, a.AccountID)
	}
	q.waiting[a.AccountID] = slices.Insert(list, at, a)
	q.known[a.ID] = false
	q.queued++
}

// take takes the webhooks whose turn it is, for [inbox.finished] to be called once they are applied: one that is to be applied alone, or
// some that can be applied together. There are none when none can be applied now.
func (q *inbox) take() []arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.turn(true)
	if i < 0 {
		return nil
	}
	first := q.pop(i)
	if first.alone {
		q.alone++
		q.busy[first.AccountID]++
		return []arrival{first}
	}
	q.batches++
	batch := append(make([]arrival, 0, min(maxTogether, q.queued+1)), first)
	for len(batch) < maxTogether {
		if i = q.turn(false); i < 0 {
			break
		}
		batch = append(batch, q.pop(i))
	}
	return batch
}

// pop takes the oldest webhook of the account at a place in turns. The caller holds mu.
func (q *inbox) pop(i int) arrival {
	account := q.turns[i]
	list := q.waiting[account]
	a := list[0]
	list[0] = arrival{}
	q.turns = append(q.turns[:i:i], q.turns[i+1:]...)
	if len(list) > 1 {
		q.waiting[account] = list[1:]
		q.turns = append(q.turns, account)
	} else {
		delete(q.waiting, account)
	}
	q.queued--
	q.bytes -= a.size()
	q.running[a.ID] = true
	return a
}

// turn is the place in turns of the account whose oldest webhook can be applied now; -1 when there is none. With first unset it is one
// that can join a batch. The caller holds mu.
func (q *inbox) turn(first bool) int {
	return slices.IndexFunc(q.turns, func(account string) bool {
		if q.waiting[account][0].alone {
			return first && q.alone < maxJobs && q.busy[account] < maxAccountJobs
		}
		return !first || q.batches < maxBatches
	})
}

// peek returns the first of what [inbox.take] would.
func (q *inbox) peek() (arrival, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.turn(true)
	if i < 0 {
		return arrival{}, false
	}
	return q.waiting[q.turns[i]][0], true
}

// finished gives the places of what [inbox.take] took back. Those of apart were not applied: they are to be applied alone, and before
// what waits of their accounts.
func (q *inbox) finished(taken []arrival, apart map[string]bool) {
	q.mu.Lock()
	defer q.nudge()
	defer q.mu.Unlock()
	if taken[0].alone {
		account := taken[0].AccountID
		q.alone--
		if q.busy[account]--; q.busy[account] == 0 {
			delete(q.busy, account)
		}
	} else {
		q.batches--
	}
	for _, a := range slices.Backward(taken) {
		again := q.known[a.ID]
		delete(q.known, a.ID)
		delete(q.running, a.ID)
		switch {
		case apart[a.ID]:
			a.alone = true
			if again {
				a.row = nil
			}
			q.insert(a, 0)
		case again: // at once, whatever waits: nothing else would find it
			a.row = nil
			q.insert(a, len(q.waiting[a.AccountID]))
		}
	}
}

// noteVerified says that the adapter judges spooled webhooks again.
func (q *inbox) noteVerified() {
	q.mu.Lock()
	q.verified = true
	q.mu.Unlock()
	q.nudge()
}

// takeNews returns and clears what was missed and verified.
func (q *inbox) takeNews() (missed, verified bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	missed, verified = q.missed, q.verified
	q.missed, q.verified = false, false
	return missed, verified
}

// caughtUp says that all that was in the store is queued. What was missed since then is not.
func (q *inbox) caughtUp() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.missed {
		clear(q.behind)
	}
}

// roomFor reports whether a page of an account's webhooks is worth reading; the empty account asks for all.
func (q *inbox) roomFor(account string, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.queued <= maxArrivals/2 && len(q.waiting[account]) <= limit/2
}
