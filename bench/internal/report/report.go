// Package report turns results into a file for programs and a table for people.
package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/payhost/payhost/host/bench/internal/round"
)

// Report is one run.
type Report struct {
	// At is when it ended, UTC.
	At      time.Time `json:"at"`
	Machine Machine   `json:"machine"`
	// Quick says that turns were short and rounds few: good for a look, too little for a claim.
	Quick  bool    `json:"quick"`
	Groups []Group `json:"groups"`
	// Figures are worked out from the groups for the page.
	Figures []Figure `json:"-"`
}

// Machine is where it ran.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
	// LoadBefore is the load average of the last minute when the run began: what others did on the machine.
	LoadBefore string `json:"load_before"`
}

// Group is one comparison.
type Group struct {
	Name string `json:"name"`
	// About says what is compared, and what is not the same on both sides.
	About string `json:"about"`
	// NotMeasured says why there are no rows, or why some are missing.
	NotMeasured []string `json:"not_measured,omitempty"`
	Rows        []Row    `json:"rows"`
	Ratios      []Ratio  `json:"ratios"`
}

// Row is one metric of one subject.
type Row struct {
	Subject string       `json:"subject"`
	Callers int          `json:"callers"`
	Metric  round.Metric `json:"metric"`
	round.Spread
}

// Ratio is one goal and what became of it.
type Ratio struct {
	Text    string        `json:"text"`
	Subject string        `json:"subject"`
	Base    string        `json:"base"`
	Callers int           `json:"callers"`
	Metric  round.Metric  `json:"metric"`
	Bound   string        `json:"bound,omitempty"`
	Verdict round.Verdict `json:"verdict,omitempty"`
	round.Spread
}

// Here describes the present machine.
func Here() Machine {
	m := Machine{Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), CPU: "not known", LoadBefore: "not known"}
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(raw), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			m.CPU = strings.Trim(line, " \t:")
		}
	}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.LoadBefore, _, _ = strings.Cut(string(raw), " ")
	}
	if raw, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.OS += ", " + strings.TrimSpace(string(raw))
	}
	return m
}

// NewGroup makes a group of results; order is that of the subjects in tables.
func NewGroup(name, about string, order []string, levels []int, results round.Results, goals []round.Goal) Group {
	g := Group{Name: name, About: about}
	for _, subject := range order {
		for _, level := range levels {
			for _, m := range round.Metrics() {
				if values := results.Values(subject, level, m); len(values) > 0 {
					g.Rows = append(g.Rows, Row{subject, level, m, round.SpreadOf(values)})
				}
			}
		}
	}
	for _, goal := range goals {
		spread, verdict := results.Judge(goal)
		g.Ratios = append(g.Ratios, Ratio{
			Text: goal.Text, Subject: goal.Subject, Base: goal.Base, Callers: goal.Level, Metric: goal.Metric,
			Bound: bound(goal), Verdict: verdict, Spread: spread,
		})
	}
	return g
}

// Write stores the report as JSON.
func (r *Report) Write(path string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o644)
}
