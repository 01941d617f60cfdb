package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// merged returns what an update of old by changed must leave: the fields named kept from old, all others from
// changed. The names are the documented ones that updates do not write.
func merged[T any](old, changed T, kept ...string) T {
	want := changed
	for _, name := range kept {
		reflect.ValueOf(&want).Elem().FieldByName(name).Set(reflect.ValueOf(old).FieldByName(name))
	}
	return want
}

// refilled returns a record in which every field differs from those of filled.
func refilled[T any]() T {
	var v T
	(&filler{n: 1000}).fill(reflect.ValueOf(&v).Elem())
	return v
}

// checkChanges changes rows whose former state is known: all of them, then little, then nothing but the version.
func checkChanges(t *testing.T, st *store.Store, newer store.Invoice, later store.Operation) {
	t.Helper()
	invoice, operation := newInvoice("inv-2"), newOperation("op-2", "key-2")
	operation.ObjectType, operation.ObjectID, operation.Result = "invoice", "inv-2", []byte(`{"first":1}`)
	newer.ID, later.ID = "inv-2", "op-2"
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertInvoice(&invoice); err != nil {
			return err
		}
		_, err := tx.InsertOperation(&operation)
		return err
	})
	change := func(editInvoice func(*store.Invoice), editOperation func(*store.Operation)) {
		t.Helper()
		wasInvoice, err := bothWays(t.Context(), st, "inv-2")
		must(t, err)
		wasOperation, err := st.Operation(t.Context(), "op-2")
		must(t, err)
		nextInvoice, nextOperation := wasInvoice, wasOperation
		editInvoice(&nextInvoice)
		editOperation(&nextOperation)
		write(t, st, func(tx *store.Tx) error {
			if err := tx.ChangeInvoice(wasInvoice, &nextInvoice); err != nil {
				return err
			}
			return tx.ChangeOperation(wasOperation, &nextOperation)
		})
		gotInvoice, err := bothWays(t.Context(), st, "inv-2")
		must(t, err)
		gotOperation, err := st.Operation(t.Context(), "op-2")
		must(t, err)
		equal(t, "changed invoice", gotInvoice, nextInvoice)
		equal(t, "changed operation", gotOperation, nextOperation)
		equal(t, "version", gotInvoice.Version, wasInvoice.Version+1)
		wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.ChangeInvoice(wasInvoice, &wasInvoice) }), store.ErrConflict)
		wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.ChangeOperation(wasOperation, &wasOperation) }), store.ErrConflict)
	}
	sameInvoice, sameOperation := func(*store.Invoice) {}, func(*store.Operation) {}
	change(func(i *store.Invoice) {
		version := i.Version
		*i = merged(*i, newer, "Tenant", "Mode", "AccountID", "Provider", "Purpose", "Capture",
			"Amount", "MaxAmount", "Reference", "Description", "CustomerID", "CorrelationID", "CreatedAt")
		i.Version = version
	}, func(o *store.Operation) {
		version := o.Version
		*o = merged(*o, later, "Tenant", "AccountID", "Provider", "Kind", "Action", "IdempotencyKey",
			"Fingerprint", "ProviderKey", "ObjectType", "ObjectID", "InvoiceID", "Request", "CustomerID", "CreatedAt")
		o.Version = version
	})
	change(sameInvoice, sameOperation)
	change(func(i *store.Invoice) { i.PrivateState, i.NextLookAt = nil, time.Time{} }, func(o *store.Operation) { o.Result, o.Error = nil, nil })
	change(func(i *store.Invoice) { i.Status = "x" }, func(o *store.Operation) { o.Result = []byte(`{"again":2}`) })
}

