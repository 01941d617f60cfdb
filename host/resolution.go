package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// Resolve is a person's decision about an operation whose outcome is not known.
type Resolve struct {
	// Operation is the id of the operation.
	Operation string `json:"-"`
	// Outcome is executed or not_executed.
	Outcome string `json:"outcome"`
	// ProviderRef is the provider's id of what came to be; for an executed create it binds the invoice.
	ProviderRef string `json:"provider_ref,omitempty"`
	// Amount is what happened, where it differs from what was asked for. It must be stated in the operation's currency.
	Amount string `json:"amount,omitempty"`
	// Reason says how the person knows; it is kept with the evidence and in the audit log. Required.
	Reason string `json:"reason"`
}

// The outcomes a person may state.
const (
	ResolveExecuted    = "executed"
	ResolveNotExecuted = "not_executed"
)

// ResolveOperation closes an operation by a person's word. That word ranks
// below what the provider answers: after not_executed the host goes on looking
// and matching webhooks, and evidence to the contrary reopens the case as
// operation.contradicted.
func (h *Host) ResolveOperation(ctx context.Context, req Resolve) (*Operation, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	op, err := h.store.Operation(ctx, req.Operation)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no operation %s", quoteShort(req.Operation))
	}
	if err != nil {
		return nil, storageError(err)
	}
	if err := checkResolve(req); err != nil {
		return nil, err
	}
	settled := &pay.Error{
		Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNever}, OperationID: op.ID,
		Message: "the operation is not open any more; only one whose outcome is not known can be resolved",
	}
	if op.State != store.OperationUnknown && op.State != store.OperationNeedsReview {
		return nil, settled
	}
	who := actorFrom(ctx).name
	seen, err := h.manualEffect(ctx, op, req)
	if err != nil {
		return nil, err
	}
	err = h.closeUnknown(ctx, op, who, pay.EvidenceManual, func(current *store.Operation) effect {
		if req.Outcome == ResolveNotExecuted {
			return h.markNotExecuted(current, "decided by "+who+": "+req.Reason)
		}
		finish(current, h.now())
		return seen
	}, func(tx *store.Tx) error {
		raw, _ := json.Marshal(map[string]string{"outcome": req.Outcome, "provider_ref": req.ProviderRef, "amount": req.Amount})
		entry := h.audit(ctx, "operation.resolve", "operation", op.ID, nil, raw)
		entry.Reason = req.Reason
		return tx.AppendAudit(entry)
	})
	if errors.Is(err, errSettled) {
		return nil, settled
	}
	if err != nil {
		return nil, err
	}
	if err := h.clearReview(ctx, op); err != nil {
		return nil, err
	}
	return h.Operation(ctx, op.ID)
}

func checkResolve(req Resolve) error {
	var problems fieldErrors
	if req.Outcome != ResolveExecuted && req.Outcome != ResolveNotExecuted {
		problems.add("outcome", "must be \"executed\" or \"not_executed\"")
	}
	if req.Reason == "" {
		problems.add("reason", "is required: say how you know")
	}
	checkText("reason", req.Reason, maxTextLength, &problems)
	checkText("provider_ref", req.ProviderRef, 255, &problems)
	return problems.err()
}

// manualEffect is what a person's "executed" says about the object.
func (h *Host) manualEffect(ctx context.Context, op store.Operation, req Resolve) (effect, error) {
	at := pay.Report{Evidence: pay.Evidence{ObservedAt: h.now()}}
	var problems fieldErrors
	switch op.ObjectType {
	case objectRefund:
		row, err := h.store.Refund(ctx, op.ObjectID)
		if err != nil {
			return effect{}, storageError(err)
		}
		s := pay.RefundState{Report: at, ProviderRef: req.ProviderRef, Status: pay.RefundSucceeded}
		if req.Amount != "" {
			s.Amount = positive(req.Amount, row.Amount.Currency(), &problems)
		}
		return effect{refund: &s}, problems.err()
	case objectPayout:
		row, err := h.store.Payout(ctx, op.ObjectID)
		if err != nil {
			return effect{}, storageError(err)
		}
		s := pay.PayoutState{Report: at, ProviderRef: req.ProviderRef, Status: pay.PayoutSucceeded}
		if op.Kind != pay.OpPayout { // an action says nothing about how the payout went
			s.Status = ""
		}
		if req.Amount != "" {
			s.Amount = positive(req.Amount, row.Requested.Currency(), &problems)
		}
		return effect{payout: &s}, problems.err()
	case objectInvoice:
		inv, err := h.store.Invoice(ctx, op.InvoiceID)
		if err != nil {
			return effect{}, storageError(err)
		}
		s := pay.InvoiceState{Report: at, ProviderRef: req.ProviderRef}
		if req.Amount != "" {
			s.Amount = positive(req.Amount, inv.Amount.Currency(), &problems)
		}
		switch op.Kind {
		case pay.OpCreate, pay.OpCharge:
			s.Status = pay.StatusPending
			if op.Kind == pay.OpCharge {
				s.Status = pay.StatusPaid
			}
			if req.ProviderRef == "" && inv.ProviderRef == "" && op.Kind == pay.OpCreate {
				problems.add("provider_ref", "is required: without the provider's id the invoice can never be asked for")
			}
		case pay.OpCancel, pay.OpVoid:
			s.Status = pay.StatusCanceled
		case pay.OpCapture:
			s.Status = pay.StatusPaid
		default:
		}
		return effect{invoice: &s}, problems.err()
	default:
		return effect{}, nil
	}
}

