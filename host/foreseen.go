package host

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// foreseen is what an answered create stores while its operation and its invoice still stand as the intent left them, which is how it
// nearly always is. It is decided and encoded before the one writer is asked, because everybody else waits for that.
type foreseen struct {
	// op is the settled operation with its result.
	op     store.Operation
	change change
	// changesInvoice and changesOperation write the two, if they still stand; others all the rest.
	changesInvoice, changesOperation, others store.Steps
	// view is what the result says.
	view *Invoice
}

// foresee decides what an answer comes to. It is nil where that depends on more than the rows of the intent or is not a plain success:
// then it is decided in the transaction.
func (h *Host) foresee(ctx context.Context, op store.Operation, v verdict) (*foreseen, error) {
	if !v.isPlain() {
		return nil, nil
	}
	s := v.effect.invoice
	f := &foreseen{op: op}
	obs, before := h.answered(op, v), *v.created
	h.decide(&f.op, nil)
	f.op.Result = nil
	c := apply(before, obs)
	if c.applied != appliedMove && c.applied != appliedFacts || c.next.Status.Settled() || c.next.Final && !c.next.Status.Closed() {
		return nil, nil
	}
	h.markUnresolved(&c, f.op)
	h.schedule(&c, obs)
	c.next.UpdatedAt = h.now()
	c.next.Version++ // as it will be once it is written
	f.change = c
	f.view = h.viewWith(ctx, &h.store.Reader, asStored(c.next), beside{nextActions: s.NextActions, account: *v.account})
	var err error
	if f.op.Result, err = encodeInvoice(f.view); err != nil {
		return nil, err
	}
	f.op.Version++
	return f, h.draft(f, op, before, obs)
}

// draft makes the steps of a foreseen outcome.
func (h *Host) draft(f *foreseen, op store.Operation, before store.Invoice, obs observation) (err error) {
	draft := h.store.Draft(op)
	draft.ChangeInvoice(before, f.change.next)
	if f.changesInvoice, err = draft.Steps(); err != nil {
		return err
	}
	draft.ChangeOperation(op, f.op)
	if f.changesOperation, err = draft.Steps(); err != nil {
		return err
	}
	draft.InsertEvidence(h.evidenceOf(before, f.change, obs))
	actions, err := json.Marshal(obs.state.NextActions)
	if err != nil {
		return err
	}
	draft.PutPersonal(personal(before, store.PersonalNextActions, actions))
	if err := h.draftEvents(draft, &f.change, obs); err != nil {
		return err
	}
	f.others, err = draft.Steps()
	return err
}

// isPlain reports whether a verdict is a success that brought an invoice and its next actions, and nothing that stands in other tables.
func (v verdict) isPlain() bool {
	s := v.effect.invoice
	return v.err == nil && v.created != nil && v.account != nil && len(v.effect.output) == 0 &&
		s != nil && s.NextActions != nil && s.Attempts == nil && len(s.Refunds)+len(s.Disputes) == 0 && s.Credential == nil
}

// errOvertaken rolls a foreseen outcome back: something else happened to the operation since its intent.
var errOvertaken = errors.New("the operation is not as its intent left it")

// write stores the outcome; ok is false when nothing was written, because something else happened to the invoice since the intent.
func (f *foreseen) write(ctx context.Context, tx *store.Tx, try *store.Try) (ok bool, err error) {
	if next := &f.change.next; f.change.newRef {
		_, err := tx.OtherInvoiceWithRef(ctx, next.AccountID, next.ProviderRef, next.ID)
		if !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	switch err := tx.Do(f.changesInvoice); {
	case errors.Is(err, store.ErrConflict):
		return false, nil
	case err != nil:
		return false, err
	}
	switch err := tx.Do(f.changesOperation); {
	case errors.Is(err, store.ErrConflict):
		return false, errOvertaken
	case err != nil:
		return false, err
	}
	if err := finishTry(tx, try); err != nil {
		return false, err
	}
	return true, tx.Do(f.others)
}

// answered is the observation that a successful call of an invoice's operation brought.
func (h *Host) answered(op store.Operation, v verdict) observation {
	obs := observation{
		kind: pay.EvidenceAPIResponse, operationID: op.ID, actor: op.Actor, cause: string(op.Kind), at: h.now(),
	}
	if v.effect.invoice != nil {
		obs.state = *v.effect.invoice
	}
	return obs
}
