package host

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// resolveUnknowns settles operations whose outcome is not known, until ctx ends.
func (h *Host) resolveUnknowns(ctx context.Context) {
	for {
		next := h.resolverRound(ctx)
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-h.due:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// resolverRound looks at everything that is due and returns how long to sleep.
func (h *Host) resolverRound(ctx context.Context) time.Duration {
	now := h.now()
	rows, err := h.store.Operations(ctx, store.OperationFilter{
		States: []store.OperationState{store.OperationUnknown, store.OperationQueued, store.OperationDone}, LookBefore: now.Add(youngLook), Limit: maxPage,
	})
	if err != nil {
		h.logUnlessDone(ctx, "reading the unknown operations", err)
		return h.cfg.Timeouts.FirstLook
	}
	counts := map[string]int{}
	sleep := youngLook
	for _, op := range rows {
		if op.State == store.OperationUnknown {
			counts[op.AccountID]++
		}
		if wait := op.NextLookAt.Sub(now); wait > 0 {
			sleep = min(sleep, wait)
			continue
		}
		h.inParallel(op.AccountID, "resolve "+op.ID, func(ctx context.Context) {
			settle := h.resolve
			switch op.State {
			case store.OperationQueued:
				settle = h.send
			case store.OperationDone:
				settle = h.watchLate
			default:
			}
			if err := settle(ctx, op); err != nil {
				h.logUnlessDone(ctx, "resolving an operation", err, "operation", op.ID)
			}
			h.nudge()
		})
		sleep = min(sleep, h.cfg.Timeouts.FirstLook)
	}
	h.mu.Lock()
	h.unknown = counts
	h.mu.Unlock()
	due, err := h.pollRound(ctx)
	if err != nil {
		h.logUnlessDone(ctx, "polling", err)
	}
	return max(10*time.Millisecond, min(sleep, due))
}

// inParallel runs one named job at a time per name, within the account's and the host's bounds; a job that finds
// no place is dropped and found again by the next round.
func (h *Host) inParallel(account, name string, job func(ctx context.Context)) {
	h.mu.Lock()
	if h.jobs[name] || len(h.jobs) >= maxJobs || h.busy[account] >= maxAccountJobs {
		h.mu.Unlock()
		return
	}
	h.jobs[name] = true
	h.busy[account]++
	h.mu.Unlock()
	finished := func() {
		h.mu.Lock()
		delete(h.jobs, name)
		h.busy[account]--
		h.mu.Unlock()
	}
	done, err := h.begin()
	if err != nil {
		finished()
		return
	}
	go func() {
		defer done()
		defer finished()
		ctx, cancel := context.WithTimeout(context.Background(), h.cfg.Timeouts.Operation)
		defer cancel()
		job(ctx)
	}()
}

// maxJobs bounds the looks in flight at one time, maxAccountJobs those of one account.
const (
	maxJobs        = 256
	maxAccountJobs = 16
)

// resolve asks what became of one operation, in the way its class allows.
func (h *Host) resolve(ctx context.Context, op store.Operation) error {
	if op.ObjectType == objectInvoice {
		leave, err := h.invoiceTurn(ctx, op.InvoiceID)
		if err != nil {
			return err
		}
		defer leave()
	}
	op, err := h.store.Operation(ctx, op.ID)
	if err != nil || op.State != store.OperationUnknown {
		return storageError(err)
	}
	switch op.Resolution {
	case pay.ResolveResend:
		return h.resend(ctx, op)
	case pay.ResolveLookup:
		return h.lookUp(ctx, op)
	case pay.ResolveAbandon:
		return h.abandon(ctx, op)
	default:
		return h.settleUnknown(ctx, op, effect{}, "only a person can tell what happened", true)
	}
}

// resend makes the same call with the same provider key again: the provider recognises it.
func (h *Host) resend(ctx context.Context, op store.Operation) error {
	c, err := h.rebuild(ctx, op)
	if err != nil {
		return h.settleUnknown(ctx, op, effect{}, "the call cannot be made again: "+err.Error(), true)
	}
	err = h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Operation(ctx, op.ID)
		if err != nil {
			return err
		}
		if current.State != store.OperationUnknown {
			return pay.Errorf(pay.KindInvalidState, "operation %s was settled meanwhile", op.ID)
		}
		current.LookCount++
		op = current
		return h.nextTry(ctx, tx, &op)
	})
	if err != nil {
		if errors.Is(err, pay.KindInvalidState) {
			return nil
		}
		return err
	}
	v := h.callAdapter(ctx, c, op)
	refused := v.err != nil && v.err.WasExecuted() == pay.ExecutedNo
	if refused {
		// This try did nothing, but an earlier one may have: the operation stays unknown.
		v.err = &pay.Error{
			Kind: pay.KindOutcomeUnknown, Executed: pay.ExecutedUnknown, Message: "sending again did nothing: " + v.err.Error(),
			ProviderCode: v.err.ProviderCode, ProviderMessage: v.err.ProviderMessage,
		}
	}
	a, err := h.settle(ctx, op, v)
	settled := a.op
	switch {
	case err != nil || settled.State != store.OperationUnknown:
		return err
	case refused && op.Kind == pay.OpCancel:
		return h.judgeCancel(ctx, settled)
	}
	return h.lookAgain(ctx, op.ID)
}

