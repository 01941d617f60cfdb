package host

import "time"

// idleness tells that a generation has had no call for a while. It counts looks, so that calls need not ask for the time. It is used by
// one goroutine.
type idleness struct {
	g      *generation
	after  time.Duration // of use; zero: never
	ticker *time.Ticker  // nil while there is nothing to look for
	used   bool          // it had a call
	uses   int64         // at the last look
	quiet  int           // looks since then
}

// idleLooks is how many looks in a row must find no call; they are a fourth of the time apart.
const idleLooks = 4

func (l *lane) idleness(g *generation) *idleness {
	i := &idleness{g: g, after: l.plugin.IdleStop}
	first := i.after
	if l.describing && (first == 0 || first > describeLinger) {
		first = describeLinger
	}
	if first > 0 {
		i.ticker = time.NewTicker(first / idleLooks)
	}
	return i
}

// looks delivers when passed must be asked; nil when the generation is never idle.
func (i *idleness) looks() <-chan time.Time {
	if i.ticker == nil {
		return nil
	}
	return i.ticker.C
}

func (i *idleness) stop() {
	if i.ticker != nil {
		i.ticker.Stop()
	}
}

// passed reports whether the generation had nothing to do for long enough. If so, it takes no further calls.
func (i *idleness) passed() bool {
	uses, busy := i.g.load()
	switch {
	case busy:
		i.follow(uses - 1) // its end is seen by the next look
		return false
	case uses != i.uses:
		i.follow(uses)
		return false
	}
	i.quiet++
	return i.quiet >= idleLooks && i.g.retireUnused(uses)
}

// follow begins to count anew after a call; from the first one on, with the time that is configured.
func (i *idleness) follow(uses int64) {
	i.uses, i.quiet = uses, 0
	if i.used {
		return
	}
	i.used = true
	i.stop()
	i.ticker = nil
	if i.after > 0 {
		i.ticker = time.NewTicker(i.after / idleLooks)
	}
}
