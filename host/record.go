package host

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// observed is what recording an observation led to.
type observed struct {
	invoice store.Invoice
	change  change
}

// record applies one observation to an invoice in one transaction: the
// transition, its evidence, the facts beside it and the events.
func (h *Host) record(ctx context.Context, invoiceID string, obs observation) (observed, error) {
	var out observed
	err := h.write(ctx, func(tx *store.Tx) error {
		inv, err := tx.Invoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		out, err = h.observe(ctx, tx, inv, obs)
		return err
	})
	if err == nil {
		h.follow(out)
	}
	return out, err
}

// observe is [Host.record] inside a transaction of the caller, who calls [Host.follow] once it is committed.
func (h *Host) observe(ctx context.Context, tx *store.Tx, inv store.Invoice, obs observation) (observed, error) {
	out, err := h.recordIn(ctx, tx, inv, obs, func(c *change) { settleOpenCreate(c, inv) })
	if err != nil {
		return out, err
	}
	if inv.Status == pay.StatusFailed && (out.change.newRef || out.change.applied == appliedMove) {
		if err := h.contradicted(ctx, tx, inv.CreateOperationID, "the provider shows the invoice"); err != nil {
			return out, err
		}
	}
	if out.invoice.UnresolvedOperation == inv.UnresolvedOperation {
		return out, nil
	}
	return out, h.closeOperation(ctx, tx, inv.UnresolvedOperation, out.invoice)
}

// follow does what a recorded observation makes possible elsewhere.
func (h *Host) follow(out observed) {
	if out.change.newRef {
		h.rematch(out.invoice)
	}
	h.nudgeFor(out.invoice.NextLookAt)
}

// followRefunds keeps a final invoice on the poller's list while a refund of it is on its way.
func (h *Host) followRefunds(ctx context.Context, tx *store.Tx, c *change) error {
	rows, err := tx.Refunds(ctx, c.next.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Status == pay.RefundPending {
			c.next.NextLookAt = h.now().Add(jitter(h.cadence(c.next.Provider, pay.StatusProcessing)))
			return nil
		}
	}
	return nil
}

// recordIn is [Host.record] inside a transaction. then may change the decided change before it is written.
func (h *Host) recordIn(ctx context.Context, tx *store.Tx, inv store.Invoice, obs observation, then func(c *change)) (observed, error) {
	c := apply(inv, obs)
	if err := h.adoptable(ctx, tx, &c, inv); err != nil {
		return observed{}, err
	}
	then(&c)
	h.schedule(&c, obs)
	out := observed{invoice: c.next, change: c}
	return out, h.storeChange(ctx, tx, inv, &out, obs)
}

