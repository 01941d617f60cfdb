package host_test

import (
	"fmt"
	"testing"
	"time"

	"encoding/json"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Whatever the ledgers, the pages and the clocks: the findings of a run are exactly the faults that were made, no more and
// no less, and each of two neighbouring days reports its own.
func TestReconciliationFindsExactlyTheFaultsOfRandomLedgers(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	b := openBooks(t, bank)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		if round++; matrixRace && round > 10 {
			return
		}
		g := &ledgerCase{books: b, rt: rt, account: fmt.Sprintf("bank-%d", round), round: round, want: map[int][]string{}}
		require.NoError(rt, b.PutAccount(t.Context(), host.Account{ID: g.account, Provider: "bank", TimeZone: bankZone, Config: json.RawMessage(`{}`)}))
		bank.mu.Lock()
		bank.txs, bank.asked = nil, nil
		bank.pageSize = rapid.IntRange(1, 20).Draw(rt, "page size")
		bank.day = time.Duration(rapid.SampledFrom([]int{0, 2, 7, 24}).Draw(rt, "hours of a page")) * time.Hour
		bank.overlap = rapid.Bool().Draw(rt, "pages overlap")
		bank.mu.Unlock()
		for i := range rapid.IntRange(0, 25).Draw(rt, "payments") {
			g.payment(i)
		}
		for day := range 2 {
			date := bankDay().Add(time.Duration(24*day+12) * time.Hour).Format(time.DateOnly)
			run, found := b.reconcile(func(r *host.Reconcile) { r.Account, r.From, r.To = g.account, date, date })
			require.ElementsMatch(rt, g.want[day], found, "day %d; blind spots: %v", day, run.BlindSpots)
		}
	})
}

// ledgerCase is one random pair of ledgers over two days.
type ledgerCase struct {
	*books
	rt      *rapid.T
	account string
	round   int
	want    map[int][]string // by day
}

func (g *ledgerCase) minutes(least, most int, what string) time.Duration {
	return time.Duration(rapid.IntRange(least, most).Draw(g.rt, what)) * time.Minute
}

// payment makes one payment on both sides, and perhaps one fault in it.
func (g *ledgerCase) payment(i int) {
	id := fmt.Sprintf("%d-%d", g.round, i)
	// Theirs lies anywhere in the two days; ours within half an hour of it, on whichever side of midnight.
	theirs := bankDay().Add(g.minutes(0, 2*24*60-90, "their time"))
	ours := theirs.Add(g.minutes(-30, 30, "skew"))
	fault := rapid.SampledFrom([]string{
		"", "", "", "", "missing_here", "missing_there", "amount", "currency", "status", "duplicate", "refund there", "refund here", "refund amount",
	}).Draw(g.rt, "fault")
	day := int(theirs.Sub(bankDay()) / (24 * time.Hour))
	if fault == "missing_there" || fault == "refund here" {
		ours = theirs // Only our time can say whose day it is.
	}
	inv := paidInvoice(id, ours)
	inv.AccountID = g.account
	tx := paymentOf(inv)
	tx.OccurredAt = theirs
	var refunds []store.Refund
	lines := []pay.Transaction{tx}
	for n := range rapid.IntRange(0, 2).Draw(g.rt, "refunds") {
		at := theirs.Add(g.minutes(0, 20, "refund after"))
		value := fmt.Sprintf("%d.00", 10+n*rapid.IntRange(0, 1).Draw(g.rt, "another amount"))
		refunds = append(refunds, g.refundRow(inv, fmt.Sprintf("%s-%d", id, n), value, at))
		lines = append(lines, refundOf(inv, n, value, at))
	}
	stored := g.spoil(&inv, &refunds, &lines, fault, day, id)
	g.write(lines...)
	if !stored {
		return
	}
	require.NoError(g.rt, g.Store.Write(g.t.Context(), func(w *store.Tx) error {
		if err := insertCreated(w, &inv); err != nil {
			return err
		}
		for i := range refunds {
			if err := w.InsertRefund(&refunds[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (g *ledgerCase) refundRow(inv store.Invoice, id, value string, at time.Time) store.Refund {
	return store.Refund{
		ID: "ref_" + id, Tenant: inv.Tenant, AccountID: inv.AccountID, InvoiceID: inv.ID, CreatedAt: at, UpdatedAt: at,
		RefundState: pay.RefundState{RefundID: "ref_" + id, Status: pay.RefundSucceeded, Amount: money(value, "UAH"), Origin: pay.OriginHost, ProviderTime: at},
	}
}

// spoil makes one fault, notes what must be found of it, and says whether we have the invoice at all.
func (g *ledgerCase) spoil(inv *store.Invoice, refunds *[]store.Refund, lines *[]pay.Transaction, fault string, day int, id string) bool {
	expect := func(format string, args ...any) { g.want[day] = append(g.want[day], fmt.Sprintf(format, args...)) }
	at := (*lines)[0].OccurredAt
	switch fault {
	case "missing_here":
		expect("missing_here invoice ref-%s", id)
		return false
	case "missing_there":
		*lines, *refunds = nil, nil
		expect("missing_there invoice inv_%s ref-%s", id, id)
	case "amount":
		(*lines)[0].Gross = money("100.01", "UAH")
		expect("amount invoice inv_%s ref-%s", id, id)
	case "currency":
		(*lines)[0].Gross = money("100.00", "USD")
		expect("currency invoice inv_%s ref-%s", id, id)
	case "status":
		if rapid.Bool().Draw(g.rt, "ours is behind") {
			inv.Status, inv.Captured = pay.StatusPending, pay.Money{}
		} else {
			(*lines)[0].Status = string(pay.StatusFailed)
		}
		// One finding tells of an invoice: its refunds are for the day when the sides agree on the payment again.
		*lines, *refunds = (*lines)[:1], nil
		expect("status invoice inv_%s ref-%s", id, id)
	case "duplicate":
		*lines, *refunds = append((*lines)[:1], (*lines)[0]), nil
		expect("duplicate invoice inv_%s ref-%s", id, id)
	case "refund there":
		*lines, *refunds = append((*lines)[:1], refundOf(*inv, 7, "33.00", at)), nil
		expect("refund invoice inv_%s ref-%s", id, id)
	case "refund here":
		*lines, *refunds = (*lines)[:1], []store.Refund{g.refundRow(*inv, id+"-only", "44.00", at)}
		expect("refund refund ref_%s-only", id)
	case "refund amount":
		*lines, *refunds = append((*lines)[:1], refundOf(*inv, 7, "34.00", at)), []store.Refund{g.refundRow(*inv, id+"-less", "33.00", at)}
		expect("refund invoice inv_%s ref-%s", id, id)
	default:
	}
	return true
}
