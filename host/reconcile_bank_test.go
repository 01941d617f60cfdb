package host_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// bank is a provider with a ledger that tests write into. It answers look-ups from what it was told.
type bank struct {
	abilities pay.Abilities
	// pageSize is the size of its pages, day the widest time of one page, zero: all that was asked for. overlap repeats the
	// last transaction of each page on the next.
	pageSize int
	day      time.Duration
	overlap  bool
	// shows is up to when it calls its ledger complete; it lists nothing from before since.
	shows, since time.Time

	mu       sync.Mutex
	txs      []pay.Transaction
	invoices map[string]pay.InvoiceState
	payouts  map[string]pay.PayoutState
	fails    map[string]error // by provider ref; "" for the listing
	asked    []pay.ListTransactions
	gate     chan struct{} // listings wait for it, when set
	waiting  chan struct{}
}

func newBank(list bool) *bank {
	b := &bank{
		abilities: pay.NewAbilities(pay.CanCreateInvoice, pay.CanGetInvoice, pay.CanPayout, pay.CanGetPayout, pay.CanFindInvoice),
		pageSize:  7, invoices: map[string]pay.InvoiceState{}, payouts: map[string]pay.PayoutState{}, fails: map[string]error{}, waiting: make(chan struct{}, 1),
	}
	if list {
		b.abilities = pay.NewAbilities(append(slices.Clone(b.abilities), pay.CanListTransactions)...)
	}
	return b
}

func (b *bank) Describe() pay.Manifest {
	uah, _ := pay.LookupCurrency("UAH")
	usd, _ := pay.LookupCurrency("USD")
	return pay.Manifest{
		Name: "bank", Version: "1.0.0", Currencies: []pay.Currency{uah, usd}, Abilities: b.abilities, VisibilityDelay: 10 * time.Minute,
		ConfigSchema: json.RawMessage(`{"type":"object"}`), Operations: map[pay.Operation]pay.OperationSpec{pay.OpCreate: {Resolution: pay.ResolveLookup}},
	}
}

func (b *bank) Open(context.Context, pay.AccountConfig) (pay.Account, error) {
	return bankAccount{b}, nil
}

type bankAccount struct{ b *bank }

func (a bankAccount) Abilities() pay.Abilities { return a.b.abilities }

func (a bankAccount) CreateInvoice(context.Context, pay.CreateInvoice) (pay.InvoiceState, error) {
	return pay.InvoiceState{}, pay.Unsupported("creating")
}

func (a bankAccount) CreatePayout(context.Context, pay.CreatePayout) (pay.PayoutState, error) {
	return pay.PayoutState{}, pay.Unsupported("paying out")
}

func (a bankAccount) GetInvoice(_ context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	if err := a.b.fails[ref.ProviderRef]; err != nil {
		return pay.InvoiceState{}, err
	}
	s, ok := a.b.invoices[ref.ProviderRef]
	if !ok {
		return s, pay.Errorf(pay.KindNotFound, "no such invoice")
	}
	return s, nil
}

func (a bankAccount) FindInvoice(_ context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	if s, ok := a.b.invoices["key "+req.Invoice.ProviderKey]; ok {
		return s, nil
	}
	return pay.InvoiceState{}, pay.Errorf(pay.KindNotFound, "no such invoice")
}

func (a bankAccount) GetPayout(_ context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	a.b.mu.Lock()
	defer a.b.mu.Unlock()
	s, ok := a.b.payouts[ref.ProviderRef]
	if !ok {
		return s, pay.Errorf(pay.KindNotFound, "no such payout")
	}
	return s, nil
}

