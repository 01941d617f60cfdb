package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// drafted returns the steps that draft makes about an operation.
func drafted(t testing.TB, st *store.Store, op store.Operation, draft func(d *store.Draft)) store.Steps {
	t.Helper()
	d := st.Draft(op)
	draft(d)
	steps, err := d.Steps()
	must(t, err)
	return steps
}

// do makes steps in a job of their own.
func do(t testing.TB, st *store.Store, steps store.Steps) error {
	t.Helper()
	return st.Write(t.Context(), func(tx *store.Tx) error { return tx.Do(steps) })
}

// draftedRecords are what an operation of a customer stores, with every field set.
type draftedRecords struct {
	op       store.Operation
	inv      store.Invoice
	try      store.Try
	evidence store.Evidence
	event    store.Event
	personal store.PersonalData
}

func newDrafted(customer, name string) draftedRecords {
	r := draftedRecords{
		op: refilled[store.Operation](), inv: refilled[store.Invoice](), try: refilled[store.Try](), evidence: refilled[store.Evidence](),
		event: refilled[store.Event](),
	}
	r.op.ID, r.op.AccountID, r.op.CustomerID, r.op.ObjectType, r.op.ObjectID = "op-"+name, "acc", customer, "invoice", "inv-"+name
	r.op.IdempotencyKey, r.op.ProviderKey, r.op.InvoiceID = "key-"+name, "pk-"+name, "inv-"+name
	r.inv.ID, r.inv.AccountID, r.inv.Tenant, r.inv.CustomerID = "inv-"+name, "acc", r.op.Tenant, customer
	r.try.OperationID, r.try.Number = r.op.ID, 1
	r.evidence.ID, r.evidence.AccountID, r.evidence.ObjectType, r.evidence.ObjectID = "ev-"+name, "acc", "invoice", r.inv.ID
	r.event.ID, r.event.ObjectType, r.event.ObjectID = "evt-"+name, "invoice", r.inv.ID
	r.personal = store.PersonalData{
		Tenant: r.op.Tenant, CustomerID: customer, ObjectType: "invoice", ObjectID: r.inv.ID, Kind: store.PersonalPayer, Data: json.RawMessage(`{"ip": "` + name + `"}`),
	}
	return r
}

func (r draftedRecords) intent(d *store.Draft) {
	d.InsertOperation(r.op)
	d.InsertInvoice(r.inv)
	d.PutPersonal(r.personal)
	d.AppendEvent(r.event)
	d.InsertTry(r.try)
	d.InsertEvidence(r.evidence)
}

// check reads everything back.
func (r draftedRecords) check(t testing.TB, st *store.Store) {
	t.Helper()
	ctx := t.Context()
	op, err := st.Operation(ctx, r.op.ID)
	must(t, err)
	equal(t, "operation", op, r.op)
	inv, err := bothWays(ctx, st, r.inv.ID)
	must(t, err)
	equal(t, "invoice", inv, r.inv)
	tries, err := st.Tries(ctx, r.op.ID)
	must(t, err)
	equal(t, "tries", tries, []store.Try{r.try})
	evidence, err := st.Evidence(ctx, "invoice", r.inv.ID)
	must(t, err)
	equal(t, "evidence", evidence, []store.Evidence{r.evidence})
	personal, err := st.Personal(ctx, r.personal.Tenant, r.personal.CustomerID, "invoice", r.inv.ID, store.PersonalPayer)
	must(t, err)
	equal(t, "personal data", string(personal), string(r.personal.Data))
}

