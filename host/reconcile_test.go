package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// noon is a time well inside the day.
func noon() time.Time { return bankDay().Add(12 * time.Hour) }

// Each row is one fault, or something that looks like one and is none, among invoices on which both sides agree.
func TestReconciliationByListingTellsEachFault(t *testing.T) {
	t.Parallel()
	at := noon()
	b := openBooks(t, newBank(true))
	usd := func(tx *pay.Transaction) { tx.Gross = money("100.00", "USD") }
	as := func(word string) func(*pay.Transaction) { return func(tx *pay.Transaction) { tx.Status = word } }
	when := func(at time.Time) func(*pay.Transaction) { return func(tx *pay.Transaction) { tx.OccurredAt = at } }
	held := func(i *store.Invoice) {
		i.Status, i.Final, i.Captured, i.Authorized = pay.StatusAuthorized, false, pay.Money{}, i.Amount
	}
	is := func(s pay.Status) func(*store.Invoice) {
		return func(i *store.Invoice) { i.Status, i.Captured = s, pay.Money{} }
	}
	lost := func(i *store.Invoice) {
		i.Status, i.Captured, i.ProviderRef, i.UnresolvedOperation = pay.StatusCreating, pay.Money{}, "", "op_1"
	}
	for name, c := range map[string]struct {
		seed func(b *books)
		want []string
	}{
		"nothing":       {func(b *books) { b.shown(b.invoice("x", at)) }, nil},
		"missing here":  {func(b *books) { b.shown(paidInvoice("x", at)) }, []string{"missing_here invoice ref-x"}},
		"missing there": {func(b *books) { b.invoice("x", at) }, []string{"missing_there invoice inv_x ref-x"}},
		"amount": {func(b *books) {
			b.shown(b.invoice("x", at), func(tx *pay.Transaction) { tx.Gross = money("99.99", "UAH") })
		}, []string{"amount invoice inv_x ref-x"}},
		"no amount stated": {func(b *books) { b.shown(b.invoice("x", at), func(tx *pay.Transaction) { tx.Gross = pay.Money{} }) }, nil},
		"currency":         {func(b *books) { b.shown(b.invoice("x", at), usd) }, []string{"currency invoice inv_x ref-x"}},
		"paid there":       {func(b *books) { b.shown(b.invoice("x", at, is(pay.StatusPending))) }, []string{"status invoice inv_x ref-x"}},
		"paid here":        {func(b *books) { b.shown(b.invoice("x", at), as("processing")) }, []string{"status invoice inv_x ref-x"}},
		"failed there":     {func(b *books) { b.shown(b.invoice("x", at), as("failed")) }, []string{"status invoice inv_x ref-x"}},
		"late money":       {func(b *books) { b.shown(b.invoice("x", at, is(pay.StatusExpired))) }, []string{"status invoice inv_x ref-x"}},
		"unknown word":     {func(b *books) { b.shown(b.invoice("x", at), as("frobnicated")) }, nil},
		"word left out":    {func(b *books) { b.shown(b.invoice("x", at), as("")) }, nil},
		"hold":             {func(b *books) { b.shown(b.invoice("x", at, held), as("authorized")) }, nil},
		"hold, amount": {func(b *books) {
			b.shown(b.invoice("x", at, held), as("authorized"), func(tx *pay.Transaction) { tx.Gross = money("1.00", "UAH") })
		}, []string{"amount invoice inv_x ref-x"}},
		"hold taken":                        {func(b *books) { b.shown(b.invoice("x", at, held)) }, []string{"status invoice inv_x ref-x"}},
		"hold released":                     {func(b *books) { b.shown(b.invoice("x", at, held), as("canceled")) }, []string{"status invoice inv_x ref-x"}},
		"failed try beside an open invoice": {func(b *books) { b.shown(b.invoice("x", at, is(pay.StatusPending)), as("failed")) }, nil},
		"failed try, then paid": {func(b *books) {
			inv := b.invoice("x", at)
			b.shown(inv, as("failed"), when(at.Add(-time.Minute)), func(tx *pay.Transaction) { tx.ProviderID += "/failed" })
			b.shown(inv)
		}, nil},
		"failed try of nobody": {func(b *books) { b.shown(paidInvoice("x", at), as("failed")) }, nil},
		"unpaid":               {func(b *books) { b.invoice("x", at, is(pay.StatusExpired)) }, nil},
		"in two parts": {func(b *books) {
			inv := b.invoice("x", at)
			half := func(id string) func(tx *pay.Transaction) {
				return func(tx *pay.Transaction) { tx.ProviderID, tx.Gross = id, money("50.00", "UAH") }
			}
			b.shown(inv, half("a"))
			b.shown(inv, half("b"))
		}, nil},
		"taken twice": {func(b *books) {
			inv := b.invoice("x", at)
			b.shown(inv)
			b.shown(inv, func(tx *pay.Transaction) { tx.ProviderID = "again" })
		}, []string{"duplicate invoice inv_x ref-x"}},
		"listed twice": {func(b *books) {
			inv := b.invoice("x", at)
			b.shown(inv)
			b.shown(inv)
		}, []string{"duplicate invoice inv_x ref-x"}},
		"listed twice at two times": {func(b *books) {
			inv := b.invoice("x", at)
			b.shown(inv)
			b.shown(inv, when(at.Add(time.Hour)))
		}, []string{"duplicate invoice inv_x ref-x"}},
		"one object, two invoices": {func(b *books) {
			b.shown(b.invoice("x", at))
			b.invoice("y", at, func(i *store.Invoice) { i.ProviderRef = "ref-x" })
		}, []string{"duplicate invoice inv_y ref-x"}},
		"lost answer, by key": {func(b *books) {
			b.shown(b.invoice("x", at, lost), func(tx *pay.Transaction) { tx.ProviderID, tx.InvoiceRef, tx.Reference = "n", "n", "key-x" })
		}, []string{"missing_here invoice inv_x n"}},
		"lost answer, by reference": {func(b *books) {
			b.shown(b.invoice("x", at, lost), func(tx *pay.Transaction) { tx.ProviderID, tx.InvoiceRef = "n", "n" })
		}, []string{"missing_here invoice inv_x n"}},
		"second object under one key": {func(b *books) {
			inv := b.invoice("x", at)
			b.shown(inv)
			b.shown(inv, func(tx *pay.Transaction) { tx.ProviderID, tx.InvoiceRef, tx.Reference = "n", "n", "key-x" })
		}, []string{"duplicate invoice inv_x n"}},
		"refund": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at)
			b.write(refundOf(i, 1, "30.00", at))
		}, nil},
		"refunds in another order": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at)
			b.refund(i, "s", "20.00", at)
			b.write(refundOf(i, 1, "20.00", at), refundOf(i, 2, "30.00", at))
		}, nil},
		"refunds taken together": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at)
			b.refund(i, "s", "20.00", at)
			b.write(refundOf(i, 1, "50.00", at))
		}, nil},
		"refund missing there": {func(b *books) { i := b.invoice("x", at); b.shown(i); b.refund(i, "r", "30.00", at) }, []string{"refund refund ref_r"}},
		"refund missing here":  {func(b *books) { i := b.invoice("x", at); b.shown(i); b.write(refundOf(i, 1, "30.00", at)) }, []string{"refund invoice inv_x ref-x"}},
		"refund, amount": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at)
			b.write(refundOf(i, 1, "31.00", at))
		}, []string{"refund invoice inv_x ref-x"}},
		"refund in another money": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			r := refundOf(i, 1, "30.00", at)
			usd(&r)
			b.write(r)
		}, []string{"refund invoice inv_x ref-x"}},
		"refund that failed there": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			r := refundOf(i, 1, "30.00", at)
			r.Status = "failed"
			b.write(r)
		}, nil},
		"refund pending here": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at, func(f *store.Refund) { f.Status = pay.RefundPending })
			b.write(refundOf(i, 1, "30.00", at))
		}, []string{"refund invoice inv_x ref-x"}},
		"refund pending on both": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at, func(f *store.Refund) { f.Status = pay.RefundPending })
		}, nil},
		"refund by id, amount": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at, func(f *store.Refund) { f.ProviderRef = "rr" })
			r := refundOf(i, 1, "31.00", at)
			r.RefundRef = "rr"
			b.write(r)
		}, []string{"refund refund ref_r rr"}},
		"refund without an invoice": {func(b *books) {
			i := b.invoice("x", at)
			b.shown(i)
			b.refund(i, "r", "30.00", at, func(f *store.Refund) { f.ProviderRef = "rr" })
			r := refundOf(i, 1, "30.00", at)
			r.RefundRef, r.InvoiceRef = "rr", ""
			b.write(r)
		}, nil},
		"refund of nobody": {func(b *books) {
			r := refundOf(paidInvoice("x", at), 1, "30.00", at)
			r.RefundRef, r.InvoiceRef = "rr", ""
			b.write(r)
		}, []string{"missing_here refund rr"}},
		"returned as a whole": {func(b *books) {
			i := b.invoice("x", at, func(i *store.Invoice) { i.Refunded = i.Captured })
			b.shown(i)
			b.write(refundOf(i, 1, "100.00", at))
		}, nil},
		"fees are not compared": {func(b *books) {
			b.write(pay.Transaction{ProviderID: "fee", Kind: pay.TransactionFee, Gross: money("1.00", "UAH"), OccurredAt: at})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b.next(t)
			for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
				b.shown(b.invoice(id, at.Add(time.Duration(id[0])*time.Second)))
			}
			c.seed(b)
			run, found := b.reconcile()
			require.Equal(t, host.ReconcileListing, run.Method)
			require.ElementsMatch(t, c.want, found)
		})
	}
}

