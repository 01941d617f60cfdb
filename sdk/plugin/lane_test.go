package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// carrier is a plugin whose end of the stream a test plays; its unary end is genuine.
type carrier struct {
	pluginv1.UnimplementedLaneServiceServer
	carry func(grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]) error
}

func (c *carrier) Carry(stream grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]) error {
	return c.carry(stream)
}

// serveCarrier returns an account of a plugin that plays the lane by script. Genuine calls count in f.
func serveCarrier(t *testing.T, f *fake, cfg ClientConfig, carry func(laneScript) error) (*Client, *account) {
	t.Helper()
	s := newServer(f, nil, nil)
	conn, stop, err := dialServices(func(r grpc.ServiceRegistrar, _ *slog.Logger) {
		pluginv1.RegisterProviderServiceServer(r, s)
		pluginv1.RegisterLaneServiceServer(r, &carrier{carry: func(stream grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]) error {
			if err := stream.Send(&pluginv1.CarryResponse{}); err != nil {
				return err
			}
			return carry(laneScript{stream})
		}})
	}, nil)
	require.NoError(t, err)
	t.Cleanup(stop)
	c := NewClient(conn, cfg)
	require.NoError(t, c.Start(t.Context()))
	awaitLane(t, c.conn)
	plain := NewClient(conn, ClientConfig{Unary: true})
	require.NoError(t, plain.Start(t.Context()))
	_ = open(t, plain)
	return c, &account{client: c, config: testConfig()}
}

// awaitLane waits until the plugin has taken the lane.
func awaitLane(tb testing.TB, c *laneConn) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); c.lane.Load() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal("the lane was not opened")
		}
	}
}

// laneScript is the plugin's end of a stream in a test.
type laneScript struct {
	stream grpc.BidiStreamingServer[pluginv1.CarryRequest, pluginv1.CarryResponse]
}

// call waits for the next call.
func (s laneScript) call() (*pluginv1.LaneCall, error) {
	for {
		batch, err := s.stream.Recv()
		if err != nil {
			return nil, err
		}
		if len(batch.GetCalls()) > 0 {
			return batch.GetCalls()[0], nil
		}
	}
}

func (s laneScript) say(answers ...*pluginv1.LaneAnswer) error {
	return s.stream.Send(&pluginv1.CarryResponse{Answers: answers})
}

// until waits for the end of the stream.
func (s laneScript) until() error {
	for {
		if _, err := s.stream.Recv(); err != nil {
			return err
		}
	}
}

// A plugin that breaks the rules loses the lane and nothing else: the call that was out is unknown, the next is made one by one.
func TestLaneRulesBrokenByThePlugin(t *testing.T) {
	part := func(id int64, n int) *pluginv1.LaneAnswer {
		return &pluginv1.LaneAnswer{Id: id, Response: make([]byte, n), More: true}
	}
	for name, misbehave := range map[string]func(laneScript, *pluginv1.LaneCall) error{
		"an id that was never used": func(s laneScript, _ *pluginv1.LaneCall) error { return s.say(&pluginv1.LaneAnswer{Id: 99}) },
		"id zero":                   func(s laneScript, _ *pluginv1.LaneCall) error { return s.say(&pluginv1.LaneAnswer{}) },
		"an empty part":             func(s laneScript, c *pluginv1.LaneCall) error { return s.say(part(c.GetId(), 0)) },
		"endless parts": func(s laneScript, c *pluginv1.LaneCall) error {
			for range 64 {
				if err := s.say(part(c.GetId(), 1<<20)); err != nil {
					return err
				}
			}
			return s.say(&pluginv1.LaneAnswer{Id: c.GetId()}) // all was taken, and the call is answered: the test fails
		},
		"no message at all": func(s laneScript, _ *pluginv1.LaneCall) error {
			garbage := []byte{0x0a, 0xff, 0xff}
			return s.stream.SendMsg(&laneBatch{data: &garbage})
		},
		"a message that is too large": func(s laneScript, c *pluginv1.LaneCall) error {
			return s.say(part(c.GetId(), MaxMessage-1), part(c.GetId(), 100)) // refused by the server's own limit, which ends the stream
		},
		"the stream is ended":      func(laneScript, *pluginv1.LaneCall) error { return errors.New("enough") },
		"the stream is ended well": func(laneScript, *pluginv1.LaneCall) error { return io.EOF },
		"a panic":                  func(laneScript, *pluginv1.LaneCall) error { panic("in the lane") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			_, a := serveCarrier(t, f, ClientConfig{}, func(s laneScript) error {
				c, err := s.call()
				if err == nil {
					err = misbehave(s, c)
				}
				switch {
				case errors.Is(err, io.EOF):
					return nil
				case err != nil:
					return err
				}
				return s.until()
			})
			_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.Error(t, err)
			require.True(t, Ambiguous(err), "%v", err)
			require.Equal(t, pay.ExecutedUnknown, pay.AsError(err).WasExecuted())
			state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "next"})
			require.NoError(t, err)
			require.Equal(t, "p-next", state.ProviderRef, "made one by one")
		})
	}
}

