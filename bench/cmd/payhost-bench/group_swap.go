package main

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/swap"
)

const aboutSwap = `A host with a plugin process and SQLite gets half as many creates as it answered just before with 16 callers, at even distances
whether or not earlier ones have ended; a create's time runs from when it was due. Two seconds later the other installed version, another binary, is ordered
to serve ("took" is until the order is carried out). The table shows the steady part, from 0.5 s to the order; "times as long" is the 99th percentile of the
second that began with the order, divided by that of the steady part. The other row kills the plugin process and calls until a create is answered, durably;
beside it a stock plugin is started until its first answer.`

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
