package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// CreateRefund is a request to return captured money. Its JSON form is the body of
// POST /v1/invoices/{id}/refunds.
type CreateRefund struct {
	// IdempotencyKey is the caller's key for this one intended operation; required.
	IdempotencyKey string `json:"-"`
	// Invoice is the id of the invoice.
	Invoice string `json:"-"`
	// Amount is in the invoice's currency; empty means all that can still be refunded.
	Amount          string            `json:"amount,omitempty"`
	Reason          string            `json:"reason,omitempty"`
	Reference       string            `json:"reference,omitempty"`
	Items           []Item            `json:"items,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	CorrelationID   string            `json:"correlation_id,omitempty"`
	ProviderOptions json.RawMessage   `json:"provider_options,omitempty"`
}

// Refund is money returned, or on its way back. Only succeeded ones lower what
// was captured; others that may still succeed reserve their amount.
type Refund struct {
	ID                  string            `json:"id"`
	Tenant              string            `json:"tenant"`
	Account             string            `json:"account"`
	Invoice             string            `json:"invoice"`
	Status              pay.RefundStatus  `json:"status"`
	Amount              pay.Money         `json:"amount"`
	Fee                 pay.Money         `json:"fee,omitzero"`
	Origin              pay.Origin        `json:"origin"`
	Reason              string            `json:"reason,omitempty"`
	Reference           string            `json:"reference,omitempty"`
	ProviderRef         string            `json:"provider_ref,omitempty"`
	Decline             *pay.Decline      `json:"decline,omitempty"`
	NeedsReview         bool              `json:"needs_review"`
	ReviewReason        string            `json:"review_reason,omitempty"`
	Operation           string            `json:"operation,omitempty"`
	UnresolvedOperation string            `json:"unresolved_operation,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
	CreatedAt           time.Time         `json:"created_at"`
	UpdatedAt           time.Time         `json:"updated_at"`
	Version             int64             `json:"version"`
	// Replayed says that this is the stored result of an earlier call with the same key.
	Replayed bool `json:"-"`
}

