package plugin

import (
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// laneClient is the host's end of one stream. Its two goroutines end with the stream, which ends with the connection.
type laneClient struct {
	stream   grpc.ClientStream
	cancel   context.CancelFunc
	closed   <-chan struct{} // closed when the stream has ended
	evidence *laneEvidence
	log      *slog.Logger
	wake     chan struct{} // a token: the sender has something to do
	buffers  laneBuffers
	calls    sync.Pool // of *laneCall whose end has been read

	mu      sync.Mutex           // guards the fields below, and the calls in pending
	pending map[uint64]*laneCall // all calls without an answer
	queue   []*laneCall          // those that have not been sent, in the order of their ids
	cancels []uint64             // those that the plugin is to be told of
	queued  int                  // bytes of the requests in queue
	last    uint64               // the newest id
	partial int                  // calls with an incomplete answer
	sending uint64               // the first id of the batch that gRPC is just given; 0: none, or one without calls
	look    *time.Timer          // looks for calls whose time is up; nil until one has a deadline that is the lane's to keep
	due     time.Time            // when it does; zero: not
	idle    bool                 // the sender waits for a token
	broken  bool                 // takes no calls any more
	ended   error                // why the stream is over
}

// openLane opens the lane on a connection. It waits for nothing: ready is called when the plugin has taken the stream, and a lane
// whose stream it refuses is never used.
func openLane(conn grpc.ClientConnInterface, log *slog.Logger, ready func(*laneClient)) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	evidence := &laneEvidence{}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), laneKey{}, evidence))
	stream, err := conn.NewStream(ctx, &pluginv1.LaneService_ServiceDesc.Streams[0], pluginv1.LaneService_Carry_FullMethodName,
		grpc.ForceCodecV2(laneCodec{}))
	if err != nil {
		cancel()
		return err
	}
	l := &laneClient{
		stream: stream, cancel: cancel, closed: ctx.Done(), evidence: evidence, log: log,
		wake: make(chan struct{}, 1), pending: map[uint64]*laneCall{},
	}
	go l.send()
	go l.receive(ready)
	return nil
}

// invoke makes one call. It returns false when the lane has not sent it and will not; then the call may be made in another way. What
// is seen of the call is noted in seen, which may be nil; the parts of the reply are lent by lender or new.
func (l *laneClient) invoke(ctx context.Context, method string, req, reply any, seen *trace, lender *pluginv1.Arena) (carried bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	c, ok := l.calls.Get().(*laneCall)
	if !ok {
		c = &laneCall{done: make(chan struct{}, 1)}
	}
	*c = laneCall{method: method, request: c.request[:0], done: c.done}
	c.deadline, _ = ctx.Deadline()
	waited := ctx //nolint:contextcheck // what is around the call's own context, whose deadline the lane keeps
	if call, ok := ctx.(*CallContext); ok {
		waited, c.timed = call.around, true
	}
	if c.request, err = appendMessage(c.request, req); err != nil {
		return false, nil //nolint:nilerr // the other way says it in its own words
	}
	taken, alone := l.enqueue(c)
	if !taken {
		return false, nil
	}
	if alone {
		l.sendOne()
	}
	select {
	case <-c.done:
	case <-waited.Done():
		if state := l.leave(c); state == laneRevoked || state == laneLeft {
			return true, c.givenUp(state, waited.Err(), seen)
		}
		<-c.done // it ended at the same time
	}
	if c.state == laneRevoked || c.state == laneLeft {
		return true, c.givenUp(c.state, context.DeadlineExceeded, seen)
	}
	defer l.calls.Put(c)
	if c.state == laneReturned {
		return false, nil
	}
	if seen != nil {
		seen.sent.Store(true)
	}
	if c.state == laneLost {
		return true, status.Error(codes.Unavailable, "the stream lane ended during the call")
	}
	if c.fault == nil {
		if err := readMessage(c.answer, reply, lender); err != nil {
			return true, status.Error(codes.Internal, "the answer cannot be decoded: "+err.Error())
		}
	}
	if seen != nil {
		seen.trailer.Store(true)
	}
	return true, c.fault
}

// enqueue puts a call into the queue, unless the lane is broken or full. It is then the sender's, or the caller's to send where the caller
// is alone: no other call is under way, so that nothing waits behind it, and nothing of an earlier call is left in gRPC, whose room for what
// it has not written is twice the largest request. It cannot make the caller wait.
func (l *laneClient) enqueue(c *laneCall) (taken, alone bool) {
	if len(c.request) > laneMaxRequest {
		return false, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken || len(l.pending) >= laneMaxCalls || l.queued+len(c.request) > laneMaxQueue {
		return false, false
	}
	l.last++
	c.id = l.last
	l.pending[c.id] = c
	l.queue = append(l.queue, c)
	l.queued += len(c.request)
	if c.timed && (l.due.IsZero() || c.deadline.Before(l.due)) {
		l.lookAt(c.deadline)
	}
	if alone = l.idle && len(l.pending) == 1 && len(l.cancels) == 0; alone {
		l.idle = false // until sendOne has ended
		return true, true
	}
	l.rouse()
	return true, false
}

// sendOne sends what is in the queue in place of the sender, which waits for a token: it saves a change of goroutines.
func (l *laneClient) sendOne() {
	if batch, ok := l.take(); ok && !l.give(batch) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = true
	if len(l.queue) > 0 || len(l.cancels) > 0 {
		l.rouse()
	}
}

// rouse wakes the sender. The caller holds mu.
func (l *laneClient) rouse() {
	if l.idle {
		l.idle = false
		l.wake <- struct{}{}
	}
}

// leave gives a call up and returns the state it is left in: [laneRevoked] when it has been taken back, [laneLeft] when it is
// out, another when it has come to its end meanwhile.
func (l *laneClient) leave(c *laneCall) laneState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.giveUp(c)
}

