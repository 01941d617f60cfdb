package simkit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Clock is the time of one simulated provider, and the only source of timers of its simulator. It starts as the real
// time. Moving it forward fires what falls due on the way, in order of time, so that a day passes in a moment and always
// with the same result. It is safe for concurrent use.
//
// Two kinds of timers exist, because a clock can also be set back: a moment in the provider's time ([Clock.At]) such as
// the end of an invoice's life, and a length of time ([Clock.AfterFunc]) such as the pause before a callback is repeated,
// which no setting back makes longer.
type Clock struct {
	base   func() time.Time
	settle func(context.Context) error // waits until what a timer started is over; nil means not at all

	firing sync.Mutex // held while timers run and while the clock is moved; never taken with mu held

	mu      sync.Mutex // guards everything below
	closed  bool
	stands  bool
	at      time.Time     // what Now tells while the clock stands
	offset  time.Duration // how far it is ahead of base while it runs
	elapsed time.Duration // the time that has passed up to since
	since   time.Time     // real time from which elapsed goes on while the clock runs
	moments timers        // by moment
	lengths timers        // by elapsed time
	seq     int
	alarm   *time.Timer // rings when the next timer is due while the clock runs
}

// ClockState is what GET /_sim/clock tells.
type ClockState struct {
	// Now is the provider's time.
	Now time.Time `json:"now"`
	// Real says that it is the real time, Frozen that it stands.
	Real   bool `json:"real"`
	Frozen bool `json:"frozen"`
	// Timers is how many timers wait; Next is when the first of them is due, by this clock.
	Timers int       `json:"timers"`
	Next   time.Time `json:"next,omitzero"`
}

func newClock(base func() time.Time) *Clock {
	return &Clock{base: base, since: time.Now(), moments: timers{byMoment: true}}
}

// Now is the provider's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.stands {
		return c.at
	}
	return c.base().Add(c.offset)
}

func (c *Clock) passed() time.Duration {
	if c.stands {
		return c.elapsed
	}
	return c.elapsed + time.Since(c.since)
}

// Advance lets d pass. Each timer that falls due on the way runs at its own moment, and the callbacks it caused are
// delivered before the next one runs. A running clock goes on from there, a frozen one stands. It ends early with an
// error of ctx. It must be called neither from a timer nor by the receiver of a callback before it has answered.
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return errors.New("clock: it can be advanced only forward; set it to go back")
	}
	c.firing.Lock()
	defer c.firing.Unlock()
	if err := c.calm(ctx); err != nil {
		return err
	}
	ran := c.stand()
	defer c.arm(ran)
	for left := d; ; {
		c.mu.Lock()
		next := c.due(left)
		step := left
		if next != nil {
			step = max(c.remaining(next), 0)
			next.remove()
		}
		c.at, c.elapsed, c.offset = c.at.Add(step), c.elapsed+step, c.offset+step
		c.mu.Unlock()
		if next == nil {
			return nil
		}
		left -= step
		next.do()
		if err := c.calm(ctx); err != nil {
			return err
		}
	}
}

// Set moves the clock to t. Forward it is [Clock.Advance]; back, nothing fires and what is due at a later moment waits
// for it again.
func (c *Clock) Set(ctx context.Context, t time.Time) error {
	if d := t.Sub(c.Now()); d >= 0 {
		return c.Advance(ctx, d)
	}
	c.firing.Lock()
	defer c.firing.Unlock()
	ran := c.stand()
	c.mu.Lock()
	c.offset += t.Sub(c.at)
	c.at = t
	c.mu.Unlock()
	c.arm(ran)
	return nil
}

// Freeze stops the clock where it is; only Advance and Set move it then.
func (c *Clock) Freeze() {
	c.firing.Lock()
	defer c.firing.Unlock()
	c.stand()
	c.arm(false)
}

// Run lets a frozen clock go on from where it stands.
func (c *Clock) Run() {
	c.firing.Lock()
	defer c.firing.Unlock()
	if !c.stand() {
		c.mu.Lock()
		c.offset = c.at.Sub(c.base())
		c.mu.Unlock()
	}
	c.arm(true)
}

// Real returns to the real time, running.
func (c *Clock) Real() {
	c.firing.Lock()
	defer c.firing.Unlock()
	c.stand()
	c.mu.Lock()
	c.offset = 0
	c.mu.Unlock()
	c.arm(true)
}

// State tells how the clock is set.
func (c *Clock) State() ClockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := ClockState{Now: c.now(), Real: !c.stands && c.offset == 0, Frozen: c.stands, Timers: c.moments.Len() + c.lengths.Len()}
	if next := c.first(); next != nil {
		state.Next = state.Now.Add(c.remaining(next))
	}
	return state
}

// stand stops the clock and reports whether it ran.
func (c *Clock) stand() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	ran := !c.stands
	c.at, c.elapsed, c.stands = c.now(), c.passed(), true
	return ran
}

// arm lets the clock run on if it should, and sets the alarm.
func (c *Clock) arm(run bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if run {
		c.since, c.stands = time.Now(), false
	}
	c.setAlarm()
}

func (c *Clock) calm(ctx context.Context) error {
	if c.settle == nil {
		return ctx.Err()
	}
	return c.settle(ctx)
}
