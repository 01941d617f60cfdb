package commit

import (
	"context"
	"encoding/json"
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

// intend writes what stands on the disk before the provider is called. It leaves the record as the outcome finds it.
func (r *record) intend(ctx context.Context, st *store.Store) error {
	settled := *r
	r.op.State, r.op.Executed, r.op.Result, r.op.FinishedAt = store.OperationRunning, pay.ExecutedUnknown, json.RawMessage(nil), time.Time{}
	r.inv.Status, r.inv.ProviderRef, r.inv.NextLookAt = pay.StatusCreating, "", time.Time{}
	r.try.FinishedAt = time.Time{}
	err := st.Write(ctx, func(tx *store.Tx) error {
		op := r.op
		if existing, err := tx.InsertOperation(&op); err != nil || existing != nil {
			return fmt.Errorf("commit: the operation exists (%v): %w", existing != nil, err)
		}
		inv := r.inv
		if err := tx.InsertInvoice(&inv); err != nil {
			return err
		}
		if err := tx.PutPersonal(r.customer); err != nil {
			return err
		}
		event := r.created
		if err := tx.AppendEvent(&event); err != nil {
			return err
		}
		r.op.Version, r.inv.Version = op.Version, inv.Version
		return tx.InsertTry(&r.try)
	})
	settled.op.Version, settled.inv.Version = r.op.Version, r.inv.Version
	*r = settled
	return err
}

// settle writes what is known after it.
func (r *record) settle(ctx context.Context, st *store.Store) error {
	return st.Write(ctx, func(tx *store.Tx) error {
		if err := tx.FinishTry(&r.try); err != nil {
			return err
		}
		if err := tx.InsertEvidence(&r.evidence); err != nil {
			return err
		}
		if err := tx.PutPersonal(r.actions); err != nil {
			return err
		}
		inv, op, event := r.inv, r.op, r.pending
		if err := tx.UpdateInvoice(&inv); err != nil {
			return err
		}
		if err := tx.AppendEvent(&event); err != nil {
			return err
		}
		return tx.UpdateOperation(&op)
	})
}
