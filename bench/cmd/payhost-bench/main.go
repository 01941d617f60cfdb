// Command payhost-bench measures what isolation and durability cost, each beside peers that do the same work, in interleaved
// rounds. It runs in the directory bench of a checkout; `make bench` builds and starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// settings are the flags.
type settings struct {
	bin, dir, out, page, block, only string
	rounds                           int
	quick, slowFlush                 bool
	cpuProfile                       string
	stored                           string
	say                              io.Writer
	// group is the group that is being measured, for progress.
	group string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "payhost-bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := settings{say: os.Stderr}
	flag.StringVar(&s.bin, "bin", ".", "directory with the other programs of the module")
	flag.StringVar(&s.dir, "dir", "", "directory on the disk to measure; empty: the system's for temporary files")
	flag.StringVar(&s.out, "out", "results/latest.json", "file for the results")
	flag.StringVar(&s.page, "page", "", "page whose block of tables is replaced")
	flag.StringVar(&s.block, "block", "bench", "name of that block")
	flag.StringVar(&s.only, "only", "", "regular expression of the groups to measure, of "+strings.Join(names(), ", ")+"; empty: all but growth")
	flag.IntVar(&s.rounds, "rounds", 0, "rounds; 0 means 6, or 3 with -quick")
	flag.BoolVar(&s.quick, "quick", false, "short turns")
	flag.StringVar(&s.cpuProfile, "cpuprofile", "", "instead of measuring, profile this process while the first subject of the group -only runs, into this file")
	flag.StringVar(&s.stored, "stored", "10000,1000000,10000000", "growth-stored: numbers of stored invoices; what does not fit is named")
	flag.BoolVar(&s.slowFlush, "slow-flush", false, "measure what depends on flushes only, and say that they are slow: for a run under strace")
	flag.Parse()
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	r := &report.Report{Machine: report.Here(), Quick: s.quick, Figures: figures()}
	failed := s.measure(ctx, r, only)
	r.At = time.Now().UTC().Truncate(time.Second)
	if err := errors.Join(ctx.Err(), r.Write(s.out)); err != nil {
		return err
	}
	if !s.slowFlush {
		if _, err := io.WriteString(os.Stdout, r.Markdown()); err != nil {
			return err
		}
	}
	if s.page != "" {
		if err := report.Replace(s.page, s.block, r.Markdown()); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("not measured: %s", strings.Join(failed, "; "))
	}
	return nil
}

// measure fills the report. A group that fails stands in it with the reason, and the others go on.
func (s settings) measure(ctx context.Context, r *report.Report, only *regexp.Regexp) (failed []string) {
	for _, g := range groups() {
		if s.slowFlush != g.slow || s.only == "" && g.aside || !only.MatchString(g.name) || ctx.Err() != nil {
			continue
		}
		begin := time.Now()
		s.group = g.name
		list, err := g.limited(ctx, s)
		if err != nil && ctx.Err() == nil {
			failed = append(failed, fmt.Sprintf("%s: %v", g.name, err))
			list = append(list, report.Group{Name: "Group " + g.name, About: "This group did not come to its end.", NotMeasured: []string{err.Error()}})
		}
		for _, one := range list {
			for _, why := range one.NotMeasured {
				s.progress("not measured: %s", why)
			}
		}
		s.progress("%.0f s", time.Since(begin).Seconds())
		r.Groups = append(r.Groups, list...)
	}
	return failed
}

// progress prints a line about the present group.
func (s settings) progress(format string, args ...any) {
	_, _ = fmt.Fprintf(s.say, "%s: %s\n", s.group, fmt.Sprintf(format, args...))
}

// plan is how a group is measured; turns of full runs have the given length.
func (s settings) plan(levels []int, full time.Duration) round.Plan {
	p := round.Plan{Rounds: 6, Length: full, Levels: levels, Say: func(text string) { s.progress("%s", text) }}
	if s.quick {
		p.Rounds, p.Length = 3, full/4
	}
	if s.rounds > 0 {
		p.Rounds = s.rounds
	}
	return p
}

// scratch makes empty directories that are removed afterwards.
func (s settings) scratch(n int) (dirs []string, remove func() error, err error) {
	root, err := os.MkdirTemp(s.dir, "payhost-bench-")
	if err != nil {
		return nil, nil, err
	}
	for i := range n {
		dir := fmt.Sprintf("%s/%d", root, i)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, func() error { return os.RemoveAll(root) }, nil
}