func (a bankAccount) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	b := a.b
	b.mu.Lock()
	gate := b.gate
	b.mu.Unlock()
	if gate != nil {
		b.waiting <- struct{}{}
		select {
		case <-gate:
		case <-ctx.Done():
			return pay.TransactionPage{}, ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, req)
	if err := b.fails[""]; err != nil {
		delete(b.fails, "")
		return pay.TransactionPage{}, err
	}
	from, to := req.From, req.To
	if from.Before(b.since) {
		from = b.since
	}
	if b.day > 0 && req.From.Add(b.day).Before(to) {
		to = req.From.Add(b.day)
	}
	var in []pay.Transaction
	for _, tx := range b.txs {
		if !tx.OccurredAt.Before(from) && tx.OccurredAt.Before(to) {
			in = append(in, tx)
		}
	}
	slices.SortStableFunc(in, func(x, y pay.Transaction) int {
		return cmp.Or(x.OccurredAt.Compare(y.OccurredAt), strings.Compare(x.ProviderID, y.ProviderID))
	})
	start, _ := strconv.Atoi(req.Cursor)
	end := min(start+b.pageSize, len(in))
	// What stands twice stays together, as it does on the pages of a provider.
	for end > 0 && end < len(in) && in[end].ProviderID == in[end-1].ProviderID {
		end++
	}
	page := pay.TransactionPage{WindowFrom: from, WindowTo: to, CompleteUntil: b.shows}
	if b.overlap && start > 0 {
		page.Transactions = append(page.Transactions, in[start-1])
	}
	page.Transactions = append(page.Transactions, in[start:end]...)
	if end < len(in) {
		page.NextCursor = strconv.Itoa(end)
	}
	return page, nil
}

// The day that tests reconcile: 1 March 2026 in Kyiv, looked at a day later.
const bankZone = "Europe/Kyiv"

func bankDay() time.Time { return time.Date(2026, 2, 28, 22, 0, 0, 0, time.UTC) }

func bankNow() time.Time { return bankDay().Add(48 * time.Hour) }

// books is a running host with an account at a bank.
type books struct {
	*hosttest.Host
	t    testing.TB
	bank *bank
	// account is the one that is reconciled; suffix makes ids of ours its own.
	account, suffix string
}

// next goes on with an account of its own and an empty bank: a host for each case would cost far more.
func (b *books) next(t testing.TB) {
	b.t = t
	b.suffix += "'"
	b.account = fmt.Sprint("bank-", len(b.suffix))
	require.NoError(t, b.PutAccount(t.Context(), host.Account{ID: b.account, Provider: "bank", TimeZone: bankZone, Config: json.RawMessage(`{}`)}))
	b.bank.mu.Lock()
	defer b.bank.mu.Unlock()
	b.bank.txs = nil
}

const bankAccountID = "bank-main"

func openBooks(t testing.TB, b *bank, edit ...func(*host.Config)) *books {
	t.Helper()
	h := hosttest.Start(t, append([]func(*host.Config){func(c *host.Config) {
		c.Providers["bank"] = b
		c.Accounts = append(c.Accounts, host.Account{ID: bankAccountID, Provider: "bank", TimeZone: bankZone, Config: json.RawMessage(`{}`)})
		c.Now = bankNow
	}}, edit...)...)
	return &books{Host: h, t: t, bank: b, account: bankAccountID}
}

func money(value, code string) pay.Money {
	m, err := pay.ParseMoney(value, code)
	if err != nil {
		panic(err) //nolint:forbidigo // a mistake in a test
	}
	return m
}

// invoice stores an invoice of ours that was paid at a time.
func (b *books) invoice(id string, at time.Time, edit ...func(*store.Invoice)) store.Invoice {
	b.t.Helper()
	inv := paidInvoice(id, at)
	for _, e := range edit {
		e(&inv)
	}
	inv.ID, inv.AccountID = inv.ID+b.suffix, b.account
	require.NoError(b.t, b.Store.Write(context.Background(), func(tx *store.Tx) error { return insertCreated(tx, &inv) }))
	return inv
}

// insertCreated stores an invoice with the operation that created it, unless the invoice names one of the test's own.
func insertCreated(tx *store.Tx, inv *store.Invoice) error {
	if inv.CreateOperationID == "" {
		op := store.Operation{
			ID: "op_" + inv.ID, Tenant: inv.Tenant, AccountID: inv.AccountID, Provider: inv.Provider, Kind: pay.OpCreate, ProviderKey: inv.ProviderKey,
			ObjectType: "invoice", ObjectID: inv.ID, InvoiceID: inv.ID, State: store.OperationDone, CreatedAt: inv.CreatedAt,
		}
		if _, err := tx.InsertOperation(&op); err != nil {
			return err
		}
	}
	return tx.InsertInvoice(inv)
}

