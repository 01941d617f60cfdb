package host

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// actionTarget is what an action acts on.
type actionTarget struct {
	// changed holds the account and manifest, and the invoice for the subjects invoice, refund and dispute.
	changed
	subject pay.Subject
	id      string
	refund  store.Refund
	payout  store.Payout
	dispute store.Dispute
}

// actionTarget reads the one object that a request names.
func (h *Host) actionTarget(ctx context.Context, req RunAction) (actionTarget, error) {
	var t actionTarget
	named := 0
	for subject, id := range map[pay.Subject]string{
		pay.SubjectInvoice: req.Invoice, pay.SubjectAccount: req.Account, pay.SubjectPayout: req.Payout,
		pay.SubjectRefund: req.Refund, pay.SubjectDispute: req.Dispute,
	} {
		if id != "" {
			named++
			t.subject, t.id = subject, id
		}
	}
	if named != 1 {
		return t, pay.Errorf(pay.KindInvalidRequest, "an action acts on exactly one invoice, account, payout, refund or dispute")
	}
	account, invoice := "", ""
	var err error
	switch t.subject {
	case pay.SubjectInvoice:
		invoice = t.id
	case pay.SubjectPayout:
		t.payout, err = h.store.Payout(ctx, t.id)
		account = t.payout.AccountID
	case pay.SubjectRefund:
		t.refund, err = h.store.Refund(ctx, t.id)
		invoice = t.refund.InvoiceID
	case pay.SubjectDispute:
		t.dispute, err = h.store.Dispute(ctx, t.id)
		invoice = t.dispute.InvoiceID
	default:
		account = t.id
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return t, pay.Errorf(pay.KindNotFound, "there is no %s %s", t.subject, quoteShort(t.id))
	case err != nil:
		return t, storageError(err)
	case invoice != "":
		t.changed, err = h.existing(ctx, invoice)
		return t, err
	}
	if t.account, err = h.account(ctx, account); err == nil {
		t.manifest, err = h.manifest(t.account.Provider)
	}
	return t, err
}

// fingerprintID is the target's part of a fingerprint; an account is in it already.
func (t actionTarget) fingerprintID() string {
	if t.subject == pay.SubjectAccount {
		return ""
	}
	return t.id
}

// bind says in the journal what the command is about. A refund or dispute belongs to its invoice, and so do the actions on it:
// one at a time, and an unknown outcome shows on the invoice.
func (t actionTarget) bind(c *command) {
	switch t.subject {
	case pay.SubjectPayout:
		c.objectType, c.objectID, c.customerID = objectPayout, t.id, t.payout.CustomerID
	case pay.SubjectAccount:
		c.objectType, c.objectID = objectAccount, t.id
	default:
		c.objectType, c.objectID, c.invoiceID, c.customerID = objectInvoice, t.invoice.ID, t.invoice.ID, t.invoice.CustomerID
	}
}

// actionAllowed refuses an action on an object that is waiting for somebody or something else.
func (h *Host) actionAllowed(ctx context.Context, tx *store.Tx, t actionTarget) error {
	switch {
	case t.invoice.ID != "":
		inv, err := tx.Invoice(ctx, t.invoice.ID)
		if err != nil {
			return err
		}
		return h.allowed(pay.OpAction, inv, t.account, pay.Money{})
	case t.subject == pay.SubjectPayout:
		row, err := tx.Payout(ctx, t.id)
		switch {
		case err != nil:
			return err
		case row.UnresolvedOperation != "":
			return inProgress("", row.UnresolvedOperation, "the outcome of an operation on the payout is not known; settle it first")
		case row.NeedsReview:
			return &pay.Error{
				Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNever},
				Message: "the payout needs review (" + row.ReviewReason + "); resolve it first",
			}
		}
	}
	return nil
}

// aim puts the object as it is stored now into the request.
func (h *Host) aim(ctx context.Context, t actionTarget, action *pay.Action) error {
	switch t.subject {
	case pay.SubjectInvoice:
		ref := refOf(h.fresh(ctx, t.invoice))
		action.Invoice = &ref
	case pay.SubjectRefund:
		ref, err := h.refundRef(ctx, t.id)
		if err != nil {
			return err
		}
		action.Refund = &ref
	case pay.SubjectPayout:
		row, err := h.store.Payout(ctx, t.id)
		if err != nil {
			return storageError(err)
		}
		ref := payoutRef(row)
		action.Payout = &ref
	case pay.SubjectDispute:
		action.Dispute = &pay.DisputeRef{
			DisputeID: t.id, ProviderRef: t.dispute.ProviderRef, Kind: t.dispute.Kind, Status: t.dispute.Status,
			Invoice: refOf(h.fresh(ctx, t.invoice)),
		}
	default:
	}
	return nil
}

// effectOf turns what an action answered into what the journal applies: refunds and disputes are facts of their invoice.
func (t actionTarget) effectOf(result pay.ActionResult) (effect, error) {
	output, err := json.Marshal(actionOutput{Output: result.Output})
	if err != nil {
		return effect{}, pay.Errorf(pay.KindInternal, "encoding the output: %w", err)
	}
	e := effect{output: output}
	if t.subject == pay.SubjectPayout {
		e.payout = &pay.PayoutState{Report: result.Report}
		if result.Payout != nil {
			e.payout = result.Payout
		}
	}
	if t.invoice.ID == "" {
		return e, nil
	}
	state := pay.InvoiceState{Report: result.Report}
	// It dates the answer, not the invoice, whose own news would seem older from then on.
	state.Report.Evidence.ProviderTime, state.Report.Evidence.ProviderVersion = time.Time{}, 0
	if result.Invoice != nil {
		state = *result.Invoice
	}
	if s := result.Refund; s != nil && len(state.Refunds) == 0 {
		state.Refunds = []pay.RefundState{t.named(*s)}
	}
	if d := result.Dispute; d != nil && len(state.Disputes) == 0 {
		shown := *d
		shown.ProviderRef = orElse(shown.ProviderRef, t.dispute.ProviderRef)
		shown.Kind = orElse(shown.Kind, t.dispute.Kind)
		if !shown.Amount.IsSet() {
			shown.Amount = t.dispute.Amount
		}
		state.Disputes = []pay.Dispute{shown}
	}
	e.invoice = &state
	return e, nil
}

// named completes a refund's state by what its action was about, so that it is not taken for another refund.
func (t actionTarget) named(s pay.RefundState) pay.RefundState {
	if s.ProviderRef == "" && s.ProviderKey == "" {
		s.ProviderRef, s.ProviderKey = t.refund.ProviderRef, t.refund.ProviderKey
	}
	if !s.Amount.IsSet() {
		s.Amount = t.refund.Amount
	}
	return s
}

// showTarget puts the object as it is now into the result.
func (h *Host) showTarget(ctx context.Context, t actionTarget, result *ActionResult) (err error) {
	// The outcome is stored: the caller shall get it also when its time is over.
	ctx = context.WithoutCancel(ctx)
	switch {
	case t.invoice.ID != "":
		result.Invoice, err = h.invoiceView(ctx, t.invoice.ID)
	case t.subject == pay.SubjectPayout:
		result.Payout, err = h.Payout(ctx, t.id)
	}
	return err
}
