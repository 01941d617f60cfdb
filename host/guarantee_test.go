package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// polled is a host whose provider is looked at often and sends no webhook.
func polled(t *testing.T, payoutsDone func() bool) *hosttest.Host {
	t.Helper()
	p := newShaken(1)
	p.payoutsDone = payoutsDone
	p.edit = func(m *pay.Manifest) {
		m.PollCadence = map[pay.Status]time.Duration{}
		for _, s := range pay.Statuses() {
			m.PollCadence[s] = 20 * time.Millisecond
		}
	}
	return p.start(t)
}

// Webhooks are a hint, polling is the guarantee: not one is delivered here.
func TestWithEveryWebhookDroppedPollingFindsTheEnd(t *testing.T) {
	h := polled(t, nil)
	paths := [][]pay.Status{
		{pay.StatusPaid}, {pay.StatusProcessing, pay.StatusPaid}, {pay.StatusCanceled}, {pay.StatusExpired}, {pay.StatusProcessing, pay.StatusFailed},
		{pay.StatusAuthorized, pay.StatusPaid}, {pay.StatusAuthorized, pay.StatusCanceled}, {pay.StatusProcessing, pay.StatusPending, pay.StatusPaid},
		{pay.StatusPartiallyPaid, pay.StatusPaid},
	}
	for i, path := range paths {
		inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint("order-", i), "10.00"))
		require.NoError(t, err)
		for _, status := range path {
			h.Provider.Set(inv.ProviderRef, status)
			awaitStatus(t, h, inv.ID, status)
		}
		end, err := h.Invoice(t.Context(), inv.ID)
		require.NoError(t, err)
		require.True(t, end.Final, path)
	}
	movesAreLegal(t, h)
}

// A create that nobody has the answer of goes on to its end by looking.
func TestWithEveryWebhookDroppedALostCreateIsFollowedToItsEnd(t *testing.T) {
	h := polled(t, nil)
	h.Provider.Next(hosttest.Unknown)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.ErrorIs(t, err, pay.KindOutcomeUnknown)
	awaitStatus(t, h, inv.ID, pay.StatusPending)
	h.Provider.Set(h.Provider.Created()[0], pay.StatusPaid)
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
}

// A refund that is on its way is followed, although its invoice is paid and final.
func TestWithEveryWebhookDroppedARefundReachesItsEnd(t *testing.T) {
	h := polled(t, nil)
	inv := at(t, h, "order", pay.StatusPaid)
	refund, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "r", Invoice: inv.ID, Amount: "60.00"})
	require.NoError(t, err)
	require.Equal(t, pay.RefundPending, refund.Status)
	h.Provider.FinishRefunds()
	poll(t, func() *host.Refund {
		refund, err := h.Refund(t.Context(), refund.ID)
		require.NoError(t, err)
		if refund.Status != pay.RefundSucceeded {
			return nil
		}
		return refund
	})
	after, err := h.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, "60.00", after.AmountRefunded.Value())
}

func TestWithEveryWebhookDroppedAPayoutReachesItsEnd(t *testing.T) {
	sent := make(chan struct{})
	h := polled(t, func() bool {
		select {
		case <-sent:
			return true
		default:
			return false
		}
	})
	payout, err := h.CreatePayout(t.Context(), payoutOf("p"))
	require.NoError(t, err)
	require.Equal(t, pay.PayoutPending, payout.Status)
	close(sent)
	poll(t, func() *host.Payout {
		payout, err := h.Payout(t.Context(), payout.ID)
		require.NoError(t, err)
		if payout.Status != pay.PayoutSucceeded {
			return nil
		}
		return payout
	})
}

