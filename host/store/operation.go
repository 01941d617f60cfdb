package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/payhost/payhost/sdk/pay"
)

// operationRow is an operation as it is stored: request and result are sealed under a data key, which takes another
// read to open.
type operationRow struct {
	Operation
	request, result []byte
}

func (r *Reader) operations() record[operationRow] {
	return record[operationRow]{"operations", func(o *operationRow) []field {
		list := make([]field, 0, 40)
		return operationFields(append(list, fixed("request", blobRef{&o.request}), mutable("result", blobRef{&o.result})), &o.Operation)
	}}
}

// operationFields appends the columns in clear.
func operationFields(list []field, o *Operation) []field {
	return append(list,
		fixed("id", &o.ID),
		fixed("tenant", &o.Tenant),
		fixed("account_id", &o.AccountID),
		fixed("provider", &o.Provider),
		fixed("kind", &o.Kind),
		fixed("action", &o.Action),
		fixed("idempotency_key", &o.IdempotencyKey),
		fixed("fingerprint", blobRef{&o.Fingerprint}),
		fixed("provider_key", &o.ProviderKey),
		fixed("object_type", &o.ObjectType),
		fixed("object_id", &o.ObjectID),
		fixed("invoice_id", &o.InvoiceID),
		mutable("state", &o.State),
		mutable("executed", &o.Executed),
		mutable("resolution", &o.Resolution),
		mutable("error", rawRef{&o.Error}),
		mutable("error_kind", &o.ErrorKind),
		mutable("try", &o.Try),
		mutable("not_before", timeRef{&o.NotBefore}),
		mutable("give_up_at", timeRef{&o.GiveUpAt}),
		mutable("next_look_at", timeRef{&o.NextLookAt}),
		mutable("look_count", &o.LookCount),
		mutable("needs_review", &o.NeedsReview),
		mutable("review_reason", &o.ReviewReason),
		fixed("customer_id", &o.CustomerID),
		mutable("actor", &o.Actor),
		mutable("request_id", &o.RequestID),
		mutable("correlation_id", &o.CorrelationID),
		mutable("traceparent", &o.Traceparent),
		fixed("created_at", timeRef{&o.CreatedAt}),
		mutable("updated_at", timeRef{&o.UpdatedAt}),
		mutable("finished_at", timeRef{&o.FinishedAt}),
		mutable("version", &o.Version),
	)
}

// Operation returns the operation with the id. Request and Result are nil when
// there are none and when the customer's data was erased.
func (r *Reader) Operation(ctx context.Context, id string) (Operation, error) {
	return r.oneOperation(ctx, "WHERE id = $1", id)
}

// OperationByKey returns the operation that holds a caller's idempotency key.
func (r *Reader) OperationByKey(ctx context.Context, tenant string, kind pay.Operation, key string) (Operation, error) {
	return r.oneOperation(ctx, "WHERE tenant = $1 AND kind = $2 AND idempotency_key = $3 AND idempotency_key <> ''", tenant, string(kind), key)
}

