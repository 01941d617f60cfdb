package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Open returns an acquired Store on a new, empty database and closes it with the test.
type Open func(t *testing.T) *store.Store

// Run checks a database package against everything a Store promises. Each
// check gets a Store of its own.
func Run(t *testing.T, open Open) {
	for _, check := range []struct {
		name string
		why  string
		run  func(*testing.T, *store.Store)
	}{
		{"records round trip", "a field that is lost is a fact about money that is lost", checkRoundTrips},
		{"missing is not found", "the engine tells absence from failure", checkNotFound},
		{"zero records", "what is not set must read back as not set, never as an empty thing", checkZeroRecords},
		{"updates write what changed", "a new state must not lose half of itself", checkUpdates},
		{"what belongs to an invoice", "its refunds, disputes and credentials must be found, and no others", checkBelongings},
		{"compare and swap", "two writers must not overwrite each other's change", checkSwap},
		{"concurrent swaps add up", "a lost swap must be noticed by exactly those who lost it", checkConcurrentSwaps},
		{"idempotency keys", "one key is one operation, however many callers race for it", checkKeyRace},
		{"provider keys", "a provider key names one operation of an account", checkProviderKeys},
		{"webhook deduplication", "a webhook that is delivered twice is one row", checkWebhookDedup},
		{"webhook inbox", "what is closed by two is closed once, and the oldest is found first", checkWebhookInbox},
		{"recent invoices", "an invoice that is remembered otherwise than it is stored decides about money", checkRecent},
		{"invoice by name", "an adapter judges a webhook by these columns", checkInvoiceNamed},
		{"jobs are isolated", "a failing job must not hurt those that share its commit", checkIsolation},
		{"a rolled-back job leaves its records alone", "a job may run again with the same variables", checkRewind},
		{"panics are errors", "one bad job must not take the writer down", checkPanics},
		{"a cancelled caller loses nothing", "a client that hangs up must not make an unknown", checkCancelled},
		{"a transaction ends with its job", "a leaked transaction would write into a stranger's", checkTxOver},
		{"event order", "consumers rely on positions in commit order and gap-free sequences", checkEvents},
		{"event signal", "a consumer that waits must be woken", checkEventSignal},
		{"drafts", "what was encoded beforehand must be stored as if it were not", checkDrafts},
		{"keys of drafts", "what is sealed under a key that was erased or never stored is lost", checkDraftKeys},
		{"drafts of one customer at once", "the first of a customer may be several", checkDraftRaces},
		{"invoices as shown", "a page must show of each invoice what is shown of it alone, and nothing of another's", checkShown},
		{"operations as shown", "a list that leaves out what is sealed must not leave out anything else", checkShownOperations},
		{"lists filter", "a filter that selects too much leaks another tenant's data", checkFilters},
		{"lists page", "a page boundary must lose and repeat nothing, also while rows are added", checkPaging},
		{"lists of due work", "what is due longest is looked at first", checkDue},
		{"reconciliations", "a run that is lost or doubled is a difference nobody looks at", checkReconciliations},
		{"lists of what was touched", "an object that is left out is money nobody compares", checkTouched},
		{"erasing a customer", "erased personal data must be gone everywhere, and only there", checkErase},
		{"keys of failed jobs", "what is sealed under a key that was rolled back is lost", checkKeysOfFailedJobs},
		{"account revisions", "an operation belongs to the config it was sent under", checkRevisions},
		{"closed", "a command after the end must say that nothing was done", checkClosed},
	} {
		t.Run(check.name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			check.run(t, st)
			if t.Failed() {
				t.Logf("this matters because: %s", check.why)
			}
		})
	}
}

// start is the time of the suite's records; tests move on from it and never ask for the real time.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func uah(t testing.TB, value string) pay.Money {
	t.Helper()
	m, err := pay.ParseMoney(value, "UAH")
	must(t, err)
	return m
}

// addAccount stores the account most rows refer to.
func addAccount(t testing.TB, st *store.Store, id string) {
	t.Helper()
	write(t, st, func(tx *store.Tx) error {
		return tx.InsertAccount(&store.Account{ID: id, Provider: "fake", Mode: pay.ModeSandbox, State: "active", CreatedAt: start()})
	})
}

func newInvoice(id string) store.Invoice {
	return store.Invoice{ID: id, AccountID: "acc", Provider: "fake", Status: pay.StatusPending, CreatedAt: start()}
}

func newOperation(id, key string) store.Operation {
	return store.Operation{ID: id, AccountID: "acc", Provider: "fake", Kind: pay.OpCreate, IdempotencyKey: key,
		ProviderKey: "pk-" + id, State: store.OperationQueued, CreatedAt: start()}
}

func write(t testing.TB, st *store.Store, job func(tx *store.Tx) error) {
	t.Helper()
	must(t, st.Write(t.Context(), job))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}

// equal compares what was written with what was read.
func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