// However often one webhook comes, also at once, it is one transition.
func TestTenThousandCopiesOfOneWebhookAreOneTransition(t *testing.T) {
	h := hosttest.Start(t)
	copies := rounds(10_000, 300)
	inv, err := h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00"))
	require.NoError(t, err)
	h.Provider.Set(inv.ProviderRef, pay.StatusPaid)
	next := make(chan struct{}, copies)
	for range copies {
		next <- struct{}{}
	}
	close(next)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for range next {
				if code := deliver(h, h.Provider.Webhook(url(hosttest.AccountID, inv.ID), inv.ProviderRef)).Code; code != http.StatusOK {
					t.Errorf("acknowledged with %d", code)
				}
			}
		})
	}
	wg.Wait()
	awaitStatus(t, h, inv.ID, pay.StatusPaid)
	rows := processed(t, h)
	require.Len(t, rows, 1)
	require.Equal(t, copies, rows[0].Deliveries)
	events, err := h.EventsAfter(t.Context(), "", 100)
	require.NoError(t, err)
	require.Equal(t, []string{"invoice.created", "invoice.pending", "invoice.paid"}, types(events))
	evidence, err := h.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	require.Len(t, evidence, 2, "one answer, one webhook")
}

// calmLedger is a ledger of a seed under which none of the given references meets a fault.
func calmLedger(t *testing.T, references ...string) *ledger {
	t.Helper()
	l := newLedger(t, 0)
	for slices.ContainsFunc(references, func(r string) bool { return l.luck(r, "fault", 100) < 20 }) {
		l.seed++
	}
	return l
}

// One call of every kind, before and after a kill -9 of the host: the same bytes, and the provider acted once.
func TestACallRepeatedAfterKillNineGetsTheIdenticalBody(t *testing.T) {
	l := calmLedger(t, "a-cancel", "b-capture", "c-refund", "then-a", "then-b", "then-c", "d-payout")
	p := newLedgerProcess(t, l.URL)
	before := map[ledgerCall]ledgerAnswer{}
	run := func(c ledgerCall) (id string) {
		c.Key = c.Reference
		a, ok := p.call(c)
		require.True(t, ok)
		require.Empty(t, a.Kind, a.Message)
		before[c] = a
		var object struct{ ID string }
		require.NoError(t, json.Unmarshal(a.Body, &object))
		require.NotEmpty(t, object.ID)
		return object.ID
	}
	for kind, name := range map[string]string{"cancel": "a", "capture": "b", "refund": "c"} {
		call := ledgerCall{Kind: kind, Reference: "then-" + name}
		call.Target = run(ledgerCall{Kind: "create", Reference: name + "-" + kind, Amount: "100.00"})
		if kind != "cancel" {
			call.Amount = "100.00"
		}
		run(call)
	}
	run(ledgerCall{Kind: "payout", Reference: "d-payout", Amount: "100.00"})
	p.kill()
	p.start()
	for c, a := range before {
		again, ok := p.call(c)
		require.True(t, ok)
		require.Equal(t, string(a.Body), string(again.Body), c.Kind)
		require.Equal(t, a, again, c.Kind)
	}
	effects, _ := l.books()
	require.Len(t, effects, len(before))
	require.Equal(t, len(before), sum(maps.Values(effects)))
}

func sum(values func(func(int) bool)) (total int) {
	for v := range values {
		total += v
	}
	return total
}

