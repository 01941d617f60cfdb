package host

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// ChangeInvoice is a request to cancel, capture or void. Its JSON form is the body of
// POST /v1/invoices/{id}/cancel, /capture and /void.
type ChangeInvoice struct {
	// IdempotencyKey is the caller's key for this one intended operation; required.
	IdempotencyKey string `json:"-"`
	// Invoice is the id of the invoice.
	Invoice string `json:"-"`
	// Amount is what to capture, in the invoice's currency; empty means all that is authorized.
	Amount string `json:"amount,omitempty"`
	// More says that further captures will follow.
	More            bool              `json:"more,omitempty"`
	Reason          string            `json:"reason,omitempty"`
	Reference       string            `json:"reference,omitempty"`
	Items           []Item            `json:"items,omitempty"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	CorrelationID   string            `json:"correlation_id,omitempty"`
	ProviderOptions json.RawMessage   `json:"provider_options,omitempty"`
}

// CancelInvoice invalidates an unpaid invoice. On an authorized one it is a
// void; operations and events say which happened. Outcomes are as in
// [Host.CreateInvoice].
func (h *Host) CancelInvoice(ctx context.Context, req ChangeInvoice) (*Invoice, error) {
	return h.changeInvoice(ctx, pay.OpCancel, req)
}

// CaptureInvoice takes an authorized amount or part of it. Outcomes are as in [Host.CreateInvoice].
func (h *Host) CaptureInvoice(ctx context.Context, req ChangeInvoice) (*Invoice, error) {
	return h.changeInvoice(ctx, pay.OpCapture, req)
}

// VoidInvoice releases an authorization. Outcomes are as in [Host.CreateInvoice].
func (h *Host) VoidInvoice(ctx context.Context, req ChangeInvoice) (*Invoice, error) {
	return h.changeInvoice(ctx, pay.OpVoid, req)
}

// changed is a validated request on an existing invoice.
type changed struct {
	invoice  store.Invoice
	account  store.Account
	manifest pay.Manifest
}

// existing reads an invoice with its account and manifest.
func (h *Host) existing(ctx context.Context, id string) (changed, error) {
	var c changed
	if err := h.ready(ctx); err != nil {
		return c, err
	}
	if _, err := h.invoiceView(ctx, id); err != nil {
		return c, err
	}
	var err error
	if c.invoice, err = h.store.Invoice(ctx, id); err != nil {
		return c, storageError(err)
	}
	if c.account, err = h.account(ctx, c.invoice.AccountID); err != nil {
		return c, err
	}
	c.manifest, err = h.manifest(c.account.Provider)
	return c, err
}

func (h *Host) changeInvoice(ctx context.Context, kind pay.Operation, req ChangeInvoice) (*Invoice, error) {
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	x, err := h.existing(ctx, req.Invoice)
	if err != nil {
		return nil, err
	}
	change, err := h.prepareChange(kind, req, x)
	if err != nil {
		return nil, err
	}
	fingerprint, err := h.fingerprint(kind, x.account.ID, req.Invoice, change)
	if err != nil {
		return nil, err
	}
	ran := kind
	if kind == pay.OpCancel && x.invoice.Status == pay.StatusAuthorized {
		ran = pay.OpVoid // on an authorized invoice a cancel is a void
	}
	a, err := h.execute(ctx, command{
		kind: kind, key: req.IdempotencyKey, account: x.account, manifest: x.manifest, fingerprint: fingerprint, request: req,
		objectType: objectInvoice, objectID: x.invoice.ID, invoiceID: x.invoice.ID,
		customerID: x.invoice.CustomerID, correlationID: req.CorrelationID, resolution: resolutionOf(x.manifest, ran, req.ProviderOptions),
		intend: func(ctx context.Context, tx *store.Tx, op *store.Operation) error {
			inv, err := tx.Invoice(ctx, x.invoice.ID)
			if err != nil {
				return err
			}
			op.Action = string(ran)
			return h.allowed(ran, inv, x.account, change.Amount)
		},
		call: func(ctx context.Context, account pay.Account, frame pay.Call, _ store.Operation) (effect, error) {
			return callChange(ctx, account, ran, frame, change, h.fresh(ctx, x.invoice))
		},
	})
	return invoiceOf(a, err)
}

// fresh is the invoice as it is stored now, for the Known part of a reference.
func (h *Host) fresh(ctx context.Context, inv store.Invoice) store.Invoice {
	if now, err := h.store.Invoice(ctx, inv.ID); err == nil {
		return now
	}
	return inv
}

func callChange(ctx context.Context, account pay.Account, kind pay.Operation, frame pay.Call, change pay.ChangeInvoice, inv store.Invoice) (effect, error) {
	change.Call, change.Invoice = frame, refOf(inv)
	var state pay.InvoiceState
	var err error
	switch kind {
	case pay.OpCapture:
		var c pay.Capturer
		if c, err = pay.Offered[pay.Capturer](account, pay.CanCapture); err == nil {
			state, err = c.CaptureInvoice(ctx, change)
		}
	case pay.OpVoid:
		var c pay.Voider
		if c, err = pay.Offered[pay.Voider](account, pay.CanVoid); err == nil {
			state, err = c.VoidInvoice(ctx, change)
		}
	default:
		var c pay.Canceler
		if c, err = pay.Offered[pay.Canceler](account, pay.CanCancel); err == nil {
			state, err = c.CancelInvoice(ctx, change)
		}
	}
	return effect{invoice: &state}, err
}

func (h *Host) prepareChange(kind pay.Operation, req ChangeInvoice, x changed) (pay.ChangeInvoice, error) {
	var problems fieldErrors
	change := pay.ChangeInvoice{
		More: req.More, Reason: req.Reason, Reference: req.Reference, Metadata: req.Metadata, Options: req.ProviderOptions,
	}
	checkText("reason", req.Reason, maxTextLength, &problems)
	checkText("reference", req.Reference, maxTextLength, &problems)
	checkMetadata(req.Metadata, &problems)
	if req.Amount != "" {
		if kind != pay.OpCapture {
			problems.add("amount", "belongs to a capture; a %s has none", kind)
		}
		change.Amount = positive(req.Amount, x.invoice.Amount.Currency(), &problems)
	}
	change.Items = parseItems(req.Items, x.invoice.Amount, &problems)
	if err := h.checkOptions(req.ProviderOptions, x.manifest, kind, &problems); err != nil {
		return change, err
	}
	return change, problems.err()
}

// positive reads the amount of a request, which must be above zero.
func positive(text string, currency pay.Currency, problems *fieldErrors) pay.Money {
	m, err := pay.ParseMoneyIn(text, currency)
	switch {
	case err != nil:
		problems.add("amount", "%s", err.Error())
	case m.Sign() <= 0:
		problems.add("amount", "must be positive")
	}
	return m
}

// abilityOf is what an account needs for a kind of operation.
func abilityOf(kind pay.Operation) pay.Ability {
	switch kind {
	case pay.OpCancel:
		return pay.CanCancel
	case pay.OpCapture:
		return pay.CanCapture
	case pay.OpVoid:
		return pay.CanVoid
	case pay.OpRefund:
		return pay.CanRefund
	case pay.OpCharge:
		return pay.CanCharge
	case pay.OpPayout:
		return pay.CanPayout
	case pay.OpAction:
		return pay.CanRunAction
	default:
		return pay.CanCreateInvoice
	}
}

// statusesFor are the statuses in which an operation on an invoice makes sense.
func statusesFor(kind pay.Operation) []pay.Status {
	switch kind {
	case pay.OpCancel:
		return []pay.Status{pay.StatusPending, pay.StatusProcessing}
	case pay.OpCapture:
		return []pay.Status{pay.StatusAuthorized, pay.StatusPartiallyPaid}
	case pay.OpVoid:
		return []pay.Status{pay.StatusAuthorized}
	case pay.OpRefund:
		return []pay.Status{pay.StatusPaid, pay.StatusPartiallyPaid}
	default:
		return pay.Statuses()
	}
}

// allowed refuses what would break a rule, without asking the provider: by
// status first, then by what the account offers, then by the amounts.
func (h *Host) allowed(kind pay.Operation, inv store.Invoice, account store.Account, amount pay.Money) error {
	if !slices.Contains(statusesFor(kind), inv.Status) {
		return &pay.Error{
			Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNever}, InvoiceID: inv.ID,
			Message: "a " + string(kind) + " is not possible while the invoice is " + string(inv.Status),
		}
	}
	if inv.NeedsReview {
		return &pay.Error{
			Kind: pay.KindInvalidState, Executed: pay.ExecutedNo, Retry: pay.Retry{Rule: pay.RetryNever}, InvoiceID: inv.ID,
			Message: "the invoice needs review (" + inv.ReviewReason + "); resolve it first",
		}
	}
	if account.Abilities != nil && !account.Abilities.Has(abilityOf(kind)) {
		e := pay.Unsupported(string(kind))
		e.Executed, e.InvoiceID = pay.ExecutedNo, inv.ID
		e.Message = "provider " + account.Provider + " offers no " + string(kind) + " on account " + account.ID
		return e
	}
	if kind == pay.OpCapture {
		return withinAuthorized(inv, amount)
	}
	return nil
}

// withinAuthorized holds captures ≤ authorized.
func withinAuthorized(inv store.Invoice, amount pay.Money) error {
	left := inv.Authorized
	if !left.IsSet() {
		left = inv.Amount
	}
	if inv.Captured.IsSet() {
		var err error
		if left, err = left.Sub(inv.Captured); err != nil {
			return pay.Errorf(pay.KindIntegrityMismatch, "%w", err)
		}
	}
	if amount.IsSet() && greater(amount, left) || left.Sign() <= 0 {
		return pay.Invalid("amount", "only %s is authorized and not yet captured", left)
	}
	return nil
}
