package simkit

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// RateLimit allows so many requests in each window of time.
type RateLimit struct {
	// Op is the name of the operation, or [AnyOp] for all of them together. A request counts against both.
	Op string
	// Limit is how many requests a window takes; the next ones are answered 429, with Retry-After telling when the window
	// ends, and are not acted upon.
	Limit int
	// Window is its length; it begins with the first request. Zero lifts the limit.
	Window time.Duration
}

type rateLimitJSON struct {
	Op     string `json:"op"`
	Limit  int    `json:"limit"`
	Window string `json:"window"`
}

// MarshalJSON writes the window as text such as "1s".
func (l RateLimit) MarshalJSON() ([]byte, error) {
	return json.Marshal(rateLimitJSON{l.Op, l.Limit, l.Window.String()})
}

// UnmarshalJSON reads {"op","limit","window"}; without op it is [AnyOp].
func (l *RateLimit) UnmarshalJSON(data []byte) error {
	in := rateLimitJSON{Op: AnyOp, Window: "0s"}
	if err := decodeStrict(data, &in); err != nil {
		return err
	}
	window, err := time.ParseDuration(in.Window)
	*l = RateLimit{in.Op, in.Limit, window}
	return err
}

// Limits are the rate limits of one simulator, counted by its [Clock]. It is safe for concurrent use.
type Limits struct {
	clock *Clock

	mu    sync.Mutex // guards lines
	lines map[string]*limitLine
}

type limitLine struct {
	RateLimit
	ends time.Time
	left int
}

func newLimits(clock *Clock) *Limits { return &Limits{clock: clock, lines: map[string]*limitLine{}} }

// Set adds a limit or replaces the one with the same Op; its window begins anew.
func (l *Limits) Set(limit RateLimit) error {
	if limit.Op == "" || limit.Limit < 0 || limit.Window < 0 {
		return errors.New("limits: op is missing, or limit or window negative")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit.Window == 0 {
		delete(l.lines, limit.Op)
		return nil
	}
	l.lines[limit.Op] = &limitLine{RateLimit: limit}
	return nil
}

// Clear lifts every limit.
func (l *Limits) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.lines)
}

// Lines returns what is set, sorted by operation.
func (l *Limits) Lines() []RateLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]RateLimit, 0, len(l.lines))
	for _, op := range slices.Sorted(maps.Keys(l.lines)) {
		out = append(out, l.lines[op].RateLimit)
	}
	return out
}

// take counts a request and reports whether it is one too many, and until when. A refused request counts against no
// limit.
func (l *Limits) take(op string) (retry time.Duration, over bool) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var counted []*limitLine
	for _, name := range []string{op, AnyOp} {
		line, found := l.lines[name]
		if !found {
			continue
		}
		// A window that ends later than one window from now was begun before the clock was set back.
		if !now.Before(line.ends) || line.ends.Sub(now) > line.Window {
			line.ends, line.left = now.Add(line.Window), line.Limit
		}
		if line.left == 0 {
			retry, over = max(retry, line.ends.Sub(now)), true
		}
		counted = append(counted, line)
	}
	for _, line := range counted {
		if !over {
			line.left--
		}
	}
	return retry, over
}
