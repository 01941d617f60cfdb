package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// CreateInvoice asks a provider for a new invoice or, with a Source, charges a
// stored credential or a balance.
//
// The operation is journalled before anything is sent and goes on when ctx
// ends. With an error of kind [pay.KindOutcomeUnknown] the invoice is not nil
// and names its unresolved operation: the provider may have acted. Any other
// error means that no invoice is open at the provider. A repeated key gives the
// first call's final result again ([Invoice.Replayed]).
func (h *Host) CreateInvoice(ctx context.Context, req CreateInvoice) (*Invoice, error) {
	if err := checkKey(req.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	p, err := h.prepareCreate(ctx, req)
	if err != nil {
		return nil, err
	}
	c, err := h.createCommand(p)
	if err != nil {
		return nil, err
	}
	a, err := h.execute(ctx, c)
	inv, err := invoiceOf(a, err)
	if inv != nil {
		inv.Queued = a.op.State == store.OperationQueued
	}
	return inv, err
}

// objectOf decodes the object of an answer; it is nil where the answer holds none.
func objectOf[T any](a answer, err error) (*T, error) {
	if len(a.raw) == 0 {
		return nil, err
	}
	view := new(T)
	if bad := json.Unmarshal(a.raw, view); bad != nil {
		return nil, pay.Errorf(pay.KindInternal, "the stored result of operation %s cannot be read: %w", a.op.ID, bad)
	}
	return view, err
}

// invoiceOf is the invoice of an answer. It shares nothing that its receiver might change with anything else.
func invoiceOf(a answer, err error) (*Invoice, error) {
	if a.invoice != nil && err == nil {
		inv := *a.invoice
		inv.Metadata, inv.ProviderRefs, inv.ProviderData = maps.Clone(inv.Metadata), maps.Clone(inv.ProviderRefs), maps.Clone(inv.ProviderData)
		inv.Replayed = a.replayed
		return &inv, nil
	}
	inv, err := objectOf[Invoice](a, err)
	if inv == nil {
		return nil, err
	}
	inv.Replayed = a.replayed
	if err != nil && inv.UnresolvedOperation == "" {
		inv.UnresolvedOperation = a.op.ID
	}
	return inv, err
}

func (h *Host) prepareCreate(ctx context.Context, req CreateInvoice) (prepared, error) {
	if req.Account == "" {
		return prepared{}, pay.Invalid("account", "is required; it is the id of a merchant account")
	}
	account, err := h.cachedAccount(ctx, req.Account)
	if err != nil {
		return prepared{}, h.accountError(req.Account, err)
	}
	m, err := h.manifest(account.Provider)
	if err != nil {
		return prepared{}, err
	}
	return h.prepare(req, account, m)
}

func (h *Host) createCommand(p prepared) (command, error) {
	kind := pay.OpCreate
	if p.req.Source != nil {
		kind = pay.OpCharge
	}
	fingerprint, err := h.fingerprint(kind, p.account.ID, "", &creation{p.req.Source, p.stable()})
	if err != nil {
		return command{}, err
	}
	row := new(creating)
	return command{
		kind: kind, key: p.req.IdempotencyKey, account: p.account, manifest: p.manifest, fingerprint: fingerprint, request: p.req,
		objectType: objectInvoice, customerID: p.call.Customer.ID, correlationID: p.req.CorrelationID, async: p.req.Async,
		resolution: resolutionOf(p.manifest, kind, p.call.Options),
		created:    row,
		prepare: func(op store.Operation, draft *store.Draft) (err error) {
			*row, err = h.newCreating(p, op, draft)
			return err
		},
		intend: func(ctx context.Context, tx *store.Tx, _ *store.Operation) error {
			if err := h.oneUnresolvedPerReference(ctx, tx, p); err != nil {
				return err
			}
			return tx.Do(row.steps)
		},
		call: func(ctx context.Context, account pay.Account, frame pay.Call, op store.Operation) (effect, error) {
			return h.callCreate(ctx, account, frame, p, op)
		},
	}, nil
}

// stable is what makes two requests the same: without addresses, which an honest retry may come from anew.
func (p prepared) stable() pay.CreateInvoice {
	stable := p.call
	stable.Payer.IP, stable.Payer.UserAgent = "", ""
	return stable
}

func (h *Host) callCreate(ctx context.Context, account pay.Account, frame pay.Call, p prepared, op store.Operation) (effect, error) {
	req := p.call
	frame.Critical = criticalOf(p)
	req.Call, req.InvoiceID = frame, op.InvoiceID
	req.WebhookURL, req.AccountWebhookURL = h.webhookURL(op.AccountID, op.InvoiceID), h.webhookURL(op.AccountID, "")
	if p.req.Source == nil {
		state, err := account.CreateInvoice(ctx, req)
		return effect{invoice: &state}, err
	}
	charger, err := pay.Offered[pay.Charger](account, pay.CanCharge)
	if err != nil {
		return effect{}, err
	}
	charge := pay.Charge{Invoice: req, Source: p.req.Source.Type, BalanceID: p.req.Source.ID}
	if charge.Source == pay.SourceCredential {
		charge.BalanceID = ""
		if charge.Credential, err = h.chargeable(ctx, p.req.Source.ID, op.AccountID, req.Customer.ID); err != nil {
			return effect{}, err
		}
	}
	state, err := charger.Charge(ctx, charge)
	return effect{invoice: &state}, err
}

// criticalOf names the fields of a request whose loss would change what happens to the
// money: an old plugin that does not know one must refuse.
func criticalOf(p prepared) []string {
	var names []string
	var none pay.Manifest
	for _, field := range commonFields(p.req) {
		if field.present && none.Field(field.name).Use == pay.FieldRefused {
			names = append(names, field.name)
		}
	}
	return names
}

// oneUnresolvedPerReference refuses a second create for an order whose first
// create may have happened: that is how payers are asked twice.
func (h *Host) oneUnresolvedPerReference(ctx context.Context, tx *store.Tx, p prepared) error {
	if p.call.Reference == "" {
		return nil
	}
	invoice, operation, err := tx.UnresolvedCreate(ctx, p.account.ID, p.call.Reference)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return &pay.Error{
		Kind: pay.KindInProgress, Executed: pay.ExecutedNo, InvoiceID: invoice, OperationID: operation,
		Message: fmt.Sprintf("reference: invoice %s of this reference has an unresolved create; settle it first", invoice),
		Fields:  []pay.FieldError{{Path: "reference", Message: "has an unresolved create on this account"}},
	}
}
