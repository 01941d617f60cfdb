package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/payhost/payhost/host/bench/internal/commit"
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/webhook"
)

const aboutCommit = `Durable creates through the whole engine, with the provider in the host's process: intent on the disk, call, outcome on the disk. The
SQLite and PostgreSQL peers write the same rows, taken from what the engine wrote, in two transactions per create with prepared statements and no engine around
them. PostgreSQL is spared the row that numbers events. The limit appends as many bytes as the rows have, twice per create, with a flush that is shared.`

// slowed is what a table is called and says when flushes are delayed.
func (s settings) slowed(name, about string) (string, string) {
	if !s.slowFlush {
		return name, about
	}
	return name + ", a flush takes 1 ms longer",
		"As above, with every fsync and fdatasync of all subjects delayed by strace, which also costs each flush about 0.1 ms."
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
	name, about := s.slowed("Durable creates", aboutCommit)
	return compare(ctx, s, comparison{
		name: name, about: about, plan: s.plan(commit.Levels(), time.Second), subjects: b.Subjects(), goals: commit.Goals(s.slowFlush), missing: b.Missing,
	})
}

const aboutStore = `The store alone: each call is one durable transaction, in turn the one before and the one after the provider's call of a create, with
the rows that the engine writes, sealed and checked as always, and no engine around them. The limit appends as many bytes as those rows have, with a flush
that is shared. The flush is one append of 4 KiB and its fdatasync, with nobody else at the file.`

func measureStore(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(3)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	b, err := commit.StartBare(ctx, dirs[0], dirs[1], dirs[2])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	name, about := s.slowed("The bare store", aboutStore)
	return compare(ctx, s, comparison{
		name: name, about: about, plan: s.plan(commit.BareLevels(), time.Second), subjects: b.Subjects(), goals: commit.BareGoals(s.slowFlush),
	})
}

const aboutWebhook = `A genuine webhook verified by the adapter in the host's process, stored and acknowledged. The floor is the verification and one
durable commit of the same row through the same store, without routing, limits, deduplication key, panic guard and the work of applying it afterwards.`

func measureWebhooks(ctx context.Context, s settings) (_ []report.Group, err error) {
	dirs, remove, err := s.scratch(2)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	engine, err := commit.StartEngine(dirs[0], echo.Provider{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	w, err := webhook.Start(ctx, engine, dirs[1])
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return compare(ctx, s, comparison{
		name: "Webhooks", about: aboutWebhook, plan: s.plan(webhook.Levels(), 700*time.Millisecond), subjects: w.Subjects(), goals: webhook.Goals(),
	})
}

// measureSlow measures again, in a child whose flushes a tracer delays.
func measureSlow(ctx context.Context, s settings) (_ []report.Group, err error) {
	missing := func(why string) []report.Group {
		return []report.Group{{
			Name: "A slower disk", About: "Creates and the bare store again, with every fsync and fdatasync delayed by strace.", NotMeasured: []string{why},
		}}
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
	defer func() { err = errors.Join(err, remove()) }()
	out := filepath.Join(dirs[0], "slow.json")
	cmd := exec.CommandContext(ctx, strace, "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
		"-e", "inject=fsync,fdatasync:delay_exit=1000", self, "-slow-flush", "-bin", s.bin, "-dir", s.dir, "-out", out,
		"-quick="+strconv.FormatBool(s.quick), "-rounds", strconv.Itoa(s.rounds))
	cmd.Stderr, cmd.WaitDelay = s.say, 10*time.Second
	// The tracer passes the signal on to the child, which ends what it has started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	ran := cmd.Run()
	raw, err := os.ReadFile(out)
	if err != nil {
		return missing(fmt.Sprintf("strace cannot trace here (%v)", ran)), nil
	}
	var r report.Report
	err = json.Unmarshal(raw, &r)
	return r.Groups, errors.Join(ran, err)
}
