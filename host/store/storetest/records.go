package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// roundTrip fills a record, stores it, reads it back and compares. Prepare sets what must refer to other rows.
func roundTrip[T any](t *testing.T, st *store.Store, prepare func(*T), put func(*store.Tx, *T) error, get func(*T) (T, error)) {
	t.Helper()
	want := filled[T]()
	prepare(&want)
	if zero := zeroFields(reflect.ValueOf(want), reflect.TypeFor[T]().Name()); len(zero) > 0 {
		t.Fatalf("the test leaves fields empty: %v", zero)
	}
	write(t, st, func(tx *store.Tx) error {
		return put(tx, &want)
	})
	got, err := get(&want)
	if err != nil {
		t.Fatalf("%T: %v", want, err)
	}
	equal(t, reflect.TypeFor[T]().Name(), got, want)
}

// only returns the single element of a list.
func only[T any](all []T, err error) (T, error) {
	if err == nil && len(all) == 1 {
		return all[0], nil
	}
	var none T
	if err == nil {
		err = store.ErrNotFound
	}
	return none, err
}

func checkRoundTrips(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	roundTrip(t, st, func(*store.Account) {},
		func(tx *store.Tx, a *store.Account) error { return tx.InsertAccount(a) },
		func(a *store.Account) (store.Account, error) { return st.Account(ctx, a.ID) })
	roundTrip(t, st, func(i *store.Invoice) { i.ID, i.AccountID = "inv", "acc" },
		func(tx *store.Tx, i *store.Invoice) error { return tx.InsertInvoice(i) },
		func(i *store.Invoice) (store.Invoice, error) { return bothWays(ctx, st, i.ID) })
	roundTrip(t, st, func(o *store.Operation) { o.ID, o.AccountID = "op", "acc" },
		func(tx *store.Tx, o *store.Operation) error { _, err := tx.InsertOperation(o); return err },
		func(o *store.Operation) (store.Operation, error) { return st.Operation(ctx, o.ID) })
	roundTrip(t, st, func(y *store.Try) { y.OperationID = "op" },
		func(tx *store.Tx, y *store.Try) error { return tx.InsertTry(y) },
		func(y *store.Try) (store.Try, error) { return only(st.Tries(ctx, y.OperationID)) })
	roundTrip(t, st, func(*store.Evidence) {},
		func(tx *store.Tx, e *store.Evidence) error { return tx.InsertEvidence(e) },
		func(e *store.Evidence) (store.Evidence, error) {
			return only(st.Evidence(ctx, e.ObjectType, e.ObjectID))
		})
	roundTrip(t, st, func(r *store.Refund) { r.AccountID, r.InvoiceID, r.RefundID = "acc", "inv", r.ID },
		func(tx *store.Tx, r *store.Refund) error { return tx.InsertRefund(r) },
		func(r *store.Refund) (store.Refund, error) { return st.Refund(ctx, r.ID) })
	roundTrip(t, st, func(p *store.Payout) { p.AccountID = "acc" },
		func(tx *store.Tx, p *store.Payout) error { return tx.InsertPayout(p) },
		func(p *store.Payout) (store.Payout, error) { return st.Payout(ctx, p.ID) })
	roundTrip(t, st, func(d *store.Dispute) { d.AccountID, d.ID, d.DisputeID = "acc", "dsp", "dsp" },
		func(tx *store.Tx, d *store.Dispute) error { d.Version = 0; return tx.PutDispute(d) },
		func(d *store.Dispute) (store.Dispute, error) { return st.Dispute(ctx, d.ID) })
	roundTrip(t, st, func(c *store.Credential) { c.AccountID = "acc" },
		func(tx *store.Tx, c *store.Credential) error { c.Version = 0; return tx.PutCredential(c) },
		func(c *store.Credential) (store.Credential, error) { return st.Credential(ctx, c.ID) })
	roundTrip(t, st, func(w *store.Webhook) { w.AccountID = "acc" },
		func(tx *store.Tx, w *store.Webhook) error { _, err := tx.InsertWebhook(w); return err },
		func(w *store.Webhook) (store.Webhook, error) { return st.Webhook(ctx, w.ID) })
	roundTrip(t, st, func(*store.Event) {},
		func(tx *store.Tx, e *store.Event) error { return tx.AppendEvent(e) },
		func(e *store.Event) (store.Event, error) { return only(st.Events(ctx, store.EventFilter{})) })
	roundTrip(t, st, func(*store.AuditEntry) {},
		func(tx *store.Tx, a *store.AuditEntry) error { return tx.AppendAudit(a) },
		func(*store.AuditEntry) (store.AuditEntry, error) { return only(st.Audit(ctx, 0, 10)) })
	roundTrip(t, st, func(*store.PluginChoice) {},
		func(tx *store.Tx, p *store.PluginChoice) error { return tx.PutPluginChoice(*p) },
		func(p *store.PluginChoice) (store.PluginChoice, error) { return st.PluginChoice(ctx, p.Provider) })
	roundTrip(t, st, func(*store.PersonalData) {},
		func(tx *store.Tx, p *store.PersonalData) error { return tx.PutPersonal(*p) },
		func(p *store.PersonalData) (store.PersonalData, error) {
			got := *p
			var err error
			got.Data, err = st.Personal(ctx, p.Tenant, p.CustomerID, p.ObjectType, p.ObjectID, p.Kind)
			return got, err
		})
	roundTrip(t, st, func(*store.Manifest) {},
		func(tx *store.Tx, m *store.Manifest) error {
			return tx.PutManifest(m.Provider, m.Version, m.Digest, m.Manifest)
		},
		func(m *store.Manifest) (store.Manifest, error) {
			got, err := st.Manifest(ctx, m.Provider)
			got.UpdatedAt = m.UpdatedAt // the store's own clock
			return got, err
		})
	attempts := filled[[]pay.Attempt]()
	write(t, st, func(tx *store.Tx) error { return tx.PutAttempts("inv", "acc", attempts) })
	write(t, st, func(tx *store.Tx) error { return tx.PutAttempts("inv", "acc", attempts) }) // replaces, never adds
	got, err := st.Attempts(ctx, "inv")
	must(t, err)
	equal(t, "attempts", got, attempts)
}