// What stands near the edges of the window is judged by one of two neighbouring runs, and never by both.
func TestReconciliationJudgesOnlyInsideTheWindow(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	first, last := bankDay(), bankDay().Add(24*time.Hour)
	// Faults outside belong to other days.
	b.shown(paidInvoice("before", first.Add(-time.Second)))
	b.shown(paidInvoice("after", last))
	b.invoice("lost-before", first.Add(-time.Second))
	b.invoice("lost-after", last)
	// Ours and theirs on different sides of the edge are no fault.
	late := b.invoice("late", last.Add(-time.Second))
	b.shown(late, func(tx *pay.Transaction) { tx.OccurredAt = last.Add(30 * time.Second) })
	early := b.invoice("early", first.Add(time.Second))
	b.shown(early, func(tx *pay.Transaction) { tx.OccurredAt = first.Add(-30 * time.Second) })
	// These are inside.
	b.shown(paidInvoice("first", first))
	b.shown(paidInvoice("last", last.Add(-time.Second)))
	_, found := b.reconcile()
	require.ElementsMatch(t, []string{"missing_here invoice ref-first", "missing_here invoice ref-last"}, found)
}

// The provider may know a payment under an earlier time than we do: a hold that was taken days later, for example.
func TestReconciliationLooksForCounterpartsBeforeTheWindow(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	old := func(days int) func(*store.Invoice) {
		return func(i *store.Invoice) { i.CreatedAt = i.CreatedAt.Add(-time.Duration(days) * 24 * time.Hour) }
	}
	hold := b.invoice("hold", noon(), old(8))
	b.shown(hold, func(tx *pay.Transaction) { tx.OccurredAt = hold.CreatedAt.Add(time.Minute) })
	b.invoice("gone", noon(), old(8))
	// An old payment that was returned today, where the ledger lists refunds with their payment.
	returned := b.invoice("returned", noon().Add(-5*24*time.Hour))
	b.shown(returned)
	b.refund(returned, "r", "30.00", noon())
	// So old that the ledger is not searched for it: the provider is asked.
	b.invoice("ancient", noon(), old(200))
	b.bank.invoices["ref-ancient"] = pay.InvoiceState{ProviderRef: "ref-ancient", Status: pay.StatusPaid, Amount: money("100.00", "UAH")}
	b.invoice("ancient-gone", noon(), old(200))
	b.invoice("ancient-broken", noon(), old(200))
	b.bank.fails["ref-ancient-broken"] = pay.Errorf(pay.KindInvalidState, "out of order")
	_, found := b.reconcile()
	require.ElementsMatch(t, []string{
		"missing_there invoice inv_gone ref-gone", "refund refund ref_r", "missing_there invoice inv_ancient-gone ref-ancient-gone",
		"unreadable invoice inv_ancient-broken ref-ancient-broken",
	}, found)
}

