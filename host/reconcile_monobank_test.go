package host_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// monoLedger is a day of payments on both sides: a real adapter and its simulator with what the bank holds, a host with what
// we hold, and the faults between them.
type monoLedger struct {
	random   *rand.Rand
	seeds    []monobanksim.SeedPayment
	invoices []store.Invoice
	refunds  []store.Refund
	// want are the findings as "class object ref".
	want []string
}

// payment is one payment that both sides hold alike.
type payment struct {
	n      int
	ref    string
	units  int64
	at     time.Time
	seed   monobanksim.SeedPayment
	ours   store.Invoice
	refund *store.Refund
}

func (m *monoLedger) payment(n int) *payment {
	at := bankDay().Add(time.Duration(m.random.IntN(24*60*60)) * time.Second)
	p := &payment{n: n, ref: fmt.Sprintf("p2_%08d", n), units: int64(100 + m.random.IntN(1_000_000)), at: at}
	uah, _ := pay.LookupCurrency("UAH")
	amount, _ := pay.FromMinor(p.units, uah)
	p.seed = monobanksim.SeedPayment{InvoiceID: p.ref, Reference: fmt.Sprint("order-", n), Amount: p.units, At: at}
	p.ours = paidInvoice(fmt.Sprint(n), at)
	p.ours.AccountID, p.ours.Provider, p.ours.ProviderRef, p.ours.Amount, p.ours.Captured = "mono-main", "monobank", p.ref, amount, amount
	p.ours.CreatedAt = at.Add(-time.Duration(m.random.IntN(600)) * time.Second)
	// Our time of it is not theirs: the webhook took its time, or our clock is behind.
	p.ours.ProviderTime = at.Add(time.Duration(m.random.IntN(240)-120) * time.Second)
	p.ours.UpdatedAt = p.ours.ProviderTime
	return p
}

// returned gives back a part of the payment, on both sides, some time later.
func (m *monoLedger) returned(p *payment) *store.Refund {
	part := 1 + m.random.Int64N(p.units)
	at := p.at.Add(time.Duration(1+m.random.IntN(23*60*60)) * time.Second)
	uah, _ := pay.LookupCurrency("UAH")
	amount, _ := pay.FromMinor(part, uah)
	id := fmt.Sprintf("ref_%d", p.n)
	f := store.Refund{
		ID: id, Tenant: p.ours.Tenant, AccountID: p.ours.AccountID, InvoiceID: p.ours.ID, CreatedAt: at, UpdatedAt: at,
		RefundState: pay.RefundState{RefundID: id, ProviderKey: "key-" + id, Status: pay.RefundSucceeded, Amount: amount, Origin: pay.OriginHost, ProviderTime: at},
	}
	p.seed.Refunds = append(p.seed.Refunds, monobanksim.SeedRefund{Amount: part, ExtRef: "key-" + id, At: at})
	p.ours.Refunded, p.ours.UpdatedAt = amount, at
	p.refund = &f
	return &f
}

// agree varies a payment without making the sides differ.
func (m *monoLedger) agree(p *payment) {
	switch m.random.IntN(12) {
	case 0, 1:
		m.returned(p)
	case 2: // a hold that is not taken yet
		p.seed.Status = monobanksim.StatusHold
		p.ours.Status, p.ours.Authorized, p.ours.Captured, p.ours.Final = pay.StatusAuthorized, p.ours.Amount, pay.Money{}, false
	case 3: // never paid: in no statement
		p.seed.Status = monobanksim.StatusExpired
		p.ours.Status, p.ours.Captured, p.ours.ClosedAt = pay.StatusExpired, pay.Money{}, p.at
	case 4:
		p.seed.Status = monobanksim.StatusFailure
		p.ours.Status, p.ours.Captured, p.ours.ClosedAt = pay.StatusFailed, pay.Money{}, p.at
	case 5: // taken in part
		p.seed.Captured = 1 + m.random.Int64N(p.units)
		p.ours.Captured, _ = pay.FromMinor(p.seed.Captured, p.ours.Amount.Currency())
	}
}

// The kinds of faults that are seeded, with the class they must be found as.
func monoFaults() []host.FindingClass {
	return []host.FindingClass{
		host.FindingMissingHere, host.FindingMissingThere, host.FindingAmount, host.FindingCurrency, host.FindingStatus, host.FindingRefund, host.FindingDuplicate,
	}
}

