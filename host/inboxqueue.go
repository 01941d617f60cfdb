package host

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/payhost/payhost/host/store"
)

// Bounds of what the host keeps in memory of the webhooks that wait to be applied. What does not fit waits in the store.
const (
	// maxArrivals are queued at one time, maxAccountArrivals of them of one account, so that its burst is not in the way of others.
	maxArrivals        = 4096
	maxAccountArrivals = 256
	// maxArrivalBytes of the queued requests themselves are kept; those beyond are read again.
	maxArrivalBytes = 8 << 20
	// spooledAtOnce of an account are queued at one time: while its plugin is down each of them only waits.
	spooledAtOnce = 16
)

// arrival is a stored webhook on its way to being applied.
type arrival struct {
	store.WebhookPlace
	// row is what was just stored; nil means that it must be read.
	row *store.Webhook
}

func (a arrival) size() int {
	if a.row == nil {
		return 0
	}
	n := len(a.row.Body) + len(a.row.Events) + len(a.row.RawQuery)
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
	busy    map[string]int       // being applied, by account
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
	list := q.waiting[a.AccountID]
	if limit < math.MaxInt && q.queued >= maxArrivals || len(list) >= limit {
		return false
	}
	if q.bytes+a.size() > maxArrivalBytes {
		a.row = nil
	}
	q.bytes += a.size()
	if len(list) == 0 {
		q.turns = append(q.turns, a.AccountID)
	}
	q.waiting[a.AccountID] = append(list, a)
	q.known[a.ID] = false
	q.queued++
	return true
}

// next takes the webhook whose turn it is, for [inbox.finished] to be called once it is applied; false when none can be applied now.
func (q *inbox) next() (arrival, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.turn()
	if i < 0 {
		return arrival{}, false
	}
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
	q.busy[account]++
	q.running[a.ID] = true
	return a, true
}

// turn is the place in turns of the account whose oldest webhook can be applied now; -1 when there is none. The caller holds mu.
func (q *inbox) turn() int {
	if len(q.running) >= maxJobs {
		return -1
	}
	return slices.IndexFunc(q.turns, func(account string) bool { return q.busy[account] < maxAccountJobs })
}

// peek returns what [inbox.next] would.
func (q *inbox) peek() (arrival, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := q.turn()
	if i < 0 {
		return arrival{}, false
	}
	return q.waiting[q.turns[i]][0], true
}

// finished gives the place of an applied webhook back.
func (q *inbox) finished(a arrival) {
	q.mu.Lock()
	again := q.known[a.ID]
	delete(q.known, a.ID)
	delete(q.running, a.ID)
	if q.busy[a.AccountID]--; q.busy[a.AccountID] == 0 {
		delete(q.busy, a.AccountID)
	}
	if again { // at once, whatever waits: nothing else would find it
		a.row = nil
		q.push(a, math.MaxInt)
	}
	q.mu.Unlock()
	q.nudge()
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
