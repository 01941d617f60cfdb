package simkit

import (
	"cmp"
	"container/heap"
	"time"
)

// Timer is one thing that a [Clock] will let happen.
type Timer struct {
	clock  *Clock
	do     func()
	seq    int           // of equal dues, the older timer runs first
	moment time.Time     // of [Clock.At]
	length time.Duration // of [Clock.AfterFunc]: when, in elapsed time
	in     *timers
	index  int // in the heap; -1 when it ran or was stopped
}

// Stop keeps the timer from running and reports whether it did; false means that it ran, runs now or was stopped before.
func (t *Timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	t.remove()
	return true
}

func (t *Timer) remove() { heap.Remove(t.in, t.index) }

// At runs do when the provider's time reaches moment, at once when it has. Timers run one after another on a goroutine
// of the clock, or on the caller's of [Clock.Advance]; do must not move the clock. After the clock is closed nothing
// runs.
func (c *Clock) At(moment time.Time, do func()) *Timer {
	return c.add(&c.moments, &Timer{clock: c, do: do, moment: moment})
}

// AfterFunc runs do when d has passed, as [Clock.At] does.
func (c *Clock) AfterFunc(d time.Duration, do func()) *Timer {
	return c.add(&c.lengths, &Timer{clock: c, do: do, length: d})
}

// wait returns a channel that is closed when d has passed; stop ends the wait without closing it.
func (c *Clock) wait(d time.Duration) (passed <-chan struct{}, stop func() bool) {
	done := make(chan struct{})
	return done, c.AfterFunc(d, func() { close(done) }).Stop
}

func (c *Clock) add(to *timers, t *Timer) *Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	t.in, t.seq, t.index = to, c.seq, -1
	if c.closed {
		return t
	}
	if !to.byMoment {
		t.length += c.passed()
	}
	heap.Push(to, t)
	c.setAlarm()
	return t
}

// runDue runs what is due by now, unless somebody else is at it.
func (c *Clock) runDue() {
	if c.firing.TryLock() {
		defer c.firing.Unlock()
		c.fire()
	}
}

// fire runs what is due by now. The caller holds firing.
func (c *Clock) fire() {
	for {
		c.mu.Lock()
		next := c.due(0)
		if next == nil {
			c.setAlarm()
			c.mu.Unlock()
			return
		}
		next.remove()
		c.mu.Unlock()
		next.do()
	}
}

// first is the timer that is due first, nil when there is none. The caller of this and the next three holds mu.
func (c *Clock) first() *Timer {
	switch {
	case len(c.moments.list) == 0 && len(c.lengths.list) == 0:
		return nil
	case len(c.moments.list) == 0:
		return c.lengths.list[0]
	case len(c.lengths.list) == 0:
		return c.moments.list[0]
	}
	moment, length := c.moments.list[0], c.lengths.list[0]
	if cmp.Or(cmp.Compare(c.remaining(moment), c.remaining(length)), cmp.Compare(moment.seq, length.seq)) < 0 {
		return moment
	}
	return length
}

// due is the first timer that is due within left.
func (c *Clock) due(left time.Duration) *Timer {
	if t := c.first(); t != nil && !c.closed && c.remaining(t) <= left {
		return t
	}
	return nil
}

func (c *Clock) remaining(t *Timer) time.Duration {
	if t.in.byMoment {
		return t.moment.Sub(c.now())
	}
	return t.length - c.passed()
}

// setAlarm sets the alarm for the first timer; it rings while the clock stands only for what is due already.
func (c *Clock) setAlarm() {
	next := c.first()
	if c.closed || next == nil || c.stands && c.remaining(next) > 0 {
		if c.alarm != nil {
			c.alarm.Stop()
		}
		return
	}
	wait := c.remaining(next)
	if next.in.byMoment {
		// A base clock that a test moves by hand stands meanwhile; the alarm looks again, but not all the time.
		wait = max(wait, time.Millisecond)
	}
	if c.alarm == nil {
		c.alarm = time.AfterFunc(wait, c.ring)
		return
	}
	c.alarm.Reset(wait)
}

func (c *Clock) ring() {
	c.firing.Lock()
	defer c.firing.Unlock()
	c.fire()
}

// close forgets every timer and waits for the one that runs.
func (c *Clock) close() {
	c.mu.Lock()
	c.closed = true
	c.setAlarm()
	c.mu.Unlock()
	c.firing.Lock()
	defer c.firing.Unlock()
}

// timers is a heap for container/heap, the timer due first in front.
type timers struct {
	byMoment bool
	list     []*Timer
}

// Len, Less, Swap, Push and Pop are container/heap's.
func (h *timers) Len() int { return len(h.list) }

// Less compares by due time, then by age.
func (h *timers) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	return cmp.Or(a.moment.Compare(b.moment), cmp.Compare(a.length, b.length), cmp.Compare(a.seq, b.seq)) < 0
}

// Swap keeps the timers' own indexes right.
func (h *timers) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].index, h.list[j].index = i, j
}

// Push appends a *Timer.
func (h *timers) Push(x any) {
	if t, ok := x.(*Timer); ok {
		t.index = len(h.list)
		h.list = append(h.list, t)
	}
}

// Pop takes the last timer off.
func (h *timers) Pop() any {
	last := len(h.list) - 1
	t := h.list[last]
	h.list[last] = nil
	h.list, t.index = h.list[:last], -1
	return t
}
