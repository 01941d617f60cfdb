package main

import (
	"context"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// group is one part of a run.
type group struct {
	name    string
	measure func(context.Context, settings) ([]report.Group, error)
	// limit is how long it may take.
	limit time.Duration
	// aside groups run only when they are asked for, slow ones only in the process whose flushes are delayed.
	aside, slow bool
}

func groups() []group {
	const minutes = 5 * time.Minute
	return []group{
		{name: "hop", measure: measureHop, limit: minutes}, {name: "start", measure: measureStart, limit: minutes},
		{name: "sandbox", measure: measureSandboxes, limit: minutes}, {name: "create", measure: measureCreates, limit: minutes},
		{name: "store", measure: measureStore, limit: minutes}, {name: "webhook", measure: measureWebhooks, limit: minutes},
		{name: "chain", measure: measureChain, limit: minutes}, {name: "swap", measure: measureSwap, limit: minutes},
		{name: "slow", measure: measureSlow, limit: 2 * minutes},
		{name: "create", measure: measureCreates, limit: minutes, slow: true}, {name: "store", measure: measureStore, limit: minutes, slow: true},
		{name: "growth-accounts", measure: grow(growAccounts), limit: 2 * minutes, aside: true},
		{name: "growth-plugins", measure: grow(growPlugins), limit: 2 * minutes, aside: true},
		{name: "growth-stored", measure: grow(growStored), limit: time.Hour, aside: true},
	}
}

// names are those that a person can ask for.
func names() []string {
	var list []string
	for _, g := range groups() {
		if !g.slow {
			list = append(list, g.name)
		}
	}
	return list
}

func (g group) limited(ctx context.Context, s settings) ([]report.Group, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.limit, fmt.Errorf("it took longer than %v", g.limit))
	defer cancel()
	list, err := g.measure(ctx, s)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return list, err
}

// comparison is one table.
type comparison struct {
	name, about string
	plan        round.Plan
	subjects    []round.Subject
	goals       []round.Goal
	// missing are subjects that are not there, with the reason.
	missing []string
}

// compare runs one comparison, or profiles its first subject.
func compare(ctx context.Context, s settings, c comparison) ([]report.Group, error) {
	if s.cpuProfile != "" {
		return nil, profile(ctx, s, c.subjects[0])
	}
	results, failed, err := round.Run(ctx, c.plan, c.subjects)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	var order []string
	for _, subject := range c.subjects {
		order = append(order, subject.Name)
	}
	g := report.NewGroup(c.name, c.about, order, c.plan.Levels, results, c.goals)
	g.NotMeasured = c.missing
	for _, f := range failed {
		g.NotMeasured = append(g.NotMeasured, f.String())
	}
	return []report.Group{g}, nil
}
