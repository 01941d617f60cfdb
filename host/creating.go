package host

import (
	"encoding/json"
	"time"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// creating is what the intent of a create writes about its invoice.
type creating struct {
	// invoice is the row as it will be stored.
	invoice store.Invoice
	steps   store.Steps
}

// newCreating makes what an operation writes about its invoice.
func (h *Host) newCreating(p prepared, op store.Operation, draft *store.Draft) (creating, error) {
	now := op.CreatedAt
	inv := store.Invoice{
		ID: op.InvoiceID, Tenant: op.Tenant, Mode: p.account.Mode, AccountID: op.AccountID, Provider: op.Provider,
		Status: pay.StatusCreating, Purpose: p.call.Purpose, Capture: p.call.Capture, Amount: p.call.Amount, MaxAmount: p.call.MaxAmount,
		Reference: p.call.Reference, Description: p.call.Description, CustomerID: p.call.Customer.ID,
		PaymentMethod: p.call.PaymentMethod, CorrelationID: op.CorrelationID, Metadata: p.call.Metadata,
		ProviderKey: op.ProviderKey, CreateOperationID: op.ID, CreatedAt: now, UpdatedAt: now,
		Version: 1,
	}
	if p.call.ExpiresIn > 0 {
		inv.ExpiresAt = now.Add(p.call.ExpiresIn)
	}
	inv = asStored(inv)
	c := creating{invoice: inv}
	draft.InsertInvoice(inv)
	if p.req.Customer != (Customer{}) {
		raw, err := json.Marshal(p.req.Customer)
		if err != nil {
			return c, err
		}
		draft.PutPersonal(personal(inv, store.PersonalCustomer, raw))
	}
	if p.req.Payer != (Payer{}) {
		raw, err := json.Marshal(p.req.Payer)
		if err != nil {
			return c, err
		}
		draft.PutPersonal(personal(inv, store.PersonalPayer, raw))
	}
	created := change{next: inv, events: []string{"invoice.created"}, previous: map[string]any{}}
	err := h.draftEvents(draft, &created, observation{actor: op.Actor, cause: string(op.Kind)})
	if err != nil {
		return c, err
	}
	c.steps, err = draft.Steps()
	return c, err
}

// asStored is an invoice as the store gives it back, with times in whole microseconds.
func asStored(inv store.Invoice) store.Invoice {
	for _, at := range []*time.Time{&inv.ProviderTime, &inv.NextLookAt, &inv.ExpiresAt, &inv.ClosedAt, &inv.CreatedAt, &inv.UpdatedAt} {
		*at = at.UTC().Truncate(time.Microsecond)
	}
	return inv
}
