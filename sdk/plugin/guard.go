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

// grace is how much longer than its deadline an adapter may take to hand over what it knows, before it is abandoned.
const grace = 100 * time.Millisecond

// guard stands between the protocol and the adapter: whatever an adapter does, a call ends in time with an answer or an error
// whose meaning is known. In-process providers pass through it as plugins do.
type guard struct {
	provider pay.Provider
	log      *slog.Logger
	now      func() time.Time
	handles  *table
	workers  *workers
	manifest func() (*pay.Manifest, error) // computed once, not to be changed

	mu        sync.Mutex // guards http and recorders
	http      *http.Client
	recorders map[string]*httpx.Recorder // by account

	running, abandoned, answered atomic.Int64
}

func newGuard(p pay.Provider, log *slog.Logger, now func() time.Time) *guard {
	g := &guard{provider: p, log: log, now: now, handles: newTable(log), workers: newWorkers(0)}
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
		return supervise(ctx, g, methodOpenAccount, call, false, func(ctx context.Context) (opened, error) {
			account, err := g.provider.Open(ctx, cfg)
			if err != nil {
				return opened{}, err
			}
			if account == nil {
				return opened{}, pay.Errorf(pay.KindPluginFault, "Open returned neither an account nor an error")
			}
			return opened{account, pay.Resolve(account)}, nil
		}, func(o opened, _ error, abandoned bool) {
			if closer, ok := o.account.(pay.Closer); ok && abandoned {
				_ = closer.Close() // nobody has it, and nobody is left to be told
			}
		})
	})
}

// invoke runs one call of an account.
func invoke[Res any](
	ctx context.Context, g *guard, m method, call pay.Call, mutating bool, fn func(context.Context, pay.Account) (Res, error),
) (Res, error) {
	var none Res
	h, release, ok := g.handles.use(call.AccountID, call.AccountRevision)
	if !ok {
		return none, accountNotOpen()
	}
	if !h.abilities.Has(m.ability()) {
		release()
		return none, pay.Unsupported(string(m.ability()))
	}
	return supervise(ctx, g, m, call, mutating, func(ctx context.Context) (Res, error) {
		return fn(ctx, h.account)
	}, func(Res, error, bool) { release() })
}

// outcome is what an adapter returned.
type outcome[Res any] struct {
	res Res
	err error
}

// supervise runs fn in a goroutine of its own under the call's deadline. A panic ends this call alone. An fn that outlives
// its context is abandoned: nobody knows what it did, and it goes on holding its account until it returns. done is called when
// fn has returned, whether anybody still waits or not.
func supervise[Res any](
	ctx context.Context, g *guard, m method, call pay.Call, mutating bool,
	fn func(context.Context) (Res, error), done func(res Res, err error, abandoned bool),
) (Res, error) {
	var none Res
	if ctx.Err() != nil {
		done(none, ctx.Err(), false)
		return none, notStarted(m)
	}
	ctx, cancel := withDeadline(pay.WithCall(httpx.WithCallName(ctx, string(m.ability())), call), call.Deadline)
	defer cancel()

	// settled is decided once: by the goroutine when fn returns, or by the caller when it gives up.
	const returned, gaveUp = 1, 2
	var settled atomic.Int32
	out := new(outcome[Res]) // on the heap, and read once finished: results are large, and stacks are to stay small
	finished := make(chan struct{})
	g.running.Add(1)
	g.workers.run(func() {
		defer func() {
			if p := recover(); p != nil {
				g.log.Error("the plugin panicked", "method", string(m), "operation", call.OperationID,
					"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				*out = outcome[Res]{err: panicked(m, mutating)}
			}
			late := !settled.CompareAndSwap(0, returned)
			g.running.Add(-1)
			if late {
				g.abandoned.Add(-1)
				g.log.Warn("an abandoned call has returned", "method", string(m), "operation", call.OperationID)
			}
			done(out.res, out.err, late)
			close(finished)
		}()
		out.res, out.err = fn(ctx)
	})

	select {
	case <-finished:
		return out.res, known(out.err, mutating)
	case <-ctx.Done():
	}
	wait := time.NewTimer(grace)
	defer wait.Stop()
	select {
	case <-finished:
		return out.res, known(out.err, mutating)
	case <-wait.C:
	}
	g.abandoned.Add(1)
	if !settled.CompareAndSwap(0, gaveUp) {
		g.abandoned.Add(-1)
		<-finished
		return out.res, known(out.err, mutating)
	}
	g.log.Warn("a call is abandoned: the plugin did not return at its deadline", "method", string(m), "operation", call.OperationID)
	return none, abandoned(m, mutating, ctx.Err())
}

func withDeadline(ctx context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if around, ok := ctx.Deadline(); deadline.IsZero() || ok && !around.After(deadline) {
		return context.WithCancel(ctx) // a timer of its own would tell nothing new
	}
	return context.WithDeadline(ctx, deadline)
}

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