// adoptable refuses a provider_ref that already belongs to another invoice of
// the account: money for one order must never settle two.
func (h *Host) adoptable(ctx context.Context, tx *store.Tx, c *change, inv store.Invoice) error {
	if !c.newRef {
		return nil
	}
	other, err := tx.OtherInvoiceWithRef(ctx, inv.AccountID, c.next.ProviderRef, inv.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	refused := change{next: inv, applied: appliedMismatch, previous: map[string]any{}}
	refused.reason = "the provider's id " + c.next.ProviderRef + " already belongs to invoice " + other
	refused.review(refused.reason)
	*c = refused
	return nil
}

// settleOpenCreate notes that an observation of the provider's object settles a
// create whose outcome was not known.
func settleOpenCreate(c *change, inv store.Invoice) {
	if inv.UnresolvedOperation == "" || inv.UnresolvedOperation != inv.CreateOperationID ||
		c.applied == appliedMismatch || c.applied == appliedRefused || c.applied == appliedOlder {
		return
	}
	if c.next.ProviderRef != "" && c.next.Status != pay.StatusCreating {
		c.next.UnresolvedOperation = ""
		c.previous["unresolved_operation"] = inv.UnresolvedOperation
		c.events = append(c.events, "operation.resolved")
	}
}

// storeChange writes the rows of a decided change.
func (h *Host) storeChange(ctx context.Context, tx *store.Tx, before store.Invoice, out *observed, obs observation) error {
	c, now := &out.change, h.now()
	evidence := h.evidenceOf(before, *c, obs)
	if err := tx.InsertEvidence(&evidence); err != nil {
		return err
	}
	// Older and mismatching evidence is kept, but nothing of it is taken over.
	if c.applied != appliedOlder && c.applied != appliedMismatch {
		facts, err := h.storeFacts(ctx, tx, before, obs.state)
		if err != nil {
			return err
		}
		if facts {
			if err := h.sumInto(ctx, tx, c); err != nil {
				return err
			}
		}
		if facts && len(c.events) == 0 {
			c.previous["facts"] = nil
			c.events = append(c.events, "invoice.updated")
		}
	}
	if c.next.Final && !c.next.Status.Closed() {
		if err := h.followRefunds(ctx, tx, c); err != nil {
			return err
		}
	}
	if !c.changed() && c.applied != appliedFacts {
		// Even an unchanged look moves the clocks of the poller.
		out.invoice = c.next
		if c.next.NextLookAt.Equal(before.NextLookAt) && c.next.ProviderTime.Equal(before.ProviderTime) && c.next.PrivateState == before.PrivateState {
			return nil
		}
	}
	c.next.UpdatedAt = now
	if err := tx.ChangeInvoice(before, &c.next); err != nil {
		return err
	}
	out.invoice = c.next
	return h.emit(tx, c, obs)
}

// evidenceOf is the row that keeps an observation and what became of it.
func (h *Host) evidenceOf(before store.Invoice, c change, obs observation) store.Evidence {
	now := h.now()
	e := obs.state.Report.Evidence
	e.Kind, e.ObservedAt = obs.kind, orTime(e.ObservedAt, obs.at)
	if len(e.Raw) > pay.MaxRawSize {
		e.Raw = e.Raw[:pay.MaxRawSize]
	}
	return store.Evidence{
		ID: newID("ev", now), Tenant: before.Tenant, AccountID: before.AccountID, ObjectType: "invoice", ObjectID: before.ID,
		OperationID: obs.operationID, WebhookID: obs.webhookID, Evidence: e, Status: obs.state.Status,
		Applied: c.applied, Reason: c.reason, Actor: obs.actor, Detail: detail(obs.state), CreatedAt: now,
	}
}

// storeFacts writes what stands in tables of its own and reports whether
// anything differs from before.
func (h *Host) storeFacts(ctx context.Context, tx *store.Tx, inv store.Invoice, s pay.InvoiceState) (bool, error) {
	changed := false
	if s.NextActions != nil {
		raw, err := json.Marshal(s.NextActions)
		if err != nil {
			return false, err
		}
		if err := tx.PutPersonal(personal(inv, store.PersonalNextActions, raw)); err != nil {
			return false, err
		}
	}
	if s.Attempts != nil {
		old, err := tx.Attempts(ctx, inv.ID)
		if err != nil {
			return false, err
		}
		if !equalJSONValues(old, s.Attempts) {
			changed = true
			if err := tx.PutAttempts(inv.ID, inv.AccountID, s.Attempts); err != nil {
				return false, err
			}
		}
	}
	refunds, err := h.storeRefunds(ctx, tx, inv, s.Refunds)
	if err != nil {
		return false, err
	}
	disputes, err := h.storeDisputes(ctx, tx, inv, s.Disputes)
	if err != nil {
		return false, err
	}
	if s.Credential != nil {
		if err := h.storeCredential(ctx, tx, inv, *s.Credential); err != nil {
			return false, err
		}
	}
	return changed || refunds || disputes, nil
}

func (h *Host) emit(tx *store.Tx, c *change, obs observation) error {
	events, err := h.eventsOf(c, obs)
	if err != nil {
		return err
	}
	for i := range events {
		if err := tx.AppendEvent(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

// draftEvents is [Host.emit] into a draft.
func (h *Host) draftEvents(draft *store.Draft, c *change, obs observation) error {
	events, err := h.eventsOf(c, obs)
	for _, ev := range events {
		draft.AppendEvent(ev)
	}
	return err
}

// eventsOf are the events of a change of an invoice, whose next version is in it.
func (h *Host) eventsOf(c *change, obs observation) ([]store.Event, error) {
	if len(c.events) == 0 {
		return nil, nil
	}
	data, previous, err := c.encode()
	if err != nil {
		return nil, err
	}
	now := h.now()
	events := make([]store.Event, len(c.events))
	for i, kind := range c.events {
		events[i] = store.Event{
			ID: newID("evt", now), Type: kind, Schema: 1, Tenant: c.next.Tenant, Mode: c.next.Mode, Account: c.next.AccountID,
			ObjectType: "invoice", ObjectID: c.next.ID, ObjectVersion: c.next.Version, OccurredAt: now,
			Actor: obs.actor, Cause: orElse(obs.cause, string(obs.kind)), Data: data, Previous: previous,
		}
	}
	return events, nil
}

// closeOperation marks an operation done whose effect was observed otherwise than by its own answer.
func (h *Host) closeOperation(ctx context.Context, tx *store.Tx, id string, inv store.Invoice) error {
	op, err := tx.Operation(ctx, id)
	if err != nil {
		return err
	}
	if op.State == store.OperationDone {
		return nil
	}
	view, err := h.viewIn(ctx, &tx.Reader, inv)
	if err != nil {
		return err
	}
	if op.Result, err = json.Marshal(view); err != nil {
		return err
	}
	finish(&op, h.now())
	return tx.UpdateOperation(&op)
}
