package round

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Results are the samples of a group, by subject and level, one per round.
type Results map[string]map[int][]Sample

// patience is how much longer than planned a turn may take before it counts as failed.
const patience = 30 * time.Second

// Run gives every subject its turns. The order moves on by one subject each round, so that none always follows the same one. A
// subject that fails has no results at that level and is named; the others go on. Only the end of ctx is an error.
func Run(ctx context.Context, plan Plan, subjects []Subject) (Results, []Failure, error) {
	results := Results{}
	for _, s := range subjects {
		results[s.Name] = map[int][]Sample{}
	}
	failed := failures{}
	turn := func(s Subject, level int, length time.Duration) Sample {
		if ctx.Err() != nil || !s.at(level) || failed.has(s.Name, level) {
			return nil
		}
		sample, err := s.turn(ctx, level, length)
		if err != nil {
			failed.list = append(failed.list, Failure{s.Name, level, err})
			delete(results[s.Name], level)
		}
		return sample
	}
	for _, level := range plan.Levels {
		for _, s := range subjects { // connections and caches are warm before anything counts
			turn(s, level, plan.Length/4)
		}
	}
	for n := range plan.Rounds {
		for _, level := range plan.Levels {
			for i := range subjects {
				s := subjects[(i+n)%len(subjects)]
				if sample := turn(s, level, plan.Length); sample != nil {
					results[s.Name][level] = append(results[s.Name][level], sample)
				}
			}
		}
		if plan.Say != nil {
			plan.Say(fmt.Sprintf("round %d of %d", n+1, plan.Rounds))
		}
	}
	return results, failed.list, ctx.Err()
}

// failures are those of one run, in order.
type failures struct{ list []Failure }

func (f failures) has(subject string, level int) bool {
	return slices.ContainsFunc(f.list, func(one Failure) bool { return one.Subject == subject && one.Level == level })
}

func (s Subject) at(level int) bool { return len(s.Levels) == 0 || slices.Contains(s.Levels, level) }

func (s Subject) turn(ctx context.Context, callers int, length time.Duration) (Sample, error) {
	if s.Around != nil {
		defer s.Around()()
	}
	runtime.GC() // what the last subject left behind is not this one's
	ctx, cancel := context.WithTimeout(ctx, 2*length+patience)
	defer cancel()
	if s.Turn != nil {
		return s.Turn(ctx, callers, length)
	}
	before, err := s.cpu()
	if err != nil {
		return nil, err
	}
	times, took, err := Closed(ctx, callers, length, s.Call)
	if err != nil {
		return nil, err
	}
	if s.Settle != nil {
		if err := s.Settle(ctx); err != nil {
			return nil, err
		}
	}
	after, err := s.cpu()
	if err != nil {
		return nil, err
	}
	sample := Summary(times, took)
	sample[CPU] = (after - before).Seconds() / float64(len(times))
	return sample, nil
}

func (s Subject) cpu() (sum time.Duration, err error) {
	if !s.Apart {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			return 0, err
		}
		sum = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if s.Elsewhere == nil {
		return sum, nil
	}
	more, err := s.Elsewhere()
	return sum + more, err
}

// Closed is a closed loop: each caller makes its next call when the last has ended, for the given time. It returns the
// times of all calls, in no order, and how long the whole took.
func Closed(ctx context.Context, callers int, length time.Duration, call func(context.Context, int) error) ([]time.Duration, time.Duration, error) {
	times := make([][]time.Duration, callers)
	errs := make([]error, callers)
	var wg sync.WaitGroup
	begin := time.Now()
	for c := range callers {
		wg.Go(func() {
			mine := make([]time.Duration, 0, 4096)
			for last := begin; last.Sub(begin) < length; {
				if errs[c] = call(ctx, c); errs[c] != nil {
					return
				}
				now := time.Now()
				mine = append(mine, now.Sub(last))
				last = now
			}
			times[c] = mine
		})
	}
	wg.Wait()
	took := time.Since(begin)
	all := slices.Concat(times...)
	err := errors.Join(errs...)
	if err == nil && len(all) == 0 {
		err = errors.New("no call ended in its turn")
	}
	return all, took, err
}

// Summary is the rate and the percentiles of some calls.
func Summary(times []time.Duration, took time.Duration) Sample {
	slices.Sort(times)
	return Sample{
		Rate: float64(len(times)) / took.Seconds(),
		P50:  times[len(times)/2].Seconds(),
		P99:  times[len(times)*99/100].Seconds(),
	}
}
