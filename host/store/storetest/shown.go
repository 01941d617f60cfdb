package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// checkShown compares lists of invoices as they are shown with what is read of each invoice alone. There are more than fit into one
// statement, with every mixture of things beside them.
func checkShown(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	const n = 150
	write(t, st, func(tx *store.Tx) error {
		for i := range n {
			inv := filled[store.Invoice]()
			inv.ID, inv.AccountID, inv.Tenant, inv.CreatedAt = fmt.Sprintf("inv-%03d", i), "acc", "t", start().Add(time.Duration(i)*time.Second)
			inv.CustomerID = []string{"", "anna", "boris"}[i%3]
			if err := tx.InsertInvoice(&inv); err != nil {
				return err
			}
			for k := range i % 3 {
				if err := addBeside(t, tx, inv, i, k); err != nil {
					return err
				}
			}
			if i%4 == 0 {
				continue
			}
			err := tx.PutPersonal(store.PersonalData{Tenant: "t", CustomerID: inv.CustomerID, ObjectType: "invoice", ObjectID: inv.ID,
				Kind: store.PersonalNextActions, Data: json.RawMessage(fmt.Sprintf(`["of %s"]`, inv.ID))})
			if err != nil {
				return err
			}
		}
		return nil
	})
	write(t, st, func(tx *store.Tx) error { return tx.ErasePersonal("t", "boris") })
	write(t, st, func(tx *store.Tx) error { return tx.EraseObject("t", "invoice", "inv-003") })
	filter := store.InvoiceFilter{AccountID: "acc", Limit: 2 * n}
	plain, err := st.Invoices(ctx, filter)
	must(t, err)
	shown, err := st.ShownInvoices(ctx, filter)
	must(t, err)
	if len(plain) != n || len(shown) != n {
		t.Fatalf("%d and %d of %d invoices", len(plain), len(shown), n)
	}
	var ids []string
	for i := range plain {
		ids = append(ids, plain[i].ID)
		checkShownOne(t, st, plain[i], shown[i])
		one, err := st.ShownInvoice(ctx, plain[i].ID)
		must(t, err)
		equal(t, "read alone", one, shown[i])
	}
	_, err = st.ShownInvoice(ctx, "nowhere")
	wantErr(t, err, store.ErrNotFound)
	checkPersonalOfInvoices(t, st, plain, ids)
}

// addBeside stores the k-th attempt, dispute and refund of the i-th invoice, each for other invoices.
func addBeside(t *testing.T, tx *store.Tx, inv store.Invoice, i, k int) error {
	name := fmt.Sprint(inv.ID, "-", k)
	if i%2 == 0 {
		attempts := make([]pay.Attempt, k+1)
		for at := range attempts {
			attempts[at] = pay.Attempt{ProviderAttemptID: fmt.Sprint(name, " ", at), Status: pay.AttemptDeclined}
		}
		if err := tx.PutAttempts(inv.ID, inv.AccountID, attempts); err != nil {
			return err
		}
	}
	if i%5 != 0 {
		dispute := store.Dispute{ID: "dsp-" + name, Tenant: "t", AccountID: "acc", InvoiceID: inv.ID, CreatedAt: start().Add(-time.Duration(k) * time.Minute)}
		if err := tx.PutDispute(&dispute); err != nil {
			return err
		}
	}
	if i%7 == 0 {
		return nil
	}
	refund := store.Refund{ID: "ref-" + name, Tenant: "t", AccountID: "acc", InvoiceID: inv.ID, CreatedAt: start().Add(-time.Duration(k) * time.Minute),
		RefundState: pay.RefundState{Status: pay.RefundSucceeded, Amount: uah(t, fmt.Sprint(i+1, ".0", k+1))}}
	return tx.InsertRefund(&refund)
}

func checkShownOne(t *testing.T, st *store.Store, plain store.Invoice, shown store.ShownInvoice) {
	ctx := t.Context()
	want := plain
	want.Capture, want.MaxAmount, want.PaymentMethod, want.CorrelationID, want.ProviderKey = "", pay.Money{}, "", "", ""
	want.Evidence, want.ProviderTime, want.ProviderVersion, want.PrivateState = "", time.Time{}, 0, nil
	want.NextLookAt, want.ClosedAt = time.Time{}, time.Time{}
	equal(t, "invoice", shown.Invoice, want)
	attempts, err := st.Attempts(ctx, plain.ID)
	must(t, err)
	equal(t, "attempts of "+plain.ID, shown.Attempts, attempts)
	disputes, err := st.Disputes(ctx, plain.ID)
	must(t, err)
	equal(t, "disputes of "+plain.ID, shown.Disputes, disputes)
	refunds, err := st.Refunds(ctx, plain.ID)
	must(t, err)
	var amounts []store.InvoiceRefund
	for _, r := range refunds {
		amounts = append(amounts, store.InvoiceRefund{InvoiceID: plain.ID, Status: r.Status, Amount: r.Amount})
	}
	equal(t, "refunds of "+plain.ID, shown.Refunds, amounts)
	taken, err := st.RefundAmounts(ctx, plain.ID)
	must(t, err)
	equal(t, "amounts of refunds of "+plain.ID, taken, amounts)
}

func checkPersonalOfInvoices(t *testing.T, st *store.Store, invoices []store.Invoice, ids []string) {
	ctx := t.Context()
	got, err := st.PersonalOfInvoices(ctx, store.PersonalNextActions, append(ids, "nowhere"))
	must(t, err)
	erased := 0
	for _, inv := range invoices {
		want, err := st.Personal(ctx, inv.Tenant, inv.CustomerID, "invoice", inv.ID, store.PersonalNextActions)
		if errors.Is(err, store.ErrNotFound) {
			erased++
		} else {
			must(t, err)
		}
		equal(t, "next actions of "+inv.ID, string(got[inv.ID]), string(want))
	}
	if len(got) != len(invoices)-erased || erased < len(invoices)/3 {
		t.Errorf("%d of %d invoices have data, %d have none", len(got), len(invoices), erased)
	}
	other, err := st.PersonalOfInvoices(ctx, store.PersonalPayer, ids)
	must(t, err)
	none, err := st.PersonalOfInvoices(ctx, store.PersonalNextActions, nil)
	must(t, err)
	if len(other)+len(none) > 0 {
		t.Errorf("%d rows of another kind, %d of no invoice", len(other), len(none))
	}
}

// checkShownOperations compares operations as they are shown with what is read of them whole.
func checkShownOperations(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	write(t, st, func(tx *store.Tx) error {
		for i := range 3 {
			op := filled[store.Operation]()
			op.ID, op.AccountID, op.IdempotencyKey, op.ProviderKey = fmt.Sprint("op-", i), "acc", fmt.Sprint("key-", i), fmt.Sprint("pk-", i)
			if _, err := tx.InsertOperation(&op); err != nil {
				return err
			}
		}
		return nil
	})
	for _, f := range []store.OperationFilter{{}, {AccountID: "acc", Limit: 2}, {AccountID: "nobody"}} {
		want, err := st.Operations(ctx, f)
		must(t, err)
		for i := range want {
			want[i].Request, want[i].Result = nil, nil
		}
		got, err := st.ShownOperations(ctx, f)
		must(t, err)
		if len(got)+len(want) > 0 {
			equal(t, "operations", got, want)
		}
	}
}