// judgeCancel decides about a cancel that the provider would not repeat: an invoice that is closed was
// canceled, one that holds money was not.
func (h *Host) judgeCancel(ctx context.Context, op store.Operation) error {
	f, err := h.trace(ctx, op)
	switch {
	case err != nil:
		return h.lookAgain(ctx, op.ID)
	case f.settled:
		return h.settleUnknown(ctx, op, f.effect, "", false)
	case f.effect.invoice != nil && (f.effect.invoice.Status.Settled() || f.effect.invoice.Status == pay.StatusAuthorized):
		return h.notExecuted(ctx, op, "the provider shows the invoice as "+string(f.effect.invoice.Status))
	}
	return h.lookAgain(ctx, op.ID)
}

// rebuild makes the command of a stored operation again, for the classes that may be sent again.
func (h *Host) rebuild(ctx context.Context, op store.Operation) (command, error) {
	switch op.Kind {
	case pay.OpCreate, pay.OpCharge:
		var req CreateInvoice
		if err := json.Unmarshal(op.Request, &req); err != nil {
			return command{}, err
		}
		req.IdempotencyKey = op.IdempotencyKey
		p, err := h.prepareCreate(ctx, req)
		if err != nil {
			return command{}, err
		}
		return h.createCommand(p)
	case pay.OpPayout:
		var req CreatePayout
		if err := json.Unmarshal(op.Request, &req); err != nil {
			return command{}, err
		}
		req.IdempotencyKey = op.IdempotencyKey
		return h.payoutCommand(ctx, req)
	case pay.OpRefund:
		var req CreateRefund
		if err := json.Unmarshal(op.Request, &req); err != nil {
			return command{}, err
		}
		req.IdempotencyKey, req.Invoice = op.IdempotencyKey, op.InvoiceID
		x, err := h.existing(ctx, req.Invoice)
		if err != nil {
			return command{}, err
		}
		refund, err := h.prepareRefund(req, x)
		if err != nil {
			return command{}, err
		}
		return command{kind: op.Kind, account: x.account, manifest: x.manifest,
			call: func(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation) (effect, error) {
				return h.callRefund(ctx, account, frame, op, refund)
			}}, nil
	case pay.OpCancel:
		var req ChangeInvoice
		if err := json.Unmarshal(op.Request, &req); err != nil {
			return command{}, err
		}
		x, err := h.existing(ctx, op.InvoiceID)
		if err != nil {
			return command{}, err
		}
		change, err := h.prepareChange(op.Kind, req, x)
		if err != nil {
			return command{}, err
		}
		return command{kind: op.Kind, account: x.account, manifest: x.manifest,
			call: func(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation) (effect, error) {
				return callChange(ctx, account, pay.Operation(op.Action), frame, change, h.fresh(ctx, x.invoice))
			}}, nil
	case pay.OpAction:
		return h.rebuildAction(ctx, op)
	default:
		return command{}, pay.Errorf(pay.KindUnsupported, "a %s is never sent again", op.Kind)
	}
}

// found is what a look-up of an operation showed.
type found struct {
	effect effect
	// settled says that the look proves the effect; absent that the provider shows no trace of it.
	settled, absent bool
}