// A second host on one SQLite file serves nothing while the first one lives, and takes over when it is gone, however it went.
func TestASecondHostWaitsAndTakesOver(t *testing.T) {
	l := calmLedger(t, "a-refund", "b-refund")
	p := newLedgerProcess(t, l.URL)
	first := ledgerCall{Kind: "create", Key: "a", Reference: "a-refund", Amount: "100.00"}
	answer, ok := p.call(first)
	require.True(t, ok)
	require.Empty(t, answer.Kind, answer.Message)

	st, err := sqlite.Open(p.database, sqlite.Options{})
	require.NoError(t, err)
	cfg := host.Config{Store: st, PublicURL: hosttest.PublicURL}
	ledgerConfig(&cfg, thisBinary(t), p.dir, l.URL)
	second, err := host.New(cfg)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- second.Run(ctx) }()
	defer func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, st.Close())
	}()

	waiting, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	create := order(ledgerAccount, "b-refund")
	_, err = second.CreateInvoice(waiting, create)
	require.ErrorIs(t, err, pay.KindProviderUnavailable)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	require.ErrorContains(t, second.ReadyProblem(), "starting")
	select {
	case <-second.Ready():
		t.Fatal("two hosts own one file")
	case err := <-ended:
		ended <- err
		t.Fatal("the second host did not wait", err)
	default:
	}
	still, ok := p.call(first)
	require.True(t, ok, "the first host goes on")
	require.Equal(t, answer, still)

	p.kill()
	select {
	case <-second.Ready():
	case <-time.After(30 * time.Second):
		t.Fatal("the second host did not take over within 30 s")
	}
	require.NoError(t, second.ReadyProblem())
	require.Equal(t, answer, runLedgerCall(t.Context(), second, first), "it has what the first one wrote")
	inv, err := second.CreateInvoice(t.Context(), create)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, inv.Status)
}

// Whatever is answered before anything was sent is open for the same key: it runs the same operation again, and once it
// succeeded the key replays.
func TestARetryAfter503Or429RunsTheSameOperationAgain(t *testing.T) {
	type run struct {
		op pay.Operation
		do func(t *testing.T, h *hosttest.Host) func() (operation string, body any, replayed bool, err error)
	}
	ofInvoice := func(inv *host.Invoice, err error) (string, any, bool, error) {
		if inv == nil {
			return "", nil, false, err
		}
		return "", inv, inv.Replayed, err
	}
	change := func(status pay.Status, do func(*hosttest.Host, host.ChangeInvoice) (*host.Invoice, error)) func(*testing.T, *hosttest.Host) func() (string, any, bool, error) {
		return func(t *testing.T, h *hosttest.Host) func() (string, any, bool, error) {
			inv := at(t, h, "order", status)
			return func() (string, any, bool, error) {
				return ofInvoice(do(h, host.ChangeInvoice{IdempotencyKey: "k", Invoice: inv.ID}))
			}
		}
	}
	runs := []run{
		{pay.OpCreate, func(t *testing.T, h *hosttest.Host) func() (string, any, bool, error) {
			return func() (string, any, bool, error) {
				return ofInvoice(h.CreateInvoice(t.Context(), hosttest.Invoice("order", "10.00")))
			}
		}},
		{pay.OpCharge, func(t *testing.T, h *hosttest.Host) func() (string, any, bool, error) {
			return func() (string, any, bool, error) {
				req := hosttest.Invoice("order", "10.00")
				req.Source = &host.Source{Type: pay.SourceBalance, ID: "6034"}
				return ofInvoice(h.CreateInvoice(t.Context(), req))
			}
		}},
		{pay.OpCancel, change(pay.StatusPending, func(h *hosttest.Host, c host.ChangeInvoice) (*host.Invoice, error) {
			return h.CancelInvoice(t.Context(), c)
		})},
		{pay.OpCapture, change(pay.StatusAuthorized, func(h *hosttest.Host, c host.ChangeInvoice) (*host.Invoice, error) {
			return h.CaptureInvoice(t.Context(), c)
		})},
		{pay.OpVoid, change(pay.StatusAuthorized, func(h *hosttest.Host, c host.ChangeInvoice) (*host.Invoice, error) {
			return h.VoidInvoice(t.Context(), c)
		})},
		{pay.OpRefund, func(t *testing.T, h *hosttest.Host) func() (string, any, bool, error) {
			inv := at(t, h, "order", pay.StatusPaid)
			return func() (string, any, bool, error) {
				r, err := h.CreateRefund(t.Context(), host.CreateRefund{IdempotencyKey: "k", Invoice: inv.ID, Amount: "60.00"})
				if r == nil {
					return "", nil, false, err
				}
				return r.Operation, r, r.Replayed, err
			}
		}},
		{pay.OpPayout, func(t *testing.T, h *hosttest.Host) func() (string, any, bool, error) {
			return func() (string, any, bool, error) {
				po, err := h.CreatePayout(t.Context(), payoutOf("k"))
				if po == nil {
					return "", nil, false, err
				}
				return po.Operation, po, po.Replayed, err
			}
		}},
	}
	for _, r := range runs {
		t.Run(string(r.op), func(t *testing.T) {
			h := hosttest.Start(t)
			call := r.do(t, h)
			earlier := len(h.Provider.Effects())
			h.Provider.NextOn(r.op, hosttest.Unavailable, hosttest.RateLimited, hosttest.Pending)
			_, _, _, err := call()
			require.ErrorIs(t, err, pay.KindProviderUnavailable) // 503
			require.Equal(t, pay.RetrySameOperation, pay.AsError(err).RetryRule())
			operation := pay.AsError(err).OperationID
			require.NotEmpty(t, operation)
			_, _, _, err = call()
			require.ErrorIs(t, err, pay.KindRateLimited) // 429
			require.Equal(t, operation, pay.AsError(err).OperationID, "the same operation")
			named, first, replayed, err := call()
			require.NoError(t, err)
			require.False(t, replayed)
			if named != "" {
				require.Equal(t, operation, named)
			}
			_, second, replayed, err := call()
			require.NoError(t, err)
			require.True(t, replayed)
			require.Equal(t, asJSON(t, first), asJSON(t, second))

			op, err := h.Operation(t.Context(), operation)
			require.NoError(t, err)
			require.Equal(t, "done", op.State)
			require.Len(t, op.Tries, 3)
			effects := h.Provider.Effects()
			require.Equal(t, 1, effects[op.ProviderKey])
			require.Len(t, effects, earlier+1)
		})
	}
}

