package commit

import (
	"context"
	"errors"
	"fmt"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// Names of the subjects.
const (
	Ours     = "payhost engine, SQLite"
	SQLite   = "SQLite, transaction per request"
	Limit    = "append + fdatasync, shared"
	Postgres = "PostgreSQL, transaction per request"
)

// Levels are the numbers of callers.
func Levels() []int { return []int{1, 8, 64} }

// Bench is the engine and its peers, each with a file of its own on the same disk.
type Bench struct {
	engine   *Engine
	sqlite   *PerRequest
	limit    *limit
	postgres *server
	// Missing says which peers are not there and why.
	Missing []string
}

// Start makes everything below dir, which needs three directories: template, engine and peers.
func Start(ctx context.Context, template, engine, peers string) (_ *Bench, err error) {
	b := &Bench{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	t, err := NewTemplate(ctx, template)
	if err != nil {
		return nil, err
	}
	if b.engine, err = StartEngine(engine, echo.Provider{}); err != nil {
		return nil, err
	}
	if b.sqlite, err = OpenSQLite(ctx, peers, t); err != nil {
		return nil, err
	}
	if b.limit, err = newLimit(peers, t); err != nil {
		return nil, err
	}
	if b.postgres, err = startPostgres(ctx, t); err != nil {
		b.Missing = append(b.Missing, fmt.Sprintf("%s: %v", Postgres, err))
	}
	return b, nil
}

// Engine is the running host.
func (b *Bench) Engine() *Engine { return b.engine }

// Close ends everything.
func (b *Bench) Close() error {
	var err error
	if b.engine != nil {
		err = b.engine.Close()
	}
	if b.sqlite != nil {
		err = errors.Join(err, b.sqlite.Close())
	}
	if b.limit != nil {
		err = errors.Join(err, b.limit.close())
	}
	if b.postgres != nil {
		err = errors.Join(err, b.postgres.close())
	}
	return err
}

// Subjects are what is measured.
func (b *Bench) Subjects() []round.Subject {
	create := func(ctx context.Context, _ int) error {
		_, err := b.engine.Create(ctx)
		return err
	}
	list := []round.Subject{
		{Name: Ours, Call: create},
		{Name: Ours + round.Tuned, Call: create, Around: round.Collector(round.TunedPercent)},
		{Name: SQLite, Call: b.sqlite.create},
		{Name: Limit, Call: b.limit.create},
	}
	if b.postgres != nil {
		list = append(list, round.Subject{Name: Postgres, Call: b.postgres.peer.create, Elsewhere: b.postgres.cpu})
	}
	return list
}

// Goals are the ratios that matter; slow says that a flush takes a millisecond longer.
func Goals(slow bool) []round.Goal {
	bound, disk := 3.5, ""
	if slow {
		bound, disk = 12, ", flush + 1 ms"
	}
	goals := []round.Goal{{
		Text: "durable creates ÷ SQLite transaction per request, 64 callers" + disk, Subject: Ours, Base: SQLite, Level: 64, Metric: round.Rate, AtLeast: bound,
	}}
	for _, level := range []int{1, 8} {
		goals = append(goals, round.Goal{
			Text: fmt.Sprintf("durable creates ÷ SQLite transaction per request, %d callers%s", level, disk), Subject: Ours, Base: SQLite, Level: level, Metric: round.Rate,
		})
	}
	goals = append(goals, round.Goal{
		Text: "durable creates ÷ PostgreSQL transaction per request, 64 callers" + disk, Subject: Ours, Base: Postgres, Level: 64, Metric: round.Rate,
	}, round.Goal{
		Text: "durable creates ÷ what the disk allows, 64 callers" + disk, Subject: Ours, Base: Limit, Level: 64, Metric: round.Rate,
	}, round.Goal{
		Text: "CPU of a create ÷ SQLite transaction per request, 64 callers" + disk, Subject: Ours, Base: SQLite, Level: 64, Metric: round.CPU,
	})
	return append(goals, round.Goal{
		Text:    "with gc_percent: 400, durable creates ÷ SQLite transaction per request, 64 callers" + disk,
		Subject: Ours + round.Tuned, Base: SQLite, Level: 64, Metric: round.Rate,
	})
}
