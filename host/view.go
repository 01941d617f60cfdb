package host

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// eventView is an invoice as events show it: without what only the payer and
// the caller may see.
func eventView(r store.Invoice) Invoice {
	zero := pay.ZeroOf(r.Amount.Currency())
	or := func(m pay.Money) pay.Money {
		if m.IsSet() {
			return m
		}
		return zero
	}
	inv := Invoice{
		ID: r.ID, Tenant: r.Tenant, Mode: r.Mode, Account: r.AccountID, Provider: r.Provider, Status: r.Status,
		Final: r.Final, FinalReason: r.FinalReason, Purpose: r.Purpose, Amount: r.Amount, AmountDue: r.Amount,
		AmountReceived: or(r.Received), AmountAuthorized: or(r.Authorized), AmountCaptured: or(r.Captured), AmountRefunded: or(r.Refunded),
		Overpaid: r.Overpaid, NextActions: []pay.NextAction{}, Attempts: []pay.Attempt{}, AllowedActions: []string{},
		ProviderRef: r.ProviderRef, ProviderRefs: r.ProviderRefs, ProviderData: r.ProviderData,
		Reference: r.Reference, Description: r.Description, CustomerID: r.CustomerID, NeedsReview: r.NeedsReview, ReviewReason: r.ReviewReason,
		UnresolvedOperation: r.UnresolvedOperation, Operation: r.CreateOperationID,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version, Metadata: r.Metadata,
	}
	if r.Due.IsSet() {
		inv.AmountDue = r.Due
	}
	if !r.ExpiresAt.IsZero() {
		at := r.ExpiresAt
		inv.ExpiresAt = &at
	}
	return inv
}

// viewIn completes an invoice with what is stored beside it.
func (h *Host) viewIn(ctx context.Context, r *store.Reader, row store.Invoice) (*Invoice, error) {
	var with beside
	var err error
	if with.attempts, err = r.Attempts(ctx, row.ID); err != nil {
		return nil, err
	}
	if with.disputes, err = r.Disputes(ctx, row.ID); err != nil {
		return nil, err
	}
	if awaitsPayer(row.Status) {
		if with.nextActions, err = nextActions(ctx, r, row); err != nil {
			return nil, err
		}
	}
	if with.account, err = r.Account(ctx, row.AccountID); err != nil {
		with.account = store.Account{} // offers nothing
	}
	return h.viewWith(ctx, r, row, with), nil
}

// shownViews are the views of invoices that were read with what is stored beside them.
func (h *Host) shownViews(ctx context.Context, rows []store.ShownInvoice) ([]Invoice, error) {
	var awaiting []string
	for i := range rows {
		if awaitsPayer(rows[i].Status) {
			awaiting = append(awaiting, rows[i].ID)
		}
	}
	actions, err := h.store.PersonalOfInvoices(ctx, store.PersonalNextActions, awaiting)
	if err != nil {
		return nil, err
	}
	views := make([]Invoice, len(rows))
	for i := range rows {
		row := &rows[i]
		with := beside{attempts: row.Attempts, disputes: row.Disputes, refunds: row.Refunds, refundsRead: true}
		if raw := actions[row.ID]; raw != nil {
			if err := json.Unmarshal(raw, &with.nextActions); err != nil {
				return nil, err
			}
		}
		if with.account, err = h.cachedAccount(ctx, row.AccountID); err != nil {
			with.account = store.Account{} // offers nothing
		}
		h.viewInto(ctx, &views[i], &h.store.Reader, row.Invoice, with)
	}
	return views, nil
}

// beside is what is stored beside an invoice and shown with it.
type beside struct {
	attempts    []pay.Attempt
	disputes    []store.Dispute
	nextActions []pay.NextAction
	account     store.Account
	// refunds are read when somebody asks for them, unless refundsRead says that these are all.
	refunds     []store.InvoiceRefund
	refundsRead bool
}

