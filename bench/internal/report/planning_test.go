package report

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/bench/internal/round"
)

func TestFigures(t *testing.T) {
	row := func(subject string, m round.Metric, v float64) Row {
		return Row{Subject: subject, Callers: 8, Metric: m, Spread: round.Spread{Median: v}}
	}
	r := &Report{
		Groups: []Group{
			{Rows: []Row{row("create", round.CPU, 0.0005)}},
			{Rows: []Row{row("10 accounts", round.Resident, 40<<20), row("1000 accounts", round.Resident, (40<<20)+990*2048)}},
		},
		Figures: []Figure{
			{Text: "creates a core", Subject: "create", Callers: 8, Metric: round.CPU, PerCore: true},
			{Text: "an account", Subject: "1000 accounts", Less: "10 accounts", Steps: 990, Callers: 8, Metric: round.Resident},
			{Text: "a host", Subject: "10 accounts", Callers: 8, Metric: round.Resident},
			{Text: "absent", Subject: "absent", Callers: 8, Metric: round.CPU, PerCore: true},
			{Text: "half absent", Subject: "10 accounts", Less: "absent", Steps: 2, Callers: 8, Metric: round.Resident},
		},
	}
	text := r.Markdown()
	require.Contains(t, text, "### For planning")
	require.Contains(t, text, "| creates a core | 2000 |\n| an account | 2.0 KiB |\n| a host | 40.00 MiB |\n")
	require.NotContains(t, text, "absent")
	r.Groups = nil
	require.NotContains(t, r.Markdown(), "planning")
}
