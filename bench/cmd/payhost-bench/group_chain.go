package main

import (
	"context"
	"errors"
	"time"

	"github.com/payhost/payhost/host/bench/internal/chain"
	"github.com/payhost/payhost/host/bench/internal/report"
)

const aboutChain = `POST of an order to the JSON answer with the invoice, over HTTP on loopback. Ours: the REST surface with its token, limits and
checks, the engine, the plugin process, SQLite. The naive chain: net/http and encoding/json, stock go-plugin with AutoMTLS, and before and after the call a
SQLite transaction with the rows that the engine writes; it seals nothing, checks no answer, knows no deadline and cannot tell what happened when a call
breaks off. Processor time is that of the serving process and its plugin; the callers are in a third process, which is not counted and takes its share of the
same processors.`

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
