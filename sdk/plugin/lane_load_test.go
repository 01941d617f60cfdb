package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
	"github.com/payhost/payhost/sdk/pay"
)

// laneAccount serves f over a connection with the lane and opens its account.
func laneAccount(t *testing.T, f *fake) (*Client, *account, *grpc.ClientConn) {
	t.Helper()
	conn, stop, err := dialLoopback(newServer(f, nil, nil))
	require.NoError(t, err)
	t.Cleanup(stop)
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	awaitLane(t, c.conn)
	return c, open(t, c), conn
}

// bulky is an answer of about n bytes, within the limits of each field.
func bulky(n int) pay.InvoiceState {
	s := pay.InvoiceState{Status: pay.StatusPending}
	for ; n > 0; n -= 16 << 10 {
		s.Attempts = append(s.Attempts, pay.Attempt{Method: strings.Repeat("x", min(n, 16<<10))})
	}
	return s
}

// A handler that does not return and answers of megabytes delay no other call.
func TestLaneHasNoHeadOfLine(t *testing.T) {
	f := newFake()
	release := make(chan struct{})
	started := make(chan struct{}, 64)
	f.account.create = func(_ context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
		started <- struct{}{}
		<-release
		return bulky(3 << 20), nil
	}
	_, a, _ := laneAccount(t, f)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{})
			require.NoError(t, err)
			require.Len(t, state.Attempts, 3<<20/(16<<10))
		})
	}
	for range 12 {
		<-started
	}
	small := func() {
		state, err := a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "r"})
		require.NoError(t, err)
		require.Equal(t, "r", state.ProviderRef)
	}
	small() // none of the others has returned
	close(release)
	for range 100 {
		small() // between the parts of the others
	}
	wg.Wait()
}

// Whatever callers and adapters do, and whenever the connection ends: each call has one end, its answer is its own, and nothing is
// left behind.
func TestLaneRandomSchedules(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := newFake()
			var acted sync.Map
			f.account.create = func(ctx context.Context, req pay.CreateInvoice) (pay.InvoiceState, error) {
				if _, twice := acted.LoadOrStore(req.InvoiceID, true); twice {
					t.Errorf("call %s was made twice", req.InvoiceID)
				}
				state := pay.InvoiceState{Status: pay.StatusPending}
				switch req.Description {
				case "slow":
					<-ctx.Done()
					return state, ctx.Err()
				case "large":
					state = bulky(200 << 10)
				case "fault":
					return state, pay.Errorf(pay.KindDeclined, "no")
				case "panic":
					panic("oh no")
				}
				state.ProviderRef = "p-" + req.InvoiceID
				return state, nil
			}
			c, a, conn := laneAccount(t, f)
			var wg sync.WaitGroup
			var ends, unsent, after atomic.Int64
			const callers, each = 32, 30
			for caller := range callers {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(seed, uint64(caller)))
					for i := range each {
						id := fmt.Sprintf("%d-%d", caller, i)
						what := []string{"", "", "", "slow", "large", "fault", "panic", "big"}[random.IntN(8)]
						ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
						switch {
						case what == "slow":
							time.AfterFunc(time.Duration(random.IntN(5))*time.Millisecond, cancel)
						case random.IntN(20) == 0:
							time.AfterFunc(time.Duration(random.IntN(500))*time.Microsecond, cancel)
						}
						text := what
						if what == "big" {
							text = strings.Repeat("y", 60<<10)
						}
						state, err := a.CreateInvoice(ctx, pay.CreateInvoice{InvoiceID: id, Description: text})
						cancel()
						_, done := acted.Load(id)
						switch {
						case err == nil:
							require.Equal(t, "p-"+id, state.ProviderRef)
						case NotSent(err):
							unsent.Add(1)
							require.False(t, done, "it was called not sent and had been made: %v", err)
						default:
							require.NotEqual(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), "%s: %v", what, err)
						}
						if ends.Add(1) == callers*each/2 && seed%2 == 1 {
							require.NoError(t, conn.Close()) // in the middle of everything
						}
						after.Add(1)
					}
				})
			}
			wg.Wait()
			require.EqualValues(t, callers*each, ends.Load())
			if seed%2 == 1 {
				require.GreaterOrEqual(t, unsent.Load(), int64(callers*each/4), "calls after the end of the connection were not sent")
			}
			lane := c.conn.lane.Load()
			require.Eventually(t, func() bool {
				lane.mu.Lock()
				defer lane.mu.Unlock()
				return len(lane.pending) == 0 && len(lane.queue) == 0 && lane.queued == 0 && (lane.partial == 0 || lane.broken)
			}, 10*time.Second, time.Millisecond)
		})
	}
}