// lookUp asks the provider for the operation's trace. Absence counts only
// after the visibility delay, and then means what the manifest says it means.
func (h *Host) lookUp(ctx context.Context, op store.Operation) error {
	m, err := h.manifest(op.Provider)
	if err != nil {
		return h.lookAgain(ctx, op.ID)
	}
	f, err := h.trace(ctx, op)
	switch {
	case errors.Is(err, pay.KindUnsupported):
		return h.settleUnknown(ctx, op, effect{}, "the provider cannot be asked what happened", true)
	case err != nil:
		h.log.Info("looking for an operation", "operation", op.ID, "error", err.Error())
		return h.lookAgain(ctx, op.ID)
	case f.settled:
		return h.settleUnknown(ctx, op, f.effect, "", false)
	case !f.absent:
		return h.lookAgain(ctx, op.ID)
	}
	visible := op.UpdatedAt.Add(m.VisibilityDelay)
	if op.LookCount < 1 || h.now().Before(visible) {
		return h.lookAgain(ctx, op.ID)
	}
	if m.Operations[op.Kind].OnAbsence == pay.ResolveHuman {
		return h.settleUnknown(ctx, op, effect{}, "the provider shows no trace of it, which does not prove that it did not happen", true)
	}
	return h.notExecuted(ctx, op, "the provider shows no trace of it")
}

// trace looks for what an operation should have left at the provider.
func (h *Host) trace(ctx context.Context, op store.Operation) (found, error) {
	account, err := h.account(ctx, op.AccountID)
	if err != nil {
		return found{}, err
	}
	if err := h.pace(ctx, account, lookOf(op.Kind)); err != nil {
		return found{}, err
	}
	use, err := h.openFor(ctx, account, routeOf(op))
	if err != nil {
		return found{}, err
	}
	defer use.release()
	switch op.Kind {
	case pay.OpRefund, pay.OpPayout:
		ctx, cancel := use.within(ctx, CallGet)
		defer cancel()
		ctx = pay.WithCall(ctx, h.readCall(ctx, account))
		if op.Kind == pay.OpRefund {
			return h.traceRefund(ctx, use.account, op)
		}
		return h.tracePayout(ctx, use.account, op)
	case pay.OpCreate, pay.OpCharge:
		inv, err := h.store.Invoice(ctx, op.InvoiceID)
		if err != nil {
			return found{}, storageError(err)
		}
		state, err := h.look(ctx, use, account, inv)
		if errors.Is(err, pay.KindNotFound) && inv.ProviderRef == "" {
			return found{absent: true}, nil
		}
		return found{effect: effect{invoice: &state}, settled: err == nil && state.Status != ""}, err
	default:
		return h.traceChange(ctx, use, account, op)
	}
}

// lookOf is the ability that a look for an operation uses.
func lookOf(kind pay.Operation) pay.Ability {
	switch kind {
	case pay.OpRefund:
		return pay.CanGetRefund
	case pay.OpPayout:
		return pay.CanGetPayout
	case pay.OpCreate, pay.OpCharge:
		return pay.CanFindInvoice
	default:
		return pay.CanGetInvoice
	}
}

// traceChange judges a cancel, capture, void or action by the state of its invoice.
func (h *Host) traceChange(ctx context.Context, use *accountUse, account store.Account, op store.Operation) (found, error) {
	inv, err := h.store.Invoice(ctx, op.InvoiceID)
	if err != nil {
		return found{}, storageError(err)
	}
	state, err := h.look(ctx, use, account, inv)
	if err != nil {
		return found{}, err
	}
	f := found{effect: effect{invoice: &state}}
	kind := op.Kind
	if kind == pay.OpCancel && op.Action == string(pay.OpVoid) {
		kind = pay.OpVoid
	}
	switch kind {
	case pay.OpCancel, pay.OpVoid:
		f.settled = state.Status.Closed()
		f.absent = !f.settled && state.Status != ""
	case pay.OpCapture:
		f.settled = state.Status.Settled()
		f.absent = !f.settled && state.Status == pay.StatusAuthorized
	case pay.OpAction:
		spec, listed := h.actionSpec(op)
		left, known := leftTrace(spec.Leaves, state)
		// An action that moves money is left to a person, as is one that is not known any more.
		if !listed || !known || spec.Effect == pay.EffectMovesMoney {
			return found{}, pay.Unsupported("looking up this action")
		}
		f.settled, f.absent = left, !left
	default:
	}
	return f, nil
}

