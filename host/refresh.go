package host

import (
	"context"
	"errors"

	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/sdk/pay"
)

// RefreshInvoice asks the provider for the truth about one invoice now and
// returns what the host knows then. Callers that ask at the same time share
// one question. When the provider cannot be asked, the error says why and nothing has changed.
func (h *Host) RefreshInvoice(ctx context.Context, id string) (*Invoice, error) {
	if err := h.ready(ctx); err != nil {
		return nil, err
	}
	if _, err := h.invoiceView(ctx, id); err != nil {
		return nil, err
	}
	if err := h.sync(ctx, id, actorFrom(ctx).name); err != nil {
		return nil, err
	}
	return h.invoiceView(ctx, id)
}

// sync makes one look at the provider per invoice at a time; see [flights]. The look goes on
// when its callers hang up.
func (h *Host) sync(ctx context.Context, id, who string) error {
	f := h.syncs.ask(id, func() error {
		done, err := h.begin()
		if err != nil {
			return err
		}
		defer done()
		return h.syncNow(context.WithoutCancel(ctx), id, who)
	})
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return &pay.Error{
			Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo, InvoiceID: id,
			Message: "the caller stopped waiting for the provider's answer", Err: context.Cause(ctx),
		}
	}
}

func (h *Host) syncNow(ctx context.Context, id, who string) error {
	inv, err := h.store.Invoice(ctx, id)
	if err != nil {
		return storageError(err)
	}
	state, err := h.ask(ctx, inv)
	if err != nil {
		e := pay.AsError(err)
		e.InvoiceID = id
		return e
	}
	_, err = h.record(ctx, id, observation{
		kind: pay.EvidenceAPISync, state: state, actor: who, cause: string(pay.EvidenceAPISync), at: h.now(),
	})
	return err
}

// ask opens the invoice's account and looks at the provider.
func (h *Host) ask(ctx context.Context, inv store.Invoice) (pay.InvoiceState, error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeouts.Operation)
	defer cancel()
	account, err := h.account(ctx, inv.AccountID)
	if err != nil {
		return pay.InvoiceState{}, err
	}
	if err := h.pace(ctx, account, pay.CanGetInvoice); err != nil {
		return pay.InvoiceState{}, err
	}
	use, err := h.openFor(ctx, account, route{object: inv.ID})
	if err != nil {
		return pay.InvoiceState{}, err
	}
	defer use.release()
	state, err := h.look(ctx, use, account, inv)
	use.transport(err)
	return state, err
}

// look asks for the invoice by the provider's id or, while that is not known,
// by our key.
func (h *Host) look(ctx context.Context, use *accountUse, account store.Account, inv store.Invoice) (pay.InvoiceState, error) {
	kind := CallFind
	if inv.ProviderRef != "" {
		kind = CallGet
	}
	ctx, cancel := use.within(ctx, kind)
	defer cancel()
	call := h.readCall(ctx, account)
	ctx = pay.WithCall(ctx, call)
	if inv.ProviderRef != "" {
		return use.account.GetInvoice(ctx, refOf(inv))
	}
	finder, err := pay.Offered[pay.InvoiceFinder](use.account, pay.CanFindInvoice)
	if err != nil {
		return pay.InvoiceState{}, pay.Errorf(pay.KindInvalidState,
			"the provider's id of the invoice is not known, and provider %s cannot be asked without it", account.Provider)
	}
	op, err := h.store.Operation(ctx, inv.CreateOperationID)
	if err != nil {
		return pay.InvoiceState{}, storageError(err)
	}
	state, err := finder.FindInvoice(ctx, pay.FindInvoice{
		Call: call, Operation: op.Kind, Invoice: refOf(inv), Reference: inv.Reference, SentAt: op.CreatedAt,
	})
	if errors.Is(err, pay.KindNotFound) {
		return state, pay.Errorf(pay.KindNotFound, "the provider does not show this invoice (yet)")
	}
	return state, err
}

// refOf is what an adapter gets to find an invoice.
func refOf(inv store.Invoice) pay.InvoiceRef {
	return pay.InvoiceRef{
		InvoiceID: inv.ID, OperationID: inv.CreateOperationID, ProviderKey: inv.ProviderKey, ProviderRef: inv.ProviderRef,
		ProviderRefs: inv.ProviderRefs, State: inv.PrivateState,
		Known: pay.Known{
			Status: inv.Status, Purpose: inv.Purpose, Capture: inv.Capture, Amount: inv.Amount, Due: inv.Due,
			Authorized: inv.Authorized, Captured: inv.Captured, Refunded: inv.Refunded, CreatedAt: inv.CreatedAt, ExpiresAt: inv.ExpiresAt,
		},
	}
}

// readCall is the frame of a call that changes nothing.
func (h *Host) readCall(ctx context.Context, account store.Account) pay.Call {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = h.now().Add(h.cfg.Timeouts.Adapter)
	}
	return pay.Call{
		AccountID: account.ID, AccountRevision: account.Revision, Mode: account.Mode, Try: 1, Deadline: deadline,
		Traceparent: actorFrom(ctx).traceparent,
	}
}
