package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// verdict is what a call of an adapter came to: transport evidence times the adapter's own report.
type verdict struct {
	effect effect
	err    *pay.Error
	// try says what ran and how the call ended.
	try store.Try
	// created is the invoice as the intent stored it, for a create that has just been called; nil otherwise.
	created *store.Invoice
	// account is the account of the operation as its command saw it; nil where that is not at hand.
	account *store.Account
}

// How a call travelled; stored with the try.
const (
	transportInProcess = "in_process"
	transportAnswered  = "answered"
	transportNotSent   = "not_sent"
	transportAmbiguous = "ambiguous"
)

// carryOut makes the call of a journalled operation, tells the breaker and stores what came of it.
func (h *Host) carryOut(ctx context.Context, c command, op store.Operation, tell func(error)) (answer, error) {
	v := h.callAdapter(ctx, c, op)
	if v.err != nil {
		tell(v.err)
	} else {
		tell(nil)
	}
	v.account = &c.account
	if c.created != nil && c.created.invoice.ID == op.InvoiceID {
		v.created = &c.created.invoice
	}
	settlement, err := h.settle(ctx, op, v)
	if err != nil {
		// The provider answered and we could not write it down: the journal still says running, so the next
		// start finds the operation as unknown.
		return answer{}, err
	}
	a, settled := settlement, settlement.op
	switch settled.State {
	case store.OperationQueued:
		return a, v.err
	case store.OperationDone:
		if len(settled.Error) > 0 {
			e := decodeError(settled)
			if e.Kind == pay.KindInvalidState && settled.InvoiceID != "" {
				h.syncLater(settled.InvoiceID)
			}
			return a, e
		}
		a.raw = settled.Result
		h.wake(settled.AccountID)
		return a, nil
	default:
		if a.raw, err = h.objectView(ctx, &h.store.Reader, settled); err != nil {
			return answer{}, err
		}
		h.nudge()
		return a, unknownOutcome(settled)
	}
}

// callAdapter asks the account's current plugin. A call that provably never left
// is made once more on a new generation; nothing else is ever repeated here.
func (h *Host) callAdapter(ctx context.Context, c command, op store.Operation) verdict {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	for again := true; ; again = false {
		v := h.tryOnce(ctx, c, op)
		if v.try.Transport != transportNotSent || !again || ctx.Err() != nil {
			return v
		}
	}
}

func (h *Host) tryOnce(ctx context.Context, c command, op store.Operation) verdict {
	v := verdict{try: store.Try{OperationID: op.ID, Number: op.Try, Plugin: op.Provider, AccountRevision: c.account.Revision}}
	use, err := h.openFor(ctx, c.account, routeOf(op))
	if err != nil {
		v.err = pay.AsError(err)
		v.err.Executed = pay.ExecutedNo
		v.try.Transport = transportNotSent
		return v
	}
	defer use.release()
	use.describe(&v.try)

	limit := use.limit(callOf(op.Kind, op.Action))
	frame := pay.Call{
		OperationID: op.ID, ProviderKey: op.ProviderKey, Try: op.Try, AccountID: c.account.ID, AccountRevision: c.account.Revision,
		Mode: c.account.Mode, Deadline: h.now().Add(limit), Traceparent: op.Traceparent, CorrelationID: op.CorrelationID,
	}
	callCtx := calling(ctx, limit, frame)
	defer callCtx.End()
	v.effect, err = c.call(callCtx, use.account, frame, op)
	v.try.Transport = use.transport(err)
	use.tally(err)
	if err != nil {
		v.err, v.effect = pay.AsError(err), effect{}
	}
	return v
}

// transportOf classifies how a call over the wire ended.
func transportOf(err error) string {
	switch {
	case err == nil:
		return transportAnswered
	case plugin.NotSent(err):
		return transportNotSent
	case plugin.Ambiguous(err):
		return transportAmbiguous
	}
	return transportAnswered
}

// settle stores a verdict in one transaction: the try, the operation, the
// object, the evidence, the events and the result that repeated calls will get.
// Of the answer it returns the operation, and the invoice where that is at hand.
func (h *Host) settle(ctx context.Context, op store.Operation, v verdict) (answer, error) {
	v.try.FinishedAt, v.try.Executed = h.now(), pay.ExecutedYes
	if v.err != nil {
		v.err.OperationID, v.err.InvoiceID = op.ID, op.InvoiceID
		v.try.Executed, v.try.ErrorKind, v.try.Error = v.err.WasExecuted(), v.err.Kind, v.err.Error()
	}
	plan, err := h.foresee(ctx, op, v)
	if err != nil {
		return answer{}, pay.Errorf(pay.KindInternal, "encoding the outcome of operation %s: %w", op.ID, err)
	}
	var settled store.Operation
	var ref observed
	planned := false
	job := func(tx *store.Tx) (err error) {
		if planned = false; plan != nil {
			if planned, err = plan.write(ctx, tx, &v.try); planned || err != nil {
				settled, ref = plan.op, observed{invoice: plan.change.next, change: plan.change}
				return err
			}
		}
		settled, ref, err = h.settleIn(ctx, tx, op, v)
		return err
	}
	if err = h.write(ctx, job); errors.Is(err, errOvertaken) {
		plan = nil
		err = h.write(ctx, job)
	}
	if err != nil {
		return answer{op: settled}, err
	}
	h.nudge()
	if ref.invoice.ID != "" && (ref.change.newRef || settled.State != store.OperationDone) {
		h.rematch(ref.invoice)
	}
	a := answer{op: settled}
	if planned {
		a.invoice = plan.view
	}
	return a, nil
}

