package plugin

import (
	"sync"
	"time"
)

// grace is how much longer than its deadline an adapter may take to hand over what it knows, before it is given up.
const grace = 100 * time.Millisecond

// oversight is how often the overseer looks, while anything runs. A call is given up so much later than its grace at most.
const oversight = 50 * time.Millisecond

// overseer watches the calls of adapters that run, all of them with one timer: a call costs two links in a list, and not a
// goroutine or a timer of its own. It has no goroutine, and no timer while nothing runs.
type overseer struct {
	abandoned func(*adapterCall) // told of each call that is given up, before its listener

	mu      sync.Mutex   // guards the fields below, and what is the overseer's in the calls
	first   *adapterCall // of those that run and have not been given up
	running int64        // calls whose adapter has not returned
	given   int64        // those of them that were given up
	timer   *time.Timer
	looking bool // the timer is set
}

// add begins to watch a call.
func (o *overseer) add(c *adapterCall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c.state = callRunning
	if c.after = o.first; c.after != nil {
		c.after.before = c
	}
	o.first = c
	o.running++
	if o.looking {
		return
	}
	o.looking = true
	if o.timer == nil {
		o.timer = time.AfterFunc(oversight, o.look)
	} else {
		o.timer.Reset(oversight)
	}
}

// remove takes leave of a call whose adapter has returned, and reports whether it had been given up.
func (o *overseer) remove(c *adapterCall) (late bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running--
	if c.state == callGivenUp {
		o.given--
		return true
	}
	c.state = callReturned
	o.unlink(c)
	return false
}

// unlink takes a call out of the list. The caller holds mu.
func (o *overseer) unlink(c *adapterCall) {
	if c.before == nil {
		o.first = c.after
	} else {
		c.before.after = c.after
	}
	if c.after != nil {
		c.after.before = c.before
	}
	c.before, c.after = nil, nil
}

// look gives up the calls whose grace is over.
func (o *overseer) look() {
	now := time.Now()
	var gone []*adapterCall
	o.mu.Lock()
	for c := o.first; c != nil; {
		next := c.after
		switch {
		case c.Err() == nil:
		case c.overdue.IsZero():
			c.overdue = now
		case now.Sub(c.overdue) >= grace:
			c.state = callGivenUp
			o.given++
			o.unlink(c)
			gone = append(gone, c)
		}
		c = next
	}
	o.looking = o.first != nil
	if o.looking {
		o.timer.Reset(oversight)
	}
	o.mu.Unlock()
	for _, c := range gone {
		o.abandoned(c)
		if c.listener != nil {
			c.listener.givenUp(c)
		}
	}
}

// counts returns how many adapters have not returned, and for how many of them nobody waits any more.
func (o *overseer) counts() (running, given int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.running, o.given
}
