// Package swap measures what callers notice when the plugin below them is replaced while they call, and when it is killed.
package swap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// Names of the subjects.
const (
	Swap     = "payhost, other version used under load"
	Recovery = "payhost, SIGKILL to next answered create"
)

// The load of a swap: so long before the order, and the second after it.
const (
	settled = 500 * time.Millisecond
	order   = 2 * time.Second
	ends    = order + time.Second
	callers = 16
)

// Bench is a host with two versions of a plugin, and another whose plugin is killed.
type Bench struct {
	swap, kill *commit.Engine
	stock      *launch.Bench
	next       int
	versions   []host.Plugin
}

// Start starts both hosts; dir is empty.
func Start(bin, dir string, stock *launch.Bench) (_ *Bench, err error) {
	b := &Bench{stock: stock, next: 1}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if b.versions, err = install(bin, dir); err != nil {
		return nil, err
	}
	for name, into := range map[string]**commit.Engine{"swap": &b.swap, "kill": &b.kill} {
		own := filepath.Join(dir, name)
		if err := os.Mkdir(own, 0o700); err != nil {
			return nil, err
		}
		versions := b.versions
		if name == "kill" {
			versions = versions[:1]
		}
		if *into, err = commit.StartPlugins(own, versions...); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Close stops both.
func (b *Bench) Close() error {
	var err error
	for _, e := range []*commit.Engine{b.swap, b.kill} {
		if e != nil {
			err = errors.Join(err, e.Close())
		}
	}
	return err
}

// Levels are the numbers of plugins that are replaced at a time.
func Levels() []int { return []int{1} }

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject {
	return []round.Subject{{Name: Swap, Turn: b.swapTurn}, {Name: Recovery, Turn: b.killTurn}, b.stock.Stock()}
}

// swapTurn finds out how many creates a second the machine can do now, offers half as many, and has the other version used in the
// midst of it. Times of single calls are those of the steady part; [round.Times] is the 99th percentile of the second that
// began with the order, divided by that of the steady part.
func (b *Bench) swapTurn(ctx context.Context, _ int, length time.Duration) (round.Sample, error) {
	create := func(ctx context.Context) error {
		_, err := b.swap.Create(ctx)
		return err
	}
	times, took, err := round.Closed(ctx, callers, max(length, 200*time.Millisecond), func(ctx context.Context, _ int) error { return create(ctx) })
	if err != nil {
		return nil, err
	}
	half := float64(len(times)) / took.Seconds() / 2
	used := make(chan error, 1)
	var swapped time.Duration
	before, err := b.swap.Plugins().Status(echo.Name)
	if err != nil {
		return nil, err
	}
	timer := time.AfterFunc(order, func() {
		begin := time.Now()
		after, err := b.swap.Plugins().Use(ctx, echo.Name, host.UsePlugin{Version: b.versions[b.next].Version})
		swapped = time.Since(begin)
		if err == nil && (after.Digest == before.Digest || after.State != host.PluginServing) {
			err = fmt.Errorf("swap: after the order %s is %s", after.Digest, after.State)
		}
		used <- err
	})
	defer timer.Stop()
	calls := round.Pace(ctx, half, ends, create)
	if err := <-used; err != nil {
		return nil, err
	}
	b.next = 1 - b.next
	return judge(calls, swapped)
}

// judge makes the sample of one swap.
func judge(calls []round.Paced, swapped time.Duration) (round.Sample, error) {
	_, failed := round.Between(calls, 0, ends)
	before, _ := round.Between(calls, settled, order)
	after, _ := round.Between(calls, order, ends)
	if len(before) == 0 || len(after) == 0 {
		return nil, errors.New("swap: the load was too small")
	}
	sample := round.Summary(before, order-settled)
	sample[round.Took], sample[round.Failed] = swapped.Seconds(), float64(failed)
	sample[round.Times] = round.Summary(after, ends-order)[round.P99] / sample[round.P99]
	return sample, nil
}

// killTurn kills the plugin and calls until a call is answered, again and again.
func (b *Bench) killTurn(ctx context.Context, _ int, length time.Duration) (round.Sample, error) {
	var values []float64
	for begin := time.Now(); len(values) < 3 || time.Since(begin) < length; {
		status, err := b.kill.Plugins().Status(echo.Name)
		if err != nil {
			return nil, err
		}
		from := time.Now()
		if err := syscall.Kill(status.PID, syscall.SIGKILL); err != nil {
			return nil, err
		}
		for {
			_, err := b.kill.Create(ctx)
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return nil, err
			}
		}
		values = append(values, time.Since(from).Seconds())
	}
	return round.Sample{round.Took: round.SpreadOf(values).Median}, nil
}

// Goals are the bounds that matter.
func Goals() []round.Goal {
	return []round.Goal{
		{Text: "creates that failed while a version was replaced at half load", Subject: Swap, Level: 1, Metric: round.Failed, None: true},
		{Text: "p99 of the second of the swap ÷ steady p99, at half load", Subject: Swap, Level: 1, Metric: round.Times, AtMost: 2},
		{Text: "SIGKILL to next answered create ÷ start of stock", Subject: Recovery, Base: launch.AutoMTLS, Level: 1, Metric: round.Took, AtMost: 0.45},
	}
}
