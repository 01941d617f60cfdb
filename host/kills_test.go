package host_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// soaking says that the randomised suites run in full.
func soaking() bool { return os.Getenv("PAYHOST_SOAK") == "1" }

// rounds is how often a randomised suite repeats.
func rounds(soak, test int) int {
	if soaking() {
		return soak
	}
	return test
}

// seedOf returns the seed of a randomised test: PAYHOST_SEED, so that a failure can be run again, or a new one. It is printed.
func seedOf(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("PAYHOST_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "PAYHOST_SEED")
	}
	t.Logf("PAYHOST_SEED=%d", seed)
	return seed
}

// ledgerProcess is a host process that may be killed and started again on the same file.
type ledgerProcess struct {
	t        *testing.T
	dir      string
	database string
	baseURL  string

	mu    sync.Mutex
	cmd   *exec.Cmd
	stdin io.Closer
	addr  string // empty while no process serves
}

func newLedgerProcess(t *testing.T, baseURL string) *ledgerProcess {
	t.Helper()
	// Short, because sockets live below it.
	dir, err := os.MkdirTemp("", "ph") //nolint:usetesting // t.TempDir is too long for a socket
	require.NoError(t, err)
	p := &ledgerProcess{t: t, dir: dir, database: filepath.Join(dir, "payhost.db"), baseURL: baseURL}
	t.Cleanup(func() {
		p.kill()
		require.NoError(t, os.RemoveAll(dir))
	})
	p.start()
	return p
}

// start runs a host process and returns when it is ready.
func (p *ledgerProcess) start() {
	p.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), thisBinary(p.t), p.database, p.baseURL)
	cmd.Args[0] = "payhost-provider-" + ledgerHost
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // the process ends with it
	require.NoError(p.t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, cmd.Start())
	p.mu.Lock()
	p.cmd, p.stdin = cmd, stdin
	p.mu.Unlock()
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(p.t, err, "the host process did not become ready")
	p.mu.Lock()
	p.addr = strings.TrimSpace(addr)
	p.mu.Unlock()
}

// kill is kill -9.
func (p *ledgerProcess) kill() {
	p.mu.Lock()
	cmd := p.cmd
	p.addr, p.cmd = "", nil
	p.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = p.stdin.Close()
	}
}

// call makes one command; false when no process answered it.
func (p *ledgerProcess) call(c ledgerCall) (ledgerAnswer, bool) {
	var a ledgerAnswer
	p.mu.Lock()
	addr := p.addr
	p.mu.Unlock()
	if addr == "" {
		return a, false
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return a, false
	}
	res, err := http.Post("http://"+addr, "application/json", bytes.NewReader(raw))
	if err != nil {
		return a, false
	}
	defer res.Body.Close()
	return a, json.NewDecoder(res.Body).Decode(&a) == nil
}

// audit starts a host of this process on the file that the killed ones left.
func (p *ledgerProcess) audit() *hosttest.Host {
	p.t.Helper()
	st, err := sqlite.Open(p.database, sqlite.Options{})
	require.NoError(p.t, err)
	p.t.Cleanup(func() { require.NoError(p.t, st.Close()) })
	return hosttest.StartOn(p.t, st, hosttest.NewProvider(), func(c *host.Config) {
		ledgerConfig(c, thisBinary(p.t), p.dir, p.baseURL)
	})
}

// callers are the load: each places order after order and repeats a call with its key until it knows what came of it.
type callers struct {
	t       *testing.T
	process *ledgerProcess
	seed    uint64
	stop    chan struct{}
	wg      sync.WaitGroup

	mu       sync.Mutex
	answered map[string]ledgerAnswer // final answers by kind and key
	calls    map[string]ledgerCall
}

func startCallers(t *testing.T, p *ledgerProcess, seed uint64, n int) *callers {
	c := &callers{t: t, process: p, seed: seed, stop: make(chan struct{}), answered: map[string]ledgerAnswer{}, calls: map[string]ledgerCall{}}
	for i := range n {
		c.wg.Go(func() { c.run(i) })
	}
	return c
}

func (c *callers) run(id int) {
	random := rand.New(rand.NewPCG(c.seed, uint64(id)))
	kinds := []string{"cancel", "capture", "refund", "payout"}
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		default:
		}
		kind, amount := kinds[random.IntN(len(kinds))], fmt.Sprintf("%d.%02d", 100+random.IntN(900), random.IntN(100))
		name := fmt.Sprintf("%d-%d", id, n)
		if kind == "payout" {
			c.attempts(ledgerCall{Kind: kind, Reference: name + "-" + kind, Amount: amount})
			continue
		}
		a := c.attempts(ledgerCall{Kind: "create", Reference: name + "-" + kind, Amount: amount})
		var inv host.Invoice
		if a.Kind != "" || json.Unmarshal(a.Body, &inv) != nil {
			continue
		}
		call := ledgerCall{Kind: kind, Target: inv.ID, Reference: name + "-then-" + kind}
		switch kind {
		case "capture":
			call.Amount = amount
		case "refund":
			call.Amount = fmt.Sprintf("%d.00", 60+random.IntN(40))
		}
		c.attempts(call)
	}
}