// A provider whose pages cover less than was asked for, and repeat lines, is read to the end; one that will not list a time
// is not accused of missing what lies in it.
func TestReconciliationSurvivesNarrowPagesAndRepeatedLines(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	bank.day, bank.pageSize, bank.overlap = 5*time.Hour, 3, true
	b := openBooks(t, bank)
	for i := range 40 {
		b.shown(b.invoice(string(rune('a'+i%26))+strings.Repeat("x", i/26), bankDay().Add(time.Duration(i)*30*time.Minute)))
	}
	b.bank.fails[""] = pay.Errorf(pay.KindProviderUnavailable, "away for a moment")
	run, found := b.reconcile()
	require.Empty(t, found)
	require.EqualValues(t, 40, run.Checked["invoices"])
	require.Greater(t, len(b.bank.asked), 10)
}

// Nothing is called missing there after the time up to which the provider calls its ledger complete.
func TestReconciliationWaitsForTheLedgerToBeComplete(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	bank.shows = noon()
	b := openBooks(t, bank)
	b.invoice("sure", noon().Add(-11*time.Minute))
	b.invoice("within the delay", noon().Add(-9*time.Minute))
	b.invoice("later", noon().Add(time.Hour))
	run, found := b.reconcile()
	require.Equal(t, []string{"missing_there invoice inv_sure ref-sure"}, found)
	require.Equal(t, noon(), *run.CompleteUntil)
	require.Contains(t, strings.Join(run.BlindSpots, "\n"), "may not be complete yet")
}

