package host

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice asks a provider for a new invoice.
//
// The operation is journalled before anything is sent and goes on when ctx
// ends. With an error of kind [pay.KindOutcomeUnknown] the invoice is not nil
// and names its unresolved operation: the provider may have acted. Any other
// error means that no invoice is open at the provider. A repeated key gives the
// first call's final result again ([Invoice.Replayed]).
func (h *Host) CreateInvoice(ctx context.Context, req CreateInvoice) (*Invoice, error) {
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	p, err := h.prepareCreate(ctx, req)
	if err != nil {
		return nil, err
	}
	fingerprint, err := h.fingerprint(p)
	if err != nil {
		return nil, err
	}
	op, err := h.store.OperationByKey(ctx, p.account.Tenant, pay.OpCreate, req.IdempotencyKey)
	switch {
	case err == nil:
		if err := sameRequest(op, fingerprint); err != nil {
			return nil, err
		}
		if inv, rerun, err := h.replay(ctx, op); !rerun {
			return inv, err
		}
	case !errors.Is(err, store.ErrNotFound):
		return nil, storageError(err)
	}
	if err := usable(p.account, pay.OpCreate); err != nil {
		return nil, err
	}
	return h.startCreate(ctx, p, fingerprint)
}

func (h *Host) prepareCreate(ctx context.Context, req CreateInvoice) (prepared, error) {
	if req.Account == "" {
		return prepared{}, pay.Invalid("account", "is required; it is the id of a merchant account")
	}
	account, err := h.account(ctx, req.Account)
	if err != nil {
		return prepared{}, err
	}
	m, err := h.manifest(account.Provider)
	if err != nil {
		return prepared{}, err
	}
	return h.prepare(req, account, m)
}

// usable refuses new operations on an account that takes none.
func usable(a store.Account, op pay.Operation) error {
	if a.State == AccountClosed {
		return pay.Errorf(pay.KindInvalidState, "account %s is closed; only late webhooks, refunds and look-ups still work", a.ID)
	}
	paused := a.State == AccountPaused
	for _, p := range a.PausedOperations {
		paused = paused || p == op
	}
	if paused {
		return notSent(pay.KindAccountPaused, "account %s is paused for %s by an operator", a.ID, op)
	}
	return nil
}

// startCreate takes the account's slot, writes the intent and makes the call on a context of its own.
func (h *Host) startCreate(ctx context.Context, p prepared, fingerprint []byte) (*Invoice, error) {
	done, err := h.begin()
	if err != nil {
		return nil, err
	}
	release, err := h.slot(ctx, p.account.ID)
	if err != nil {
		done()
		return nil, err
	}
	op, mine, err := h.intend(ctx, &p, fingerprint)
	if err != nil || !mine {
		release()
		done()
		if err != nil {
			return nil, err
		}
		// Another call with this key came first.
		if err := sameRequest(op, fingerprint); err != nil {
			return nil, err
		}
		inv, rerun, err := h.replay(ctx, op)
		if rerun {
			err = notSent(pay.KindInProgress, "another call with this Idempotency-Key is about to run")
		}
		return inv, err
	}
	type outcome struct {
		inv *Invoice
		err error
	}
	result := make(chan outcome, 1)
	go func() {
		defer done()
		defer release()
		inv, err := h.runCreate(context.WithoutCancel(ctx), p, op)
		result <- outcome{inv, err}
	}()
	select {
	case r := <-result:
		return r.inv, r.err
	case <-ctx.Done():
	}
	// The caller hung up; the call goes on and its result will be stored.
	inv, err := h.invoiceView(context.WithoutCancel(ctx), op.InvoiceID)
	if err != nil {
		return nil, err
	}
	inv.UnresolvedOperation = op.ID
	return inv, unknownOutcome(op)
}

// slot waits for one of the account's places in flight.
func (h *Host) slot(ctx context.Context, account string) (release func(), err error) {
	h.mu.Lock()
	places, ok := h.slots[account]
	if !ok {
		places = make(chan struct{}, h.cfg.MaxConcurrent)
		h.slots[account] = places
	}
	h.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
	}
	wait := time.NewTimer(h.cfg.Timeouts.Start)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-wait.C:
	case <-ctx.Done():
	case <-h.stopping:
		return nil, errStopped()
	}
	return nil, &pay.Error{
		Kind: pay.KindRateLimited, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetrySameOperation, After: time.Second},
		Message: fmt.Sprintf("account %s has %d calls in flight", account, h.cfg.MaxConcurrent),
	}
}