// A host that reads nothing makes answers wait, and the memory they take is bounded; one that nobody waits for any more goes.
func TestLaneAnswersWaitForRoom(t *testing.T) {
	q := &laneReplies{}
	body := make([]byte, 1<<20)
	for i := range 4 {
		q.put(t.Context(), laneAnswerFrame{id: uint64(i + 1), response: body})
	}
	waiting := make(chan struct{})
	go func() {
		defer close(waiting)
		q.put(t.Context(), laneAnswerFrame{id: 5, response: body})
	}()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	q.put(ended, laneAnswerFrame{id: 6, response: body}) // its caller has gone: a status takes no room
	select {
	case <-waiting:
		t.Fatal("it did not wait")
	default:
	}
	got, incomplete := map[uint64]int{}, map[uint64]bool{}
	read := func() bool {
		data := q.take()
		if data == nil {
			return false
		}
		require.NoError(t, readAnswers(*data, func(f laneAnswerFrame) error {
			got[f.id] += len(f.response)
			if incomplete[f.id] = f.more; !f.more {
				delete(incomplete, f.id)
			}
			require.LessOrEqual(t, len(incomplete), laneMaxParts)
			return nil
		}))
		return true
	}
	for got[1] < len(body) {
		require.True(t, read())
	}
	<-waiting
	for read() {
	}
	require.Empty(t, incomplete)
	require.Equal(t, map[uint64]int{1: 1 << 20, 2: 1 << 20, 3: 1 << 20, 4: 1 << 20, 5: 1 << 20, 6: 0}, got)
	require.Zero(t, q.queued)
}

// However many large answers wait, few are incomplete at a time.
func TestLaneAnswersTakeTurns(t *testing.T) {
	q := &laneReplies{}
	for i := range 20 {
		q.put(t.Context(), laneAnswerFrame{id: uint64(i + 1), response: make([]byte, 100<<10)})
	}
	incomplete, ended, most := map[uint64]bool{}, 0, 0
	for data := q.take(); data != nil; data = q.take() {
		require.NoError(t, readAnswers(*data, func(f laneAnswerFrame) error {
			if incomplete[f.id] = true; !f.more {
				delete(incomplete, f.id)
				ended++
			}
			most = max(most, len(incomplete))
			return nil
		}))
	}
	require.Equal(t, 20, ended)
	require.LessOrEqual(t, most, laneMaxParts)
	require.Greater(t, most, 1, "they take turns")
}

// A lane that does not answer is found by the look at the plugin's health, although the plugin answers without it.
func TestLaneThatIsSilentIsLeft(t *testing.T) {
	c, a := serveCarrier(t, newFake(), ClientConfig{}, laneScript.until)
	for range laneMaxSilence {
		require.NotNil(t, c.conn.lane.Load())
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := c.Health(ctx)
		cancel()
		require.NoError(t, err, "the plugin itself is well")
	}
	state, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{InvoiceID: "x"})
	require.NoError(t, err)
	require.Equal(t, "p-x", state.ProviderRef)
}

// Both sides have to want the lane.
func TestLaneIsNegotiated(t *testing.T) {
	conn, stop, err := dialServices(func(r grpc.ServiceRegistrar, _ *slog.Logger) {
		pluginv1.RegisterProviderServiceServer(r, newServer(newFake(), nil, nil)) // says that it has a lane, and serves none
	}, nil)
	require.NoError(t, err)
	defer stop()
	c := NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	_, err = open(t, c).CreateInvoice(t.Context(), pay.CreateInvoice{})
	require.NoError(t, err, "calls fall back")
	require.Nil(t, c.conn.lane.Load())

	older := &withoutLane{server: newServer(newFake(), nil, nil)}
	conn, stop, err = dialService(older, nil)
	require.NoError(t, err)
	defer stop()
	c = NewClient(conn, ClientConfig{})
	require.NoError(t, c.Start(t.Context()))
	require.Nil(t, c.conn.lane.Load())
}

// withoutLane is a plugin from before the lane.
type withoutLane struct{ *server }

func (s *withoutLane) Configure(ctx context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	res, err := s.server.Configure(ctx, req)
	if res.GetState() == nil {
		return nil, errors.Join(err, errors.New("no state"))
	}
	res.GetState().Features = nil
	return res, err
}
