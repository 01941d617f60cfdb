package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/payhost/payhost/host/bench/internal/chain"
	"github.com/payhost/payhost/host/bench/internal/growth"
	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/swap"
)

const aboutChain = `POST of an order to the JSON answer with the invoice, over HTTP on loopback. Ours: the REST surface with its token, limits and checks, the engine,
the plugin process, SQLite. The naive chain: net/http and encoding/json, stock go-plugin with AutoMTLS, and before and after the call a SQLite transaction with the
rows that the engine writes; it seals nothing, checks no answer, knows no deadline and cannot tell what happened when a call breaks off. Processor time is that of
the serving process and its plugin; the callers are in a third process, which is not counted and takes its share of the same processors.`

func measureChain(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := chain.Start(ctx, s.bin, dirs[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return compare(ctx, s, comparison{
		name: "The whole chain", about: aboutChain, plan: s.plan(chain.Levels(), time.Second), subjects: b.Subjects(), goals: chain.Goals(),
	})
}

const aboutSwap = `A host with a plugin process and SQLite gets half as many creates as it answered just before with 16 callers, at even distances whether or not
earlier ones have ended; a create's time runs from when it was due. Two seconds later the other installed version, another binary, is ordered to serve ("took" is until
the order is carried out). The table shows the steady part, from 0.5 s to the order. The other row kills the plugin process and calls until a
create is answered, durably; beside it a stock plugin is started until its first answer.`

func measureSwap(ctx context.Context, s settings) (_ []report.Group, err error) {
	h, end, err := s.startHop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	stock, err := launch.New(s.bin, h.AnswerFile(), h.Captured())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stock.Close()) }()
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := swap.Start(s.bin, dirs[0], stock)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return compare(ctx, s, comparison{
		name: "Replacing a plugin under load", about: aboutSwap, plan: s.plan(swap.Levels(), time.Second), subjects: b.Subjects(), goals: swap.Goals(),
	})
}

// measureGrowth measures three comparisons, one after the other, so that they do not hold each other's memory.
func measureGrowth(ctx context.Context, s settings) (all []report.Group, err error) {
	var sizes []int
	for text := range strings.SplitSeq(s.stored, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 {
			return nil, fmt.Errorf("-stored: %q is not a number of at least 1000", text)
		}
		sizes = append(sizes, n)
	}
	for _, start := range []func(ctx context.Context, bin, dir string) (*growth.Bench, error){
		growth.Accounts, growth.Plugins, func(ctx context.Context, bin, dir string) (*growth.Bench, error) {
			return growth.Stored(ctx, bin, dir, sizes, func(text string) { s.progress("%s", text) })
		},
	} {
		groups, err := s.grown(ctx, start)
		all = append(all, groups...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s settings) grown(ctx context.Context, start func(ctx context.Context, bin, dir string) (*growth.Bench, error)) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := start(ctx, s.bin, dirs[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return compare(ctx, s, comparison{
		name: b.Name, about: b.About, plan: s.plan(growth.Levels(), 500*time.Millisecond), subjects: b.Subjects, goals: b.Goals, missing: b.Missing,
	})
}