// intend writes the intent: operation, try, invoice, personal data and the first event, in one durable
// transaction. From then on the operation counts as sent.
func (h *Host) intend(ctx context.Context, p *prepared, fingerprint []byte) (op store.Operation, mine bool, err error) {
	now, who := h.now(), actorFrom(ctx)
	op = store.Operation{
		ID: newID("op", now), Tenant: p.account.Tenant, AccountID: p.account.ID, Provider: p.account.Provider, Kind: pay.OpCreate,
		IdempotencyKey: p.req.IdempotencyKey, Fingerprint: fingerprint, ObjectType: "invoice", InvoiceID: newID("inv", now),
		State: store.OperationRunning, Executed: pay.ExecutedUnknown, Resolution: resolutionOf(p.manifest, pay.OpCreate, p.call.Options), Try: 1,
		CustomerID: p.call.Customer.ID, Actor: who.name, RequestID: who.requestID, CorrelationID: p.req.CorrelationID,
		Traceparent: who.traceparent, CreatedAt: now, UpdatedAt: now,
	}
	op.ObjectID = op.InvoiceID
	if op.ProviderKey, err = providerKey(p.manifest.OperationKey, op.ID); err != nil {
		return op, false, pay.Errorf(pay.KindPluginFault, "provider %s: %w", p.account.Provider, err)
	}
	if op.Request, err = json.Marshal(p.req); err != nil {
		return op, false, pay.Errorf(pay.KindInternal, "encoding the request: %w", err)
	}
	intent := op
	err = h.write(ctx, func(tx *store.Tx) error {
		op, mine = intent, true
		if err := h.oneUnresolvedPerReference(ctx, tx, p); err != nil {
			return err
		}
		existing, err := tx.InsertOperation(&op)
		if err != nil {
			return err
		}
		if existing != nil {
			op, mine, err = h.rerun(ctx, tx, *existing, fingerprint)
			return err
		}
		return h.insertCreating(ctx, tx, *p, op)
	})
	return op, mine, err
}

// rerun claims an operation that is still open because nothing was sent: the
// same key runs the same operation again as its next try.
func (h *Host) rerun(ctx context.Context, tx *store.Tx, op store.Operation, fingerprint []byte) (store.Operation, bool, error) {
	if op.State != store.OperationQueued || op.NotBefore.After(h.now()) || !hmac.Equal(op.Fingerprint, fingerprint) {
		return op, false, nil
	}
	op.State, op.Executed, op.Error, op.ErrorKind = store.OperationRunning, pay.ExecutedUnknown, nil, ""
	op.Try++
	op.UpdatedAt = h.now()
	if err := tx.UpdateOperation(&op); err != nil {
		return op, false, err
	}
	return op, true, tx.InsertTry(h.newTry(ctx, op))
}

// oneUnresolvedPerReference refuses a second create for an order whose first
// create may have happened: that is how payers are asked twice.
func (h *Host) oneUnresolvedPerReference(ctx context.Context, tx *store.Tx, p *prepared) error {
	if p.call.Reference == "" {
		return nil
	}
	yes := true
	rows, err := tx.Invoices(ctx, store.InvoiceFilter{
		AccountID: p.account.ID, Reference: p.call.Reference, Unresolved: &yes, Limit: 1,
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	op, err := tx.OperationByKey(ctx, p.account.Tenant, pay.OpCreate, p.req.IdempotencyKey)
	if err == nil && op.InvoiceID == rows[0].ID {
		return nil
	}
	return &pay.Error{
		Kind: pay.KindInProgress, Executed: pay.ExecutedNo, InvoiceID: rows[0].ID, OperationID: rows[0].UnresolvedOperation,
		Message: fmt.Sprintf("reference: invoice %s of this reference has an unresolved create; settle it first", rows[0].ID),
		Fields:  []pay.FieldError{{Path: "reference", Message: "has an unresolved create on this account"}},
	}
}

func (h *Host) insertCreating(ctx context.Context, tx *store.Tx, p prepared, op store.Operation) error {
	now := op.CreatedAt
	inv := store.Invoice{
		ID: op.InvoiceID, Tenant: op.Tenant, Mode: p.account.Mode, AccountID: op.AccountID, Provider: op.Provider,
		Status: pay.StatusCreating, Purpose: p.call.Purpose, Capture: p.call.Capture, Amount: p.call.Amount, MaxAmount: p.call.MaxAmount,
		Reference: p.call.Reference, Description: p.call.Description, CustomerID: p.call.Customer.ID,
		PaymentMethod: p.call.PaymentMethod, CorrelationID: op.CorrelationID, Metadata: p.call.Metadata,
		ProviderKey: op.ProviderKey, CreateOperationID: op.ID, CreatedAt: now, UpdatedAt: now,
	}
	if p.call.ExpiresIn > 0 {
		inv.ExpiresAt = now.Add(p.call.ExpiresIn)
	}
	if err := tx.InsertInvoice(&inv); err != nil {
		return err
	}
	for kind, value := range map[store.PersonalKind]any{store.PersonalCustomer: p.req.Customer, store.PersonalPayer: p.req.Payer} {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if string(raw) == "{}" {
			continue
		}
		if err := tx.PutPersonal(personal(inv, kind, raw)); err != nil {
			return err
		}
	}
	if err := tx.InsertTry(h.newTry(ctx, op)); err != nil {
		return err
	}
	c := change{next: inv, events: []string{"invoice.created"}, previous: map[string]any{}}
	return h.emit(tx, &c, observation{actor: op.Actor, cause: "create"})
}

func (h *Host) newTry(ctx context.Context, op store.Operation) *store.Try {
	who := actorFrom(ctx)
	return &store.Try{
		OperationID: op.ID, Number: op.Try, Plugin: op.Provider, HostVersion: Version, HostInstance: h.instance,
		Actor: who.name, RequestID: who.requestID, Traceparent: who.traceparent, StartedAt: h.now(),
	}
}

// resolutionOf says what can settle an unknown outcome of op with these options.
func resolutionOf(m pay.Manifest, op pay.Operation, options json.RawMessage) pay.Resolution {
	spec := m.Operations[op]
	var given map[string]json.RawMessage
	if len(options) > 0 && json.Unmarshal(options, &given) == nil {
		for _, name := range spec.HumanWhen {
			if _, ok := given[name]; ok {
				return pay.ResolveHuman
			}
		}
	}
	return orElse(spec.Resolution, pay.ResolveHuman)
}
