package hosttest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

type payout struct {
	ref    string
	amount pay.Money
	status pay.PayoutStatus
}

// change plays a cancel, capture or void.
func (a *account) change(ctx context.Context, op pay.Operation, req pay.ChangeInvoice, from, to pay.Status) (pay.InvoiceState, error) {
	p := a.p
	p.mu.Lock()
	inv := p.invoices[req.Invoice.ProviderRef]
	wrong := inv == nil || inv.status != from
	p.mu.Unlock()
	if wrong {
		return pay.InvoiceState{}, pay.Errorf(pay.KindInvalidState, "the provider holds another state")
	}
	_, err := p.act(ctx, op, req.Call.ProviderKey, func(Outcome) {
		inv.status, inv.changed = to, inv.changed.Add(time.Second)
		if op == pay.OpCapture {
			inv.captured = inv.amount
			if req.Amount.IsSet() {
				inv.captured = req.Amount
			}
		}
	})
	if err != nil {
		return pay.InvoiceState{}, err
	}
	return p.state(inv.ref), nil
}

// CancelInvoice implements [pay.Canceler].
func (a *account) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(ctx, pay.OpCancel, req, pay.StatusPending, pay.StatusCanceled)
}

// CaptureInvoice implements [pay.Capturer].
func (a *account) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(ctx, pay.OpCapture, req, pay.StatusAuthorized, pay.StatusPaid)
}

// VoidInvoice implements [pay.Voider].
func (a *account) VoidInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	return a.change(ctx, pay.OpVoid, req, pay.StatusAuthorized, pay.StatusCanceled)
}

// CreateRefund implements [pay.Refunder]. [Paid] makes it succeed at once; otherwise it is pending until [Provider.FinishRefunds].
func (a *account) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	p := a.p
	state := pay.RefundState{ProviderKey: req.Call.ProviderKey, Status: pay.RefundPending, Amount: req.Amount}
	_, err := p.act(ctx, pay.OpRefund, req.Call.ProviderKey, func(outcome Outcome) {
		if outcome == Paid {
			state.Status = pay.RefundSucceeded
		}
		inv := p.invoices[req.Invoice.ProviderRef]
		inv.refunds = append(inv.refunds, state)
		inv.changed = inv.changed.Add(time.Second)
	})
	return state, err
}

// FinishRefunds lets every pending refund succeed.
func (p *Provider) FinishRefunds() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, inv := range p.invoices {
		for i := range inv.refunds {
			inv.refunds[i].Status = pay.RefundSucceeded
			inv.changed = inv.changed.Add(time.Second)
		}
	}
}

// AddRefund makes a refund appear at the provider under a key, as if somebody had ordered it there.
func (p *Provider) AddRefund(ref, key string, amount pay.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	inv := p.invoices[ref]
	inv.refunds = append(inv.refunds, pay.RefundState{ProviderKey: key, Status: pay.RefundSucceeded, Amount: amount})
	inv.changed = inv.changed.Add(time.Second)
}

// GetRefund implements [pay.RefundGetter].
func (a *account) GetRefund(_ context.Context, ref pay.RefundRef) (pay.RefundState, error) {
	p := a.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looks++
	if p.down {
		return pay.RefundState{}, pay.Errorf(pay.KindProviderUnavailable, "the provider is down")
	}
	if inv := p.invoices[ref.Invoice.ProviderRef]; inv != nil {
		for _, r := range inv.refunds {
			if r.ProviderKey == ref.ProviderKey {
				return r, nil
			}
		}
	}
	return pay.RefundState{}, pay.Errorf(pay.KindNotFound, "no such refund")
}

// Charge implements [pay.Charger]. The provider recognises a repeated key.
func (a *account) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	p := a.p
	p.mu.Lock()
	for _, inv := range p.invoices {
		if inv.key == req.Invoice.Call.ProviderKey {
			ref := inv.ref
			p.mu.Unlock()
			return p.state(ref), nil
		}
	}
	p.mu.Unlock()
	return a.create(ctx, pay.OpCharge, req.Invoice, pay.StatusPaid)
}

// CreatePayout implements [pay.PayoutCreator].
func (a *account) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	p := a.p
	made := &payout{ref: "po-" + req.Call.ProviderKey, amount: req.Amount, status: pay.PayoutPending}
	_, err := p.act(ctx, pay.OpPayout, req.Call.ProviderKey, func(outcome Outcome) {
		if outcome == Paid {
			made.status = pay.PayoutSucceeded
		}
		p.payouts[req.Call.ProviderKey] = made
	})
	return made.state(), err
}

func (o *payout) state() pay.PayoutState {
	return pay.PayoutState{ProviderRef: o.ref, Status: o.status, Amount: o.amount}
}

// GetPayout implements [pay.PayoutGetter].
func (a *account) GetPayout(_ context.Context, ref pay.PayoutRef) (pay.PayoutState, error) {
	p := a.p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looks++
	if p.down {
		return pay.PayoutState{}, pay.Errorf(pay.KindProviderUnavailable, "the provider is down")
	}
	if o := p.payouts[ref.ProviderKey]; o != nil {
		return o.state(), nil
	}
	return pay.PayoutState{}, pay.Errorf(pay.KindNotFound, "no such payout")
}

// ReadBalances implements [pay.BalanceReader].
func (a *account) ReadBalances(context.Context, pay.ReadBalances) (pay.Balances, error) {
	amount, err := pay.ParseMoney("1000.00", "UAH")
	return pay.Balances{Balances: []pay.Balance{{Available: amount}}}, err
}

// RunAction implements [pay.ActionProvider].
func (a *account) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if req.Name == "rates" {
		return pay.ActionResult{Output: json.RawMessage(`{"USD":"41.20"}`)}, nil
	}
	_, err := a.p.act(ctx, pay.OpAction, req.Call.ProviderKey, func(Outcome) {})
	return pay.ActionResult{Output: json.RawMessage(`{"sent":true}`)}, err
}