func checkUpdates(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	write(t, st, func(tx *store.Tx) error { i := newInvoice("parent"); return tx.InsertInvoice(&i) })

	invoice := newInvoice("inv")
	invoice.Amount = uah(t, "1.00")
	newer := refilled[store.Invoice]()
	newer.ID = "inv"
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertInvoice(&invoice); err != nil {
			return err
		}
		newer.Version = invoice.Version
		return tx.UpdateInvoice(&newer)
	})
	gotInvoice, err := bothWays(t.Context(), st, "inv")
	must(t, err)
	equal(t, "invoice", gotInvoice, merged(invoice, newer, "Tenant", "Mode", "AccountID", "Provider", "Purpose", "Capture",
		"Amount", "MaxAmount", "Reference", "Description", "CustomerID", "CorrelationID", "CreatedAt"))

	operation := newOperation("op", "key")
	operation.ObjectType, operation.ObjectID, operation.Request = "invoice", "inv", []byte(`{"asked":"once"}`)
	later := refilled[store.Operation]()
	later.ID = "op"
	write(t, st, func(tx *store.Tx) error {
		if _, err := tx.InsertOperation(&operation); err != nil {
			return err
		}
		later.Version = operation.Version
		return tx.UpdateOperation(&later)
	})
	gotOperation, err := st.Operation(t.Context(), "op")
	must(t, err)
	equal(t, "operation", gotOperation, merged(operation, later, "Tenant", "AccountID", "Provider", "Kind", "Action", "IdempotencyKey",
		"Fingerprint", "ProviderKey", "ObjectType", "ObjectID", "InvoiceID", "Request", "CustomerID", "CreatedAt"))

	checkChanges(t, st, newer, later)

	refund := store.Refund{ID: "ref", AccountID: "acc", InvoiceID: "parent", CreatedAt: start()}
	newRefund := refilled[store.Refund]()
	newRefund.ID, newRefund.RefundID = "ref", "ref"
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertRefund(&refund); err != nil {
			return err
		}
		newRefund.Version = refund.Version
		return tx.UpdateRefund(&newRefund)
	})
	gotRefund, err := st.Refund(t.Context(), "ref")
	must(t, err)
	equal(t, "refund", gotRefund, merged(refund, newRefund, "Tenant", "AccountID", "InvoiceID", "CreatedAt"))

	webhook := store.Webhook{ID: "wh", AccountID: "acc", ReceivedAt: start(), Body: []byte("b")}
	newWebhook := refilled[store.Webhook]()
	newWebhook.ID = "wh"
	write(t, st, func(tx *store.Tx) error {
		if _, err := tx.InsertWebhook(&webhook); err != nil {
			return err
		}
		newWebhook.Version = webhook.Version
		return tx.UpdateWebhook(&newWebhook)
	})
	gotWebhook, err := st.Webhook(t.Context(), "wh")
	must(t, err)
	equal(t, "webhook", gotWebhook, merged(webhook, newWebhook, "Tenant", "AccountID", "Provider", "Tail", "Method", "RawQuery",
		"Headers", "Body", "Peer", "ReceivedAt"))

	try := store.Try{OperationID: "op", Number: 1, Actor: "a", StartedAt: start()}
	ended := refilled[store.Try]()
	ended.OperationID, ended.Number = "op", 1
	write(t, st, func(tx *store.Tx) error {
		if err := tx.InsertTry(&try); err != nil {
			return err
		}
		return tx.FinishTry(&ended)
	})
	gotTry, err := only(st.Tries(t.Context(), "op"))
	must(t, err)
	equal(t, "try", gotTry, merged(try, ended, "HostVersion", "HostInstance", "Actor", "RequestID", "Traceparent", "StartedAt"))
}

func checkSwap(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	first := newInvoice("inv")
	write(t, st, func(tx *store.Tx) error { return tx.InsertInvoice(&first) })
	second := first
	first.Status, second.Status = pay.StatusPaid, pay.StatusExpired
	write(t, st, func(tx *store.Tx) error { return tx.UpdateInvoice(&first) })
	equal(t, "version of the winner", first.Version, int64(2))
	wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdateInvoice(&second) }), store.ErrConflict)
	equal(t, "version of the loser", second.Version, int64(1))
	got, err := bothWays(t.Context(), st, "inv")
	must(t, err)
	equal(t, "stored", got, first)
	wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { i := newInvoice("inv"); return tx.InsertInvoice(&i) }), store.ErrConflict)
}