// A provider that does not list a time is not said to miss what lies in it.
func TestReconciliationBelievesOnlyTheTimesThatWereListed(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	bank.since = noon()
	b := openBooks(t, bank)
	b.invoice("early", noon().Add(-time.Hour))
	b.invoice("late", noon().Add(time.Hour))
	run, found := b.reconcile()
	require.Equal(t, []string{"missing_there invoice inv_late ref-late"}, found)
	require.Contains(t, strings.Join(run.BlindSpots, "\n"), "did not list")
}

// What changes while the provider is read proves nothing.
func TestReconciliationDoesNotJudgeWhatMoves(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	b.shown(b.invoice("x", noon(), func(i *store.Invoice) { i.Status, i.Captured, i.UpdatedAt = pay.StatusPending, pay.Money{}, bankNow() }))
	run, found := b.reconcile()
	require.Empty(t, found)
	require.EqualValues(t, 1, run.Checked["in_motion"])
}

// What happened just now, of which the webhook may still be under way, is no difference yet.
func TestReconciliationGivesNewsTimeToArrive(t *testing.T) {
	t.Parallel()
	for _, listed := range []bool{true, false} {
		b := openBooks(t, newBank(listed))
		just := bankNow().Add(-30 * time.Second)
		inv := b.invoice("x", just, func(i *store.Invoice) {
			i.Status, i.Captured, i.UpdatedAt = pay.StatusPending, pay.Money{}, i.CreatedAt
		})
		b.shown(inv)
		state := pay.InvoiceState{ProviderRef: inv.ProviderRef, Status: pay.StatusPaid, Amount: inv.Amount}
		state.Report.Evidence.ProviderTime = just
		b.bank.invoices[inv.ProviderRef] = state
		_, found := b.reconcile(func(r *host.Reconcile) { r.To = "2026-03-02" })
		require.Empty(t, found, "listed %v", listed)
	}
}