// leftTrace reports whether the invoice shows what an executed action leaves behind, and whether this host knows
// such a trace at all.
func leftTrace(trace pay.ActionTrace, state pay.InvoiceState) (left, known bool) {
	switch trace {
	case "", pay.TraceAttempt:
		return len(state.Attempts) > 0, true
	case pay.TraceLiveAttempt:
		return slices.ContainsFunc(state.Attempts, func(a pay.Attempt) bool {
			return a.Status == pay.AttemptPending || a.Status == pay.AttemptProcessing || a.Status == pay.AttemptAuthorized ||
				a.Status == pay.AttemptSucceeded
		}), true
	case pay.TraceConfirmation:
		return slices.ContainsFunc(state.Attempts, func(a pay.Attempt) bool {
			return a.Status == pay.AttemptProcessing || a.Status == pay.AttemptSucceeded
		}), true
	case pay.TraceDispute:
		return len(state.Disputes) > 0, true
	}
	return false, false
}

// actionSpec returns what the manifest says of an operation's action; false when it is not known any more.
func (h *Host) actionSpec(op store.Operation) (pay.ActionSpec, bool) {
	m, err := h.manifest(op.Provider)
	if err != nil {
		return pay.ActionSpec{}, false
	}
	for _, spec := range m.Actions {
		if spec.Name == op.Action {
			return spec, true
		}
	}
	return pay.ActionSpec{}, false
}

func (h *Host) traceRefund(ctx context.Context, account pay.Account, op store.Operation) (found, error) {
	getter, err := pay.Offered[pay.RefundGetter](account, pay.CanGetRefund)
	if err != nil {
		return found{}, err
	}
	ref, err := h.refundRef(ctx, op.ObjectID)
	if err != nil {
		return found{}, err
	}
	state, err := getter.GetRefund(ctx, ref)
	if errors.Is(err, pay.KindNotFound) {
		return found{absent: true}, nil
	}
	return found{effect: effect{refund: &state}, settled: err == nil && state.Status != ""}, err
}

func (h *Host) refundRef(ctx context.Context, id string) (pay.RefundRef, error) {
	row, err := h.store.Refund(ctx, id)
	if err != nil {
		return pay.RefundRef{}, storageError(err)
	}
	inv, err := h.store.Invoice(ctx, row.InvoiceID)
	if err != nil {
		return pay.RefundRef{}, storageError(err)
	}
	return pay.RefundRef{
		RefundID: row.ID, OperationID: row.OperationID, ProviderKey: row.ProviderKey, ProviderRef: row.ProviderRef,
		Invoice: refOf(inv), Amount: row.Amount, Status: row.Status, State: row.PrivateState,
	}, nil
}

func (h *Host) tracePayout(ctx context.Context, account pay.Account, op store.Operation) (found, error) {
	getter, err := pay.Offered[pay.PayoutGetter](account, pay.CanGetPayout)
	if err != nil {
		return found{}, err
	}
	row, err := h.store.Payout(ctx, op.ObjectID)
	if err != nil {
		return found{}, storageError(err)
	}
	state, err := getter.GetPayout(ctx, payoutRef(row))
	if errors.Is(err, pay.KindNotFound) {
		return found{absent: true}, nil
	}
	return found{effect: effect{payout: &state}, settled: err == nil && state.Status != ""}, err
}

func payoutRef(row store.Payout) pay.PayoutRef {
	return pay.PayoutRef{
		PayoutID: row.ID, OperationID: row.OperationID, ProviderKey: row.ProviderKey, ProviderRef: row.ProviderRef,
		ProviderRefs: row.ProviderRefs, Amount: row.Requested, Status: row.Status, State: row.PrivateState, SentAt: row.CreatedAt,
	}
}

// abandon gives a create up that nobody can have paid, because the payer never got
// the link: at its validity and a margin. A later payment is late money.
func (h *Host) abandon(ctx context.Context, op store.Operation) error {
	inv, err := h.store.Invoice(ctx, op.InvoiceID)
	if err != nil {
		return storageError(err)
	}
	end := orTime(inv.ExpiresAt, inv.CreatedAt.Add(defaultValidity)).Add(abandonMargin)
	if h.now().Before(end) {
		return h.write(ctx, func(tx *store.Tx) error {
			current, err := tx.Operation(ctx, op.ID)
			if err != nil || current.State != store.OperationUnknown {
				return err
			}
			current.LookCount++
			current.NextLookAt = end
			return tx.UpdateOperation(&current)
		})
	}
	return h.notExecuted(ctx, op, "its validity has passed and the payer never got the link")
}