// The same with no plugin to send to, which callers see as 503 too: the key waits, the next process runs it.
func TestARetryAfterThePluginWasDownRunsTheSameOperation(t *testing.T) {
	t.Parallel()
	r := newRemote(t)
	h := twoProviders(t, r, func(c *host.Config) { c.Timeouts.Start = 1 }) // no call waits for a process
	pid := *poll(t, func() *int {
		if pid := pidOf(h, "alpha"); pid != 0 {
			return &pid
		}
		return nil
	})
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	gone(t, pid)
	refused := 0
	inv := poll(t, func() *host.Invoice {
		inv, err := h.CreateInvoice(t.Context(), order("alpha-main", "order-1"))
		if err != nil {
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), err)
			refused++
			return nil
		}
		return inv
	})
	t.Logf("refused %d times", refused)
	page, err := h.Operations(t.Context(), host.ListOperations{Invoice: inv.ID})
	require.NoError(t, err)
	require.Len(t, page.Operations, 1)
	total, _ := r.total()
	require.Equal(t, 1, total)
}

// The largest page goes on where it ended.
func TestTheLargestPageHasANextPage(t *testing.T) {
	h := hosttest.Start(t)
	var wg sync.WaitGroup
	for w := range 20 {
		wg.Go(func() {
			for i := range 26 {
				if _, err := h.CreateInvoice(t.Context(), hosttest.Invoice(fmt.Sprint(w, "-", i), "10.00")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := 0
	for cursor := ""; ; {
		page, err := h.Invoices(t.Context(), host.ListInvoices{Limit: 500, Cursor: cursor})
		require.NoError(t, err)
		seen += len(page.Invoices)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, 520, seen)
	operations := 0
	for cursor := ""; ; {
		page, err := h.Operations(t.Context(), host.ListOperations{Limit: 500, Cursor: cursor})
		require.NoError(t, err)
		operations += len(page.Operations)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, 520, operations)
}
