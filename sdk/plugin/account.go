package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// closeTimeout bounds [account.Close], which has no context. A plugin that does not answer loses the handle when it ends.
const closeTimeout = 5 * time.Second

// account is one account that is open in a plugin.
type account struct {
	client *Client
	config pay.AccountConfig

	mu        sync.Mutex // guards abilities
	abilities pay.Abilities
}

// open makes the plugin hold this revision.
func (a *account) open(ctx context.Context) error {
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.OpenAccountRequest()
	wire.Call, wire.Account = grease(a.frame(ctx, x, pay.Call{})), grease(toAccountConfig(x.Arena, a.config))
	opened, _, err := transact(ctx, a.client, x, methodOpenAccount, false, wire, x.OpenAccountResponse(), a.client.conn.call)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.abilities = pay.NewAbilities(texts[pay.Ability](opened.GetAbilities())...)
	return nil
}

// Abilities implements [pay.AbilityTeller]: what the plugin said when the account was opened.
func (a *account) Abilities() pay.Abilities {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.abilities
}

// Close implements [pay.Closer].
func (a *account) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	x := a.client.exchanges.begin()
	defer a.client.exchanges.end(x)
	wire := x.CloseAccountRequest()
	wire.Call = a.frame(ctx, x, pay.Call{})
	_, _, err := transact(ctx, a.client, x, methodCloseAccount, false, wire, x.CloseAccountResponse(), a.client.conn.call)
	return err
}

// frame addresses a call to this handle. Requests that carry no frame take the one of the context.
func (a *account) frame(ctx context.Context, x *exchange, call pay.Call) *pluginv1.Call {
	if isNoCall(&call) {
		call = pay.CallFrom(ctx)
	}
	call.AccountID, call.AccountRevision = a.config.AccountID, a.config.Revision
	if call.Mode == "" {
		call.Mode = a.config.Mode
	}
	return a.client.frame(ctx, x, call)
}

// isNoCall reports whether nothing in the frame is set.
func isNoCall(c *pay.Call) bool {
	return c.OperationID == "" && c.ProviderKey == "" && c.Try == 0 && c.AccountID == "" && c.AccountRevision == 0 && c.Mode == "" &&
		c.Deadline.IsZero() && c.Traceparent == "" && c.CorrelationID == "" && c.Critical == nil
}

// send makes one call of an account. Where the plugin does not hold the account, which proves that nothing happened, it opens
// it and calls once more.
func send[S any](ctx context.Context, a *account, x *exchange, m method, req request, res answer[S]) (*S, *pluginv1.Report, error) {
	return sendBy(ctx, a, x, m, m.mutating(a.client.described(), ""), req, res, a.client.conn.call)
}

// sendBy is send for a call that is made in its own way.
func sendBy[S any](
	ctx context.Context, a *account, x *exchange, m method, mutating bool, req request, res answer[S], by caller,
) (*S, *pluginv1.Report, error) {
	state, report, err := transact(ctx, a.client, x, m, mutating, req, res, by)
	if err == nil || !errors.Is(err, errAccountNotOpen) {
		return state, report, err
	}
	if err := a.open(ctx); err != nil {
		return nil, nil, notReopened(err)
	}
	return transact(ctx, a.client, x, m, mutating, req, res, by)
}

// notReopened is the failure of a call whose account could not be opened: whatever became of the opening, the call itself was
// not made.
func notReopened(err error) *pay.Error {
	e := *pay.AsError(err)
	if e.WasExecuted() != pay.ExecutedNo {
		e.Kind = pay.KindPluginFault
		e.Retry = pay.Retry{Rule: pay.RetrySameOperation}
	}
	e.Executed = pay.ExecutedNo
	e.Message = "the account could not be opened again: " + e.Message
	return &e
}
