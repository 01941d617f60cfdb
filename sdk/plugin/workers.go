package plugin

import "sync"

// keptWorkers is how many goroutines, once they were needed, a plugin process keeps for its adapter's calls.
const keptWorkers = 64

// job is what a worker does.
type job interface{ work() }

// workers runs every job in a goroutine of its own, at once. Some of these goroutines wait for another job when theirs is done:
// the stack that an adapter needs then has not to grow anew for every call.
type workers struct {
	mu    sync.Mutex // guards the fields below
	idle  []chan job // of those that wait; the last one waits for the shortest time
	kept  int
	ended bool
}

// newWorkers returns workers of which up to kept wait for jobs until [workers.end].
func newWorkers(kept int) *workers { return &workers{kept: kept} }

// run starts j and returns. It never waits for another job.
func (w *workers) run(j job) {
	w.mu.Lock()
	n := len(w.idle) - 1
	if n < 0 {
		w.mu.Unlock()
		go w.work(j)
		return
	}
	next := w.idle[n]
	w.idle = w.idle[:n]
	w.mu.Unlock()
	next <- j // has room: it is given one job each time it waits
}

func (w *workers) work(j job) {
	var next chan job
	for {
		j.work()
		j = nil // it may be large
		if next == nil {
			next = make(chan job, 1)
		}
		w.mu.Lock()
		if w.ended || len(w.idle) >= w.kept {
			w.mu.Unlock()
			return
		}
		w.idle = append(w.idle, next)
		w.mu.Unlock()
		var ok bool
		if j, ok = <-next; !ok {
			return
		}
	}
}

// end lets the waiting goroutines go. Jobs that run are not waited for, and later ones still run.
func (w *workers) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}