// checkConcurrentSwaps lets goroutines add one to a counter by read, swap and try again.
func checkConcurrentSwaps(t *testing.T, st *store.Store) {
	const callers, rounds = 8, 5
	addAccount(t, st, "acc")
	write(t, st, func(tx *store.Tx) error { i := newInvoice("inv"); return tx.InsertInvoice(&i) })
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range rounds {
				for {
					i, err := st.Invoice(t.Context(), "inv")
					if err != nil {
						t.Error(err)
						return
					}
					i.ProviderVersion++
					if err = st.Write(t.Context(), func(tx *store.Tx) error { return tx.UpdateInvoice(&i) }); err == nil {
						break
					} else if !errors.Is(err, store.ErrConflict) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	got, err := bothWays(t.Context(), st, "inv")
	must(t, err)
	equal(t, "additions", got.ProviderVersion, int64(callers*rounds))
	equal(t, "version", got.Version, int64(callers*rounds+1))
}

func checkKeyRace(t *testing.T, st *store.Store) {
	const callers = 64
	addAccount(t, st, "acc")
	holders := make([]string, callers)
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			op := newOperation(fmt.Sprintf("op%d", n), "same key")
			err := st.Write(t.Context(), func(tx *store.Tx) error {
				existing, err := tx.InsertOperation(&op)
				holders[n] = op.ID
				if existing != nil {
					holders[n] = existing.ID
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := st.Operations(t.Context(), store.OperationFilter{Limit: 500})
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d operations were stored, want 1", len(all))
	}
	for n, holder := range holders {
		if holder != all[0].ID {
			t.Errorf("caller %d was told %s holds the key, it is %s", n, holder, all[0].ID)
		}
	}
	for key, want := range map[string]bool{"same key": true, "another": false} {
		taken, err := st.HasOperationKey(t.Context(), all[0].Tenant, all[0].Kind, key)
		must(t, err)
		equal(t, key+" is taken", taken, want)
	}
	// Another kind or tenant is another scope.
	for n, change := range []func(*store.Operation){func(o *store.Operation) { o.Kind = pay.OpRefund }, func(o *store.Operation) { o.Tenant = "t2" }} {
		op := newOperation(fmt.Sprintf("other%d", n), "same key")
		change(&op)
		write(t, st, func(tx *store.Tx) error {
			existing, err := tx.InsertOperation(&op)
			if existing != nil {
				t.Errorf("scope %d: the key was taken by %s", n, existing.ID)
			}
			return err
		})
	}
}

func checkProviderKeys(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	insert := func(id, account, providerKey string) error {
		op := newOperation(id, "key of "+id)
		op.AccountID, op.ProviderKey = account, providerKey
		return st.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.InsertOperation(&op); return err })
	}
	must(t, insert("op1", "acc", "pk"))
	wantErr(t, insert("op2", "acc", "pk"), store.ErrConflict)
	must(t, insert("op3", "acc2", "pk"))
	write(t, st, func(tx *store.Tx) error { // an operation with a taken id and a key of its own
		op := newOperation("op1", "another key")
		op.ProviderKey = "another provider key"
		_, err := tx.InsertOperation(&op)
		wantErr(t, err, store.ErrConflict)
		return nil
	})
}

func checkWebhookDedup(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	addAccount(t, st, "acc2")
	insert := func(id, account, key string) (existing *store.Webhook) {
		w := store.Webhook{ID: id, AccountID: account, DedupKey: key, State: store.WebhookSpooled, ReceivedAt: start()}
		write(t, st, func(tx *store.Tx) (err error) { existing, err = tx.InsertWebhook(&w); return err })
		return existing
	}
	if e := insert("w1", "acc", "k"); e != nil {
		t.Errorf("a new webhook is said to exist: %+v", e)
	}
	if e := insert("w2", "acc", "k"); e == nil || e.ID != "w1" {
		t.Errorf("a repeated webhook is not recognised: %+v", e)
	}
	if e := insert("w3", "acc2", "k"); e != nil {
		t.Errorf("another account's webhook is said to exist: %+v", e)
	}
	n, err := st.SpoolSize(t.Context(), "acc")
	must(t, err)
	equal(t, "spooled webhooks", n, 1)

	row := refilled[store.Webhook]()
	row.ID, row.AccountID, row.DedupKey = "w4", "acc", "made before"
	ready, err := st.ReadyWebhook(row)
	must(t, err)
	row.Version = 1
	for n, id := range []string{"", "w4"} {
		var existing *store.Webhook
		write(t, st, func(tx *store.Tx) (err error) { existing, err = tx.InsertReadyWebhook(ready); return err })
		if n == 0 && existing != nil || n == 1 && (existing == nil || existing.ID != id) {
			t.Errorf("inserted %d times it is said to exist: %+v", n+1, existing)
		}
		equal(t, "webhook", ready.Webhook, row)
		got, err := st.Webhook(t.Context(), "w4")
		must(t, err)
		equal(t, "stored webhook", got, row)
	}
}

func checkWebhookInbox(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	row := refilled[store.Webhook]()
	for n, id := range []string{"w3", "w1", "w2"} {
		row.ID, row.AccountID, row.DedupKey, row.State = id, "acc", id, store.WebhookAccepted
		row.ReceivedAt = start().Add(time.Duration(min(n, 1)) * time.Minute) // w1 and w2 came together, w3 before them
		write(t, st, func(tx *store.Tx) error { _, err := tx.InsertWebhook(&row); return err })
	}
	var order []string
	for at := (store.WebhookPlace{}); ; {
		page, err := st.OpenWebhooks(t.Context(), store.WebhookAccepted, at, 1)
		must(t, err)
		if len(page) == 0 {
			break
		}
		at = page[0]
		order = append(order, at.ID+" of "+at.AccountID)
	}
	equal(t, "accepted webhooks, oldest first", strings.Join(order, ", "), "w3 of acc, w1 of acc, w2 of acc")
	names, err := st.UnmatchedWebhooks(t.Context(), 10)
	must(t, err)
	equal(t, "unmatched webhooks", len(names), 0)
	row.ID, row.DedupKey, row.State, row.ObjectID, row.ProviderRef = "w4", "w4", store.WebhookUnmatched, "inv_4", "ref-4"
	write(t, st, func(tx *store.Tx) error { _, err := tx.InsertWebhook(&row); return err })
	names, err = st.UnmatchedWebhooks(t.Context(), 10)
	must(t, err)
	equal(t, "what unmatched webhooks name", names, []store.WebhookNames{{AccountID: "acc", ObjectID: "inv_4", ProviderRef: "ref-4"}})

	before, err := st.Webhook(t.Context(), "w1")
	must(t, err)
	write(t, st, func(tx *store.Tx) error { return tx.CountDelivery("w1") })
	done := before
	done.State, done.Reason, done.ObjectType, done.ObjectID, done.ProcessedAt = store.WebhookProcessed, "done", "invoice", "inv", start()
	wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.CloseWebhook(&done) }), store.ErrConflict)
	equal(t, "version after a lost close", done.Version, before.Version)
	wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error { return tx.CountDelivery("none") }), store.ErrNotFound)
	done.Version, done.Deliveries = before.Version+1, before.Deliveries+1
	write(t, st, func(tx *store.Tx) error { return tx.CloseWebhook(&done) })
	after, err := st.Webhook(t.Context(), "w1")
	must(t, err)
	equal(t, "closed webhook", after, done)
	equal(t, "its version", after.Version, before.Version+2)
}