// HasOperationKey reports whether an operation holds a caller's idempotency key.
func (r *Reader) HasOperationKey(ctx context.Context, tenant string, kind pay.Operation, key string) (bool, error) {
	_, err := scalar[int64](ctx, r, "SELECT version FROM operations WHERE tenant = $1 AND kind = $2 AND idempotency_key = $3 AND idempotency_key <> ''",
		tenant, string(kind), key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// OpenOperation returns the oldest operation of an invoice that is not done: queued, running,
// unknown or needs_review.
func (r *Reader) OpenOperation(ctx context.Context, invoiceID string) (Operation, error) {
	return r.oneOperation(ctx, "WHERE invoice_id = $1 AND invoice_id <> '' AND state <> 'done' ORDER BY created_at, id LIMIT 1", invoiceID)
}

// Operations returns the operations that f selects, newest first; with LookBefore set, the
// longest due first.
func (r *Reader) Operations(ctx context.Context, f OperationFilter) ([]Operation, error) {
	rest, args := f.selected()
	rows, err := list(ctx, r, r.operations(), rest, args...)
	if err != nil {
		return nil, err
	}
	return r.openOperations(ctx, rows)
}

// ShownOperations returns the operations that [Reader.Operations] returns for f without Request and Result, which are sealed and take
// as long as all the rest.
func (r *Reader) ShownOperations(ctx context.Context, f OperationFilter) ([]Operation, error) {
	shown := record[Operation]{"operations", func(o *Operation) []field { return operationFields(make([]field, 0, 40), o) }}
	rest, args := f.selected()
	return listAs(ctx, r, "select operations in clear", shown, rest, args...)
}

// selected is the clause behind FROM, with its arguments.
func (f OperationFilter) selected() (rest string, args []any) {
	var c conditions
	c.few = f.NeedsReview != nil && *f.NeedsReview || f.InvoiceID != "" // see InvoiceFilter.selected
	equal(&c, "tenant", f.Tenant)
	equal(&c, "account_id", f.AccountID)
	equal(&c, "kind", f.Kind)
	in(&c, "state", f.States)
	c.few = false
	equal(&c, "invoice_id", f.InvoiceID)
	if len(f.States) > 0 && !slices.Contains(f.States, OperationDone) {
		c.add("state <> 'done'") // says what the values alone do not show the planner: the index of open operations has them all
	}
	if f.NeedsReview != nil {
		c.add(boolText("needs_review", *f.NeedsReview))
	}
	order := c.page("created_at", f.BeforeTime, f.BeforeID, f.LookBefore)
	return c.rest(order, f.Limit), c.args
}

func (r *Reader) oneOperation(ctx context.Context, rest string, args ...any) (Operation, error) {
	row, err := one(ctx, r, r.operations(), rest, args...)
	if err != nil {
		return Operation{}, err
	}
	opened, err := r.openOperations(ctx, []operationRow{row})
	if err != nil {
		return Operation{}, err
	}
	return opened[0], nil
}

func (r *Reader) openOperations(ctx context.Context, rows []operationRow) ([]Operation, error) {
	keys := r.newKeyCache(ctx)
	list := make([]Operation, len(rows))
	for i, row := range rows {
		list[i] = row.Operation
		var err error
		if list[i].Request, err = keys.open(row.request, place("operations", "request", row.ID)); err != nil {
			return nil, fmt.Errorf("store: request of operation %s: %w", row.ID, err)
		}
		if list[i].Result, err = keys.open(row.result, place("operations", "result", row.ID)); err != nil {
			return nil, fmt.Errorf("store: result of operation %s: %w", row.ID, err)
		}
	}
	return list, nil
}

// InsertOperation stores a new operation; its Version becomes 1. When the idempotency key
// is taken it stores nothing and returns the operation that holds it. A
// provider key that is taken in the account, or a taken id, is [ErrConflict].
func (t *Tx) InsertOperation(op *Operation) (existing *Operation, err error) {
	setUntilUndone(t, &op.Version, 1)
	row := &operationRow{Operation: *op}
	if err := row.seal(t.dataKey); err != nil {
		return nil, err
	}
	fresh, err := t.insert("operations", t.operations().fields(row))
	if err != nil || fresh {
		return nil, err
	}
	holder, err := t.OperationByKey(t.batch.session.ctx, op.Tenant, op.Kind, op.IdempotencyKey)
	if err == nil {
		return &holder, nil
	} else if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return nil, fmt.Errorf("%w: the id or provider key of operation %s is taken", ErrConflict, op.ID)
}

// OperationVersion returns the version of an operation.
func (r *Reader) OperationVersion(ctx context.Context, id string) (int64, error) {
	return scalar[int64](ctx, r, "SELECT version FROM operations WHERE id = $1", id)
}

// UpdateOperation writes what can change where the stored version is
// op.Version. Who asked for what never changes: id, tenant, account, provider,
// kind, action, keys, fingerprint, request, object, invoice, customer and creation time.
func (t *Tx) UpdateOperation(op *Operation) error {
	row := &operationRow{Operation: *op}
	row.Request = nil // stays as it is
	if err := row.seal(t.dataKey); err != nil {
		return err
	}
	old := op.Version
	if err := t.update("operations", t.operations().fields(row), op.ID, &row.Version); err != nil {
		return err
	}
	setUntilUndone(t, &op.Version, old+1)
	return nil
}

// ChangeOperation is [Tx.UpdateOperation] for an operation that is stored as before, which has op's version: it writes what
// differs.
func (t *Tx) ChangeOperation(before Operation, op *Operation) error {
	stored, row := &operationRow{Operation: before}, &operationRow{Operation: *op}
	if err := row.sealChanged(stored, t.dataKey); err != nil {
		return err
	}
	old := op.Version
	if err := t.updateChanged("operations", t.operations().fields(stored), t.operations().fields(row), op.ID, &row.Version); err != nil {
		return err
	}
	setUntilUndone(t, &op.Version, old+1)
	return nil
}

// sealChanged makes the row of a changed operation that is stored as another row. Request stays as it is; a result that differs is sealed.
func (o *operationRow) sealChanged(stored *operationRow, key func(keyOwnerName) (sealKey, error)) error {
	o.Request = nil
	switch {
	case o.Result == nil:
		stored.result = stored.Result // differs from none, if there is one
	case bytes.Equal(stored.Result, o.Result):
		o.Result = nil
	}
	return o.seal(key)
}

// seal seals request and result under the data key of the customer, or of the object without one.
func (o *operationRow) seal(key func(keyOwnerName) (sealKey, error)) error {
	if o.Request == nil && o.Result == nil {
		return nil
	}
	k, err := key(o.owner())
	if err != nil {
		return err
	}
	if o.request, err = seal(k, o.Request, place("operations", "request", o.ID)); err != nil {
		return err
	}
	o.result, err = seal(k, o.Result, place("operations", "result", o.ID))
	return err
}

// owner is whose data key seals request and result.
func (o *Operation) owner() keyOwnerName {
	if o.ObjectID == "" {
		return ownerName(o.Tenant, o.CustomerID, "operation", o.ID)
	}
	return ownerName(o.Tenant, o.CustomerID, o.ObjectType, o.ObjectID)
}
