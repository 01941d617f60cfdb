// Package round measures several things beside each other: in short turns, one after the other, again and again, so that a
// machine that is slower now than a minute ago is slower for all of them. Ratios are taken inside a round.
package round

import (
	"context"
	"time"
)

// Metric names one measured quantity.
type Metric string

// The metrics. Times are in seconds, memory is in bytes.
const (
	// Rate is finished calls per second.
	Rate Metric = "rate"
	// P50 and P99 are percentiles of the time of one call.
	P50 Metric = "p50"
	P99 Metric = "p99"
	// CPU is the processor time of one call, of all processes that take part, where they can be told apart.
	CPU Metric = "cpu"
	// Took is the time of one thing that is done once a round.
	Took Metric = "took"
	// Memory is private memory of one process.
	Memory Metric = "memory"
)

// Sample is what one turn found.
type Sample map[Metric]float64

// Subject is one of the things that are compared.
type Subject struct {
	// Name stands in tables and goals.
	Name string
	// Call does the work once; caller counts from 0 and is in one call at a time. Failed calls end the measurement.
	Call func(ctx context.Context, caller int) error
	// Settle, when set, waits at the end of a turn for what the calls have left to be done. Its processor time counts for the calls, its
	// time does not.
	Settle func(ctx context.Context) error
	// Elsewhere is the processor time that other processes have used for this subject; nil: there are none.
	Elsewhere func() (time.Duration, error)
	// Turn, when set, replaces everything above: it measures one turn by itself.
	Turn func(ctx context.Context, callers int, length time.Duration) (Sample, error)
	// Levels, when set, are the only numbers of callers at which it is measured.
	Levels []int
}

// Plan says how long and how often.
type Plan struct {
	// Rounds is how often each subject has its turn at each level.
	Rounds int
	// Length is how long one turn takes.
	Length time.Duration
	// Levels are the numbers of concurrent callers.
	Levels []int
}