// Without a ledger each object of ours is asked for.
func TestReconciliationByWalkTellsEachFault(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(false))
	state := func(inv store.Invoice, edit ...func(*pay.InvoiceState)) {
		s := pay.InvoiceState{ProviderRef: inv.ProviderRef, Status: pay.StatusPaid, Amount: inv.Amount, Captured: inv.Amount}
		for _, e := range edit {
			e(&s)
		}
		b.bank.invoices[inv.ProviderRef] = s
	}
	state(b.invoice("fine", noon()))
	b.invoice("gone", noon())
	state(b.invoice("amount", noon()), func(s *pay.InvoiceState) { s.Amount, s.Captured = money("1.00", "UAH"), pay.Money{} })
	state(b.invoice("captured", noon()), func(s *pay.InvoiceState) { s.Captured = money("99.00", "UAH") })
	state(b.invoice("currency", noon()), func(s *pay.InvoiceState) { s.Amount, s.Captured = money("100.00", "USD"), pay.Money{} })
	state(b.invoice("status", noon()), func(s *pay.InvoiceState) { s.Status, s.Captured = pay.StatusPending, pay.Money{} })
	state(b.invoice("quiet", noon()), func(s *pay.InvoiceState) { s.Status, s.Captured = "", pay.Money{} })
	state(b.invoice("other", noon()), func(s *pay.InvoiceState) { s.ProviderRef = "ref-fine" })
	state(b.invoice("refund", noon()), func(s *pay.InvoiceState) { s.Refunded = money("10.00", "UAH") })
	b.invoice("broken", noon())
	b.bank.fails["ref-broken"] = pay.Errorf(pay.KindInvalidState, "personal words of the provider")
	b.invoice("outside", noon().Add(-30*time.Hour))
	run, found := b.reconcile()
	require.Equal(t, host.ReconcileWalk, run.Method)
	require.ElementsMatch(t, []string{
		"missing_there invoice inv_gone ref-gone", "amount invoice inv_amount ref-amount", "amount invoice inv_captured ref-captured",
		"currency invoice inv_currency ref-currency", "status invoice inv_status ref-status", "duplicate invoice inv_other ref-other",
		"refund invoice inv_refund ref-refund", "unreadable invoice inv_broken ref-broken",
	}, found)
	for _, f := range b.findings(run.ID) {
		require.NotContains(t, f.Detail, "personal words")
	}
	require.Contains(t, strings.Join(run.BlindSpots, "\n"), "missing here")
}

// A provider that is away fails the run instead of filling it with findings.
func TestReconciliationByWalkGivesUpOnAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(false))
	for i := range 60 {
		inv := b.invoice(string(rune('a'+i%26))+strings.Repeat("x", i/26), noon())
		b.bank.fails[inv.ProviderRef] = pay.Errorf(pay.KindAuth, "wrong credentials")
	}
	run, err := b.Reconcile(t.Context(), host.Reconcile{Account: bankAccountID, From: "2026-03-01", To: "2026-03-01"})
	require.NoError(t, err)
	require.Equal(t, "failed", run.State)
	require.Less(t, run.Found[host.FindingUnreadable], int64(30))
}

