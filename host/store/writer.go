package store

import (
	"context"
	"runtime"
	"sync"
)

// maxBatch is the most jobs that share one commit. It bounds how long the first of them waits.
const maxBatch = 512

// queue holds the jobs that wait for the writer. Its callers are blocked in
// [Store.Write], so it is as long as there are callers.
type queue struct {
	mu     sync.Mutex
	jobs   []*job
	closed bool
	// wake has room for one token: "look again".
	wake chan struct{}
}

// push reports false when the queue takes nothing more.
func (q *queue) push(jobs ...*job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.jobs = append(q.jobs, jobs...)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// take returns the next jobs, oldest first.
func (q *queue) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.jobs), maxBatch)
	jobs := q.jobs[:n:n]
	if q.jobs = q.jobs[n:]; len(q.jobs) == 0 {
		q.jobs = nil
	}
	return jobs
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		close(q.wake)
	}
}

// Write runs job in a transaction and returns when it is on stable storage, or
// did not happen. Jobs of concurrent callers share a transaction and its flush. A
// job's error or panic undoes that job alone and is returned to its caller.
//
// A job may run more than once, when a peer failed or it did itself, and each time but the last is
// rolled back. So it must do nothing but use tx and set variables that the next run sets again. It must not wait for anything outside, least of all
// for another Write.
//
// Ctx counts only until the job is queued. From then on the job is awaited: whoever hangs up must not
// leave behind a change that nobody knows of. [ErrNotOwned] says that nothing was done;
// [ErrBroken] that a commit failed and the job may or may not be stored.
func (s *Store) Write(ctx context.Context, run func(tx *Tx) error) error {
	j := &job{run: run, done: make(chan struct{})}
	if err := s.enqueue(ctx, j); err != nil {
		return err
	}
	<-j.done
	return j.err
}

// WriteEach is [Store.Write] for several jobs of one caller, which share a transaction like those of several callers, in their order: one
// that fails is undone alone. The error at n is that of the job at n.
func (s *Store) WriteEach(ctx context.Context, runs []func(tx *Tx) error) []error {
	jobs, errs := make([]*job, len(runs)), make([]error, len(runs))
	for n, run := range runs {
		jobs[n] = &job{run: run, done: make(chan struct{})}
	}
	if err := s.enqueue(ctx, jobs...); err != nil {
		for n := range errs {
			errs[n] = err
		}
		return errs
	}
	for n, j := range jobs {
		<-j.done
		errs[n] = j.err
	}
	return errs
}

func (s *Store) enqueue(ctx context.Context, jobs ...*job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.usable(); err != nil {
		return err
	}
	if s.queue.push(jobs...) {
		return nil
	}
	if err := s.usable(); err != nil {
		return err
	}
	return ErrNotOwned
}

// writeLoop is the one writer. It ends when the queue is closed and empty.
func (s *Store) writeLoop() {
	defer close(s.writerDone)
	defer s.failQueued() // nothing is queued unless a job ended this goroutine
	for range s.queue.wake {
		for {
			// Callers that were woken by the last commit get their turn first, so that the next one is shared by more.
			runtime.Gosched()
			jobs := s.queue.take()
			if len(jobs) == 0 {
				break
			}
			s.runBatch(jobs)
			s.finishCheckpoint()
			s.nudgeCheckpoint()
		}
	}
	s.drain()
}

// drain runs what was queued before the queue was closed.
func (s *Store) drain() {
	for {
		jobs := s.queue.take()
		if len(jobs) == 0 {
			return
		}
		s.runBatch(jobs)
	}
}

// failQueued ends waiting callers after the writer is gone.
func (s *Store) failQueued() {
	s.queue.close()
	for {
		jobs := s.queue.take()
		if len(jobs) == 0 {
			return
		}
		failAll(jobs, s.usable())
		for _, j := range jobs {
			close(j.done)
		}
	}
}