// lookAgain sets the next look at an operation that is still unknown.
func (h *Host) lookAgain(ctx context.Context, id string) error {
	return h.write(ctx, func(tx *store.Tx) error {
		op, err := tx.Operation(ctx, id)
		if err != nil || op.State != store.OperationUnknown {
			return err
		}
		now := h.now()
		op.LookCount++
		op.NextLookAt = now.Add(backOff(h.cfg.Timeouts.FirstLook, op.LookCount, now.Sub(op.CreatedAt)))
		return tx.UpdateOperation(&op)
	})
}

// settleUnknown closes an unknown operation with what was seen or leaves it to a person.
func (h *Host) settleUnknown(ctx context.Context, op store.Operation, seen effect, reason string, human bool) error {
	return h.closeIfOpen(ctx, op, func(current *store.Operation) effect {
		if human {
			h.toHuman(current, reason)
			return effect{}
		}
		finish(current, h.now())
		return seen
	})
}

// closeIfOpen is [Host.closeUnknown] for the resolver, to whom it is fine that somebody was faster.
func (h *Host) closeIfOpen(ctx context.Context, op store.Operation, decide func(*store.Operation) effect) error {
	err := h.closeUnknown(ctx, op, "system:resolver", pay.EvidenceAPISync, decide, nil)
	if errors.Is(err, errSettled) {
		return nil
	}
	return err
}

// notExecuted closes an unknown operation as not having happened.
func (h *Host) notExecuted(ctx context.Context, op store.Operation, why string) error {
	return h.closeIfOpen(ctx, op, func(current *store.Operation) effect {
		return h.markNotExecuted(current, why)
	})
}

// markNotExecuted turns an operation into a refused one and says what that means for its object.
func (h *Host) markNotExecuted(op *store.Operation, why string) effect {
	e := &pay.Error{
		Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNewAttempt},
		Message: "the operation did not happen: " + why, OperationID: op.ID, InvoiceID: op.InvoiceID,
	}
	now := h.now()
	op.State, op.Executed, op.FinishedAt, op.UpdatedAt = store.OperationDone, pay.ExecutedNo, now, now
	op.Error, op.ErrorKind, op.NeedsReview, op.ReviewReason, op.NextLookAt = encodeError(e), e.Kind, false, "", time.Time{}
	h.watch(op, now)
	switch op.Kind {
	case pay.OpCreate, pay.OpCharge:
		return effect{invoice: &pay.InvoiceState{Status: pay.StatusFailed, FinalReason: "not_executed"}}
	case pay.OpRefund:
		return effect{refund: &pay.RefundState{Status: pay.RefundFailed}}
	case pay.OpPayout:
		return effect{payout: &pay.PayoutState{Status: pay.PayoutFailed}}
	default:
		return effect{}
	}
}

// errSettled says that an operation was settled before a decision about it could be written.
var errSettled = errors.New("the operation was settled meanwhile")

