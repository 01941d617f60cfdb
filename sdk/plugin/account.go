package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"

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
	opened, _, err := transact(ctx, a.client, methodOpenAccount, false, &pluginv1.OpenAccountRequest{
		Call: grease(a.frame(ctx, pay.Call{})), Account: grease(toAccountConfig(a.config)),
	}, a.client.rpc.OpenAccount)
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
	_, _, err := transact(ctx, a.client, methodCloseAccount, false, &pluginv1.CloseAccountRequest{
		Call: a.frame(ctx, pay.Call{}),
	}, a.client.rpc.CloseAccount)
	return err
}

// frame addresses a call to this handle. Requests that carry no frame take the one of the context.
func (a *account) frame(ctx context.Context, call pay.Call) *pluginv1.Call {
	if isNoCall(&call) {
		call = pay.CallFrom(ctx)
	}
	call.AccountID, call.AccountRevision = a.config.AccountID, a.config.Revision
	if call.Mode == "" {
		call.Mode = a.config.Mode
	}
	return a.client.frame(ctx, call)
}

// isNoCall reports whether nothing in the frame is set.
func isNoCall(c *pay.Call) bool {
	return c.OperationID == "" && c.ProviderKey == "" && c.Try == 0 && c.AccountID == "" && c.AccountRevision == 0 && c.Mode == "" &&
		c.Deadline.IsZero() && c.Traceparent == "" && c.CorrelationID == "" && c.Critical == nil
}

// send makes one call of an account. Where the plugin does not hold the account, which proves that nothing happened, it opens
// it and calls once more.
func send[S any, Req framed, Res answer[S]](
	ctx context.Context, a *account, m method, req Req, rpc func(context.Context, Req, ...grpc.CallOption) (Res, error),
) (*S, *pluginv1.Report, error) {
	action := ""
	if start, ok := any(req).(*pluginv1.RunActionRequest); ok {
		action = start.GetStart().GetName()
	}
	mutating := m.mutating(a.client.described(), action)
	state, report, err := transact(ctx, a.client, m, mutating, req, rpc)
	if !errors.Is(err, errAccountNotOpen) {
		return state, report, err
	}
	if err := a.open(ctx); err != nil {
		return nil, nil, notReopened(err)
	}
	return transact(ctx, a.client, m, mutating, req, rpc)
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
