package report

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// markers are the lines around a block of a page.
func markers(block string) (begin, end string) {
	return "<!-- " + block + ": begin, written by make bench -->", "<!-- " + block + ": end -->"
}

// Markdown is the table block of the documentation.
func (r *Report) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%s: %s, %d cores, %s, %s; load before the run %s.", r.At.Format(time.DateOnly), m.CPU, m.Cores, m.OS, m.Go, m.LoadBefore)
	if r.Quick {
		b.WriteString(" A quick run: short turns and few rounds.")
	}
	b.WriteString("\n")
	for _, g := range r.Groups {
		g.markdown(&b)
	}
	b.WriteString(r.planning())
	return b.String()
}

func (g Group) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", g.Name, g.About)
	for _, why := range g.NotMeasured {
		fmt.Fprintf(b, "\nNot measured: %s\n", why)
	}
	if len(g.Ratios) > 0 {
		b.WriteString("\n| goal | ratio | lowest–highest | bound | verdict |\n|---|---|---|---|---|\n")
	}
	for _, q := range g.Ratios {
		ratio, span := fmt.Sprintf("%.2f", q.Median), fmt.Sprintf("%.2f–%.2f", q.Min, q.Max)
		if q.Base == "" {
			ratio, span = amount(q.Metric, q.Median), amount(q.Metric, q.Min)+"–"+amount(q.Metric, q.Max)
		}
		if q.Verdict == round.NotMeasured {
			ratio, span = "–", "–"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", q.Text, ratio, span, orDash(q.Bound), orDash(string(q.Verdict)))
	}
	g.values(b)
}

// values is one line per subject and level with all its metrics.
func (g Group) values(b *strings.Builder) {
	var metrics []round.Metric
	for _, row := range g.Rows {
		if !slices.Contains(metrics, row.Metric) {
			metrics = append(metrics, row.Metric)
		}
	}
	if len(metrics) == 0 {
		return
	}
	b.WriteString("\n| subject | callers |")
	for _, m := range metrics {
		fmt.Fprintf(b, " %s |", heading(m))
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(metrics)) + "\n")
	for i := 0; i < len(g.Rows); {
		first := g.Rows[i]
		cells := map[round.Metric]string{}
		for ; i < len(g.Rows) && g.Rows[i].Subject == first.Subject && g.Rows[i].Callers == first.Callers; i++ {
			cells[g.Rows[i].Metric] = value(g.Rows[i].Metric, g.Rows[i].Spread)
		}
		fmt.Fprintf(b, "| %s | %d |", first.Subject, first.Callers)
		for _, m := range metrics {
			fmt.Fprintf(b, " %s |", orDash(cells[m]))
		}
		b.WriteString("\n")
	}
}

func heading(m round.Metric) string {
	return map[round.Metric]string{
		round.Rate: "per second", round.P50: "p50", round.P99: "p99", round.CPU: "CPU each", round.Took: "took", round.Times: "times as long",
		round.Failed: "failed", round.Memory: "private memory", round.Resident: "resident memory", round.Disk: "on disk, each",
	}[m]
}

// value is a median with half the distance between the lowest and the highest round, in per cent of it.
func value(m round.Metric, s round.Spread) string {
	text := amount(m, s.Median)
	if s.Median > 0 {
		text += fmt.Sprintf(" ± %.0f %%", 50*(s.Max-s.Min)/s.Median)
	}
	return text
}

// amount is one value with its unit.
func amount(m round.Metric, v float64) string {
	switch m {
	case round.Rate, round.Failed:
		return fmt.Sprintf("%.0f", v)
	case round.Times:
		return fmt.Sprintf("%.2f", v)
	case round.Memory, round.Resident:
		return fmt.Sprintf("%.2f MiB", v/(1<<20))
	case round.Disk:
		return fmt.Sprintf("%.1f kB", v/1000)
	default:
		return duration(v)
	}
}

// bound is the bound of a goal as text, "≥ 5" or "≤ 2.50 MiB"; empty without one.
func bound(g round.Goal) string {
	number := func(v float64) string {
		if g.Base == "" && g.Metric != round.Times {
			return amount(g.Metric, v)
		}
		return fmt.Sprintf("%g", v)
	}
	switch {
	case g.None:
		return "none"
	case g.AtLeast > 0:
		return "≥ " + number(g.AtLeast)
	case g.AtMost > 0:
		return "≤ " + number(g.AtMost)
	}
	return ""
}

func duration(seconds float64) string {
	if seconds < 1e-3 {
		return fmt.Sprintf("%.1f µs", seconds*1e6)
	}
	return fmt.Sprintf("%.2f ms", seconds*1e3)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Replace puts tables into a page between the two markers of a block.
func Replace(path, block, tables string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := markers(block)
	before, rest, ok := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("report: %s has no block between %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n\n"+tables+"\n"+end+after), 0o644)
}