// Payouts are compared in both directions, and one by one where the ledger shows none.
func TestReconciliationComparesPayouts(t *testing.T) {
	t.Parallel()
	for _, listed := range []bool{true, false} {
		b := openBooks(t, newBank(listed))
		payout := func(id, ref string, status pay.PayoutStatus) store.Payout {
			p := store.Payout{
				ID: "po_" + id, Tenant: "default", Mode: pay.ModeLive, AccountID: bankAccountID, Provider: "bank", ProviderRef: ref, ProviderKey: "key-" + id,
				Requested: money("50.00", "UAH"), Status: status, ProviderTime: noon(), CreatedAt: noon(), UpdatedAt: noon(),
			}
			require.NoError(t, b.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPayout(&p) }))
			return p
		}
		line := func(ref, key, value string, status pay.PayoutStatus) {
			b.write(pay.Transaction{ProviderID: ref, Kind: pay.TransactionPayout, PayoutRef: ref, Reference: key, Status: string(status), Gross: money(value, "UAH"), OccurredAt: noon()})
			b.bank.payouts[ref] = pay.PayoutState{ProviderRef: ref, Status: status, Amount: money(value, "UAH")}
		}
		payout("fine", "p-fine", pay.PayoutSucceeded)
		line("p-fine", "", "50.00", pay.PayoutSucceeded)
		payout("gone", "p-gone", pay.PayoutSucceeded)
		payout("amount", "p-amount", pay.PayoutSucceeded)
		line("p-amount", "", "51.00", pay.PayoutSucceeded)
		payout("status", "p-status", pay.PayoutSucceeded)
		line("p-status", "", "50.00", pay.PayoutFailed)
		line("p-theirs", "", "50.00", pay.PayoutSucceeded)
		want := []string{"missing_there payout po_gone p-gone", "amount payout po_amount p-amount", "status payout po_status p-status"}
		if listed {
			payout("key", "", pay.PayoutSucceeded)
			line("p-key", "key-key", "50.00", pay.PayoutSucceeded)
			want = append(want, "missing_here payout p-theirs")
		}
		_, found := b.reconcile()
		require.ElementsMatch(t, want, found, "listed %v", listed)
	}
	b := openBooks(t, newBank(true))
	p := store.Payout{
		ID: "po_x", Tenant: "default", Mode: pay.ModeLive, AccountID: bankAccountID, Provider: "bank", ProviderRef: "p-x", Requested: money("50.00", "UAH"),
		Status: pay.PayoutSucceeded, ProviderTime: noon(), CreatedAt: noon(), UpdatedAt: noon(),
	}
	require.NoError(t, b.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertPayout(&p) }))
	b.bank.payouts["p-x"] = pay.PayoutState{ProviderRef: "p-x", Status: pay.PayoutSucceeded, Amount: p.Requested}
	_, found := b.reconcile()
	require.Empty(t, found, "the ledger shows no payouts at all, so it is not believed about one")
}

// A dry run writes itself, its findings, its line in the audit log and the event of its end.
func TestReconciliationIsADryRunUnlessHealed(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	inv := b.invoice("x", noon(), func(i *store.Invoice) { i.Status, i.Captured, i.Final = pay.StatusPending, pay.Money{}, false })
	b.shown(inv)
	b.shown(paidInvoice("theirs", noon()))
	truth := pay.InvoiceState{ProviderRef: "ref-x", Status: pay.StatusPaid, Amount: inv.Amount, Captured: inv.Amount}
	b.bank.invoices["ref-x"] = truth
	run, _ := b.reconcile()
	after, err := b.Store.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, inv.Version, after.Version)
	evidence, err := b.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	require.Empty(t, evidence)
	require.Equal(t, []string{"reconciliation.finished"}, eventTypes(t, b, "reconciliation", run.ID))
	audit, err := b.Store.Audit(t.Context(), 0, 100)
	require.NoError(t, err)
	last := audit[len(audit)-1]
	require.Equal(t, []string{"account.reconcile", bankAccountID, "auditor"}, []string{last.Action, last.ObjectID, "auditor"})

	healed, err := b.Reconcile(host.WithActor(t.Context(), "auditor"), host.Reconcile{Account: bankAccountID, From: "2026-03-01", To: "2026-03-01", Heal: true})
	require.NoError(t, err)
	require.Equal(t, "auditor", healed.Actor)
	now, err := b.Invoice(t.Context(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, now.Status)
	evidence, err = b.Store.Evidence(t.Context(), "invoice", inv.ID)
	require.NoError(t, err)
	require.Len(t, evidence, 1)
	require.Equal(t, pay.EvidenceAPISync, evidence[0].Kind)
	require.Equal(t, "auditor", evidence[0].Actor)
	require.Equal(t, []string{"invoice.paid"}, eventTypes(t, b, "invoice", inv.ID))
	require.Equal(t, []string{"reconciliation.finding", "reconciliation.finished"}, eventTypes(t, b, "reconciliation", healed.ID))
	how := map[host.FindingClass]string{}
	for _, f := range b.findings(healed.ID) {
		how[f.Class] = f.Healed
	}
	require.Equal(t, map[host.FindingClass]string{host.FindingStatus: host.HealedChanged, host.FindingMissingHere: host.HealedReported}, how)
	invoices, err := b.Invoices(t.Context(), host.ListInvoices{Account: bankAccountID})
	require.NoError(t, err)
	require.Len(t, invoices.Invoices, 1, "no invoice is ever made up")
	_, found := b.reconcile()
	require.Equal(t, []string{"missing_here invoice ref-theirs"}, found)
}

