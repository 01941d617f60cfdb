package plugin

import "time"

// The lane gives up calls with a [CallContext] at their deadlines. One timer does for all of them: it is set for the earliest, and
// nearly every call has ended long before its own, so that it is set anew about once in the time that a call may take.

// lookAt sets the timer. The caller holds mu.
func (l *laneClient) lookAt(due time.Time) {
	l.due = due
	if l.look == nil {
		l.look = time.AfterFunc(time.Until(due), l.giveUpLate)
		return
	}
	l.look.Reset(time.Until(due))
}

// giveUpLate gives up the calls whose time is up, wakes their callers, and sets the timer for the next.
func (l *laneClient) giveUpLate() {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var next time.Time
	for _, c := range l.pending {
		switch {
		case !c.timed || c.state != laneQueued && c.state != laneOut:
		case now.Before(c.deadline):
			if next.IsZero() || c.deadline.Before(next) {
				next = c.deadline
			}
		default:
			l.giveUp(c)
			c.done <- struct{}{}
		}
	}
	l.due = time.Time{}
	if !next.IsZero() {
		l.lookAt(next)
	}
}