// giveUp is leave; the caller holds mu.
func (l *laneClient) giveUp(c *laneCall) laneState {
	switch c.state {
	case laneQueued:
		delete(l.pending, c.id)
		i := slices.Index(l.queue, c)
		l.queue = slices.Delete(l.queue, i, i+1)
		l.queued -= len(c.request)
		c.state = laneRevoked
	case laneOut:
		c.state, c.parts = laneLeft, nil
		l.cancels = append(l.cancels, c.id)
		l.rouse()
	default: // it has ended
	}
	return c.state
}

// send gives the queue to the stream, batch by batch, until the stream ends.
func (l *laneClient) send() {
	for {
		batch, ok := l.take()
		if !ok {
			select {
			case <-l.wake:
			case <-l.closed:
				return
			}
			// Whoever is about to call does so first: one message for all of them costs little more than for one.
			runtime.Gosched()
			continue
		}
		if !l.give(batch) {
			return
		}
	}
}

// give gives one batch to the stream. It returns false when the stream has ended.
func (l *laneClient) give(batch *laneBatch) bool {
	before := l.evidence.handed.Load()
	err := l.stream.SendMsg(batch)
	l.sent(err != nil && l.evidence.tagged.Load() && l.evidence.handed.Load() == before)
	return err == nil
}

// take makes the next message out of what waits.
func (l *laneClient) take() (*laneBatch, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken || len(l.queue) == 0 && len(l.cancels) == 0 {
		l.idle = true
		return nil, false
	}
	now, taken := time.Now(), 0
	data := l.buffers.Get(laneBatchSize)
	b := *data
	for _, c := range l.queue {
		if len(b) >= laneBatchSize {
			break
		}
		taken++
		l.queued -= len(c.request)
		timeout := time.Duration(0)
		if !c.deadline.IsZero() {
			if timeout = c.deadline.Sub(now); timeout <= 0 {
				delete(l.pending, c.id)
				c.end(laneReturned) // too late to be sent
				continue
			}
		}
		c.state = laneOut
		if l.sending == 0 {
			l.sending = c.id
		}
		b = appendCall(b, laneCallFrame{id: c.id, timeout: timeout, request: c.request}, c.method)
	}
	l.queue = slices.Delete(l.queue, 0, taken)
	for _, id := range l.cancels {
		b = appendCancel(b, id)
	}
	l.cancels = l.cancels[:0]
	*data = b
	return &laneBatch{data: data, pool: &l.buffers}, true
}

// sent notes what became of the batch that was given to the stream; unsent says that gRPC has proved not to have taken it.
func (l *laneClient) sent(unsent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := l.sending
	l.sending = 0
	if !unsent && l.ended == nil {
		return
	}
	l.broken = true
	for id, c := range l.pending {
		if from == 0 || id < from || c.state == laneQueued {
			continue
		}
		delete(l.pending, id)
		switch {
		case c.state == laneLeft:
		case unsent:
			c.end(laneReturned)
		default:
			c.end(laneLost)
		}
	}
	l.giveBack()
}

// giveBack ends the calls in the queue, none of which has been sent. The caller holds mu.
func (l *laneClient) giveBack() {
	for _, c := range l.queue {
		delete(l.pending, c.id)
		c.end(laneReturned)
	}
	l.queue, l.queued = nil, 0
}

// receive reads answers until the stream ends.
func (l *laneClient) receive(ready func(*laneClient)) {
	defer l.cancel()
	for first := true; ; first = false {
		var batch laneBatch
		if err := l.stream.RecvMsg(&batch); err != nil {
			l.fail(err, false)
			return
		}
		if err := l.settle(*batch.data); err != nil {
			l.cancel()
			l.fail(err, true)
			return
		}
		if first {
			ready(l)
		}
	}
}

// settle hands one message of answers to their callers.
func (l *laneClient) settle(batch []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return readAnswers(batch, func(f laneAnswerFrame) error {
		c, ok := l.pending[f.id]
		if !ok || c.state == laneQueued {
			return status.Errorf(codes.Internal, "an answer to call %d, which waits for none", f.id)
		}
		if c.received == 0 && f.more {
			if l.partial++; l.partial > laneMaxParts {
				return status.Errorf(codes.ResourceExhausted, "more than %d answers are incomplete", laneMaxParts)
			}
		} else if c.received > 0 && !f.more {
			l.partial--
		}
		if err := c.accept(f); err != nil {
			return err
		}
		if !f.more {
			delete(l.pending, f.id)
			if c.state != laneLeft {
				c.end(laneAnswered)
			}
		}
		return nil
	})
}

// fail ends all calls of a stream that is over. What a batch that gRPC is just given has come to, [laneClient.sent] says.
func (l *laneClient) fail(err error, violation bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.broken = err, true
	for id, c := range l.pending {
		if c.state == laneQueued || l.sending != 0 && id >= l.sending {
			continue
		}
		delete(l.pending, id)
		if c.state != laneLeft {
			c.end(laneLost)
		}
	}
	l.giveBack()
	if l.look != nil && len(l.pending) == 0 {
		l.look.Stop()
	}
	if violation {
		l.log.Warn("the stream lane of a plugin is closed, because the plugin broke its rules; its calls are made one by one from now on",
			"error", err.Error())
	}
}

// laneEvidence is what gRPC shows of the stream itself.
type laneEvidence struct {
	tagged atomic.Bool  // the connection has an observer
	handed atomic.Int64 // messages that the transport has taken
}

type laneKey struct{}

func laneEvidenceOf(ctx context.Context) *laneEvidence {
	e, _ := ctx.Value(laneKey{}).(*laneEvidence)
	return e
}