// attempts makes a call until it succeeded. One that certainly did not happen is made again as a new operation.
func (c *callers) attempts(call ledgerCall) ledgerAnswer {
	base := call.Reference
	for attempt := 1; ; attempt++ {
		call.Key = fmt.Sprintf("%s/%d", base, attempt)
		// The kind of order is the reference's last word.
		call.Reference = fmt.Sprintf("%d-%s", attempt, base)
		a := c.settle(call)
		if a.Retry != pay.RetryNewAttempt || a.Kind == "" || attempt == 5 {
			return a
		}
	}
}

// settle repeats a call with one key until the answer is final or waits for a person.
func (c *callers) settle(call ledgerCall) ledgerAnswer {
	deadline := time.Now().Add(time.Minute)
	for {
		a, ok := c.process.call(call)
		final := ok && (a.Kind == "" || a.Kind == pay.KindOutcomeUnknown && a.NeedsReview ||
			a.Executed != pay.ExecutedUnknown && (a.Retry == pay.RetryNever || a.Retry == pay.RetryNewAttempt))
		if final {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.answered[call.Kind+" "+call.Key], c.calls[call.Kind+" "+call.Key] = a, call
			if a.Kind != "" && a.Kind != pay.KindOutcomeUnknown && a.Kind != pay.KindProviderUnavailable {
				c.t.Errorf("%s %s: %s", call.Kind, call.Key, a.Message)
			}
			return a
		}
		if time.Now().After(deadline) {
			c.t.Errorf("no final answer within a minute: %+v: %+v", call, a)
			return a
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// finish lets every caller end the order it has begun.
func (c *callers) finish() {
	close(c.stop)
	c.wg.Wait()
}

// Kill -9 of the plugin or of the host, at random moments under load of mixed operations: nothing is lost and nothing doubled.
func TestRandomKillsLoseNothingAndDoubleNothing(t *testing.T) {
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 1))
	l := newLedger(t, seed)
	p := newLedgerProcess(t, l.URL)
	load := startCallers(t, p, seed, 8)
	last, hosts, plugins := 0, 0, 0
	for range rounds(200, 10) {
		pid := l.await(t, 1+random.IntN(12)) // a call is inside the provider now, others are anywhere
		if random.IntN(5) < 2 {
			p.kill()
			p.start()
			hosts++
			continue
		}
		for pid == last { // a last call of the one that was killed before
			pid = l.await(t, 1)
		}
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			plugins++
		}
		last = pid
	}
	load.finish()
	t.Logf("killed %d hosts and %d plugins; %d calls have final answers; %d reached the provider", hosts, plugins, len(load.answered), l.arrived)
	require.NotEmpty(t, load.answered)

	// One more host finds everything on the file and settles what is open.
	p.kill()
	l.finishRefunds()
	h := p.audit()
	settled(t, h)
	journalEqualsLedger(t, h, l)
	objectsEqualLedger(t, h, l)
	eventsHaveNoGaps(t, h)
	repeatsAreIdentical(t, h, load)
}

