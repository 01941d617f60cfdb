// Command payhost-bench measures what isolation and durability cost, each beside peers that do the same work, in interleaved
// rounds. It runs in the directory bench of a checkout; `make bench` builds and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/payhost/payhost/host/bench/internal/report"
	"github.com/payhost/payhost/host/bench/internal/round"
)

// settings are the flags.
type settings struct {
	bin, dir, out, page, only string
	rounds                    int
	quick, slowFlush          bool
	cpuProfile                string
	say                       io.Writer
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
	flag.StringVar(&s.bin, "bin", ".", "directory with the programs plugin, stock and bare")
	flag.StringVar(&s.dir, "dir", "", "directory on the disk to measure; empty: the system's for temporary files")
	flag.StringVar(&s.out, "out", "results/latest.json", "file for the results")
	flag.StringVar(&s.page, "page", "", "page whose block of tables is replaced")
	flag.StringVar(&s.only, "only", ".", "regular expression of the parts to measure: \"hop and start\", \"commit and webhook\", \"slow\"")
	flag.IntVar(&s.rounds, "rounds", 0, "rounds; 0 means 6, or 3 with -quick")
	flag.BoolVar(&s.quick, "quick", false, "short turns")
	flag.StringVar(&s.cpuProfile, "cpuprofile", "", "file for a profile of the measuring process, our side only")
	flag.BoolVar(&s.slowFlush, "slow-flush", false, "measure creates only, and say that flushes are slow: for a run under strace")
	flag.Parse()
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	r := &report.Report{Machine: report.Here(), Quick: s.quick}
	for _, g := range groups() {
		if !only.MatchString(g.name) || s.slowFlush != (g.name == "slow child") {
			continue
		}
		begin := time.Now()
		group, err := g.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		_, _ = fmt.Fprintf(s.say, "%s: %.0f s\n", g.name, time.Since(begin).Seconds())
		r.Groups = append(r.Groups, group...)
	}
	r.At = time.Now().UTC().Truncate(time.Second)
	if err := r.Write(s.out); err != nil {
		return err
	}
	if !s.slowFlush {
		if _, err := io.WriteString(os.Stdout, r.Markdown()); err != nil {
			return err
		}
	}
	if s.page == "" {
		return nil
	}
	return report.Replace(s.page, r.Markdown())
}

// plan is how a group is measured; turns of full runs have the given length.
func (s settings) plan(levels []int, full time.Duration) round.Plan {
	p := round.Plan{Rounds: 6, Length: full, Levels: levels}
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
