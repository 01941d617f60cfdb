package plugintest

import (
	"context"
	"io"
	"sync"

	"github.com/payhost/payhost/sdk/pay"
)

// probe stands between the SDK's guard and the adapter. It counts the calls that reach the adapter and those that have not
// returned, which the guard hides from the host on purpose, and can panic in the adapter's place.
type probe struct {
	provider pay.Provider

	mu      sync.Mutex // guards everything below
	reached int
	running int
	idle    chan struct{} // closed while running is 0; nil before the first call
	panics  bool
}

// Describe implements [pay.Provider].
func (p *probe) Describe() pay.Manifest { return p.provider.Describe() }

// Open implements [pay.Provider].
func (p *probe) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	account, err := p.provider.Open(ctx, cfg)
	if err != nil || account == nil {
		return nil, err
	}
	return &probed{probe: p, account: account}, nil
}

func (p *probe) enter() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reached++
	if p.running++; p.running == 1 {
		p.idle = make(chan struct{})
	}
}

func (p *probe) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running--; p.running == 0 {
		close(p.idle)
	}
}

// calls returns how many calls have reached the adapter.
func (p *probe) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reached
}

// returned is closed when no call is inside the adapter.
func (p *probe) returned() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return p.idle
}

func (p *probe) panicFromNowOn(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.panics = on
}

func (p *probe) panicking() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.panics
}

// probed is an account seen through its probe. It has every method; Abilities says which are real.
type probed struct {
	probe   *probe
	account pay.Account
}

// Abilities implements [pay.AbilityTeller].
func (a *probed) Abilities() pay.Abilities { return pay.Resolve(a.account) }

// Close implements [pay.Closer].
func (a *probed) Close() error {
	if c, ok := a.account.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func through[Req, Res any](ctx context.Context, a *probed, req Req, fn func(context.Context, Req) (Res, error)) (Res, error) {
	a.probe.enter()
	defer a.probe.leave()
	if a.probe.panicking() {
		panic("plugintest: a panic in the place of the adapter") //nolint:forbidigo // what the check is about
	}
	return fn(ctx, req)
}

// CreateInvoice implements [pay.Account].
func (a *probed) CreateInvoice(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
	return through(ctx, a, req, a.account.CreateInvoice)
}

// GetInvoice implements [pay.Account].
func (a *probed) GetInvoice(ctx context.Context, ref pay.InvoiceRef) (pay.InvoiceState, error) {
	return through(ctx, a, ref, a.account.GetInvoice)
}

// FindInvoice implements [pay.InvoiceFinder].
func (a *probed) FindInvoice(ctx context.Context, req pay.FindInvoice) (pay.InvoiceState, error) {
	if inner, ok := a.account.(pay.InvoiceFinder); ok {
		return through(ctx, a, req, inner.FindInvoice)
	}
	return pay.InvoiceState{}, pay.Unsupported(string(pay.CanFindInvoice))
}

// CancelInvoice implements [pay.Canceler].
func (a *probed) CancelInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	if inner, ok := a.account.(pay.Canceler); ok {
		return through(ctx, a, req, inner.CancelInvoice)
	}
	return pay.InvoiceState{}, pay.Unsupported(string(pay.CanCancel))
}

// CaptureInvoice implements [pay.Capturer].
func (a *probed) CaptureInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	if inner, ok := a.account.(pay.Capturer); ok {
		return through(ctx, a, req, inner.CaptureInvoice)
	}
	return pay.InvoiceState{}, pay.Unsupported(string(pay.CanCapture))
}

// VoidInvoice implements [pay.Voider].
func (a *probed) VoidInvoice(ctx context.Context, req pay.ChangeInvoice) (pay.InvoiceState, error) {
	if inner, ok := a.account.(pay.Voider); ok {
		return through(ctx, a, req, inner.VoidInvoice)
	}
	return pay.InvoiceState{}, pay.Unsupported(string(pay.CanVoid))
}

// CreateRefund implements [pay.Refunder].
func (a *probed) CreateRefund(ctx context.Context, req pay.CreateRefund) (pay.RefundState, error) {
	if inner, ok := a.account.(pay.Refunder); ok {
		return through(ctx, a, req, inner.CreateRefund)
	}
	return pay.RefundState{}, pay.Unsupported(string(pay.CanRefund))
}

