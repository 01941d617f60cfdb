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
	// before and invoice are the rows of the intent; op is the settled operation with its result.
	before, op store.Operation
	invoice    store.Invoice
	obs        observation
	change     change
	evidence   store.Evidence
	actions    store.PersonalData
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
	f := &foreseen{before: op, op: op, invoice: *v.created, obs: h.answered(op, v)}
	h.decide(&f.op, nil)
	f.op.Result = nil
	c := apply(f.invoice, f.obs)
	if c.applied != appliedMove && c.applied != appliedFacts || c.next.Status.Settled() || c.next.Final && !c.next.Status.Closed() {
		return nil, nil
	}
	h.markUnresolved(&c, f.op)
	h.schedule(&c, f.obs)
	f.evidence = h.evidenceOf(f.invoice, c, f.obs)
	raw, err := json.Marshal(s.NextActions)
	if err != nil {
		return nil, err
	}
	f.actions = personal(f.invoice, store.PersonalNextActions, raw)
	c.next.UpdatedAt = h.now()
	f.change = c
	c.next.Version++ // as it will be once it is written
	if err := c.encode(); err != nil {
		return nil, err
	}
	f.change.data, f.change.previousData = c.data, c.previousData
	f.view = h.viewWith(ctx, &h.store.Reader, asStored(c.next), beside{nextActions: s.NextActions, account: *v.account})
	f.op.Result, err = encodeInvoice(f.view)
	return f, err
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
func (f *foreseen) write(ctx context.Context, h *Host, tx *store.Tx, try *store.Try) (settled store.Operation, out observed, ok bool, err error) {
	settled, out = f.op, observed{change: f.change}
	c := &out.change
	if c.newRef {
		_, err := tx.OtherInvoiceWithRef(ctx, f.invoice.AccountID, c.next.ProviderRef, f.invoice.ID)
		if !errors.Is(err, store.ErrNotFound) {
			return settled, out, false, err
		}
	}
	switch err := tx.ChangeInvoice(f.invoice, &c.next); {
	case errors.Is(err, store.ErrConflict):
		return settled, out, false, nil
	case err != nil:
		return settled, out, false, err
	}
	out.invoice = c.next
	switch err := tx.ChangeOperation(f.before, &settled); {
	case errors.Is(err, store.ErrConflict):
		return settled, out, false, errOvertaken
	case err != nil:
		return settled, out, false, err
	}
	if err := finishTry(tx, try); err != nil {
		return settled, out, false, err
	}
	evidence := f.evidence
	if err := tx.InsertEvidence(&evidence); err != nil {
		return settled, out, false, err
	}
	if err := tx.PutPersonal(f.actions); err != nil {
		return settled, out, false, err
	}
	return settled, out, true, h.emit(tx, c, f.obs)
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
