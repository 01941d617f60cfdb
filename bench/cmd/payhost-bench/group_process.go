package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/sandbox"
)

const aboutHop = `One create call with the same request and answer. Bare grpc-go and go-plugin call with a ready-made message on default settings and
answer with a ready-made one; they carry no deadline, no frame and no verdict. The host call starts from the engine's types, carries deadline,
status, trace context and keys, runs the adapter behind the SDK's guard, checks the answer and ends with types and a verdict. "Stream" is the lane on
which calls share one stream, as hosts and plugins use it by default; "unary" makes each a gRPC call of its own. "In process" is the same without a socket.
Processor time is that of this process and the plugin's. Our plugins run
with GOGC=400, as the host starts them by default; the host has Go's own setting, 100, and in the rows with gc_percent: 400 that one. The peers have 100 on both
sides, except where their name says otherwise.`

func measureHop(ctx context.Context, s settings) (_ []report.Group, err error) {
	b, end, err := s.startHop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return compare(ctx, s, comparison{
		name: "The hop", about: aboutHop, plan: s.plan(hop.Levels(), 700*time.Millisecond), subjects: b.Subjects(), goals: hop.Goals(), missing: b.Missing,
	})
}

// startHop starts the processes of the hop in a directory that goes with them.
func (s settings) startHop(ctx context.Context) (*hop.Bench, func() error, error) {
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, nil, err
	}
	b, err := hop.Start(ctx, s.bin, dirs[0])
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return b, func() error { return errors.Join(b.Close(), remove()) }, nil
}

const aboutStart = `From the order to start to the first answered create. Ours: verified sealed image, confinement, handshake, peer check by the kernel,
configure, describe, open the account, create. Stock: exec, AutoMTLS, dispense, create. Memory is what one of 50 idle processes keeps for itself.`

func measureStart(ctx context.Context, s settings) (_ []report.Group, err error) {
	b, end, err := s.startHop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	l, err := launch.New(s.bin, b.AnswerFile(), b.Captured())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return compare(ctx, s, comparison{
		name: "Start-up and memory", about: aboutStart, plan: s.plan(launch.Levels(), time.Second), subjects: l.Subjects(), goals: launch.Goals(),
	})
}

const aboutSandboxes = `Peers that run the adapter inside the host, four instances each, without deadline or verdict. The guest exchanges the same encoded
messages and reads them with protobuf's own runtime, the script gets tables of their fields. They are measured apart from the hop, because their memory changes how often the host's collector runs.`

func measureSandboxes(ctx context.Context, s settings) (_ []report.Group, err error) {
	b, end, err := s.startHop(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	subjects, missing := b.Ours(), b.Missing
	if w, err := sandbox.NewWasm(ctx, s.bin, b.AnswerFile(), b.Captured().Request()); err != nil {
		missing = append(missing, fmt.Sprintf("%s: %v", sandbox.WasmName, err))
	} else {
		subjects = append(subjects, round.Subject{Name: sandbox.WasmName, Call: w.Create})
		defer func() { _ = w.Close(ctx) }()
	}
	l, err := sandbox.NewLua()
	if err != nil {
		return nil, err
	}
	defer l.Close()
	subjects = append(subjects, round.Subject{Name: sandbox.LuaName, Call: l.Create})
	return compare(ctx, s, comparison{
		name: "Sandboxes", about: aboutSandboxes, plan: s.plan(sandbox.Levels(), 500*time.Millisecond), subjects: subjects, goals: sandbox.Goals(), missing: missing,
	})
}