func checkZeroRecords(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	invoice := store.Invoice{ID: "inv", AccountID: "acc", CreatedAt: start()}
	operation := store.Operation{ID: "op", AccountID: "acc", CreatedAt: start()}
	other := store.Operation{ID: "op2", AccountID: "acc", CreatedAt: start()} // keys that are empty do not collide
	webhook := store.Webhook{ID: "wh", AccountID: "acc", ReceivedAt: start()}
	evidence := store.Evidence{ID: "ev", CreatedAt: start()}
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertInvoice(&invoice); err != nil {
			return err
		}
		if err := tx.InsertEvidence(&evidence); err != nil {
			return err
		}
		for _, op := range []*store.Operation{&operation, &other} {
			existing, err := tx.InsertOperation(op)
			if err != nil || existing != nil {
				t.Errorf("operation without keys: existing %v, error %v", existing, err)
			}
		}
		_, err := tx.InsertWebhook(&webhook)
		return err
	})
	gotInvoice, err := bothWays(ctx, st, "inv")
	must(t, err)
	equal(t, "invoice", gotInvoice, invoice)
	gotOperation, err := st.Operation(ctx, "op")
	must(t, err)
	equal(t, "operation", gotOperation, operation)
	gotWebhook, err := st.Webhook(ctx, "wh")
	must(t, err)
	equal(t, "webhook", gotWebhook, webhook)
	gotEvidence, err := only(st.Evidence(ctx, "", ""))
	must(t, err)
	equal(t, "evidence", gotEvidence, evidence)
	account, err := st.Account(ctx, "acc")
	must(t, err)
	if account.Info != nil || account.Abilities != nil || account.Config != nil || account.PrivateState != nil || !account.MaintainAt.Equal(time.Time{}) {
		t.Errorf("account: %+v", account)
	}
}

func checkNotFound(t *testing.T, st *store.Store) {
	ctx := t.Context()
	ask := func(name string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		wantErr(t, err, store.ErrNotFound)
	}
	_, err := st.Account(ctx, "none")
	ask("account", err)
	_, err = st.AccountConfig(ctx, "none", 1)
	ask("account config", err)
	_, err = st.Invoice(ctx, "none")
	ask("invoice", err)
	_, err = st.InvoiceByProviderRef(ctx, "acc", "")
	ask("invoice by ref", err)
	_, err = st.InvoiceByProviderKey(ctx, "acc", "")
	ask("invoice by key", err)
	_, err = st.Operation(ctx, "none")
	ask("operation", err)
	_, err = st.OperationByKey(ctx, "", pay.OpCreate, "")
	ask("operation by key", err)
	taken, err := st.HasOperationKey(ctx, "", pay.OpCreate, "")
	must(t, err)
	equal(t, "the empty key is taken", taken, false)
	_, err = st.OpenOperation(ctx, "none")
	ask("open operation", err)
	_, err = st.Refund(ctx, "none")
	ask("refund", err)
	_, err = st.Payout(ctx, "none")
	ask("payout", err)
	_, err = st.Reconciliation(ctx, "none")
	ask("reconciliation", err)
	_, err = st.RefundByProviderRef(ctx, "acc", "")
	ask("refund by ref", err)
	_, err = st.Dispute(ctx, "none")
	ask("dispute", err)
	_, err = st.Credential(ctx, "none")
	ask("credential", err)
	_, err = st.Personal(ctx, "", "c", "invoice", "none", store.PersonalPayer)
	ask("personal", err)
	_, err = st.Webhook(ctx, "none")
	ask("webhook", err)
	_, err = st.WebhookByDedup(ctx, "acc", "")
	ask("webhook by key", err)
	_, err = st.Event(ctx, "none")
	ask("event", err)
	_, err = st.Manifest(ctx, "none")
	ask("manifest", err)
	_, err = st.PluginChoice(ctx, "none")
	ask("plugin choice", err)
	ask("finish try", st.Write(t.Context(), func(tx *store.Tx) error { return tx.FinishTry(&store.Try{OperationID: "none", Number: 1}) }))
	cursor, err := st.Cursor(ctx, "none")
	must(t, err)
	equal(t, "cursor", cursor, int64(0))
}