// Too many incomplete answers are a violation; as many as may be are put together, whatever comes between.
func TestLaneIncompleteAnswers(t *testing.T) {
	for _, n := range []int{laneMaxParts, laneMaxParts + 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			_, a := serveCarrier(t, newFake(), ClientConfig{}, func(s laneScript) error {
				calls := map[int64][]byte{}
				for len(calls) < n {
					batch, err := s.stream.Recv()
					if err != nil {
						return err
					}
					for _, c := range batch.GetCalls() {
						answer, err := (laneCodec{}).encode(&pluginv1.GetInvoiceResponse{Result: &pluginv1.GetInvoiceResponse_State{
							State: &pluginv1.InvoiceState{ProviderRef: strings.Repeat("x", int(c.GetId()))},
						}})
						if err != nil {
							return err
						}
						calls[c.GetId()] = answer
					}
				}
				for len(calls) > 0 {
					for id, left := range calls {
						if err := s.say(&pluginv1.LaneAnswer{Id: id, Response: left[:1], More: len(left) > 1}); err != nil {
							return err
						}
						if calls[id] = left[1:]; len(left) == 1 {
							delete(calls, id)
						}
					}
				}
				return s.until()
			})
			var lengths, lost atomic.Int64
			var wg sync.WaitGroup
			for range n {
				wg.Go(func() {
					state, err := a.GetInvoice(t.Context(), pay.InvoiceRef{})
					if Ambiguous(err) {
						lost.Add(1)
					}
					lengths.Add(int64(len(state.ProviderRef)))
				})
			}
			wg.Wait()
			if n <= laneMaxParts {
				require.EqualValues(t, n*(n+1)/2, lengths.Load())
			} else {
				require.EqualValues(t, n, lost.Load())
			}
		})
	}
}

// A call that is still here when its time is up, or when the lane breaks, was not sent; one that is out is unknown.
func TestLaneVerdicts(t *testing.T) {
	full := strings.Repeat("x", 30<<10)
	t.Run("in the queue", func(t *testing.T) {
		const calls = (streamWindow + laneMaxQueue/2) / (30 << 10)
		proceed := make(chan struct{})
		f := newFake()
		c, a := serveCarrier(t, f, ClientConfig{}, func(s laneScript) error {
			<-proceed // reads nothing, so that the stream fills up
			return errors.New("enough")
		})
		var wg sync.WaitGroup
		lane := c.conn.lane.Load()
		queued := func() int {
			lane.mu.Lock()
			defer lane.mu.Unlock()
			return len(lane.queue)
		}
		var out, here atomic.Int64
		for range calls {
			wg.Go(func() {
				_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Description: full})
				if err == nil {
					here.Add(1) // given back, and made one by one
				} else if Ambiguous(err) {
					out.Add(1)
				}
			})
		}
		before, still := int64(-1), 0
		require.Eventually(t, func() bool {
			if now := lane.evidence.handed.Load(); now != before || queued() <= 8 {
				before, still = now, 0
			}
			still++
			return still > 50 // the stream takes no more
		}, 20*time.Second, time.Millisecond)
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := a.CreateInvoice(short, pay.CreateInvoice{})
		require.True(t, NotSent(err), "%v", err)
		require.False(t, Unreachable(err), "its own time was up: that says nothing about the plugin")
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
		timed := NewCallContext(t.Context(), time.Now().Add(50*time.Millisecond), pay.Call{})
		defer timed.End()
		_, err = a.CreateInvoice(timed, pay.CreateInvoice{})
		require.True(t, NotSent(err), "%v", err)
		require.False(t, Unreachable(err), "the lane kept its time, which says as little")
		close(proceed)
		wg.Wait()
		require.EqualValues(t, calls, out.Load()+here.Load())
		require.Positive(t, out.Load(), "some had been given to the stream")
		require.Greater(t, here.Load(), int64(8))
	})
	for how, leaving := range map[string]func(context.Context) (context.Context, func()){
		"canceled": func(ctx context.Context) (context.Context, func()) { return context.WithCancel(ctx) },
		"canceled around the call's own context": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return NewCallContext(ctx, time.Now().Add(time.Hour), pay.Call{}), cancel
		},
		"at the deadline that the lane keeps": func(ctx context.Context) (context.Context, func()) {
			call := NewCallContext(ctx, time.Now().Add(100*time.Millisecond), pay.Call{})
			return call, func() {}
		},
	} {
		t.Run("out, "+how, func(t *testing.T) {
			arrived := make(chan int64, 1)
			canceled := make(chan int64, 1)
			_, a := serveCarrier(t, newFake(), ClientConfig{}, func(s laneScript) error {
				c, err := s.call()
				if err != nil {
					return err
				}
				arrived <- c.GetId()
				batch, err := s.stream.Recv()
				if err != nil {
					return err
				}
				canceled <- batch.GetCancels()[0]
				// Late parts and the late answer of a call that nobody waits for are in order.
				if err := s.say(&pluginv1.LaneAnswer{Id: c.GetId(), Response: []byte{1}, More: true}, &pluginv1.LaneAnswer{Id: c.GetId()}); err != nil {
					return err
				}
				next, err := s.call()
				if err != nil {
					return err
				}
				if err := s.say(&pluginv1.LaneAnswer{Id: next.GetId(), Code: uint32(codes.Unimplemented), Message: "what?"}); err != nil {
					return err
				}
				return s.until()
			})
			ctx, giveUp := leaving(t.Context())
			defer giveUp()
			var given sync.WaitGroup
			given.Go(func() {
				<-arrived
				giveUp()
			})
			defer given.Wait()
			_, err := a.CreateInvoice(ctx, pay.CreateInvoice{})
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.True(t, Ambiguous(err))
			require.EqualValues(t, 1, <-canceled)
			_, err = a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.ErrorIs(t, err, pay.KindUnsupported, "a status is an answer")
			require.False(t, NotSent(err))
		})
	}
	t.Run("a context that has ended", func(t *testing.T) {
		c, a := serveCarrier(t, newFake(), ClientConfig{}, laneScript.until)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := a.CreateInvoice(ctx, pay.CreateInvoice{})
		require.True(t, NotSent(err), "%v", err)
		require.Zero(t, c.conn.lane.Load().last)
	})
}

