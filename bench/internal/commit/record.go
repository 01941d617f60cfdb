package commit

import (
	"context"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// record is what the store holds about one create, to be written again under other ids.
type record struct {
	op       store.Operation
	try      store.Try
	inv      store.Invoice
	evidence store.Evidence
	created  store.Event
	pending  store.Event
	customer store.PersonalData
	actions  store.PersonalData
}

// recordOf reads it back from an engine's store.
func recordOf(ctx context.Context, st *store.Store, id string) (r record, err error) {
	if r.inv, err = st.Invoice(ctx, id); err != nil {
		return r, err
	}
	if r.op, err = st.Operation(ctx, r.inv.CreateOperationID); err != nil {
		return r, err
	}
	tries, err := st.Tries(ctx, r.op.ID)
	if err != nil {
		return r, err
	}
	evidence, err := st.Evidence(ctx, "invoice", id)
	if err != nil {
		return r, err
	}
	events, err := st.Events(ctx, store.EventFilter{ObjectType: "invoice", ObjectID: id, Limit: 10})
	if err != nil {
		return r, err
	}
	if len(tries) != 1 || len(evidence) != 1 || len(events) != 2 {
		return r, fmt.Errorf("commit: a create left %d tries, %d rows of evidence and %d events", len(tries), len(evidence), len(events))
	}
	r.try, r.evidence, r.created, r.pending = tries[0], evidence[0], events[0], events[1]
	if r.customer, err = personalOf(ctx, st, r.inv, store.PersonalCustomer); err != nil {
		return r, err
	}
	r.actions, err = personalOf(ctx, st, r.inv, store.PersonalNextActions)
	return r, err
}

func personalOf(ctx context.Context, st *store.Store, inv store.Invoice, kind store.PersonalKind) (store.PersonalData, error) {
	raw, err := st.Personal(ctx, inv.Tenant, inv.CustomerID, "invoice", inv.ID, kind)
	return store.PersonalData{
		Tenant: inv.Tenant, CustomerID: inv.CustomerID, ObjectType: "invoice", ObjectID: inv.ID, Kind: kind, Data: raw,
	}, err
}

// renew gives it ids that no row has; ids grow with n, as the engine's grow with time.
func (r record) renew(n int64) record {
	tail, key := fmt.Sprintf("%020d", n), keyOf(n)
	now := time.Now()
	r.op.ID, r.op.IdempotencyKey, r.op.ProviderKey, r.op.CustomerID = "op_"+tail, key, "op_"+tail, "customer-"+key
	r.op.ObjectID, r.op.InvoiceID, r.op.CreatedAt, r.op.UpdatedAt = "inv_"+tail, "inv_"+tail, now, now
	r.try.OperationID, r.try.StartedAt = r.op.ID, now
	r.inv.ID, r.inv.CreateOperationID, r.inv.ProviderKey, r.inv.CustomerID = "inv_"+tail, r.op.ID, r.op.ProviderKey, r.op.CustomerID
	r.inv.Reference, r.inv.ProviderRef, r.inv.CreatedAt, r.inv.UpdatedAt = "order-"+key, "echo-op_"+tail, now, now
	r.evidence.ID, r.evidence.ObjectID, r.evidence.OperationID, r.evidence.CreatedAt = "ev_"+tail, r.inv.ID, r.op.ID, now
	r.created.ID, r.created.ObjectID, r.created.OccurredAt = "evt_"+tail+"a", r.inv.ID, now
	r.pending.ID, r.pending.ObjectID, r.pending.OccurredAt = "evt_"+tail+"b", r.inv.ID, now
	r.customer.CustomerID, r.customer.ObjectID = r.op.CustomerID, r.inv.ID
	r.actions.CustomerID, r.actions.ObjectID = r.op.CustomerID, r.inv.ID
	return r
}

// intend writes what stands on the disk before the provider is called, in the way of the engine: encoded before the writer is asked. It leaves
// the record as the outcome finds it.
func (r *record) intend(ctx context.Context, st *store.Store) error {
	op, inv, try := r.began()
	draft := st.Draft(op)
	draft.InsertOperation(op)
	draft.InsertInvoice(inv)
	draft.PutPersonal(r.customer)
	draft.AppendEvent(r.created)
	draft.InsertTry(try)
	return write(ctx, st, draft, nil)
}

// began are the rows that change as they are until the outcome is known.
func (r *record) began() (store.Operation, store.Invoice, store.Try) {
	op, inv, try := r.op, r.inv, r.try
	op.State, op.Executed, op.Result, op.FinishedAt, op.Version = store.OperationRunning, pay.ExecutedUnknown, nil, time.Time{}, 1
	inv.Status, inv.ProviderRef, inv.NextLookAt, inv.Version = pay.StatusCreating, "", time.Time{}, 1
	try.FinishedAt = time.Time{}
	return op, inv, try
}

// settle writes what is known after it.
func (r *record) settle(ctx context.Context, st *store.Store) error {
	op, inv, _ := r.began()
	draft := st.Draft(op)
	draft.ChangeInvoice(inv, r.inv)
	draft.ChangeOperation(op, r.op)
	draft.InsertEvidence(r.evidence)
	draft.PutPersonal(r.actions)
	draft.AppendEvent(r.pending)
	return write(ctx, st, draft, func(tx *store.Tx) error { return tx.FinishTry(&r.try) })
}

func write(ctx context.Context, st *store.Store, draft *store.Draft, then func(tx *store.Tx) error) error {
	steps, err := draft.Steps()
	if err != nil {
		return err
	}
	return st.Write(ctx, func(tx *store.Tx) error {
		if err := tx.Do(steps); err != nil || then == nil {
			return err
		}
		return then(tx)
	})
}
