package simkit

import "log/slog"

// push appends to the lane and starts its goroutine when it has none. The caller holds mu.
func (c *Callbacks) push(d delivery) {
	if c.closed {
		return
	}
	if c.pending++; c.pending == 1 {
		c.idle = make(chan struct{})
	}
	c.append(d)
}

func (c *Callbacks) append(d delivery) {
	if c.active++; c.active == 1 {
		c.quiet = make(chan struct{})
	}
	queue, running := c.lanes[d.lane]
	c.lanes[d.lane] = append(queue, d)
	if !running {
		c.wg.Go(func() { c.run(d.lane) })
	}
}

// rest notes that a delivery waits for its retry or is finished. The caller holds mu.
func (c *Callbacks) rest() {
	if c.active--; c.active == 0 {
		close(c.quiet)
	}
}

func (c *Callbacks) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest()
	if c.pending--; c.pending == 0 {
		close(c.idle)
	}
}

// run delivers one lane until it is empty.
func (c *Callbacks) run(lane string) {
	for {
		c.mu.Lock()
		queue := c.lanes[lane]
		if len(queue) == 0 {
			delete(c.lanes, lane)
			c.mu.Unlock()
			return
		}
		next := queue[0]
		c.lanes[lane] = queue[1:]
		c.mu.Unlock()
		if c.ctx.Err() != nil || c.deliver(next) || next.attempt > len(c.config.RetryDelays) {
			c.finish()
			continue
		}
		c.retry(next)
	}
}

// retry puts the delivery back into its lane after the pause, so that later callbacks may overtake it meanwhile, as
// they do at real providers.
func (c *Callbacks) retry(d delivery) {
	pause := c.config.RetryDelays[d.attempt-1]
	d.attempt++
	c.clock.AfterFunc(pause, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.closed {
			c.append(d)
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest()
}

// deliver makes one attempt, records it and reports whether it was accepted.
func (c *Callbacks) deliver(d delivery) bool {
	cb := d.callback
	record := Attempt{Seq: cb.Seq, Lane: cb.Lane, Event: cb.Event, URL: cb.URL, Attempt: d.attempt}
	err := c.post(d, &record)
	if err != nil {
		record.Error = err.Error()
	}
	record.At = c.config.Now()
	c.mu.Lock()
	c.attempts = append(c.attempts, record)
	c.mu.Unlock()
	c.config.Logger.Info("callback", slog.String("event", cb.Event), slog.String("url", cb.URL),
		slog.Int("attempt", d.attempt), slog.Int("status", record.Status), slog.Bool("accepted", record.Accepted))
	return record.Accepted
}
