// Package round measures several things beside each other: in short turns, one after the other, again and again, so that a
// machine that is slower now than a minute ago is slower for all of them. Ratios are taken inside a round.
package round

import (
	"context"
	"fmt"
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
	// Memory is private memory of one process, Resident all of its memory that is in RAM.
	Memory   Metric = "memory"
	Resident Metric = "resident"
	// Failed counts calls that did not end well, where that does not end the measurement.
	Failed Metric = "failed"
	// Times is how many times one thing is of another within one turn of one subject.
	Times Metric = "times"
	// Disk is bytes in files.
	Disk Metric = "disk"
)

// Metrics are all of them in the order of columns.
func Metrics() []Metric {
	return []Metric{Rate, P50, P99, CPU, Took, Times, Failed, Memory, Resident, Disk}
}

// Sample is what one turn found.
type Sample map[Metric]float64

// Subject is one of the things that are compared.
type Subject struct {
	// Name stands in tables and goals.
	Name string
	// Call does the work once; caller counts from 0 and is in one call at a time. A failed call ends the subject's measurement at this
	// number of callers: errors are quick, and would look like speed.
	Call func(ctx context.Context, caller int) error
	// Settle, when set, waits at the end of a turn for what the calls have left to be done. Its processor time counts for the calls, its
	// time does not.
	Settle func(ctx context.Context) error
	// Elsewhere is the processor time that other processes have used for this subject; nil: there are none.
	Elsewhere func() (time.Duration, error)
	// Apart says that only that is the subject's: this process is the load.
	Apart bool
	// Around, when set, is called before a turn and what it returns after it: for settings of this process that only this subject has.
	Around func() (after func())
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
	// Say, when set, gets a line after each round.
	Say func(text string)
}

// Failure is a subject that could not be measured at a number of callers.
type Failure struct {
	Subject string
	Level   int
	Err     error
}

func (f Failure) String() string {
	return fmt.Sprintf("%s, %d at a time: %v", f.Subject, f.Level, f.Err)
}
