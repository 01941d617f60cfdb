// Package launch measures what a plugin process costs before and between its calls: the time from the order to start it to its
// first answered call, and the memory it keeps while idle.
package launch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/wire"
)

// Names of the subjects.
const (
	Ours     = "payhost"
	AutoMTLS = "go-plugin + AutoMTLS"
)

// Many is the number of plugins that start together.
const Many = 50

// Levels are the numbers of plugins that start together.
func Levels() []int { return []int{1, Many} }

// Bench starts processes of both kinds.
type Bench struct {
	starter *hop.Starter
	bin     string
	answer  string
	capture *wire.Capture
}

// New takes the call of a running [hop.Bench] and the file with its answer.
func New(bin, answer string, capture *wire.Capture) (*Bench, error) {
	starter, err := hop.NewStarter(bin)
	return &Bench{starter: starter, bin: bin, answer: answer, capture: capture}, err
}

// Close frees what the starts shared.
func (b *Bench) Close() error { return b.starter.Close() }

// Subjects are what is measured. The binary of ours is verified once and its image shared, as a host does.
func (b *Bench) Subjects() []round.Subject {
	return []round.Subject{{Name: Ours, Turn: turn(b.ours)}, b.Stock()}
}

// Stock is the peer alone.
func (b *Bench) Stock() round.Subject { return round.Subject{Name: AutoMTLS, Turn: turn(b.stock)} }

// start starts a process, makes its first call and returns its number and how to end it.
type start func(ctx context.Context) (pid int, stop func(), err error)

func (b *Bench) ours(ctx context.Context) (int, func(), error) {
	proc, err := b.starter.Start(ctx)
	if err != nil {
		return 0, nil, err
	}
	account, err := hop.Open(ctx, proc.Conn(), false)
	if err == nil {
		err = hop.Create(ctx, account, echo.Request())
	}
	if err != nil {
		proc.Kill()
		return 0, nil, err
	}
	return proc.PID(), proc.Kill, nil
}

func (b *Bench) stock(ctx context.Context) (int, func(), error) {
	s, err := hop.StartStock(b.bin, b.answer)
	if err != nil {
		return 0, nil, err
	}
	if err := s.Create(ctx, b.capture.Request()); err != nil {
		s.Stop()
		return 0, nil, err
	}
	return s.PID(), s.Stop, nil
}

// turn starts single processes again and again, or many once. Memory is that of many, because only then are the pages of the
// binary shared as they are in a host with several plugins.
func turn(s start) func(context.Context, int, time.Duration) (round.Sample, error) {
	return func(ctx context.Context, together int, length time.Duration) (round.Sample, error) {
		if together > 1 {
			return all(ctx, s, together)
		}
		var times []time.Duration
		for begin := time.Now(); len(times) < 3 || time.Since(begin) < length; {
			from := time.Now()
			_, stop, err := s(ctx)
			if err != nil {
				return nil, err
			}
			times = append(times, time.Since(from))
			stop()
		}
		slices.Sort(times)
		return round.Sample{round.Took: times[len(times)/2].Seconds()}, nil
	}
}

func all(ctx context.Context, s start, together int) (round.Sample, error) {
	pids, stops, errs := make([]int, together), make([]func(), together), make([]error, together)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range together {
		wg.Go(func() { pids[i], stops[i], errs[i] = s(ctx) })
	}
	wg.Wait()
	took := time.Since(begin)
	defer func() {
		for _, stop := range stops {
			if stop != nil {
				wg.Go(stop)
			}
		}
		wg.Wait()
	}()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var memory []float64
	for _, pid := range pids {
		bytes, err := round.PrivateMemory(pid)
		if err != nil {
			return nil, err
		}
		memory = append(memory, float64(bytes))
	}
	return round.Sample{round.Took: took.Seconds(), round.Memory: round.SpreadOf(memory).Median}, nil
}

// Goals are the ratios that matter.
func Goals() []round.Goal {
	return []round.Goal{
		{Text: "start to first answered call ÷ stock, one plugin", Subject: Ours, Base: AutoMTLS, Level: 1, Metric: round.Took, AtMost: 0.30},
		{Text: "start to first answered call ÷ stock, 50 plugins together", Subject: Ours, Base: AutoMTLS, Level: Many, Metric: round.Took, AtMost: 0.30},
		{Text: "private memory of an idle plugin", Subject: Ours, Level: Many, Metric: round.Memory, AtMost: 2.5 * (1 << 20)},
		{Text: "private memory of an idle plugin ÷ stock", Subject: Ours, Base: AutoMTLS, Level: Many, Metric: round.Memory},
	}
}
