package host_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// ledger is a payment provider over real HTTP that outlives every plugin and host. It recognises no key: a call
// that comes twice acts twice, and the books show it.
type ledger struct {
	*httptest.Server
	seed uint64

	mu      sync.Mutex
	objects map[string]*ledgerObject // by provider key
	effects map[string]int           // how often it acted, by provider key
	refused map[string]int           // calls answered 429, by reference
	arrived int                      // mutating calls that have come in
	pid     int                      // the process that made the newest of them
	more    chan struct{}            // closed and replaced when one comes in
}

// ledgerObject is an invoice, a refund or a payout as the provider shows it.
type ledgerObject struct {
	Ref, Key, Status, Amount, Captured string
	Changed                            time.Time
	Refunds                            []*ledgerObject
}

func newLedger(t *testing.T, seed uint64) *ledger {
	l := &ledger{
		seed: seed, objects: map[string]*ledgerObject{}, effects: map[string]int{}, refused: map[string]int{}, more: make(chan struct{}),
	}
	l.Server = httptest.NewServer(http.HandlerFunc(l.serve))
	t.Cleanup(func() {
		l.CloseClientConnections()
		l.Close()
	})
	return l
}

// luck is a number below n that belongs to a reference and a purpose, the same in every run with one seed.
func (l *ledger) luck(reference, purpose string, n uint64) uint64 {
	sum := fnv.New64a()
	_, _ = fmt.Fprint(sum, l.seed, reference, purpose)
	return sum.Sum64() % n
}

func (l *ledger) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		l.show(w, r)
		return
	}
	q := r.URL.Query()
	kind, key, reference := strings.TrimPrefix(r.URL.Path, "/"), q.Get("key"), q.Get("reference")
	l.note(r)
	cut := func() { panic(http.ErrAbortHandler) }
	pause := func(when string, most uint64) {
		select {
		case <-time.After(time.Duration(l.luck(reference, when, most)) * time.Millisecond):
		case <-r.Context().Done(): // the caller died; what it sent is here all the same
		}
	}
	pause("before", 6)
	fault := l.luck(reference, "fault", 100)
	switch {
	case fault < 4:
		cut()
	case fault < 10 && l.refuse(reference):
		w.Header().Set("Retry-After", "0")
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	case fault < 12:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	object, problem := l.act(kind, key, q.Get("target"), reference, q.Get("amount"))
	if problem != "" {
		http.Error(w, problem, http.StatusConflict)
		return
	}
	switch {
	case fault < 18:
		cut()
	case fault < 20:
		http.Error(w, "down after the work was done", http.StatusServiceUnavailable)
		return
	}
	pause("after", 20)
	_, _ = w.Write(object)
}

// note counts a mutating call as it comes in.
func (l *ledger) note(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrived++
	l.pid, _ = strconv.Atoi(r.Header.Get("X-Pid"))
	close(l.more)
	l.more = make(chan struct{})
}

// refuse says whether a reference is answered 429 this time: twice, then no more.
func (l *ledger) refuse(reference string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[reference]++
	return l.refused[reference] <= 2
}

// act does what is asked once more, whether or not it did it before.
func (l *ledger) act(kind, key, target, reference, amount string) (object []byte, problem string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now().UTC()
	o := &ledgerObject{Ref: "r-" + key, Key: key, Amount: amount, Changed: now}
	switch kind {
	case "create":
		o.Status = map[string]string{"cancel": "pending", "capture": "authorized"}[reference[strings.LastIndex(reference, "-")+1:]]
		if o.Status == "" {
			o.Status, o.Captured = "paid", amount
		}
		l.objects[key] = o
	case "payout":
		o.Status = "succeeded"
		l.objects[key] = o
	default:
		inv := l.objects[target]
		if inv == nil {
			return nil, "no such invoice"
		}
		switch {
		case kind == "cancel" && inv.Status == "pending":
			inv.Status = "canceled"
		case kind == "capture" && inv.Status == "authorized":
			inv.Status, inv.Captured = "paid", amount
		case kind == "refund" && inv.Status == "paid":
			o.Status = "succeeded"
			if l.luck(reference, "slow refund", 3) == 0 {
				o.Status = "pending"
			}
			inv.Refunds = append(inv.Refunds, o)
			l.objects[key] = o
		default:
			return nil, "the invoice is " + inv.Status
		}
		inv.Changed = now
		if kind != "refund" {
			o = inv
		}
	}
	l.effects[key]++
	raw, _ := json.Marshal(o)
	return raw, ""
}

// show answers GET /object?key= .
func (l *ledger) show(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.objects[r.URL.Query().Get("key")]
	if o == nil {
		http.Error(w, "unknown", http.StatusNotFound)
		return
	}
	raw, _ := json.Marshal(o)
	_, _ = w.Write(raw)
}

// finishRefunds lets every refund succeed that is still on its way.
func (l *ledger) finishRefunds() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.objects {
		for _, r := range o.Refunds {
			r.Status = "succeeded"
			o.Changed = time.Now().UTC()
		}
	}
}

// books returns a copy of what was done, and the objects that came of it.
func (l *ledger) books() (effects map[string]int, objects map[string]ledgerObject) {
	l.mu.Lock()
	defer l.mu.Unlock()
	objects = map[string]ledgerObject{}
	for key, o := range l.objects {
		objects[key] = *o
	}
	return maps.Clone(l.effects), objects
}

// await returns once n more mutating calls have come in, with the process that made the last of them.
func (l *ledger) await(t *testing.T, n int) (pid int) {
	t.Helper()
	deadline := time.After(90 * time.Second)
	l.mu.Lock()
	want := l.arrived + n
	for l.arrived < want {
		more := l.more
		l.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			t.Fatal("the load has stopped: no call reached the provider for 90 s")
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	return l.pid
}

// state is how an adapter reports an object of the ledger as an invoice.
func (o ledgerObject) state(e pay.Evidence) (pay.InvoiceState, error) {
	e.ProviderTime = o.Changed
	s := pay.InvoiceState{Report: pay.Report{Evidence: e}, ProviderRef: o.Ref, Status: pay.Status(o.Status)}
	var err error
	if s.Amount, err = pay.ParseMoney(o.Amount, "UAH"); err != nil {
		return s, err
	}
	if o.Captured != "" {
		if s.Captured, err = pay.ParseMoney(o.Captured, "UAH"); err != nil {
			return s, err
		}
	}
	for _, r := range o.Refunds {
		refund, err := r.refund()
		if err != nil {
			return s, err
		}
		s.Refunds = append(s.Refunds, refund)
	}
	return s, nil
}

func (o ledgerObject) refund() (pay.RefundState, error) {
	amount, err := pay.ParseMoney(o.Amount, "UAH")
	return pay.RefundState{ProviderRef: o.Ref, ProviderKey: o.Key, Status: pay.RefundStatus(o.Status), Amount: amount}, err
}