// checkDrafts stores with drafts what the other checks store in jobs.
func checkDrafts(t *testing.T, st *store.Store) {
	ctx := t.Context()
	addAccount(t, st, "acc")
	for _, customer := range []string{"", "anna"} {
		r := newDrafted(customer, "of-"+customer)
		steps := drafted(t, st, r.op, r.intent)
		r.inv.Metadata["changed"] = "after it was drafted"
		must(t, do(t, st, steps))
		delete(r.inv.Metadata, "changed")
		r.op.Version, r.inv.Version = 1, 1
		r.check(t, st)
		wantErr(t, do(t, st, steps), store.ErrConflict)

		before, opBefore := r.inv, r.op
		r.inv.Status, r.inv.ReviewReason, r.inv.PrivateState, r.inv.NextLookAt = pay.StatusPaid, "changed", nil, time.Time{}
		r.inv.Metadata = map[string]string{"now": "this"}
		r.op.State, r.op.Result, r.op.Error = store.OperationDone, json.RawMessage(`{"id": "another"}`), nil
		r.personal.Data = json.RawMessage(`"changed"`)
		second := r.event
		second.ID += "-2"
		steps = drafted(t, st, r.op, func(d *store.Draft) {
			d.ChangeInvoice(before, r.inv)
			d.ChangeOperation(opBefore, r.op)
			d.PutPersonal(r.personal)
			d.AppendEvent(second)
		})
		must(t, do(t, st, steps))
		r.op.Version, r.inv.Version = 2, 2
		r.check(t, st)
		wantErr(t, do(t, st, steps), store.ErrConflict)
		wantErr(t, do(t, st, steps[1:]), store.ErrConflict)

		events, err := st.Events(ctx, store.EventFilter{ObjectType: "invoice", ObjectID: r.inv.ID})
		must(t, err)
		equal(t, "number of events", len(events), 2)
		for n, want := range []store.Event{r.event, second} {
			want.Position, want.Sequence = events[n].Position, int64(n+1)
			equal(t, "event", events[n], want)
		}

		must(t, do(t, st, drafted(t, st, r.op, func(d *store.Draft) {
			r.personal.Data = nil
			d.PutPersonal(r.personal)
		})))
		_, err = st.Personal(ctx, r.personal.Tenant, customer, "invoice", r.inv.ID, store.PersonalPayer)
		wantErr(t, err, store.ErrNotFound)
	}
	stranger := newDrafted("boris", "stranger")
	d := st.Draft(newDrafted("anna", "own").op)
	d.PutPersonal(stranger.personal)
	if _, err := d.Steps(); err == nil {
		t.Error("a draft seals the data of another customer")
	}
	if steps, err := d.Steps(); err != nil || len(steps) != 0 {
		t.Errorf("steps are returned twice: %d, %v", len(steps), err)
	}
}

// checkDraftKeys drafts under data keys that are others, or none, by the time the writer comes to it.
func checkDraftKeys(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	intent := func(customer, name string) (draftedRecords, store.Steps) {
		r := newDrafted(customer, name)
		steps := drafted(t, st, r.op, r.intent)
		r.op.Version, r.inv.Version = 1, 1
		return r, steps
	}
	erase := func(tenant, customer string) {
		write(t, st, func(tx *store.Tx) error { return tx.ErasePersonal(tenant, customer) })
	}
	// Two hope to be the first of a customer.
	one, first := intent("carla", "one")
	two, second := intent("carla", "two")
	must(t, do(t, st, first))
	must(t, do(t, st, second))
	one.check(t, st)
	two.check(t, st)

	// The key is erased between the draft and the job, and before it a new one came or did not.
	three, steps := intent("carla", "three")
	erase(three.op.Tenant, "carla")
	must(t, do(t, st, steps))
	three.check(t, st)
	four, steps := intent("carla", "four")
	erase(four.op.Tenant, "carla")
	five, again := intent("carla", "five")
	must(t, do(t, st, again))
	must(t, do(t, st, steps))
	five.check(t, st)
	four.check(t, st)
	before := four.op
	four.op.Result = json.RawMessage(`"changed"`)
	steps = drafted(t, st, before, func(d *store.Draft) { d.ChangeOperation(before, four.op) })
	erase(four.op.Tenant, "carla")
	must(t, do(t, st, steps))
	got, err := st.Operation(t.Context(), four.op.ID)
	must(t, err)
	equal(t, "result sealed anew", string(got.Result), `"changed"`)
	equal(t, "request that was erased", string(got.Request), "")

	// A job that is undone does not leave its key behind.
	failed := errors.New("on purpose")
	six, steps := intent("dora", "six")
	wantErr(t, st.Write(t.Context(), func(tx *store.Tx) error {
		must(t, tx.Do(steps))
		return failed
	}), failed)
	seven, other := intent("dora", "seven")
	must(t, do(t, st, other))
	must(t, do(t, st, steps))
	seven.check(t, st)
	six.check(t, st)
}

// checkDraftRaces lets many draft for the same customer at once, and some of their jobs fail.
func checkDraftRaces(t *testing.T, st *store.Store) {
	addAccount(t, st, "acc")
	failed := errors.New("on purpose")
	stored := make([]bool, 40)
	var jobs sync.WaitGroup
	for n := range stored {
		jobs.Go(func() {
			r := newDrafted("emil", fmt.Sprint(n))
			err := st.Write(t.Context(), func(tx *store.Tx) error {
				if n%5 == 0 {
					return failed
				}
				return nil
			})
			steps := drafted(t, st, r.op, r.intent)
			if err == nil {
				err = do(t, st, steps)
			}
			if stored[n] = err == nil; !stored[n] && !errors.Is(err, failed) {
				t.Error(err)
			}
		})
	}
	jobs.Wait()
	for n, is := range stored {
		r := newDrafted("emil", fmt.Sprint(n))
		r.op.Version, r.inv.Version = 1, 1
		if is {
			r.check(t, st)
		}
	}
	positions, err := st.Events(t.Context(), store.EventFilter{Limit: 500})
	must(t, err)
	for n, e := range positions {
		equal(t, "position", e.Position, int64(n+1))
	}
}
