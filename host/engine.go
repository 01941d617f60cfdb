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
	state pay.InvoiceState
	err   *pay.Error
	// try says what ran and how the call ended.
	try store.Try
}

// How a call travelled; stored with the try.
const (
	transportInProcess = "in_process"
	transportAnswered  = "answered"
	transportNotSent   = "not_sent"
	transportAmbiguous = "ambiguous"
)

// runCreate makes the call of a journalled create and stores what came of it.
func (h *Host) runCreate(ctx context.Context, p prepared, op store.Operation) (*Invoice, error) {
	v := h.callCreate(ctx, p, op)
	return h.settleCreate(ctx, p, op, v)
}

// callCreate asks the account's current plugin. A call that provably never left
// is made once more on a new generation; nothing else is ever repeated here.
func (h *Host) callCreate(ctx context.Context, p prepared, op store.Operation) verdict {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	for again := true; ; again = false {
		v := h.tryCreate(ctx, p, op)
		if v.try.Transport != transportNotSent || !again || ctx.Err() != nil {
			return v
		}
	}
}

func (h *Host) tryCreate(ctx context.Context, p prepared, op store.Operation) verdict {
	v := verdict{try: store.Try{OperationID: op.ID, Number: op.Try, Plugin: op.Provider}}
	use, err := h.open(ctx, p.account)
	if err != nil {
		v.err = pay.AsError(err)
		v.err.Executed = pay.ExecutedNo
		v.try.Transport = transportNotSent
		return v
	}
	defer use.release()
	use.describe(&v.try)

	deadline := h.now().Add(h.cfg.Timeouts.Adapter)
	callCtx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Adapter)
	defer cancel()
	req := p.call
	req.Call = pay.Call{
		OperationID: op.ID, ProviderKey: op.ProviderKey, Try: op.Try, AccountID: p.account.ID, AccountRevision: p.account.Revision,
		Mode: p.account.Mode, Deadline: deadline, Traceparent: op.Traceparent, CorrelationID: op.CorrelationID,
		Critical: criticalOf(p),
	}
	req.InvoiceID = op.InvoiceID
	req.WebhookURL, req.AccountWebhookURL = h.webhookURL(p.account.ID, op.InvoiceID), h.webhookURL(p.account.ID, "")
	v.state, err = use.account.CreateInvoice(pay.WithCall(callCtx, req.Call), req)
	if err != nil {
		v.err = pay.AsError(err)
	}
	v.try.Transport = use.transport(err)
	return v
}