func paidInvoice(id string, at time.Time) store.Invoice {
	return store.Invoice{
		ID: "inv_" + id, Tenant: host.DefaultTenant, Mode: pay.ModeLive, AccountID: bankAccountID, Provider: "bank", Status: pay.StatusPaid, Final: true,
		Purpose: pay.PurposePayment, Capture: pay.CaptureAutomatic, Amount: money("100.00", "UAH"), Captured: money("100.00", "UAH"),
		ProviderRef: "ref-" + id, ProviderKey: "key-" + id, Reference: "order-" + id, CreatedAt: at.Add(-time.Minute), UpdatedAt: at, ProviderTime: at,
	}
}

// shown writes the payment of an invoice into the bank's ledger.
func (b *books) shown(inv store.Invoice, edit ...func(*pay.Transaction)) {
	tx := paymentOf(inv)
	for _, e := range edit {
		e(&tx)
	}
	b.bank.mu.Lock()
	defer b.bank.mu.Unlock()
	b.bank.txs = append(b.bank.txs, tx)
}

func paymentOf(inv store.Invoice) pay.Transaction {
	return pay.Transaction{
		ProviderID: inv.ProviderRef, Kind: pay.TransactionPayment, InvoiceRef: inv.ProviderRef, Reference: inv.Reference,
		Status: string(pay.StatusPaid), Gross: money("100.00", "UAH"), OccurredAt: inv.ProviderTime,
	}
}

// refund stores a refund of ours that succeeded.
func (b *books) refund(inv store.Invoice, id, value string, at time.Time, edit ...func(*store.Refund)) store.Refund {
	b.t.Helper()
	f := store.Refund{
		ID: "ref_" + id, Tenant: inv.Tenant, AccountID: inv.AccountID, InvoiceID: inv.ID,
		RefundState: pay.RefundState{
			RefundID: "ref_" + id, Status: pay.RefundSucceeded, Amount: money(value, "UAH"), Origin: pay.OriginHost, ProviderTime: at,
		},
		CreatedAt: at, UpdatedAt: at,
	}
	for _, e := range edit {
		e(&f)
	}
	f.ID += b.suffix
	f.RefundID = f.ID
	require.NoError(b.t, b.Store.Write(context.Background(), func(tx *store.Tx) error {
		if err := tx.InsertRefund(&f); err != nil {
			return err
		}
		current, err := tx.Invoice(context.Background(), inv.ID)
		if err != nil || !current.UpdatedAt.Before(at) {
			return err
		}
		current.UpdatedAt = at
		return tx.UpdateInvoice(&current)
	}))
	return f
}

func refundOf(inv store.Invoice, n int, value string, at time.Time) pay.Transaction {
	return pay.Transaction{
		ProviderID: fmt.Sprintf("%s/refund/%d", inv.ProviderRef, n), Kind: pay.TransactionRefund, InvoiceRef: inv.ProviderRef,
		Status: string(pay.RefundSucceeded), Gross: money(value, "UAH"), OccurredAt: at,
	}
}

func (b *books) write(txs ...pay.Transaction) {
	b.bank.mu.Lock()
	defer b.bank.mu.Unlock()
	b.bank.txs = append(b.bank.txs, txs...)
}

// reconcile runs over the day and returns the run with its findings as "class type object ref".
func (b *books) reconcile(edit ...func(*host.Reconcile)) (*host.ReconciliationRun, []string) {
	b.t.Helper()
	req := host.Reconcile{Account: b.account, From: "2026-03-01", To: "2026-03-01"}
	for _, e := range edit {
		e(&req)
	}
	run, err := b.Reconcile(context.Background(), req)
	require.NoError(b.t, err)
	require.Equal(b.t, "done", run.State, run.Error)
	return run, b.found(run.ID)
}

func (b *books) found(run string) []string {
	b.t.Helper()
	list := []string{}
	for _, f := range b.findings(run) {
		list = append(list, strings.Join(strings.Fields(fmt.Sprintln(f.Class, f.ObjectType, strings.TrimRight(f.Object, "'"), f.ProviderRef)), " "))
	}
	return list
}

func (b *books) findings(run string) []host.Finding {
	b.t.Helper()
	var list []host.Finding
	for cursor := ""; ; {
		page, err := b.ReconciliationFindings(context.Background(), host.ListFindings{Run: run, Limit: 3, Cursor: cursor})
		require.NoError(b.t, err)
		list = append(list, page.Findings...)
		if cursor = page.NextCursor; cursor == "" {
			return list
		}
	}
}
