package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/payhost/payhost/host/store"
)

func checkErase(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	put := func(customer, object, text string) {
		t.Helper()
		op := newOperation("op-"+object, "key-"+object)
		op.CustomerID, op.ObjectType, op.ObjectID = customer, "invoice", object
		op.Request, op.Result = json.RawMessage(`"`+text+`"`), json.RawMessage(`"`+text+`"`)
		write(t, st, func(tx *store.Tx) error {
			if err := tx.PutPersonal(store.PersonalData{CustomerID: customer, ObjectType: "invoice", ObjectID: object, Kind: store.PersonalPayer, Data: json.RawMessage(`"` + text + `"`)}); err != nil {
				return err
			}
			_, err := tx.InsertOperation(&op)
			return err
		})
	}
	check := func(customer, object, want string) {
		t.Helper()
		got, err := st.Personal(ctx, "", customer, "invoice", object, store.PersonalPayer)
		op, opErr := st.Operation(ctx, "op-"+object)
		must(t, opErr)
		if want == "" {
			wantErr(t, err, store.ErrNotFound)
			if op.Request != nil || op.Result != nil {
				t.Errorf("operation of %s still has %s and %s", object, op.Request, op.Result)
			}
			return
		}
		must(t, err)
		equal(t, "personal data", string(got), `"`+want+`"`)
		equal(t, "request", string(op.Request), `"`+want+`"`)
		equal(t, "result", string(op.Result), `"`+want+`"`)
	}
	put("anna", "i1", "first")
	put("anna", "i2", "second")
	put("boris", "i3", "third")
	put("", "i4", "fourth")
	put("", "i5", "fifth")
	write(t, st, func(tx *store.Tx) error { return tx.ErasePersonal("", "anna") })
	write(t, st, func(tx *store.Tx) error { return tx.EraseObject("", "invoice", "i4") })
	write(t, st, func(tx *store.Tx) error { return tx.ErasePersonal("", "nobody") })
	check("anna", "i1", "")
	check("anna", "i2", "")
	check("boris", "i3", "third")
	check("", "i4", "")
	check("", "i5", "fifth")
	put("anna", "i6", "back again")
	check("anna", "i6", "back again")
	check("anna", "i1", "")
	write(t, st, func(tx *store.Tx) error { // an operation outlives what it knew
		op, err := tx.Operation(ctx, "op-i1")
		if err != nil {
			return err
		}
		op.State = store.OperationDone
		return tx.UpdateOperation(&op)
	})
}

// A data key that was made or erased in a job that failed was not made and not erased.
func checkKeysOfFailedJobs(t *testing.T, st *store.Store) {
	ctx := t.Context()
	failed := errors.New("on purpose")
	row := func(object, text string) store.PersonalData {
		return store.PersonalData{CustomerID: "carla", ObjectType: "invoice", ObjectID: object, Kind: store.PersonalPayer, Data: json.RawMessage(`"` + text + `"`)}
	}
	check := func(object, want string) {
		t.Helper()
		got, err := st.Personal(ctx, "", "carla", "invoice", object, store.PersonalPayer)
		must(t, err)
		equal(t, "personal data", string(got), `"`+want+`"`)
	}
	for range 2 { // the second time there is a key
		wantErr(t, st.Write(ctx, func(tx *store.Tx) error {
			must(t, tx.PutPersonal(row("i1", "never")))
			return failed
		}), failed)
		write(t, st, func(tx *store.Tx) error { return tx.PutPersonal(row("i1", "one")) })
		check("i1", "one")
		wantErr(t, st.Write(ctx, func(tx *store.Tx) error {
			must(t, tx.ErasePersonal("", "carla"))
			must(t, tx.PutPersonal(row("i2", "never")))
			return failed
		}), failed)
		check("i1", "one")
		write(t, st, func(tx *store.Tx) error { return tx.PutPersonal(row("i2", "two")) })
		check("i2", "two")
	}
	write(t, st, func(tx *store.Tx) error { // erased and back in one transaction
		must(t, tx.PutPersonal(row("i3", "old")))
		must(t, tx.ErasePersonal("", "carla"))
		return tx.PutPersonal(row("i3", "new"))
	})
	check("i3", "new")
	_, err := st.Personal(ctx, "", "carla", "invoice", "i1", store.PersonalPayer)
	wantErr(t, err, store.ErrNotFound)
	write(t, st, func(tx *store.Tx) error { return tx.PutPersonal(row("i3", "replaced")) })
	check("i3", "replaced")
}

func checkRevisions(t *testing.T, st *store.Store) {
	ctx := t.Context()
	a := store.Account{ID: "acc", Provider: "fake", State: "active", Config: json.RawMessage(`{"token":"one"}`), CreatedAt: start()}
	write(t, st, func(tx *store.Tx) error { return tx.InsertAccount(&a) })
	equal(t, "first revision", a.Revision, int64(1))
	a.State = "paused"
	write(t, st, func(tx *store.Tx) error { return tx.UpdateAccount(&a) })
	equal(t, "revision after a change of state", a.Revision, int64(1))
	a.Config = json.RawMessage(`{"token":"two"}`)
	write(t, st, func(tx *store.Tx) error { return tx.UpdateAccount(&a) })
	equal(t, "revision after a change of config", a.Revision, int64(2))
	for revision, want := range map[int64]string{1: `{"token":"one"}`, 2: `{"token":"two"}`} {
		got, err := st.AccountConfig(ctx, "acc", revision)
		must(t, err)
		equal(t, "config", string(got), want)
	}
	got, err := st.Account(ctx, "acc")
	must(t, err)
	equal(t, "account", got, a)
	all, err := st.Accounts(ctx, "", "fake")
	must(t, err)
	equal(t, "accounts", all, []store.Account{a})
	none, err := st.Accounts(ctx, "other", "fake")
	must(t, err)
	equal(t, "accounts of another tenant", len(none), 0)
}
