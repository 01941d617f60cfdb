package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// guard stands between the protocol and the adapter: whatever an adapter does, a call ends in time with an answer or an error
// whose meaning is known. In-process providers pass through it as plugins do.
type guard struct {
	provider pay.Provider
	log      *slog.Logger
	now      func() time.Time
	handles  *table
	workers  *workers
	overseer *overseer
	// local says that callers are in this process: nothing between them and the adapter gives up by itself.
	local    bool
	manifest func() (*pay.Manifest, error) // computed once, not to be changed

	mu        sync.Mutex // guards http and recorders
	http      *http.Client
	recorders map[string]*httpx.Recorder // by account

	answered atomic.Int64
}

func newGuard(p pay.Provider, log *slog.Logger, now func() time.Time) *guard {
	g := &guard{provider: p, log: log, now: now, handles: newTable(log), workers: newWorkers(0)}
	g.overseer = &overseer{abandoned: g.abandoned}
	g.manifest = sync.OnceValues(g.describe)
	return g
}

// describe asks the provider for its manifest and puts the SDK's name in.
func (g *guard) describe() (_ *pay.Manifest, err error) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("the plugin panicked in Describe", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = panicked(methodDescribe, false)
		}
	}()
	m := g.provider.Describe()
	m.SDK = SDK
	return &m, nil
}

// configure replaces the way out for accounts opened from now on.
func (g *guard) configure(r Runtime) error {
	manifest, err := g.manifest()
	if err != nil {
		return err
	}
	client, err := r.httpClient("payhost-provider-"+manifest.Name+"/"+manifest.Version, g.log)
	if err != nil {
		return pay.Invalid("runtime", "%s", err.Error())
	}
	recorders := g.openRecorders(r.Recordings, manifest.Name)
	g.mu.Lock()
	g.http = client
	g.recorders = recorders
	g.mu.Unlock()
	return nil
}

// client returns the way out, or nil before the first configure.
func (g *guard) client() *http.Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.http
}

// keepWorkers makes calls cheaper until [guard.end], which must then be called.
func (g *guard) keepWorkers() { g.workers = newWorkers(keptWorkers) }

// end gives back all accounts and what was kept for calls. It returns when the accounts that nobody uses are closed.
func (g *guard) end() {
	g.handles.closeAll()
	g.workers.end()
}

// closeIdle lets go of the connections that no call uses.
func (g *guard) closeIdle() {
	if c := g.client(); c != nil {
		c.CloseIdleConnections()
	}
}

// open opens an account and returns what it offers.
func (g *guard) open(ctx context.Context, call pay.Call, cfg pay.AccountConfig) (pay.Abilities, error) {
	if cfg.AccountID == "" {
		return nil, pay.Invalid("account_id", "is missing")
	}
	cfg.HTTP = g.client()
	if cfg.HTTP == nil {
		return nil, notConfigured()
	}
	cfg.HTTP = g.recorded(cfg)
	cfg.Log = g.log.With("account", cfg.AccountID)
	cfg.Now = g.now
	return g.handles.open(ctx, cfg, func(ctx context.Context) (opened, error) {
		if ctx.Err() != nil {
			return opened{}, notStarted(methodOpenAccount)
		}
		c := &adapterCall{lateContext: lateContext{around: ctx}}
		c.enter(methodOpenAccount, &call, false)
		return handOver(g, c, func(ctx context.Context) (opened, error) {
			account, err := g.provider.Open(ctx, cfg)
			if err != nil {
				return opened{}, err
			}
			if account == nil {
				return opened{}, pay.Errorf(pay.KindPluginFault, "Open returned neither an account nor an error")
			}
			return opened{account, pay.Resolve(account)}, nil
		}, func(o opened, late bool) {
			if closer, ok := o.account.(pay.Closer); ok && late {
				_ = closer.Close() // nobody has it, and nobody is left to be told
			}
		})
	})
}

// invoke runs one call of an account under its deadline. A panic ends this call alone. An adapter that outlives its context is
// given up: nobody knows what it did, and it goes on holding its account until it returns.
//
// The adapter runs in the goroutine of the caller where somebody else answers in time for an adapter that does not return: the
// lane, which hears of it from the overseer, or a transport whose other end has stopped waiting by then.
//
// An account that lists an ability and is no T has contradicted itself; nothing happened.
func invoke[T, In, Res any](
	ctx context.Context, g *guard, m method, call *pay.Call, mutating bool, in In, do func(T, context.Context, In) (Res, error),
) (res Res, err error) {
	h, ok := g.handles.use(call.AccountID, call.AccountRevision)
	if !ok {
		return res, accountNotOpen()
	}
	account, ok := h.account.(T)
	if !ok || !h.abilities.Has(m.ability()) {
		g.handles.release(h)
		return res, pay.Unsupported(string(m.ability()))
	}
	if ctx.Err() != nil {
		g.handles.release(h)
		return res, notStarted(m)
	}
	c, ok := ctx.(*adapterCall) // whoever made it ends it when the answer has been written
	if !ok {
		c = &adapterCall{lateContext: lateContext{around: ctx}}
		defer c.end()
	}
	c.enter(m, call, mutating)
	if c.listener != nil || !g.local && endsBy(c.around, call.Deadline) { //nolint:contextcheck // it only looks at its end
		res, err = here(g, c, h, account, in, do)
		return res, known(err, mutating)
	}
	return handOver(g, c, func(ctx context.Context) (Res, error) { return do(account, ctx, in) },
		func(Res, bool) { g.handles.release(h) })
}