func refundView(r store.Refund) Refund {
	return Refund{
		ID: r.ID, Tenant: r.Tenant, Account: r.AccountID, Invoice: r.InvoiceID, Status: r.Status, Amount: r.Amount, Fee: r.Fee,
		Origin: r.Origin, Reason: r.Reason, Reference: r.Reference, ProviderRef: r.ProviderRef, Decline: r.Decline,
		NeedsReview: r.NeedsReview, ReviewReason: r.ReviewReason, Operation: r.OperationID, UnresolvedOperation: r.UnresolvedOperation,
		Metadata: r.Metadata, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

// Refund returns one refund.
func (h *Host) Refund(ctx context.Context, id string) (*Refund, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	row, err := h.store.Refund(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no refund %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	view := refundView(row)
	return &view, nil
}

// InvoiceRefunds returns every refund of an invoice, also those ordered elsewhere, oldest first.
func (h *Host) InvoiceRefunds(ctx context.Context, invoice string) ([]Refund, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	if _, err := h.invoiceView(ctx, invoice); err != nil {
		return nil, err
	}
	rows, err := h.store.Refunds(ctx, invoice)
	if err != nil {
		return nil, storageError(err)
	}
	list := make([]Refund, 0, len(rows))
	for _, r := range rows {
		list = append(list, refundView(r))
	}
	return list, nil
}

// CreateRefund returns captured money, wholly or in part. Refunds that
// succeeded, are pending or have no known outcome never exceed what was
// captured. Outcomes are as in [Host.CreateInvoice].
func (h *Host) CreateRefund(ctx context.Context, req CreateRefund) (*Refund, error) {
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	x, err := h.existing(ctx, req.Invoice)
	if err != nil {
		return nil, err
	}
	refund, err := h.prepareRefund(req, x)
	if err != nil {
		return nil, err
	}
	fingerprint, err := h.fingerprint(pay.OpRefund, x.account.ID, req.Invoice, refund)
	if err != nil {
		return nil, err
	}
	a, err := h.execute(ctx, command{
		kind: pay.OpRefund, key: req.IdempotencyKey, account: x.account, manifest: x.manifest, fingerprint: fingerprint, request: req,
		objectType: objectRefund, invoiceID: x.invoice.ID, customerID: x.invoice.CustomerID, correlationID: req.CorrelationID,
		resolution: resolutionOf(x.manifest, pay.OpRefund, req.ProviderOptions),
		intend: func(ctx context.Context, tx *store.Tx, op *store.Operation) error {
			return h.insertRefund(ctx, tx, *op, x, refund)
		},
		call: func(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation) (effect, error) {
			return h.callRefund(ctx, account, frame, op, refund)
		},
	})
	view, err := objectOf[Refund](a, err)
	if view == nil {
		return nil, err
	}
	view.Replayed = a.replayed
	if err != nil && view.UnresolvedOperation == "" {
		view.UnresolvedOperation = a.op.ID
	}
	return view, err
}

func (h *Host) prepareRefund(req CreateRefund, x changed) (pay.CreateRefund, error) {
	var problems fieldErrors
	refund := pay.CreateRefund{Reason: req.Reason, Reference: req.Reference, Metadata: req.Metadata, Options: req.ProviderOptions}
	checkText("reason", req.Reason, maxTextLength, &problems)
	checkText("reference", req.Reference, maxTextLength, &problems)
	checkMetadata(req.Metadata, &problems)
	if req.Amount != "" {
		refund.Amount = positive(req.Amount, x.invoice.Amount.Currency(), &problems)
	}
	refund.Items = parseItems(req.Items, x.invoice.Amount, &problems)
	if err := h.checkOptions(req.ProviderOptions, x.manifest, pay.OpRefund, &problems); err != nil {
		return refund, err
	}
	return refund, problems.err()
}

// insertRefund reserves the amount: from here on it counts against what can be refunded.
func (h *Host) insertRefund(ctx context.Context, tx *store.Tx, op store.Operation, x changed, refund pay.CreateRefund) error {
	inv, err := tx.Invoice(ctx, x.invoice.ID)
	if err != nil {
		return err
	}
	if err := h.allowed(pay.OpRefund, inv, x.account, refund.Amount); err != nil {
		return err
	}
	left, err := refundable(ctx, &tx.Reader, inv)
	if err != nil {
		return err
	}
	if !refund.Amount.IsSet() {
		refund.Amount = left
	}
	if left.Sign() <= 0 || greater(refund.Amount, left) {
		return pay.Invalid("amount", "only %s can still be refunded; refunds that are pending or unresolved reserve their amount", left)
	}
	row := store.Refund{
		ID: op.ObjectID, Tenant: op.Tenant, AccountID: op.AccountID, InvoiceID: inv.ID, OperationID: op.ID,
		Reason: refund.Reason, Reference: refund.Reference, Metadata: refund.Metadata,
		RefundState: pay.RefundState{
			RefundID: op.ObjectID, ProviderKey: op.ProviderKey, Status: pay.RefundCreating, Amount: refund.Amount, Origin: pay.OriginHost,
		},
		CreatedAt: op.CreatedAt, UpdatedAt: op.CreatedAt,
	}
	if err := tx.InsertRefund(&row); err != nil {
		return err
	}
	return h.emitRefund(tx, row, "refund.created", op.Actor, string(pay.OpRefund), inv.Mode)
}

// refundable is captured less what was returned and what may still be.
func refundable(ctx context.Context, r *store.Reader, inv store.Invoice) (pay.Money, error) {
	rows, err := r.RefundAmounts(ctx, inv.ID)
	if err != nil {
		return pay.Money{}, err
	}
	return leftOf(inv, rows)
}

// leftOf is what is left to refund of an invoice that has these refunds.
func leftOf(inv store.Invoice, refunds []store.InvoiceRefund) (pay.Money, error) {
	left := inv.Captured
	if !left.IsSet() {
		left = pay.ZeroOf(inv.Amount.Currency())
	}
	gone := pay.ZeroOf(inv.Amount.Currency())
	var err error
	for _, row := range refunds {
		if row.Status == pay.RefundFailed || !row.Amount.IsSet() {
			continue
		}
		if gone, err = gone.Add(row.Amount); err != nil {
			return left, pay.Errorf(pay.KindIntegrityMismatch, "a refund of invoice %s is in another currency", inv.ID)
		}
	}
	// A provider may know of more than it lists.
	if inv.Refunded.IsSet() && greater(inv.Refunded, gone) {
		gone = inv.Refunded
	}
	return left.Sub(gone)
}

func (h *Host) callRefund(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation, refund pay.CreateRefund) (effect, error) {
	refunder, err := pay.Offered[pay.Refunder](account, pay.CanRefund)
	if err != nil {
		return effect{}, err
	}
	row, err := h.store.Refund(ctx, op.ObjectID)
	if err != nil {
		return effect{}, notSent(pay.KindInternal, "reading the refund: %v", err)
	}
	inv, err := h.store.Invoice(ctx, op.InvoiceID)
	if err != nil {
		return effect{}, notSent(pay.KindInternal, "reading the invoice: %v", err)
	}
	refund.Call, refund.RefundID, refund.Invoice, refund.Amount = frame, row.ID, refOf(inv), row.Amount
	state, err := refunder.CreateRefund(ctx, refund)
	return effect{refund: &state}, err
}

// applyToRefund is [Host.applyEffect] for refunds.
func (h *Host) applyToRefund(ctx context.Context, tx *store.Tx, op *store.Operation, v verdict) error {
	state := pay.RefundState{}
	switch {
	case v.effect.refund != nil:
		state = *v.effect.refund
	case op.State == store.OperationDone: // refused for good
		state.Status = pay.RefundFailed
		state.Decline = &pay.Decline{Reason: v.err.Reason, ProviderCode: v.err.ProviderCode, Message: v.err.ProviderMessage}
		state.Report = v.err.Report
	}
	return h.recordRefund(ctx, tx, op.ObjectID, state, pay.EvidenceAPIResponse, op, op.Actor)
}

// recordRefund applies one observation to a refund and to the sums of its invoice. op may be nil.
func (h *Host) recordRefund(ctx context.Context, tx *store.Tx, id string, state pay.RefundState, kind pay.EvidenceKind, op *store.Operation, who string) error {
	row, err := tx.Refund(ctx, id)
	if err != nil {
		return err
	}
	inv, err := tx.Invoice(ctx, row.InvoiceID)
	if err != nil {
		return err
	}
	before := row
	moved := h.moveRefund(&row, state, op)
	if op != nil {
		open := op.State == store.OperationUnknown || op.State == store.OperationNeedsReview
		row.UnresolvedOperation, row.NeedsReview, row.ReviewReason = "", op.NeedsReview, op.ReviewReason
		if open {
			row.UnresolvedOperation = op.ID
		}
	}
	row.UpdatedAt = h.now()
	evidence := state.Report.Evidence
	evidence.Kind, evidence.ObservedAt = kind, orTime(evidence.ObservedAt, h.now())
	raw, _ := json.Marshal(state)
	ev := store.Evidence{
		ID: newID("ev", h.now()), Tenant: row.Tenant, AccountID: row.AccountID, ObjectType: objectRefund, ObjectID: row.ID,
		Evidence: evidence, Status: pay.Status(state.Status), Applied: appliedUnchanged, Actor: who, Detail: raw, CreatedAt: h.now(),
	}
	if op != nil {
		ev.OperationID = op.ID
	}
	if moved {
		ev.Applied = appliedMove
	}
	if err := tx.InsertEvidence(&ev); err != nil {
		return err
	}
	if err := tx.UpdateRefund(&row); err != nil {
		return err
	}
	if moved && row.Status != before.Status {
		if err := h.emitRefund(tx, row, "refund."+string(row.Status), who, string(kind), inv.Mode); err != nil {
			return err
		}
	}
	return h.sumRefunds(ctx, tx, inv, op, who)
}

// moveRefund takes over a stated status. Succeeded and failed are final; amounts must be what was asked for.
func (h *Host) moveRefund(row *store.Refund, state pay.RefundState, op *store.Operation) bool {
	if state.Status == "" || row.Status == pay.RefundSucceeded {
		return false
	}
	if state.Amount.IsSet() && row.Amount.IsSet() && !state.Amount.Equal(row.Amount) {
		reason := "the provider states a refund of " + state.Amount.String() + " instead of " + row.Amount.String()
		row.NeedsReview, row.ReviewReason = true, reason
		if op != nil {
			h.toHuman(op, reason)
		}
		return false
	}
	if state.ProviderRef != "" {
		row.ProviderRef = state.ProviderRef
	}
	if state.Fee.IsSet() {
		row.Fee = state.Fee
	}
	row.Network, row.Decline, row.ProviderTime = state.Network, state.Decline, state.ProviderTime
	if state.Report.State != nil {
		row.PrivateState = state.Report.State
	}
	moved := row.Status != state.Status
	row.Status = state.Status
	return moved
}

// sumRefunds keeps what was returned on the invoice, with its open operation.
func (h *Host) sumRefunds(ctx context.Context, tx *store.Tx, inv store.Invoice, op *store.Operation, who string) error {
	c := change{next: inv, applied: appliedUnchanged, previous: map[string]any{}}
	if err := h.sumInto(ctx, tx, &c); err != nil {
		return err
	}
	if op != nil {
		h.markUnresolved(&c, *op)
	}
	c = c.touched(observation{})
	if err := h.followRefunds(ctx, tx, &c); err != nil {
		return err
	}
	if !c.changed() && c.next.NextLookAt.Equal(inv.NextLookAt) {
		return nil
	}
	c.next.UpdatedAt = h.now()
	if err := tx.UpdateInvoice(&c.next); err != nil {
		return err
	}
	return h.emit(tx, &c, observation{actor: who, cause: string(pay.OpRefund)})
}

// sumInto sets what was returned to the sum of the refunds that succeeded, where that is more than the provider states.
func (h *Host) sumInto(ctx context.Context, tx *store.Tx, c *change) error {
	rows, err := tx.Refunds(ctx, c.next.ID)
	if err != nil {
		return err
	}
	sum := pay.ZeroOf(c.next.Amount.Currency())
	for _, row := range rows {
		if row.Status != pay.RefundSucceeded || !row.Amount.IsSet() {
			continue
		}
		if sum, err = sum.Add(row.Amount); err != nil {
			return pay.Errorf(pay.KindIntegrityMismatch, "a refund of invoice %s is in another currency", c.next.ID)
		}
	}
	if sum.Sign() > 0 && (!c.next.Refunded.IsSet() || greater(sum, c.next.Refunded)) {
		c.money("amount_refunded", &c.next.Refunded, sum)
	}
	return nil
}

func (h *Host) emitRefund(tx *store.Tx, row store.Refund, kind, who, cause string, mode pay.Mode) error {
	data, err := json.Marshal(refundView(row))
	if err != nil {
		return err
	}
	return tx.AppendEvent(&store.Event{
		ID: newID("evt", h.now()), Type: kind, Schema: 1, Tenant: row.Tenant, Mode: mode, Account: row.AccountID,
		ObjectType: objectRefund, ObjectID: row.ID, ObjectVersion: row.Version, OccurredAt: h.now(), Actor: who, Cause: cause, Data: data,
	})
}