// GetRefund implements [pay.RefundGetter].
func (a *probed) GetRefund(ctx context.Context, req pay.RefundRef) (pay.RefundState, error) {
	if inner, ok := a.account.(pay.RefundGetter); ok {
		return through(ctx, a, req, inner.GetRefund)
	}
	return pay.RefundState{}, pay.Unsupported(string(pay.CanGetRefund))
}

// Charge implements [pay.Charger].
func (a *probed) Charge(ctx context.Context, req pay.Charge) (pay.InvoiceState, error) {
	if inner, ok := a.account.(pay.Charger); ok {
		return through(ctx, a, req, inner.Charge)
	}
	return pay.InvoiceState{}, pay.Unsupported(string(pay.CanCharge))
}

// CreatePayout implements [pay.PayoutCreator].
func (a *probed) CreatePayout(ctx context.Context, req pay.CreatePayout) (pay.PayoutState, error) {
	if inner, ok := a.account.(pay.PayoutCreator); ok {
		return through(ctx, a, req, inner.CreatePayout)
	}
	return pay.PayoutState{}, pay.Unsupported(string(pay.CanPayout))
}

// GetPayout implements [pay.PayoutGetter].
func (a *probed) GetPayout(ctx context.Context, req pay.PayoutRef) (pay.PayoutState, error) {
	if inner, ok := a.account.(pay.PayoutGetter); ok {
		return through(ctx, a, req, inner.GetPayout)
	}
	return pay.PayoutState{}, pay.Unsupported(string(pay.CanGetPayout))
}

// CancelPayout implements [pay.PayoutCanceler].
func (a *probed) CancelPayout(ctx context.Context, req pay.CancelPayout) (pay.PayoutState, error) {
	if inner, ok := a.account.(pay.PayoutCanceler); ok {
		return through(ctx, a, req, inner.CancelPayout)
	}
	return pay.PayoutState{}, pay.Unsupported(string(pay.CanCancelPayout))
}

// ReadBalances implements [pay.BalanceReader].
func (a *probed) ReadBalances(ctx context.Context, req pay.ReadBalances) (pay.Balances, error) {
	if inner, ok := a.account.(pay.BalanceReader); ok {
		return through(ctx, a, req, inner.ReadBalances)
	}
	return pay.Balances{}, pay.Unsupported(string(pay.CanReadBalances))
}

// ListTransactions implements [pay.TransactionLister].
func (a *probed) ListTransactions(ctx context.Context, req pay.ListTransactions) (pay.TransactionPage, error) {
	if inner, ok := a.account.(pay.TransactionLister); ok {
		return through(ctx, a, req, inner.ListTransactions)
	}
	return pay.TransactionPage{}, pay.Unsupported(string(pay.CanListTransactions))
}

// HandleWebhook implements [pay.WebhookHandler].
func (a *probed) HandleWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookResult, error) {
	if inner, ok := a.account.(pay.WebhookHandler); ok {
		return through(ctx, a, req, inner.HandleWebhook)
	}
	return pay.WebhookResult{}, pay.Unsupported(string(pay.CanHandleWebhook))
}

// RouteWebhook implements [pay.WebhookRouter].
func (a *probed) RouteWebhook(ctx context.Context, req pay.WebhookRequest) (pay.WebhookRoute, error) {
	if inner, ok := a.account.(pay.WebhookRouter); ok {
		return through(ctx, a, req, inner.RouteWebhook)
	}
	return pay.WebhookRoute{}, pay.Unsupported(string(pay.CanRouteWebhook))
}

// Check implements [pay.Checker].
func (a *probed) Check(ctx context.Context, req pay.Check) (pay.AccountInfo, error) {
	if inner, ok := a.account.(pay.Checker); ok {
		return through(ctx, a, req, inner.Check)
	}
	return pay.AccountInfo{}, pay.Unsupported(string(pay.CanCheck))
}

// Maintain implements [pay.AccountMaintainer].
func (a *probed) Maintain(ctx context.Context, req pay.Maintain) (pay.Maintained, error) {
	if inner, ok := a.account.(pay.AccountMaintainer); ok {
		return through(ctx, a, req, inner.Maintain)
	}
	return pay.Maintained{}, pay.Unsupported(string(pay.CanMaintain))
}

// RunAction implements [pay.ActionProvider].
func (a *probed) RunAction(ctx context.Context, req pay.Action) (pay.ActionResult, error) {
	if inner, ok := a.account.(pay.ActionProvider); ok {
		return through(ctx, a, req, inner.RunAction)
	}
	return pay.ActionResult{}, pay.Unsupported(string(pay.CanRunAction))
}
