// Package growth measures whether a host stays as fast as it grows: with more accounts, more plugins and more stored invoices.
package growth

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/served"
)

// busy is the number of callers of creates.
const busy = 8

// Levels are the numbers of callers.
func Levels() []int { return []int{1, busy} }

// member is one size of a comparison: a program of its own.
type member struct {
	name    string
	options served.Options
	program *served.Program
	n       atomic.Int64
}

// creates is a create by each caller, for the accounts in turn.
func (m *member) creates() round.Subject {
	accounts := max(1, m.options.Accounts)
	plugins := max(1, m.options.Plugins)
	return round.Subject{
		Name: m.name + ": create", Levels: []int{busy}, Apart: true, Elsewhere: func() (time.Duration, error) { return m.program.CPU() },
		Call: func(ctx context.Context, _ int) error {
			n := int(m.n.Add(1))
			return m.program.Create(ctx, served.AccountOf(n%plugins, n/plugins%accounts))
		},
	}
}

// start ends the program and starts it again on what it has stored; memory is looked at after a few hundred creates.
func (m *member) start() round.Subject {
	return round.Subject{Name: m.name + ": start", Levels: []int{1}, Turn: func(ctx context.Context, _ int, _ time.Duration) (round.Sample, error) {
		err := m.program.Close()
		if err == nil {
			m.program, err = served.Start(ctx, m.options)
		}
		if err != nil {
			return nil, err
		}
		for range 200 {
			if err := m.creates().Call(ctx, 0); err != nil {
				return nil, err
			}
		}
		program, plugin, err := m.program.Memory()
		return round.Sample{round.Took: m.program.Started.Seconds(), round.Resident: float64(program), round.Memory: float64(plugin)}, err
	}}
}

// reads is one path of the API.
func (m *member) reads(what, path string, check func([]byte) error) round.Subject {
	return round.Subject{
		Name: m.name + ": " + what, Levels: []int{1}, Apart: true, Elsewhere: func() (time.Duration, error) { return m.program.CPU() },
		Call: func(ctx context.Context, _ int) error {
			raw, err := m.program.Get(ctx, path)
			if err == nil && check != nil {
				err = check(raw)
			}
			return err
		},
	}
}

// Bench is one comparison.
type Bench struct {
	// Name and About are for the table, Missing says what is not there and why.
	Name, About string
	Missing     []string
	Subjects    []round.Subject
	Goals       []round.Goal
	members     []*member
}

// Close ends all programs.
func (b *Bench) Close() error {
	var err error
	for _, m := range b.members {
		err = errors.Join(err, m.program.Close())
	}
	return err
}

// flat is the bound of what shall not grow with anything: the measured work of the largest member is that of the smallest.
const flat = 1.25

// compare adds the ratio of the largest member to the smallest. With no bound it is reported.
func (b *Bench) compare(text, what string, level int, metric round.Metric, bound float64) {
	if len(b.members) < 2 {
		return
	}
	small, large := b.members[0].name, b.members[len(b.members)-1].name
	b.Goals = append(b.Goals, round.Goal{
		Text: text + ", " + large + " ÷ " + small, Subject: large + ": " + what, Base: small + ": " + what, Level: level, Metric: metric, AtMost: bound,
	})
}