// checkInvoiceNamed compares the short form of an invoice with the whole one.
func checkInvoiceNamed(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	inv := refilled[store.Invoice]()
	inv.ID, inv.AccountID = "inv", "acc"
	write(t, st, func(tx *store.Tx) error { return tx.InsertInvoice(&inv) })
	whole, err := st.Invoice(t.Context(), "inv")
	must(t, err)
	want := store.Invoice{
		ID: whole.ID, AccountID: whole.AccountID, Status: whole.Status, Final: whole.Final, Purpose: whole.Purpose, Capture: whole.Capture,
		Amount: whole.Amount, Due: whole.Due, Authorized: whole.Authorized, Captured: whole.Captured, Refunded: whole.Refunded,
		ProviderRef: whole.ProviderRef, ProviderRefs: whole.ProviderRefs, ProviderKey: whole.ProviderKey, CreateOperationID: whole.CreateOperationID,
		PrivateState: whole.PrivateState, CreatedAt: whole.CreatedAt, ExpiresAt: whole.ExpiresAt,
	}
	remembered, err := st.InvoiceNamed(t.Context(), "inv")
	must(t, err)
	equal(t, "remembered invoice", remembered, want)
	write(t, st, func(tx *store.Tx) error { return tx.UpdateInvoice(&whole) }) // after which it must be read
	read, err := st.InvoiceNamed(t.Context(), "inv")
	must(t, err)
	equal(t, "invoice", read, want)
	_, err = st.InvoiceNamed(t.Context(), "none")
	wantErr(t, err, store.ErrNotFound)
}
