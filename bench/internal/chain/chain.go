// Package chain measures a whole request, POST to JSON answer, beside the chain that a programmer would write without a host.
package chain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/served"
)

// Names of the subjects.
const (
	Ours  = "payhost: REST, engine, plugin, SQLite"
	Naive = "net/http, go-plugin + AutoMTLS, SQLite transactions"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 8, 64} }

// Bench is one program of each kind, and one of ours with gc_percent: 400.
type Bench struct{ ours, tuned, naive *served.Program }

// Start starts all; what they keep goes into dir.
func Start(ctx context.Context, bin, dir string) (_ *Bench, err error) {
	b := &Bench{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	if _, err := hop.Record(ctx, bin, dir); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		name  string
		naive bool
		gc    int
		into  **served.Program
	}{{name: "ours", into: &b.ours}, {name: "tuned", gc: round.TunedPercent, into: &b.tuned}, {name: "naive", naive: true, into: &b.naive}} {
		own := filepath.Join(dir, p.name)
		if err := os.Mkdir(own, 0o700); err != nil {
			return nil, err
		}
		if *p.into, err = served.Start(ctx, served.Options{Naive: p.naive, GCPercent: p.gc, Bin: bin, Messages: dir, Dir: own}); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b, nil
}

// Close ends all.
func (b *Bench) Close() error {
	var err error
	for _, p := range []*served.Program{b.ours, b.tuned, b.naive} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject {
	subject := func(name string, p *served.Program) round.Subject {
		return round.Subject{
			Name: name, Elsewhere: p.CPU, Apart: true,
			Call: func(ctx context.Context, _ int) error { return p.Create(ctx, echo.AccountID) },
		}
	}
	return []round.Subject{subject(Ours, b.ours), subject(Ours+round.Tuned, b.tuned), subject(Naive, b.naive)}
}

// Goals are the ratios that matter.
func Goals() []round.Goal {
	goals := []round.Goal{{
		Text: "CPU of a POST, all processes ÷ naive chain, 64 callers", Subject: Ours, Base: Naive, Level: 64, Metric: round.CPU, AtMost: 0.35,
	}}
	for _, level := range []int{1, 8} {
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("CPU of a POST, all processes ÷ naive chain, %d callers", level), Subject: Ours, Base: Naive, Level: level, Metric: round.CPU,
		})
	}
	for _, level := range Levels() {
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("POSTs answered ÷ naive chain, %d callers", level), Subject: Ours, Base: Naive, Level: level, Metric: round.Rate,
		})
	}
	return append(goals, round.Goal{
		Text:    "with gc_percent: 400, CPU of a POST, all processes ÷ naive chain, 64 callers",
		Subject: Ours + round.Tuned, Base: Naive, Level: 64, Metric: round.CPU,
	})
}