// clearReview takes the review mark off an object whose operation is settled.
func (h *Host) clearReview(ctx context.Context, op store.Operation) error {
	if op.InvoiceID == "" {
		return nil
	}
	return h.write(ctx, func(tx *store.Tx) error {
		inv, err := tx.Invoice(ctx, op.InvoiceID)
		if err != nil || !inv.NeedsReview || inv.UnresolvedOperation != "" || inv.ReviewReason != op.ReviewReason {
			return err
		}
		c := change{next: inv, applied: appliedFacts, previous: map[string]any{"needs_review": true}, events: []string{"invoice.updated"}}
		c.next.NeedsReview, c.next.ReviewReason, c.next.UpdatedAt = false, "", h.now()
		if err := tx.UpdateInvoice(&c.next); err != nil {
			return err
		}
		return h.emit(tx, &c, observation{actor: actorFrom(ctx).name, cause: string(pay.EvidenceManual)})
	})
}

// contradicted reopens a case that was closed as not executed when the provider
// shows that it did happen: the amount counts again and a person must look.
func (h *Host) contradicted(ctx context.Context, tx *store.Tx, operation, what string) error {
	if operation == "" {
		return nil
	}
	op, err := tx.Operation(ctx, operation)
	if err != nil || op.State != store.OperationDone || op.Executed != pay.ExecutedNo {
		return err
	}
	now := h.now()
	op.Executed, op.NeedsReview, op.UpdatedAt = pay.ExecutedYes, true, now
	op.ReviewReason = "it was closed as not executed, and " + what
	if err := tx.UpdateOperation(&op); err != nil {
		return err
	}
	data, err := json.Marshal(operationView(op, nil))
	if err != nil {
		return err
	}
	return tx.AppendEvent(&store.Event{
		ID: newID("evt", now), Type: "operation.contradicted", Schema: 1, Tenant: op.Tenant, Account: op.AccountID,
		ObjectType: "operation", ObjectID: op.ID, ObjectVersion: op.Version, OccurredAt: now, Actor: "system:resolver", Cause: what, Data: data,
	})
}

// Evidence is one observation of a provider, without its raw bytes.
type Evidence struct {
	ID           string           `json:"id"`
	Kind         pay.EvidenceKind `json:"kind"`
	ObservedAt   time.Time        `json:"observed_at"`
	ProviderTime *time.Time       `json:"provider_time,omitempty"`
	RequestID    string           `json:"provider_request_id,omitempty"`
	HTTPStatus   int              `json:"http_status,omitempty"`
	Status       pay.Status       `json:"status,omitempty"`
	// Applied says what became of it: applied, facts, unchanged, older, refused or mismatch.
	Applied   string          `json:"applied"`
	Reason    string          `json:"reason,omitempty"`
	Actor     string          `json:"actor,omitempty"`
	Operation string          `json:"operation,omitempty"`
	Webhook   string          `json:"webhook,omitempty"`
	Detail    json.RawMessage `json:"detail,omitempty"`
	// Raw is the exact body; only in a bundle for somebody who may see raw evidence.
	Raw []byte `json:"raw,omitempty"`
}

func evidenceView(e store.Evidence, raw bool) Evidence {
	v := Evidence{
		ID: e.ID, Kind: e.Kind, ObservedAt: e.ObservedAt, ProviderTime: timeOrNil(e.ProviderTime), RequestID: e.ProviderRequestID,
		HTTPStatus: e.HTTPStatus, Status: e.Status, Applied: e.Applied, Reason: e.Reason, Actor: e.Actor,
		Operation: e.OperationID, Webhook: e.WebhookID, Detail: e.Detail,
	}
	if raw {
		v.Raw = e.Raw
	}
	return v
}

// Bundle is everything a person needs to settle an operation.
type Bundle struct {
	Operation Operation  `json:"operation"`
	Invoice   *Invoice   `json:"invoice,omitempty"`
	Refund    *Refund    `json:"refund,omitempty"`
	Payout    *Payout    `json:"payout,omitempty"`
	Evidence  []Evidence `json:"evidence"`
}

// OperationBundle returns an operation with its tries, its object and all that was observed. raw
// adds the exact bodies, which may hold personal data.
func (h *Host) OperationBundle(ctx context.Context, id string, raw bool) (*Bundle, error) {
	op, err := h.Operation(ctx, id)
	if err != nil {
		return nil, err
	}
	row, err := h.store.Operation(ctx, id)
	if err != nil {
		return nil, storageError(err)
	}
	b := &Bundle{Operation: *op, Evidence: []Evidence{}}
	if row.InvoiceID != "" {
		if b.Invoice, err = h.invoiceView(ctx, row.InvoiceID); err != nil {
			return nil, err
		}
	}
	switch row.ObjectType {
	case objectRefund:
		b.Refund, err = h.Refund(ctx, row.ObjectID)
	case objectPayout:
		b.Payout, err = h.Payout(ctx, row.ObjectID)
	default:
	}
	if err != nil {
		return nil, err
	}
	seen, err := h.store.Evidence(ctx, row.ObjectType, row.ObjectID)
	if err != nil {
		return nil, storageError(err)
	}
	for _, e := range seen {
		b.Evidence = append(b.Evidence, evidenceView(e, raw))
	}
	return b, nil
}
