package plugin

import (
	"bytes"
	"context"
	"runtime"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// laneReplies are the answers of one stream that wait to be sent. Small ones share messages. Large ones go in parts, one part
// to a message, so that small answers pass between them. There is no goroutine that sends: whoever queues an answer while nobody sends
// does so for all that are queued meanwhile, which spares a wake-up.
type laneReplies struct {
	sending sync.Mutex // held by whoever uses the stream for sending
	buffers laneBuffers

	mu     sync.Mutex    // guards the fields below
	ready  []*[]byte     // encoded messages
	open   *[]byte       // the one that is being filled; nil: none
	large  []*largeReply // those whose turn it is come first
	queued int           // bytes of them all
	room   chan struct{} // closed when those who wait for room should look again; nil: nobody waits
	busy   bool          // somebody sends, or is about to
	ended  bool          // nothing is sent any more
}

// largeReply is an answer that is sent in parts.
type largeReply struct {
	id   uint64
	left []byte
}

// put queues an answer. It waits while too much is waiting; one that has no room before ctx ends becomes a status, because its
// host does not wait for it any more either. It returns true when nobody sends: then the caller must, with [laneReplies.send].
func (q *laneReplies) put(ctx context.Context, f laneAnswerFrame) (send bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.queued > 0 && q.queued+len(f.response) > laneMaxQueue && len(f.response) > 0 && !q.ended {
		if q.room == nil {
			q.room = make(chan struct{})
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
			q.mu.Lock()
		case <-ctx.Done():
			q.mu.Lock()
			f = laneAnswerFrame{id: f.id, code: uint32(codes.DeadlineExceeded), message: []byte("the answer could not be sent in time")}
		}
	}
	if q.ended {
		return false
	}
	if len(f.response) > lanePart {
		q.large = append(q.large, &largeReply{id: f.id, left: bytes.Clone(f.response)})
		q.queued += len(f.response)
	} else {
		q.add(f)
	}
	send = !q.busy
	q.busy = true
	return send
}

// add writes an answer into the open message. The caller holds mu.
func (q *laneReplies) add(f laneAnswerFrame) {
	if q.open == nil {
		q.open = q.buffers.Get(laneBatchSize)
	}
	before := len(*q.open)
	*q.open = appendAnswer(*q.open, f)
	q.queued += len(*q.open) - before
	if len(*q.open) >= laneBatchSize {
		q.ready = append(q.ready, q.open)
		q.open = nil
	}
}

// send gives the answers that wait to the stream, until none is left or the stream fails.
func (q *laneReplies) send(stream grpc.ServerStream) {
	q.sending.Lock()
	defer q.sending.Unlock()
	// Whoever is about to answer does so first: one message for all of them costs little more than for one.
	runtime.Gosched()
	for data := q.take(); data != nil; data = q.take() {
		if stream.SendMsg(&laneBatch{data: data, pool: &q.buffers}) != nil {
			q.end()
		}
	}
}

// take returns the next message; nil when nothing waits, and the caller sends no more.
func (q *laneReplies) take() *[]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	var data *[]byte
	switch {
	case len(q.ready) > 0:
		data = q.ready[0]
		q.ready = q.ready[1:]
	case q.open != nil:
		data, q.open = q.open, nil
	case len(q.large) > 0:
		data = q.buffers.Get(laneBatchSize)
	default:
		q.busy = false
		return nil
	}
	q.queued -= len(*data)
	q.addPart(data)
	q.admit()
	return data
}

// addPart puts the next part of a large answer behind a message. Half of those that may be incomplete take turns; the others
// wait for their place. The caller holds mu.
func (q *laneReplies) addPart(data *[]byte) {
	if len(q.large) == 0 {
		return
	}
	r := q.large[0]
	part := r.left[:min(lanePart, len(r.left))]
	r.left = r.left[len(part):]
	q.queued -= len(part)
	*data = appendAnswer(*data, laneAnswerFrame{id: r.id, response: part, more: len(r.left) > 0})
	turns := min(len(q.large), laneMaxParts/2)
	copy(q.large, q.large[1:turns])
	if len(r.left) > 0 {
		q.large[turns-1] = r
		return
	}
	q.large = append(q.large[:turns-1], q.large[turns:]...)
}

// end lets go of everything that waits.
func (q *laneReplies) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.ready, q.open, q.large = nil, nil, nil
	q.admit()
}

// admit lets those who wait for room look again. The caller holds mu.
func (q *laneReplies) admit() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// close lets go of everything that waits, and returns when nobody uses the stream any more.
func (q *laneReplies) close() {
	q.end()
	q.sending.Lock()
	defer q.sending.Unlock() // whoever comes later finds nothing to send
}