// settleIn is [Host.settle] in a transaction: what the verdict comes to is judged by the rows as they are now.
func (h *Host) settleIn(ctx context.Context, tx *store.Tx, op store.Operation, v verdict) (settled store.Operation, ref observed, err error) {
	current, inv, err := h.journalled(ctx, tx, op, v.created)
	if err != nil {
		return settled, ref, err
	}
	if err := finishTry(tx, &v.try); err != nil {
		return settled, ref, err
	}
	before := current
	h.decide(&current, v.err)
	if ref, err = h.applyEffect(ctx, tx, &current, inv, v); err != nil {
		return settled, ref, err
	}
	if current.State == store.OperationDone && len(current.Error) == 0 && len(v.effect.output) == 0 {
		if current.Result, err = h.objectView(ctx, &tx.Reader, current); err != nil {
			return settled, ref, err
		}
	}
	settled = current
	return settled, ref, tx.ChangeOperation(before, &settled)
}

// finishTry stores how a try ended. One that was never stored is none that could be missed.
func finishTry(tx *store.Tx, try *store.Try) error {
	if err := tx.FinishTry(try); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// journalled reads the operation, and its invoice if that is known: rows that stand as the intent left them are not read again, which
// spares the one writer the longest reads of a create.
func (h *Host) journalled(ctx context.Context, tx *store.Tx, op store.Operation, created *store.Invoice) (store.Operation, *store.Invoice, error) {
	if created != nil {
		version, err := tx.OperationVersion(ctx, op.ID)
		if err != nil {
			return op, nil, err
		}
		ofInvoice, err := tx.InvoiceVersion(ctx, created.ID)
		if err != nil {
			return op, nil, err
		}
		if version == op.Version && ofInvoice == created.Version {
			return op, created, nil
		}
	}
	current, err := tx.Operation(ctx, op.ID)
	return current, nil, err
}

// decide turns an error, or its absence, into the state of the operation.
func (h *Host) decide(op *store.Operation, outcome *pay.Error) {
	now := h.now()
	op.UpdatedAt = now
	if outcome == nil {
		finish(op, now)
		return
	}
	op.Executed, op.ErrorKind, op.Error = outcome.WasExecuted(), outcome.Kind, encodeError(outcome)
	switch {
	case op.Executed == pay.ExecutedUnknown, outcome.Kind == pay.KindIntegrityMismatch:
		op.State = store.OperationUnknown
		op.NextLookAt = now.Add(h.cfg.Timeouts.FirstLook)
		if op.Resolution == pay.ResolveHuman {
			h.toHuman(op, "the outcome is not known and the provider cannot be asked")
		}
	case op.Executed == pay.ExecutedNo && outcome.RetryRule() == pay.RetrySameOperation:
		op.State, op.NotBefore = store.OperationQueued, now.Add(outcome.Retry.After)
		if !op.GiveUpAt.IsZero() { // the host goes on by itself
			op.LookCount++
			op.NextLookAt = op.NotBefore.Add(backOff(h.cfg.Timeouts.FirstLook, op.LookCount, now.Sub(op.CreatedAt)))
		}
	default:
		op.State, op.FinishedAt = store.OperationDone, now
	}
}

// finish marks an operation whose effect is known to have happened.
func finish(op *store.Operation, now time.Time) {
	op.State, op.Executed, op.FinishedAt, op.UpdatedAt = store.OperationDone, pay.ExecutedYes, now, now
	op.Error, op.ErrorKind, op.NeedsReview, op.ReviewReason, op.NextLookAt = nil, "", false, "", time.Time{}
}

// toHuman leaves an operation to a person.
func (h *Host) toHuman(op *store.Operation, reason string) {
	op.State, op.NeedsReview, op.ReviewReason, op.NextLookAt = store.OperationNeedsReview, true, reason, time.Time{}
}

// applyEffect takes over what a verdict says about the operation's object. inv is its invoice where that is known already.
func (h *Host) applyEffect(ctx context.Context, tx *store.Tx, op *store.Operation, inv *store.Invoice, v verdict) (observed, error) {
	switch op.ObjectType {
	case objectInvoice:
		return h.applyToInvoice(ctx, tx, op, inv, v)
	case objectRefund:
		return observed{}, h.applyToRefund(ctx, tx, op, v)
	case objectPayout:
		return observed{}, h.applyToPayout(ctx, tx, op, v)
	default:
		op.Result = v.effect.output
		return observed{}, nil
	}
}

// applyToInvoice is [Host.applyEffect] for everything whose object is an invoice.
func (h *Host) applyToInvoice(ctx context.Context, tx *store.Tx, op *store.Operation, known *store.Invoice, v verdict) (observed, error) {
	obs := h.answered(*op, v)
	op.Result = v.effect.output
	creates := op.Kind == pay.OpCreate || op.Kind == pay.OpCharge
	if v.err != nil {
		obs.state, obs.kind = failedState(v.err, creates)
	}
	var inv store.Invoice
	if known != nil {
		inv = *known
	} else {
		var err error
		if inv, err = tx.Invoice(ctx, op.InvoiceID); err != nil {
			return observed{}, err
		}
	}
	return h.recordIn(ctx, tx, inv, obs, func(c *change) {
		switch {
		case v.err == nil && c.applied == appliedMismatch:
			h.toHuman(op, c.reason)
			op.FinishedAt, op.Executed = time.Time{}, pay.ExecutedYes
		case creates && op.State != store.OperationQueued && op.Executed == pay.ExecutedUnknown &&
			c.next.ProviderRef != "" && c.next.Status != pay.StatusCreating:
			// A webhook or a look-up was faster than the lost answer and has settled it.
			finish(op, h.now())
		}
		h.markUnresolved(c, *op)
	})
}

// markUnresolved puts an operation whose outcome is not known on its invoice, or takes a settled one off.
func (h *Host) markUnresolved(c *change, op store.Operation) {
	open := op.State == store.OperationUnknown || op.State == store.OperationNeedsReview
	switch {
	case open && c.next.UnresolvedOperation != op.ID:
		c.previous["unresolved_operation"] = c.next.UnresolvedOperation
		c.next.UnresolvedOperation = op.ID
		c.events = append(c.events, "operation.unknown")
	case !open && op.State != store.OperationQueued && c.next.UnresolvedOperation == op.ID:
		c.previous["unresolved_operation"] = op.ID
		c.next.UnresolvedOperation = ""
		c.events = append(c.events, "operation.resolved")
	}
	if open && op.NeedsReview {
		c.review(op.ReviewReason)
	}
}

// failedState is what a failed call says about its invoice. Nothing, while the
// outcome is unknown, while the same operation may still run, or when an existing invoice merely stays what it is.
func failedState(e *pay.Error, creates bool) (pay.InvoiceState, pay.EvidenceKind) {
	s := pay.InvoiceState{Report: e.Report}
	if !creates || e.WasExecuted() == pay.ExecutedUnknown || e.Kind == pay.KindIntegrityMismatch || e.RetryRule() == pay.RetrySameOperation {
		return s, pay.EvidenceHost
	}
	s.Status, s.FinalReason = pay.StatusFailed, string(e.Kind)
	if e.Kind == pay.KindDeclined {
		reason := orElse(e.Reason, pay.DeclineGeneric)
		s.FinalReason = string(reason)
		s.Attempts = []pay.Attempt{{
			Status:  pay.AttemptDeclined,
			Decline: &pay.Decline{Reason: reason, ProviderCode: e.ProviderCode, Message: e.ProviderMessage},
		}}
	}
	return s, pay.EvidenceAPIResponse
}

// objectView is the public JSON of what an operation is about, as it is stored now.
func (h *Host) objectView(ctx context.Context, r *store.Reader, op store.Operation) (json.RawMessage, error) {
	var view any
	switch op.ObjectType {
	case objectRefund:
		row, err := r.Refund(ctx, op.ObjectID)
		if err != nil {
			return nil, storageError(err)
		}
		view = refundView(row)
	case objectPayout:
		row, err := r.Payout(ctx, op.ObjectID)
		if err != nil {
			return nil, storageError(err)
		}
		view = payoutView(row)
	case objectInvoice:
		row, err := r.Invoice(ctx, op.ObjectID)
		if err != nil {
			return nil, storageError(err)
		}
		if view, err = h.viewIn(ctx, r, row); err != nil {
			return nil, storageError(err)
		}
	default:
		return json.RawMessage(`{}`), nil
	}
	return json.Marshal(view)
}

// recoverJournal runs once after the store is acquired: what was running when
// the last process ended may have been sent, so it is unknown.
func (h *Host) recoverJournal(ctx context.Context) error {
	for {
		rows, err := h.store.Operations(ctx, store.OperationFilter{States: []store.OperationState{store.OperationRunning}, Limit: maxPage})
		if err != nil {
			return storageError(err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, op := range rows {
			v := verdict{
				err: &pay.Error{
					Kind: pay.KindOutcomeUnknown, Executed: pay.ExecutedUnknown, Message: "the host ended while the call was running",
				},
				try: store.Try{
					OperationID: op.ID, Number: op.Try, Plugin: op.Provider, HostVersion: Version, HostInstance: h.instance, Transport: transportAmbiguous,
				},
			}
			if _, err := h.settle(ctx, op, v); err != nil {
				return err
			}
			h.log.Warn("an operation was interrupted; its outcome is unknown", "operation", op.ID, "kind", op.Kind, "invoice", op.InvoiceID, "account", op.AccountID)
		}
	}
}
