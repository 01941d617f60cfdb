package plugin

import (
	"sync"
	"sync/atomic"
)

// keptWorkers is how many goroutines, once they were needed, a plugin process keeps for its adapter's calls.
const keptWorkers = 64

// workers runs every job in a goroutine of its own, at once. Some of these goroutines wait for another job when theirs is done:
// the stack that an adapter needs then has not to grow anew for every call.
type workers struct {
	jobs   chan func()
	ended  chan struct{}
	once   sync.Once
	kept   int32
	parked atomic.Int32
}

// newWorkers returns workers of which up to kept wait for jobs until [workers.end].
func newWorkers(kept int) *workers {
	return &workers{jobs: make(chan func()), ended: make(chan struct{}), kept: int32(kept)}
}

// run starts job and returns. It never waits for another job.
func (w *workers) run(job func()) {
	select {
	case w.jobs <- job: // somebody waits
	default:
		go w.work(job)
	}
}

func (w *workers) work(job func()) {
	for {
		job()
		if w.parked.Add(1) > w.kept {
			w.parked.Add(-1)
			return
		}
		select {
		case job = <-w.jobs:
			w.parked.Add(-1)
		case <-w.ended:
			return
		}
	}
}

// end lets the waiting goroutines go. Jobs that run are not waited for, and later ones still run.
func (w *workers) end() { w.once.Do(func() { close(w.ended) }) }
