package simkit

import (
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Slowness says how long every answer of an operation takes to begin.
type Slowness struct {
	// Op is the name of the operation, or [AnyOp], which holds for those that have no line of their own.
	Op string
	// Min and Max bound the time; equal ones fix it. Both zero lift the line.
	Min, Max time.Duration
	// Seed chooses the sequence of times between Min and Max: the nth request of an operation always gets the same one.
	Seed uint64
}

type slownessJSON struct {
	Op   string `json:"op"`
	Min  string `json:"min"`
	Max  string `json:"max"`
	Seed uint64 `json:"seed,omitempty"`
}

// MarshalJSON writes the times as text such as "250ms".
func (s Slowness) MarshalJSON() ([]byte, error) {
	return json.Marshal(slownessJSON{s.Op, s.Min.String(), s.Max.String(), s.Seed})
}

// UnmarshalJSON reads {"op","min","max","seed"}. Without op it is [AnyOp], without max the time is fixed.
func (s *Slowness) UnmarshalJSON(data []byte) error {
	in := slownessJSON{Op: AnyOp, Min: "0s"}
	if err := decodeStrict(data, &in); err != nil {
		return err
	}
	if in.Max == "" {
		in.Max = in.Min
	}
	least, err := time.ParseDuration(in.Min)
	if err != nil {
		return err
	}
	most, err := time.ParseDuration(in.Max)
	*s = Slowness{in.Op, least, most, in.Seed}
	return err
}

// Latency is how slow a simulator answers. It is safe for concurrent use.
type Latency struct {
	mu    sync.Mutex // guards lines
	lines map[string]*slowLine
}

type slowLine struct {
	Slowness
	drawn map[string]*rand.Rand // by operation, so that no other operation's requests change the sequence
}

func newLatency() *Latency { return &Latency{lines: map[string]*slowLine{}} }

// Set adds a line or replaces the one with the same Op. The waiting is done by the [Clock], before the operation acts.
func (l *Latency) Set(s Slowness) error {
	switch {
	case s.Op == "":
		return errors.New("latency: op is missing")
	case s.Min < 0 || s.Max < s.Min:
		return errors.New("latency: times must not be negative and max not below min")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Max == 0 {
		delete(l.lines, s.Op)
		return nil
	}
	l.lines[s.Op] = &slowLine{s, map[string]*rand.Rand{}}
	return nil
}

// Clear makes every answer immediate again.
func (l *Latency) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.lines)
}

// Lines returns what is set, sorted by operation.
func (l *Latency) Lines() []Slowness {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Slowness, 0, len(l.lines))
	for _, op := range slices.Sorted(maps.Keys(l.lines)) {
		out = append(out, l.lines[op].Slowness)
	}
	return out
}

// draw is how long the next request of op waits.
func (l *Latency) draw(op string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	line, found := l.lines[op]
	if !found {
		line, found = l.lines[AnyOp]
	}
	if !found {
		return 0
	}
	if line.drawn[op] == nil {
		line.drawn[op] = rand.New(rand.NewPCG(line.Seed, 0)) // #nosec G404 -- repeatable on purpose
	}
	return line.Min + time.Duration(line.drawn[op].Int64N(int64(line.Max-line.Min)+1))
}