// criticalOf names the fields of a request whose loss would change what happens to the
// money: an old plugin that does not know one must refuse.
func criticalOf(p prepared) []string {
	var names []string
	for name, value := range presentFields(p.req) {
		if value.present && pay.CommonFields()[name] == pay.FieldRefused {
			names = append(names, name)
		}
	}
	return names
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

// settleCreate stores the verdict in one transaction with the try, the
// operation, the invoice, the evidence and the events.
func (h *Host) settleCreate(ctx context.Context, p prepared, op store.Operation, v verdict) (*Invoice, error) {
	v.try.FinishedAt = h.now()
	obs := observation{
		kind: pay.EvidenceAPIResponse, state: v.state, operationID: op.ID, actor: op.Actor, cause: "create", at: h.now(),
	}
	outcome := v.err
	if outcome != nil {
		outcome.OperationID, outcome.InvoiceID = op.ID, op.InvoiceID
		obs.state, obs.kind = failedState(outcome)
		v.try.Executed, v.try.ErrorKind, v.try.Error = outcome.WasExecuted(), outcome.Kind, outcome.Error()
	} else {
		v.try.Executed = pay.ExecutedYes
	}
	v.try.AccountRevision = p.account.Revision
	var view *Invoice
	out, err := h.record(ctx, op.InvoiceID, obs, func(tx *store.Tx, c *change) error {
		var err error
		if op, err = tx.Operation(ctx, op.ID); err != nil {
			return err
		}
		h.decideCreate(&op, c, outcome)
		if err := tx.FinishTry(&v.try); err != nil {
			return err
		}
		if op.State == store.OperationDone && len(op.Error) == 0 {
			return nil // the result is stored once the invoice is
		}
		return tx.UpdateOperation(&op)
	})
	if err != nil {
		// The provider answered and we could not write it down: the journal still says running, so the next
		// start finds the operation as unknown.
		return nil, storageError(err)
	}
	if op.State != store.OperationDone {
		inv, err := h.invoiceView(ctx, op.InvoiceID)
		if op.State == store.OperationQueued {
			return nil, outcome
		}
		if err != nil {
			return nil, err
		}
		h.rematch(out.invoice)
		return inv, unknownOutcome(op)
	}
	if outcome != nil {
		return nil, outcome
	}
	view, err = h.finishCreate(ctx, op, out.invoice.ID)
	return view, err
}

// decideCreate turns the verdict into the operation's state and the invoice's.
func (h *Host) decideCreate(op *store.Operation, c *change, outcome *pay.Error) {
	now := h.now()
	op.UpdatedAt = now
	if outcome == nil {
		op.State, op.Executed, op.FinishedAt = store.OperationDone, pay.ExecutedYes, now
		op.Error, op.ErrorKind = nil, ""
		if c.applied == appliedMismatch {
			op.State, op.NeedsReview, op.ReviewReason = store.OperationNeedsReview, true, c.reason
			op.FinishedAt = time.Time{}
			c.unresolved(op.ID)
		}
		return
	}
	op.Executed, op.ErrorKind, op.Error = outcome.WasExecuted(), outcome.Kind, encodeError(outcome)
	switch {
	case op.Executed == pay.ExecutedUnknown && c.next.ProviderRef != "" && c.next.Status != pay.StatusCreating:
		// A webhook or a look-up was faster than the lost answer and has settled it.
		op.State, op.Executed, op.FinishedAt = store.OperationDone, pay.ExecutedYes, now
		op.Error, op.ErrorKind = nil, ""
	case op.Executed == pay.ExecutedUnknown || outcome.Kind == pay.KindIntegrityMismatch:
		op.State = store.OperationUnknown
		if op.Resolution == pay.ResolveHuman || outcome.Kind == pay.KindIntegrityMismatch {
			op.State, op.NeedsReview, op.ReviewReason = store.OperationNeedsReview, true, "the outcome of the create is not known and the provider cannot be asked"
			c.review(op.ReviewReason)
		}
		c.unresolved(op.ID)
	case op.Executed == pay.ExecutedNo && outcome.RetryRule() == pay.RetrySameOperation:
		op.State, op.NotBefore = store.OperationQueued, now.Add(outcome.Retry.After)
	default:
		op.State, op.FinishedAt = store.OperationDone, now
	}
}

// unresolved puts the open operation on the invoice.
func (c *change) unresolved(id string) {
	c.next.UnresolvedOperation = id
	c.previous["unresolved_operation"] = ""
	c.events = append(c.events, "operation.unknown")
}

// failedState is what a failed create says about its invoice. Nothing, while
// the outcome is unknown or the same operation may still run.
func failedState(e *pay.Error) (pay.InvoiceState, pay.EvidenceKind) {
	s := pay.InvoiceState{Report: e.Report}
	if e.WasExecuted() == pay.ExecutedUnknown || e.Kind == pay.KindIntegrityMismatch || e.RetryRule() == pay.RetrySameOperation {
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

// finishCreate stores the result that repeated calls will get: the invoice as
// it is after the commit of its create.
func (h *Host) finishCreate(ctx context.Context, op store.Operation, invoiceID string) (*Invoice, error) {
	var view *Invoice
	err := h.write(ctx, func(tx *store.Tx) error {
		row, err := tx.Invoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		if view, err = h.viewIn(ctx, &tx.Reader, row); err != nil {
			return err
		}
		current, err := tx.Operation(ctx, op.ID)
		if err != nil {
			return err
		}
		op.Version = current.Version
		if op.Result, err = json.Marshal(view); err != nil {
			return err
		}
		return tx.UpdateOperation(&op)
	})
	return view, err
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
			if err := h.recoverOperation(ctx, op); err != nil {
				return err
			}
			h.log.Warn("an operation was interrupted; its outcome is unknown", "operation", op.ID, "invoice", op.InvoiceID, "account", op.AccountID)
		}
	}
}

func (h *Host) recoverOperation(ctx context.Context, op store.Operation) error {
	outcome := &pay.Error{
		Kind: pay.KindOutcomeUnknown, Executed: pay.ExecutedUnknown, OperationID: op.ID, InvoiceID: op.InvoiceID,
		Message: "the host ended while the call was running",
	}
	obs := observation{kind: pay.EvidenceHost, operationID: op.ID, actor: "system:recovery", cause: "recovery", at: h.now()}
	_, err := h.record(ctx, op.InvoiceID, obs, func(tx *store.Tx, c *change) error {
		current, err := tx.Operation(ctx, op.ID)
		if err != nil {
			return err
		}
		h.decideCreate(&current, c, outcome)
		try := store.Try{
			OperationID: op.ID, Number: op.Try, Plugin: op.Provider, HostVersion: Version, HostInstance: h.instance,
			FinishedAt: h.now(), Transport: transportAmbiguous, Executed: pay.ExecutedUnknown, ErrorKind: outcome.Kind, Error: outcome.Error(),
		}
		if err := tx.FinishTry(&try); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return tx.UpdateOperation(&current)
	})
	return err
}
