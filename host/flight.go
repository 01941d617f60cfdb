package host

import "sync"

// flights lets callers share one look per invoice without ever getting an
// answer that is older than their question: who asks while a look is under way
// shares the one after it.
type flights struct {
	mu      sync.Mutex
	running map[string]*flight // by invoice id
}

type flight struct {
	look func() error
	done chan struct{} // closed when err is set
	err  error
	next *flight
}

// ask returns the flight that answers a question asked now, starting it unless one is under way.
func (f *flights) ask(id string, look func() error) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := &flight{look: look, done: make(chan struct{})}
	current, busy := f.running[id]
	switch {
	case !busy:
		f.running[id] = mine
		go f.fly(id, mine)
		return mine
	case current.next == nil:
		current.next = mine
	}
	return current.next
}

// fly runs a flight and those that were asked for meanwhile.
func (f *flights) fly(id string, now *flight) {
	for now != nil {
		now.err = now.look()
		close(now.done)
		f.mu.Lock()
		next := now.next
		if next == nil {
			delete(f.running, id)
		} else {
			f.running[id] = next
		}
		f.mu.Unlock()
		now = next
	}
}
