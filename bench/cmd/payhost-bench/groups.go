package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/hop"
	"github.com/payhost/payhost/host/bench/internal/launch"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
	"github.com/payhost/payhost/host/bench/internal/sandbox"
	"github.com/payhost/payhost/host/bench/internal/webhook"
)

// group is one part of a run.
type group struct {
	name    string
	measure func(context.Context, settings) ([]report.Group, error)
}

func groups() []group {
	return []group{
		{"hop and start", measureProcesses}, {"commit and webhook", measureStore}, {"slow", measureSlow}, {"slow child", measureCreates},
	}
}

// compare runs one comparison.
func compare(ctx context.Context, name, about string, plan round.Plan, subjects []round.Subject, goals []round.Goal) (report.Group, error) {
	results, err := round.Run(ctx, plan, subjects)
	if err != nil {
		return report.Group{}, fmt.Errorf("%s: %w", name, err)
	}
	var order []string
	for _, s := range subjects {
		order = append(order, s.Name)
	}
	return report.NewGroup(name, about, order, plan.Levels, results, goals), nil
}

const aboutHop = `One create call with the same request and answer. Bare grpc-go and go-plugin call with a ready-made message on default settings and
answer with a ready-made one; they carry no deadline, no frame and no verdict. The host call starts from the engine's types, carries deadline,
status, trace context and keys, runs the adapter behind the SDK's guard, checks the answer and ends with types and a verdict. "In process" is the
same without a socket.`

const aboutStart = `From the order to start to the first answered create. Ours: verified sealed image, confinement, handshake, peer check by the kernel,
configure, describe, open the account, create. Stock: exec, AutoMTLS, dispense, create. Memory is what one of 50 idle processes keeps for itself.`

func measureProcesses(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := hop.Start(ctx, s.bin, dirs[0])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if s.cpuProfile != "" {
		return nil, profile(ctx, s, b.Subjects()[0])
	}
	calls, err := compare(ctx, "The hop", aboutHop, s.plan(hop.Levels(), 700*time.Millisecond), b.Subjects(), hop.Goals())
	if err != nil {
		return nil, err
	}
	l, err := launch.New(s.bin, dirs[0], b.Captured())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	starts, err := compare(ctx, "Start-up and memory", aboutStart, s.plan(launch.Levels(), time.Second), l.Subjects(), launch.Goals())
	if err != nil {
		return nil, err
	}
	boxes, err := measureSandboxes(ctx, s, dirs[0], b)
	return []report.Group{calls, starts, boxes}, err
}

const aboutSandboxes = `Peers that run the adapter inside the host, four instances each, without deadline or verdict. The guest exchanges the same encoded
messages, the script tables of their fields. They are measured apart from the hop, because their memory changes how often the host's collector runs.`

func measureSandboxes(ctx context.Context, s settings, dir string, b *hop.Bench) (_ report.Group, err error) {
	subjects, missing := b.Subjects()[:1], []string{}
	if w, err := sandbox.NewWasm(ctx, s.bin, hop.AnswerFile(dir), b.Captured().Request()); err != nil {
		missing = append(missing, fmt.Sprintf("%s: %v", sandbox.WasmName, err))
	} else {
		subjects = append(subjects, round.Subject{Name: sandbox.WasmName, Call: w.Create})
		defer func() { _ = w.Close(ctx) }()
	}
	l, err := sandbox.NewLua()
	if err != nil {
		return report.Group{}, err
	}
	defer l.Close()
	subjects = append(subjects, round.Subject{Name: sandbox.LuaName, Call: l.Create})
	g, err := compare(ctx, "Sandboxes", aboutSandboxes, s.plan(sandbox.Levels(), 500*time.Millisecond), subjects, sandbox.Goals())
	g.NotMeasured = missing
	return g, err
}

const aboutCommit = `Durable creates through the whole engine, with the provider in the host's process: intent on the disk, call, outcome on the disk. The
SQLite and PostgreSQL peers write the same rows, taken from what the engine wrote, in two transactions per create with prepared statements and no engine around
them. PostgreSQL is spared the row that numbers events. The limit appends as many bytes as the rows have, twice per create, with a flush that is shared.`

const aboutWebhook = `A genuine webhook verified by the adapter in the host's process, stored and acknowledged. The floor is the verification and one
durable commit of the same row through the same store, without routing, limits, deduplication key, panic guard and the work of applying it afterwards.`

func measureStore(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(4)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := commit.Start(ctx, dirs[0], dirs[1], dirs[2])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if s.cpuProfile != "" {
		return nil, profile(ctx, s, b.Subjects()[0])
	}
	creates, err := compare(ctx, "Durable creates", aboutCommit, s.plan(commit.Levels(), time.Second), b.Subjects(), commit.Goals(false))
	if err != nil {
		return nil, err
	}
	creates.NotMeasured = b.Missing
	w, err := webhook.Start(ctx, b.Engine(), dirs[3])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	hooks, err := compare(ctx, "Webhooks", aboutWebhook, s.plan(webhook.Levels(), 700*time.Millisecond), w.Subjects(), webhook.Goals())
	return []report.Group{creates, hooks}, err
}

const slowName = "Durable creates, a flush takes 1 ms longer"

// measureSlow measures creates again in a child whose flushes a tracer delays.
func measureSlow(ctx context.Context, s settings) ([]report.Group, error) {
	missing := func(why string) []report.Group {
		g := report.NewGroup(slowName, "As above, with every fsync and fdatasync delayed by strace.", nil, nil, nil, commit.Goals(true))
		g.NotMeasured = []string{why}
		return []report.Group{g}
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		return missing("strace is not installed"), nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dirs, remove, err := s.scratch(1)
	if err != nil {
		return nil, err
	}
	out := filepath.Join(dirs[0], "slow.json")
	args := []string{"-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_exit=1000",
		self, "-slow-flush", "-only", "slow child", "-bin", s.bin, "-dir", s.dir, "-out", out, "-quick=" + strconv.FormatBool(s.quick), "-rounds", strconv.Itoa(s.rounds)}
	cmd := exec.CommandContext(ctx, strace, args...)
	cmd.Stderr = s.say
	if err := cmd.Run(); err != nil {
		return missing(fmt.Sprintf("strace cannot trace here (%v)", err)), remove()
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	var r report.Report
	return r.Groups, errors.Join(json.Unmarshal(raw, &r), remove())
}

func measureCreates(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(3)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := commit.Start(ctx, dirs[0], dirs[1], dirs[2])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	g, err := compare(ctx, slowName, "As above, with every fsync and fdatasync of all subjects delayed by strace, which also costs each flush about 0.1 ms.",
		s.plan(commit.Levels(), 1500*time.Millisecond), b.Subjects(), commit.Goals(true))
	g.NotMeasured = slices.Clone(b.Missing)
	return []report.Group{g}, err
}