// settled waits until every operation is done or, where its class says so, with a person.
func settled(t *testing.T, h *hosttest.Host) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		open, err := h.Store.Operations(t.Context(), store.OperationFilter{
			States: []store.OperationState{store.OperationQueued, store.OperationRunning, store.OperationUnknown}, Limit: 500,
		})
		require.NoError(t, err)
		if len(open) == 0 {
			return
		}
		if time.Now().After(deadline) {
			for _, op := range open {
				t.Errorf("still %s after a minute: %s %s of %s, %d looks", op.State, op.Kind, op.ID, op.ObjectID, op.LookCount)
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func everyOperation(t *testing.T, h *hosttest.Host) []host.Operation {
	t.Helper()
	var all []host.Operation
	for cursor := ""; ; {
		page, err := h.Operations(t.Context(), host.ListOperations{Limit: 200, Cursor: cursor})
		require.NoError(t, err)
		all = append(all, page.Operations...)
		if cursor = page.NextCursor; cursor == "" {
			return all
		}
	}
}

// journalEqualsLedger holds the journal against the provider's books, both ways.
func journalEqualsLedger(t *testing.T, h *hosttest.Host, l *ledger) {
	t.Helper()
	effects, _ := l.books()
	for _, op := range everyOperation(t, h) {
		did := effects[op.ProviderKey]
		delete(effects, op.ProviderKey)
		what := fmt.Sprintf("%s %s (%s, executed %s, %s)", op.Kind, op.ID, op.State, op.Executed, op.ReviewReason)
		switch {
		case did > 1:
			t.Errorf("DOUBLED: the provider acted %d times on %s", did, what)
		case op.State == "needs_review":
			if op.Kind != pay.OpPayout || did != 0 {
				t.Errorf("with a person, and should not be: %s, which the provider did %d times", what, did)
			}
		case did == 1 && op.Executed != pay.ExecutedYes:
			t.Errorf("LOST: the provider acted on %s", what)
		case did == 0 && op.Executed != pay.ExecutedNo:
			t.Errorf("the provider never acted on %s", what)
		}
	}
	for key, n := range effects {
		t.Errorf("LOST: the provider acted %d times on %s, which no operation has", n, key)
	}
}

// objectsEqualLedger holds every invoice, refund and payout against the provider's.
func objectsEqualLedger(t *testing.T, h *hosttest.Host, l *ledger) {
	t.Helper()
	_, objects := l.books()
	for cursor := ""; ; {
		page, err := h.Invoices(t.Context(), host.ListInvoices{Limit: 200, Cursor: cursor})
		require.NoError(t, err)
		for _, inv := range page.Invoices {
			row, err := h.Store.Invoice(t.Context(), inv.ID)
			require.NoError(t, err)
			truth, exists := objects[row.ProviderKey]
			if !exists {
				require.Equal(t, pay.StatusFailed, inv.Status, inv.ID)
				continue
			}
			fresh, err := h.RefreshInvoice(t.Context(), inv.ID)
			require.NoError(t, err)
			require.Equal(t, truth.Status, string(fresh.Status), inv.ID)
			require.Empty(t, fresh.UnresolvedOperation)
			require.False(t, fresh.NeedsReview, fresh.ReviewReason)
			refundsEqual(t, h, fresh, truth)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	for _, op := range everyOperation(t, h) {
		if op.Kind != pay.OpPayout || op.State != "done" {
			continue
		}
		row, err := h.Store.Operation(t.Context(), op.ID)
		require.NoError(t, err)
		payout, err := h.Payout(t.Context(), row.ObjectID)
		require.NoError(t, err)
		want := pay.PayoutFailed
		if truth, exists := objects[op.ProviderKey]; exists {
			want = pay.PayoutStatus(truth.Status)
		}
		require.Equal(t, want, payout.Status, payout.ID)
	}
}

func refundsEqual(t *testing.T, h *hosttest.Host, inv *host.Invoice, truth ledgerObject) {
	t.Helper()
	refunds, err := h.InvoiceRefunds(t.Context(), inv.ID)
	require.NoError(t, err)
	succeeded := map[string]string{}
	for _, r := range refunds {
		require.Equal(t, pay.OriginHost, r.Origin, "%s: nobody else ordered refunds", r.ID)
		if r.Status != pay.RefundFailed {
			require.Equal(t, pay.RefundSucceeded, r.Status, r.ID)
			succeeded[r.ProviderRef] = r.Amount.Value()
		}
	}
	want := map[string]string{}
	for _, r := range truth.Refunds {
		want[r.Ref] = r.Amount
	}
	require.Equal(t, want, succeeded, inv.ID)
}

// eventsHaveNoGaps counts the events of every object from 1, in strictly growing positions.
func eventsHaveNoGaps(t *testing.T, h *hosttest.Host) {
	t.Helper()
	last := map[string]int64{}
	position := int64(0)
	for {
		rows, err := h.Store.Events(t.Context(), store.EventFilter{After: position, Limit: 500})
		require.NoError(t, err)
		if len(rows) == 0 {
			break
		}
		for _, e := range rows {
			require.Greater(t, e.Position, position)
			object := e.ObjectType + " " + e.ObjectID
			require.Equal(t, last[object]+1, e.Sequence, object)
			position, last[object] = e.Position, e.Sequence
		}
	}
	require.NotEmpty(t, last)
}

// repeatsAreIdentical makes every call again that was answered during the kills.
func repeatsAreIdentical(t *testing.T, h *hosttest.Host, c *callers) {
	t.Helper()
	for name, before := range c.answered {
		if before.Kind == pay.KindOutcomeUnknown {
			continue // a person may have settled it meanwhile
		}
		require.Equal(t, before, runLedgerCall(t.Context(), h.Host, c.calls[name]), name)
	}
}
