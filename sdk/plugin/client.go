package plugin

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// ClientConfig says how a [Client] talks to its plugin. The zero value is usable.
type ClientConfig struct {
	// Runtime is sent to the plugin by [Client.Start].
	Runtime Runtime
	// Timeout bounds calls whose context has no deadline. Default 30 s.
	Timeout time.Duration
	// Logger receives what in-process providers log. A plugin process logs to its own stderr. Nil discards.
	Logger *slog.Logger
	// Now is the clock of in-process providers. Nil means the system's.
	Now func() time.Time
	// Unary keeps calls off the stream lane: each is a gRPC call of its own, also where the plugin offers the lane. Nothing but the
	// cost of a call depends on it.
	Unary bool
}

// Client is the host's side of one plugin process: a [pay.Provider] whose accounts live there. It is used for one
// connection and thrown away with it; a restarted plugin gets a new one.
//
// Every failure is a [*pay.Error] that says whether the plugin may have acted: transport evidence and the plugin's own report
// have been weighed already. A Client is safe for concurrent use. Its two
// goroutines, where the plugin offers the stream lane, end with the connection.
type Client struct {
	conn      *laneConn
	rpc       pluginv1.ProviderServiceClient // over conn
	cfg       ClientConfig
	exchanges exchanges

	// observed is set once the connection is known to have an observer; see [trace.verdict].
	observed atomic.Bool

	mu       sync.Mutex    // guards manifest and info
	manifest *pay.Manifest // replaced, never changed
	info     Info
}

// NewClient returns a client for a connection made with [DialOptions]. It makes no call; [Client.Start] does. On a connection
// without these options every failed call counts as ambiguous.
func NewClient(conn grpc.ClientConnInterface, cfg ClientConfig) *Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	lane := &laneConn{conn: conn}
	return &Client{
		conn: lane, rpc: pluginv1.NewProviderServiceClient(lane), cfg: cfg,
		manifest: &pay.Manifest{},
	}
}

// Start gives the plugin its runtime and reads its manifest. Nothing else works before it.
func (c *Client) Start(ctx context.Context) error {
	settings := c.cfg.Runtime
	if !c.cfg.Unary {
		settings.Features = append(slices.Clone(settings.Features), featureLane)
	}
	x := c.exchanges.begin()
	defer c.exchanges.end(x)
	info, _, err := transact(ctx, c, x, methodConfigure, false, &pluginv1.ConfigureRequest{
		Call: grease(c.frame(ctx, x, pay.Call{})), Runtime: grease(toRuntime(settings)),
	}, x.ConfigureResponse(), c.conn.callPlain)
	if err != nil {
		return err
	}
	unknown, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	callUnknownMethod(unknown, c.conn.conn)
	cancel()
	manifest, _, err := transact(ctx, c, x, methodDescribe, false, &pluginv1.DescribeRequest{
		Call: c.frame(ctx, x, pay.Call{}),
	}, x.DescribeResponse(), c.conn.callPlain)
	if err != nil {
		return err
	}
	if !c.cfg.Unary && c.conn.lane.Load() == nil && slices.Contains(info.GetFeatures(), featureLane) {
		c.conn.open(c.cfg.Logger) //nolint:contextcheck // the lane lives as long as the connection
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	described := fromManifest(manifest)
	c.manifest = &described
	c.info = Info{SDK: info.GetSdk(), Runtime: info.GetRuntime(), Features: info.GetFeatures()}
	return nil
}

// Describe returns the manifest read by [Client.Start]; before it, an empty one.
func (c *Client) Describe() pay.Manifest { return *c.described() }

func (c *Client) described() *pay.Manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.manifest
}

// Info returns what the plugin said about itself in [Client.Start].
func (c *Client) Info() Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}

// Health asks the plugin whether it answers. It never reaches a provider, so that a short deadline is right. It asks without the
// stream lane, and then over it: a lane that is silent twice is used no more.
func (c *Client) Health(ctx context.Context) (Health, error) {
	x := c.exchanges.begin()
	defer c.exchanges.end(x)
	req := x.HealthRequest()
	req.Call = c.frame(ctx, x, pay.Call{})
	state, _, err := transact(ctx, c, x, methodHealth, false, req, x.HealthResponse(), c.conn.callPlain)
	if err != nil {
		return Health{}, err
	}
	c.conn.look(ctx, req)
	return Health{
		OpenAccounts: state.GetOpenAccounts(), RunningCalls: state.GetRunningCalls(),
		AbandonedCalls: state.GetAbandonedCalls(), AnsweredCalls: state.GetAnsweredCalls(),
	}, nil
}

// Open opens the account in the plugin. The account it returns implements every optional interface and [pay.AbilityTeller].
// It opens itself again where the plugin has lost it, once per call and only when nothing happened. cfg.HTTP, cfg.Log and
// cfg.Now stay behind: the plugin's side makes its own.
func (c *Client) Open(ctx context.Context, cfg pay.AccountConfig) (pay.Account, error) {
	a := &account{client: c, config: cfg}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// frame completes the frame of a call.
func (c *Client) frame(ctx context.Context, x *exchange, call pay.Call) *pluginv1.Call {
	if deadline, ok := ctx.Deadline(); ok && (call.Deadline.IsZero() || deadline.Before(call.Deadline)) {
		call.Deadline = deadline
	}
	return toCall(x.Arena, call)
}

// request is every request of the protocol.
type request interface {
	framed
	wireMessage
}

// answer is every response of the protocol.
type answer[S any] interface {
	proto.Message
	wireMessage
	GetReport() *pluginv1.Report
	GetError() *pluginv1.Error
	GetState() *S
}

// caller makes a call in one of the ways there are: it sends req, reads the answer into res and returns what was seen of the call, which
// is never nil.
type caller func(ctx context.Context, x *exchange, m method, req, res wireMessage) (seen *trace, err error)

// transact makes one call and turns whatever comes of it into a state with its report, or an error of known meaning.
func transact[S any](
	ctx context.Context, c *Client, x *exchange, m method, mutating bool, req request, res answer[S], by caller,
) (*S, *pluginv1.Report, error) {
	if fault := inspect(req, limits{}); fault != nil {
		return nil, nil, &pay.Error{Kind: pay.KindInvalidRequest, Executed: pay.ExecutedNo, Message: fault.Error()}
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.Timeout)
		defer cancel()
	}
	seen, err := by(ctx, x, m, req, res)
	if seen.tagged.Load() && !c.observed.Load() {
		c.observed.Store(true)
	}
	if err != nil {
		if e, ok := errors.AsType[*pay.Error](err); ok {
			return nil, nil, e // found out on this side, before anything was sent
		}
		return nil, nil, transportFault(ctx, m, mutating, seen.verdict(c.observed.Load()), err)
	}
	if fault := inspect(res, answerLimits()); fault != nil {
		return nil, nil, protocolFault(m, mutating, fault.Error())
	}
	if e := res.GetError(); e != nil {
		return nil, nil, answeredError(e, res.GetReport(), mutating)
	}
	state := res.GetState()
	if state == nil {
		return nil, nil, protocolFault(m, mutating, "the answer has neither a state nor an error")
	}
	return state, res.GetReport(), nil
}