// viewWith is viewIn with what stands beside the invoice at hand.
func (h *Host) viewWith(ctx context.Context, r *store.Reader, row store.Invoice, with beside) *Invoice {
	inv := new(Invoice)
	h.viewInto(ctx, inv, r, row, with)
	return inv
}

func (h *Host) viewInto(ctx context.Context, inv *Invoice, r *store.Reader, row store.Invoice, with beside) {
	*inv = eventView(row)
	inv.Attempts = append(inv.Attempts, with.attempts...)
	for _, d := range with.disputes {
		inv.Disputes = append(inv.Disputes, d.Dispute)
	}
	if awaitsPayer(row.Status) {
		inv.NextActions = append(inv.NextActions, with.nextActions...)
	}
	if len(inv.NextActions) > 0 {
		best := inv.NextActions[0]
		inv.NextAction = &best
	}
	inv.AllowedActions = h.allowedActions(ctx, r, row, with)
}

// awaitsPayer reports whether there is anything left for the payer to do. While the provider works on what the payer did there is
// not: whoever saw the requisites once more might pay twice.
func awaitsPayer(s pay.Status) bool {
	return s == pay.StatusPending || s == pay.StatusPartiallyPaid
}

func nextActions(ctx context.Context, r *store.Reader, row store.Invoice) ([]pay.NextAction, error) {
	actions := []pay.NextAction{}
	raw, err := r.Personal(ctx, row.Tenant, row.CustomerID, "invoice", row.ID, store.PersonalNextActions)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return actions, nil
	case err != nil:
		return nil, err
	}
	return actions, json.Unmarshal(raw, &actions)
}

// allowedActions are the commands the host would not refuse now: state times
// what the account offers. The provider's own actions follow, as "action:" and their name. The provider may still say that its
// own state is another.
func (h *Host) allowedActions(ctx context.Context, r *store.Reader, row store.Invoice, with beside) []string {
	account := with.account
	allowed := []string{}
	if account.Abilities == nil {
		return allowed
	}
	if row.ProviderRef != "" && account.Abilities.Has(pay.CanGetInvoice) ||
		row.ProviderRef == "" && account.Abilities.Has(pay.CanFindInvoice) {
		allowed = append(allowed, "refresh")
	}
	provided := h.allowedProviderActions(row, account)
	if row.UnresolvedOperation != "" {
		return append(allowed, provided...)
	}
	for _, kind := range []pay.Operation{pay.OpCancel, pay.OpCapture, pay.OpVoid, pay.OpRefund} {
		if !slices.Contains(statusesFor(kind), row.Status) || !account.Abilities.Has(abilityOf(kind)) { // as for most, without words about it
			continue
		}
		if usable(account, kind) != nil || h.allowed(kind, row, account, pay.Money{}) != nil {
			continue
		}
		if kind == pay.OpRefund {
			if left, err := with.refundable(ctx, r, row); err != nil || left.Sign() <= 0 {
				continue
			}
		}
		allowed = append(allowed, string(kind))
	}
	if row.Status == pay.StatusAuthorized && slices.Contains(allowed, string(pay.OpVoid)) {
		allowed = append(allowed, string(pay.OpCancel)) // on an authorized invoice it is a void
	}
	return append(allowed, provided...)
}

// refundable is [refundable] with the refunds that were read already.
func (b beside) refundable(ctx context.Context, r *store.Reader, row store.Invoice) (pay.Money, error) {
	if b.refundsRead {
		return leftOf(row, b.refunds)
	}
	return refundable(ctx, r, row)
}

func (h *Host) invoiceView(ctx context.Context, id string) (*Invoice, error) {
	row, err := h.store.ShownInvoice(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pay.Errorf(pay.KindNotFound, "there is no invoice %s", quoteShort(id))
	}
	if err != nil {
		return nil, storageError(err)
	}
	views, err := h.shownViews(ctx, []store.ShownInvoice{row})
	if err != nil {
		return nil, storageError(err)
	}
	return &views[0], nil
}