// closeUnknown applies a decision about an unknown operation in one transaction with its object. also, if
// not nil, writes what belongs to the same transaction. It fails with errSettled when somebody was faster.
func (h *Host) closeUnknown(
	ctx context.Context, op store.Operation, who string, kind pay.EvidenceKind, decide func(*store.Operation) effect, also func(tx *store.Tx) error,
) error {
	var ref observed
	err := h.write(ctx, func(tx *store.Tx) error {
		current, err := tx.Operation(ctx, op.ID)
		if err != nil {
			return err
		}
		if current.State != store.OperationUnknown && current.State != store.OperationNeedsReview {
			return errSettled
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		seen := decide(&current)
		if ref, err = h.applySeen(ctx, tx, &current, seen, kind, who); err != nil {
			return err
		}
		if current.State == store.OperationDone && len(current.Error) == 0 {
			if current.Result, err = h.objectView(ctx, &tx.Reader, current); err != nil {
				return err
			}
		}
		return tx.UpdateOperation(&current)
	})
	if err == nil && ref.change.newRef {
		h.rematch(ref.invoice)
	}
	return err
}

// applySeen takes over what was seen of an operation's object.
func (h *Host) applySeen(ctx context.Context, tx *store.Tx, op *store.Operation, seen effect, kind pay.EvidenceKind, who string) (observed, error) {
	switch op.ObjectType {
	case objectRefund:
		state := pay.RefundState{}
		if seen.refund != nil {
			state = *seen.refund
		}
		return observed{}, h.recordRefund(ctx, tx, op.ObjectID, state, kind, op, who)
	case objectPayout:
		state := pay.PayoutState{}
		if seen.payout != nil {
			state = *seen.payout
		}
		return observed{}, h.recordPayout(ctx, tx, op.ObjectID, state, kind, op, who)
	case objectInvoice:
		inv, err := tx.Invoice(ctx, op.InvoiceID)
		if err != nil {
			return observed{}, err
		}
		obs := observation{kind: kind, operationID: op.ID, actor: who, cause: "resolver", at: h.now()}
		if seen.invoice != nil {
			obs.state = *seen.invoice
		}
		return h.recordIn(ctx, tx, inv, obs, func(c *change) {
			if c.applied == appliedMismatch {
				h.toHuman(op, c.reason)
				op.FinishedAt = time.Time{}
			}
			h.markUnresolved(c, *op)
		})
	default:
		return observed{}, nil
	}
}

// pollRound looks at invoices and payouts that are due and returns how long nothing is.
func (h *Host) pollRound(ctx context.Context) (time.Duration, error) {
	now := h.now()
	sleep := youngLook
	invoices, err := h.store.Invoices(ctx, store.InvoiceFilter{LookBefore: now.Add(youngLook), Limit: maxPage})
	if err != nil {
		return sleep, err
	}
	for _, inv := range invoices {
		if wait := inv.NextLookAt.Sub(now); wait > 0 {
			sleep = min(sleep, wait)
			continue
		}
		h.inParallel(inv.AccountID, "poll "+inv.ID, func(ctx context.Context) {
			if err := h.sync(ctx, inv.ID, "system:poller"); err != nil {
				h.postpone(ctx, inv.ID)
			}
		})
		sleep = min(sleep, h.cfg.Timeouts.FirstLook)
	}
	payouts, err := h.store.Payouts(ctx, store.PayoutFilter{LookBefore: now.Add(youngLook), Limit: maxPage})
	if err != nil {
		return sleep, err
	}
	for _, po := range payouts {
		if wait := po.NextLookAt.Sub(now); wait > 0 {
			sleep = min(sleep, wait)
			continue
		}
		sleep = min(sleep, h.cfg.Timeouts.FirstLook)
		h.inParallel(po.AccountID, "poll "+po.ID, func(ctx context.Context) {
			if err := h.syncPayout(ctx, po.ID, "system:poller"); err != nil {
				h.postponePayout(ctx, po.ID)
			}
		})
	}
	return sleep, nil
}

func (h *Host) postponePayout(ctx context.Context, id string) {
	err := h.write(ctx, func(tx *store.Tx) error {
		row, err := tx.Payout(ctx, id)
		if err != nil {
			return err
		}
		row.NextLookAt = h.now().Add(jitter(defaultCadence))
		return tx.UpdatePayout(&row)
	})
	if err != nil {
		h.logUnlessDone(ctx, "postponing a look", err, "payout", id)
	}
}

// postpone sets the next look at an invoice that could not be asked for.
func (h *Host) postpone(ctx context.Context, id string) {
	err := h.write(ctx, func(tx *store.Tx) error {
		inv, err := tx.Invoice(ctx, id)
		if err != nil {
			return err
		}
		c := change{next: inv, applied: appliedUnchanged}
		h.schedule(&c, observation{})
		if !c.next.NextLookAt.IsZero() {
			c.next.NextLookAt = c.next.NextLookAt.Add(youngLook)
		}
		return tx.UpdateInvoice(&c.next)
	})
	if err != nil {
		h.logUnlessDone(ctx, "postponing a look", err, "invoice", id)
	}
}

// Unresolved returns, by account, how many operations have no known outcome, as of the resolver's newest round. Accounts without
// any are left out.
func (h *Host) Unresolved() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.unknown)
}