// endsBy reports whether a transport waits no longer for an answer than until the deadline of the call and its grace.
func endsBy(ctx context.Context, deadline time.Time) bool {
	end, ok := ctx.Deadline()
	return ok && (deadline.IsZero() || end.Before(deadline.Add(grace)))
}

// here runs the adapter in this goroutine.
func here[T, In, Res any](
	g *guard, c *adapterCall, h *handle, account T, in In, do func(T, context.Context, In) (Res, error),
) (res Res, err error) {
	g.overseer.add(c)
	defer func() {
		if p := recover(); p != nil {
			var none Res
			res, err = none, g.recovered(c, p)
		}
		g.leave(c)
		g.handles.release(h)
	}()
	return do(account, c, in)
}

// leave takes note that an adapter has returned.
func (g *guard) leave(c *adapterCall) {
	if c.late = g.overseer.remove(c); c.late {
		g.log.Warn("an abandoned call has returned", "method", string(c.method), "operation", c.frame.OperationID)
	}
}

// abandoned is told by the overseer.
func (g *guard) abandoned(c *adapterCall) {
	g.log.Warn("a call is abandoned: the plugin did not return at its deadline",
		"method", string(c.method), "operation", c.frame.OperationID)
}

func (g *guard) recovered(c *adapterCall, p any) *pay.Error {
	g.log.Error("the plugin panicked", "method", string(c.method), "operation", c.frame.OperationID,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return panicked(c.method, c.mutating)
}

// handedOver is a call that runs in a goroutine of its own while its caller waits.
type handedOver[Res any] struct {
	guard *guard
	call  *adapterCall
	fn    func(context.Context) (Res, error)
	done  func(res Res, late bool)
	over  chan struct{} // gets a token when the caller need not wait any more

	res Res
	err error
}

// handOver runs fn in a goroutine of its own and waits for it until the call is given up. done is called when fn has returned,
// whether anybody still waits or not.
func handOver[Res any](
	g *guard, c *adapterCall, fn func(context.Context) (Res, error), done func(res Res, late bool),
) (res Res, err error) {
	x := &handedOver[Res]{guard: g, call: c, fn: fn, done: done, over: make(chan struct{}, 1)}
	c.listener = x
	g.overseer.add(c)
	g.workers.run(x)
	<-x.over
	if c.state == callGivenUp {
		return res, abandoned(c.method, c.mutating, c.Err())
	}
	return x.res, known(x.err, c.mutating)
}

// work implements job.
func (x *handedOver[Res]) work() {
	returned := false
	defer func() {
		if p := recover(); p != nil {
			x.err = x.guard.recovered(x.call, p)
		} else if !returned {
			x.err = panicked(x.call.method, x.call.mutating) // runtime.Goexit takes this goroutine along
		}
		x.guard.leave(x.call)
		x.call.end()
		x.done(x.res, x.call.late)
		if !x.call.late {
			x.over <- struct{}{}
		}
	}()
	x.res, x.err = x.fn(x.call)
	returned = true
}

// givenUp implements listener.
func (x *handedOver[Res]) givenUp(*adapterCall) { x.over <- struct{}{} }

// known gives every error of an adapter a meaning. An error that carries none means, of a mutating call, that nobody knows
// what happened; of a read, that it did not work now.
func known(err error, mutating bool) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*pay.Error](err); ok && e != nil {
		return e
	}
	if mutating {
		return pay.AsError(err)
	}
	return &pay.Error{Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo, Message: err.Error(), Err: err}
}

func notStarted(m method) *pay.Error {
	return &pay.Error{
		Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo,
		Message: "the time was up before " + string(m) + " could start",
	}
}

func abandoned(m method, mutating bool, cause error) *pay.Error {
	e := &pay.Error{
		Kind: pay.KindProviderUnavailable, Executed: pay.ExecutedNo,
		Message: "the plugin did not answer " + string(m) + " in time", Err: cause,
	}
	if mutating {
		e.Kind, e.Executed = pay.KindOutcomeUnknown, pay.ExecutedUnknown
	}
	return e
}

func panicked(m method, mutating bool) *pay.Error {
	e := &pay.Error{Kind: pay.KindPluginFault, Executed: pay.ExecutedNo, Message: "the plugin panicked in " + string(m)}
	if mutating {
		e.Executed = pay.ExecutedUnknown
	}
	return e
}