// spoil makes the sides differ in one way; which of them stay is what it returns.
func (m *monoLedger) spoil(p *payment, class host.FindingClass) (ours, theirs bool) {
	object := p.ours.ID
	ours, theirs = true, true
	switch class {
	case host.FindingMissingHere:
		ours, object = false, ""
	case host.FindingMissingThere:
		// Far from the edges: there our time decides whose day it is, which is not exact.
		p.ours.ProviderTime = bankDay().Add(12 * time.Hour)
		theirs = false
	case host.FindingAmount:
		p.seed.Amount++
	case host.FindingCurrency:
		p.seed.Currency = 840
	case host.FindingStatus:
		if m.random.IntN(2) == 0 {
			p.ours.Status, p.ours.Captured, p.ours.Final = pay.StatusPending, pay.Money{}, false
		} else {
			p.seed.Status = monobanksim.StatusFailure
		}
	case host.FindingRefund:
		f := m.returned(p)
		switch m.random.IntN(3) {
		case 0: // ordered in the bank's cabinet, and we did not hear of it
			p.refund, p.ours.Refunded = nil, pay.Money{}
		case 1: // in a way that both sides hold differently
			if a := &p.seed.Refunds[0].Amount; *a > 1 && m.random.IntN(2) == 0 {
				*a--
			} else {
				*a++
			}
		default: // the bank took it back
			p.seed.Refunds = nil
			object = f.ID
		}
	case host.FindingDuplicate:
		m.seeds = append(m.seeds, p.seed)
	default:
	}
	ref := p.ref
	if class == host.FindingRefund && object != p.ours.ID {
		ref = ""
	}
	m.want = append(m.want, fmt.Sprintln(class, object, ref))
	return ours, theirs
}

func newMonoLedger(n int, faults bool, seed uint64) *monoLedger {
	m := &monoLedger{random: rand.New(rand.NewPCG(seed, 1))}
	classes := monoFaults()
	for i := range n {
		p := m.payment(i)
		ours, theirs := true, true
		if class := i % 100; faults && class < len(classes) {
			ours, theirs = m.spoil(p, classes[class])
		} else {
			m.agree(p)
		}
		if theirs {
			m.seeds = append(m.seeds, p.seed)
		}
		if ours {
			m.invoices = append(m.invoices, p.ours)
			if p.refund != nil {
				m.refunds = append(m.refunds, *p.refund)
			}
		}
	}
	return m
}

// start writes both sides down and returns the host.
func (m *monoLedger) start(t testing.TB) *hosttest.Host {
	t.Helper()
	sim := monobanksim.New(monobanksim.Config{Token: "u-token", Now: bankNow})
	server := httptest.NewServer(sim)
	sim.SetPublicURL(server.URL)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	h := hosttest.Start(t, func(c *host.Config) {
		c.Providers["monobank"] = monobank.New("1.0.0")
		c.Now = bankNow
		c.Accounts = append(c.Accounts, host.Account{
			ID: "mono-main", Provider: "monobank", TimeZone: bankZone, Config: json.RawMessage(`{"token":"u-token","base_url":"` + server.URL + `"}`),
		})
	})
	_, err := sim.Seed(m.seeds)
	require.NoError(t, err)
	require.NoError(t, h.Store.Write(t.Context(), func(tx *store.Tx) error {
		for i := range m.invoices {
			if err := insertCreated(tx, &m.invoices[i]); err != nil {
				return err
			}
		}
		for i := range m.refunds {
			if err := tx.InsertRefund(&m.refunds[i]); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

func reconcileMono(t testing.TB, h *hosttest.Host) *host.ReconciliationRun {
	t.Helper()
	run, err := h.Reconcile(t.Context(), host.Reconcile{Account: "mono-main", From: "2026-03-01", To: "2026-03-01"})
	require.NoError(t, err)
	require.Equal(t, "done", run.State, run.Error)
	return run
}

// A day of 10 000 payments through the real adapter and its simulator, with one fault of every class in each hundred: every
// one is found, as what it is, and nothing else.
func TestReconciliationFindsEverySeededFault(t *testing.T) {
	t.Parallel()
	n := 10_000
	if matrixRace {
		n = 1_000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := newMonoLedger(n, true, seed)
	h := m.start(t)
	run := reconcileMono(t, h)
	require.Equal(t, host.ReconcileListing, run.Method)
	var found []string
	for cursor := ""; ; {
		page, err := h.ReconciliationFindings(t.Context(), host.ListFindings{Run: run.ID, Limit: 500, Cursor: cursor})
		require.NoError(t, err)
		for _, f := range page.Findings {
			found = append(found, fmt.Sprintln(f.Class, f.Object, f.ProviderRef))
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, m.want, n/100*len(monoFaults()))
	require.Empty(t, without(m.want, found), "not found")
	require.Empty(t, without(found, m.want), "no faults")
	require.Len(t, found, len(m.want))
	for _, class := range monoFaults() {
		require.EqualValues(t, n/100, run.Found[class], class)
	}
}

// without returns what a has and b has not.
func without(a, b []string) []string {
	known := map[string]bool{}
	for _, s := range b {
		known[s] = true
	}
	var rest []string
	for _, s := range a {
		if !known[s] {
			rest = append(rest, s)
		}
	}
	return rest
}

// BenchmarkReconcile10k compares a day of 10 000 payments with the statement of a simulated bank.
func BenchmarkReconcile10k(b *testing.B) {
	m := newMonoLedger(10_000, true, 1)
	h := m.start(b)
	var transactions int64
	for b.Loop() {
		transactions = reconcileMono(b, h).Checked["transactions"]
	}
	b.ReportMetric(float64(transactions)*float64(b.N)/b.Elapsed().Seconds(), "transactions/s")
}
