package round

import (
	"context"
	"sync"
	"time"
)

// Paced is one call of a paced load.
type Paced struct {
	// At is when it was due, counted from the first; Took runs from there, so that a call that had to wait for its turn is as slow as
	// its caller found it.
	At, Took time.Duration
	Err      error
}

// Pace calls so many times a second for a time, whether or not earlier calls have ended, and returns all calls when they have.
func Pace(ctx context.Context, perSecond float64, length time.Duration, call func(context.Context) error) []Paced {
	calls := make([]Paced, int(perSecond*length.Seconds()))
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range calls {
		at := time.Duration(float64(i) / perSecond * float64(time.Second))
		if wait := time.Until(begin.Add(at)); wait > 0 {
			time.Sleep(wait)
		}
		wg.Go(func() {
			err := call(ctx)
			calls[i] = Paced{at, time.Since(begin.Add(at)), err}
		})
	}
	wg.Wait()
	return calls
}

// Between are the times of the calls that were due in a part of the load, and how many of them failed.
func Between(calls []Paced, from, to time.Duration) (times []time.Duration, failed int) {
	for _, c := range calls {
		if c.At < from || c.At >= to {
			continue
		}
		times = append(times, c.Took)
		if c.Err != nil {
			failed++
		}
	}
	return times, failed
}