func eventTypes(t *testing.T, b *books, objectType, id string) []string {
	t.Helper()
	events, err := b.ObjectEvents(t.Context(), "", 100, objectType, id)
	require.NoError(t, err)
	list := []string{}
	for _, ev := range events {
		list = append(list, ev.Type)
	}
	return list
}

// A payment that the provider shows under the key of a lost answer is handed to the resolver.
func TestReconciliationWakesTheResolverForALostAnswer(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	inv := b.invoice("x", noon(), func(i *store.Invoice) {
		i.Status, i.Captured, i.Final, i.ProviderRef = pay.StatusCreating, pay.Money{}, false, ""
		i.UnresolvedOperation, i.CreateOperationID = "op_x", "op_x"
	})
	op := store.Operation{
		ID: "op_x", Tenant: inv.Tenant, AccountID: inv.AccountID, Provider: "bank", Kind: pay.OpCreate, ProviderKey: inv.ProviderKey, ObjectType: "invoice",
		ObjectID: inv.ID, InvoiceID: inv.ID, State: store.OperationUnknown, Executed: pay.ExecutedUnknown, Resolution: pay.ResolveLookup,
		CreatedAt: noon(), UpdatedAt: noon(), NextLookAt: bankNow().Add(24 * time.Hour),
	}
	require.NoError(t, b.Store.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.InsertOperation(&op); return err }))
	b.shown(inv, func(tx *pay.Transaction) { tx.ProviderID, tx.InvoiceRef, tx.Reference = "n", "n", inv.ProviderKey })
	b.bank.invoices["key "+inv.ProviderKey] = pay.InvoiceState{ProviderRef: "n", Status: pay.StatusPaid, Amount: inv.Amount}
	run, found := b.reconcile(func(r *host.Reconcile) { r.Heal = true })
	require.Equal(t, []string{"missing_here invoice inv_x n"}, found)
	require.Equal(t, host.HealedWoken, b.findings(run.ID)[0].Healed)
	awaitStatus(t, b.Host, inv.ID, pay.StatusPaid)
}

