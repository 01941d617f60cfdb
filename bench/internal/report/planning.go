package report

import (
	"fmt"
	"strings"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// Figure is one number for planning that is worked out from measured values. Without its values it is left out.
type Figure struct {
	Text string
	// Subject, Callers and Metric name the value it comes from.
	Subject string
	Callers int
	Metric  round.Metric
	// PerCore says that the value is processor time: the figure is how often that fits into one second of one core.
	PerCore bool
	// Less, when set, is another subject of the same metric: the figure is what lies between the two, divided by Steps.
	Less  string
	Steps float64
}

// value works the figure out.
func (f Figure) value(groups []Group) (string, bool) {
	v, ok := median(groups, f.Subject, f.Callers, f.Metric)
	if !ok {
		return "", false
	}
	if f.Less != "" {
		less, ok := median(groups, f.Less, f.Callers, f.Metric)
		if !ok {
			return "", false
		}
		v = (v - less) / f.Steps
	}
	switch {
	case f.PerCore:
		return fmt.Sprintf("%.0f", 1/v), v > 0
	case f.Less != "" && (f.Metric == round.Memory || f.Metric == round.Resident):
		return fmt.Sprintf("%.1f KiB", v/1024), true
	}
	return amount(f.Metric, v), true
}

func median(groups []Group, subject string, callers int, m round.Metric) (float64, bool) {
	for _, g := range groups {
		for _, row := range g.Rows {
			if row.Subject == subject && row.Callers == callers && row.Metric == m {
				return row.Median, true
			}
		}
	}
	return 0, false
}

// planning is the table of all figures that can be worked out; empty without any.
func (r *Report) planning() string {
	var b strings.Builder
	for _, f := range r.Figures {
		if value, ok := f.value(r.Groups); ok {
			fmt.Fprintf(&b, "| %s | %s |\n", f.Text, value)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n### For planning\n\nWorked out from the medians above, on this machine.\n\n| figure | value |\n|---|---|\n" + b.String()
}