// A host that breaks the rules loses the lane and nothing else.
func TestLaneRulesBrokenByTheHost(t *testing.T) {
	call := func(id int64) *pluginv1.LaneCall { return &pluginv1.LaneCall{Id: id, Method: "Health"} }
	for name, batch := range map[string]*pluginv1.CarryRequest{
		"an id twice":               {Calls: []*pluginv1.LaneCall{call(1), call(1)}},
		"an id that goes back":      {Calls: []*pluginv1.LaneCall{call(7), call(6)}},
		"id zero":                   {Calls: []*pluginv1.LaneCall{call(0)}},
		"a cancel of no call":       {Cancels: []int64{1}},
		"a request that is too big": {Calls: []*pluginv1.LaneCall{{Id: 1, Request: make([]byte, laneMaxRequest+1)}}},
		"too many calls":            {Calls: manyCalls(laneMaxCalls + 1)},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			hold := make(chan struct{})
			defer close(hold)
			f.account.create = func(ctx context.Context, _ pay.CreateInvoice) (pay.InvoiceState, error) {
				<-ctx.Done()
				return pay.InvoiceState{}, ctx.Err()
			}
			conn, stop, err := dialLoopback(newServer(f, nil, nil))
			require.NoError(t, err)
			defer stop()
			c := NewClient(conn, ClientConfig{Unary: true})
			require.NoError(t, c.Start(t.Context()))
			_ = open(t, c)
			stream, err := pluginv1.NewLaneServiceClient(conn).Carry(t.Context())
			require.NoError(t, err)
			require.NoError(t, stream.Send(batch))
			for err == nil {
				_, err = stream.Recv()
			}
			require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
			_, err = c.Health(t.Context())
			require.NoError(t, err)
		})
	}
}

// manyCalls are creates that wait until the stream ends.
func manyCalls(n int) []*pluginv1.LaneCall {
	request, err := laneCodec{}.encode(&pluginv1.CreateInvoiceRequest{Call: &pluginv1.Call{AccountId: "main", AccountRevision: 3}})
	if err != nil {
		panic(err)
	}
	var list []*pluginv1.LaneCall
	for i := range n {
		list = append(list, &pluginv1.LaneCall{Id: int64(i + 1), Method: "CreateInvoice", Request: request})
	}
	return list
}

// encode is what a peer in another language does.
func (laneCodec) encode(m any) ([]byte, error) { return appendMessage(nil, m) }