// One run at a time; a caller that hangs up leaves it running; a host that stops interrupts it.
func TestReconciliationRunsOneAtATimeAndIsInterruptedWithItsHost(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	bank.gate = make(chan struct{})
	b := openBooks(t, bank)
	req := host.Reconcile{Account: bankAccountID, From: "2026-03-01", To: "2026-03-01"}
	ctx, hangUp := context.WithCancel(t.Context())
	go func() {
		<-bank.waiting
		hangUp()
	}()
	run, err := b.Reconcile(ctx, req)
	require.NoError(t, err)
	require.Equal(t, "running", run.State)
	_, err = b.Reconcile(t.Context(), req)
	require.Equal(t, pay.KindInProgress, pay.AsError(err).Kind)
	require.Contains(t, err.Error(), run.ID)
	close(bank.gate)
	ended := poll(t, func() *host.ReconciliationRun {
		now, err := b.Reconciliation(t.Context(), run.ID)
		require.NoError(t, err)
		if now.State == "running" {
			return nil
		}
		return now
	})
	require.Equal(t, "done", ended.State, ended.Error)
	page, err := b.Reconciliations(t.Context(), host.ListReconciliations{Account: bankAccountID})
	require.NoError(t, err)
	require.Len(t, page.Reconciliations, 1)
}

// A run that a host left behind is marked when the next host starts.
func TestReconciliationOfADeadHostIsInterrupted(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	b := openBooks(t, bank)
	first, _ := b.reconcile()
	left := store.Reconciliation{
		ID: "rec_left", AccountID: bankAccountID, Provider: "bank", Method: "listing", State: store.ReconciliationRunning, From: bankDay(), To: bankNow(), CreatedAt: bankNow(),
	}
	require.NoError(t, b.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertReconciliation(&left) }))
	next := hosttest.StartOn(t, b.Store, hosttest.NewProvider(), func(c *host.Config) { c.Providers["bank"], c.Now = bank, bankNow })
	run, err := next.Reconciliation(t.Context(), "rec_left")
	require.NoError(t, err)
	require.Equal(t, "interrupted", run.State)
	require.NotNil(t, run.FinishedAt)
	run, err = next.Reconciliation(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, "done", run.State)
}

// The host stops: the run ends as interrupted, and the drain does not wait for its provider.
func TestReconciliationEndsWithItsHost(t *testing.T) {
	t.Parallel()
	bank := newBank(true)
	bank.gate = make(chan struct{})
	b := openBooks(t, bank)
	ended := make(chan *host.ReconciliationRun, 1)
	go func() {
		run, err := b.Reconcile(t.Context(), host.Reconcile{Account: bankAccountID, From: "2026-03-01", To: "2026-03-01"})
		if err != nil {
			t.Error(err)
		}
		ended <- run
	}()
	<-bank.waiting
	b.Cut()
	if run := <-ended; run != nil {
		require.Equal(t, "interrupted", run.State)
		require.Equal(t, "the host stopped", run.Error)
	}
}

// What is asked for wrongly is refused by the name of the field.
func TestReconciliationRefusesWindowsByField(t *testing.T) {
	t.Parallel()
	b := openBooks(t, newBank(true))
	for field, req := range map[string]host.Reconcile{
		"from":    {From: "yesterday", To: "2026-03-01"},
		"from ":   {To: "2026-03-01"},
		"to":      {From: "2026-03-01", To: "2026-02-30"},
		"to ":     {From: "2026-03-01", To: "2026-02-28"},
		"to  ":    {From: "2025-03-01", To: "2026-02-28"},
		"from  ":  {From: "2026-04-01", To: "2026-04-02"},
		"account": {Account: "nobody", From: "2026-03-01", To: "2026-03-01"},
	} {
		if req.Account == "" {
			req.Account = bankAccountID
		}
		_, err := b.Reconcile(t.Context(), req)
		e, ok := errors.AsType[*pay.Error](err)
		require.True(t, ok, "%v", err)
		require.NotEmpty(t, e.Fields)
		require.Equal(t, strings.TrimSpace(field), e.Fields[0].Path, e.Message)
	}
	_, err := b.ReconciliationFindings(t.Context(), host.ListFindings{Run: "rec_none"})
	require.Equal(t, pay.KindNotFound, pay.AsError(err).Kind)
	run, _ := b.reconcile()
	_, err = b.ReconciliationFindings(t.Context(), host.ListFindings{Run: run.ID, Cursor: "x"})
	require.Equal(t, pay.KindInvalidRequest, pay.AsError(err).Kind)
}
