package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/bench/internal/round"
)

func TestReplaceChangesTheBlockOnly(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	begin, end := markers("bench")
	other, otherEnd := markers("growth")
	rest := end + "\n" + other + "\nkept\n" + otherEnd + "\nafter\n"
	require.NoError(t, os.WriteFile(page, []byte("before\n"+begin+"\nold\n"+rest), 0o600))
	for range 2 { // the second time it finds what the first wrote
		require.NoError(t, Replace(page, "bench", "new\n"))
		raw, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Equal(t, "before\n"+begin+"\n\nnew\n\n"+rest, string(raw))
	}
	require.NoError(t, os.WriteFile(page, []byte("no block"), 0o600))
	require.ErrorContains(t, Replace(page, "bench", "new"), "no block between")
}

func TestMarkdownOfAbsoluteGoals(t *testing.T) {
	g := NewGroup("Memory", "About.", []string{"a"}, []int{1}, round.Results{"a": {1: {{round.Memory: 3 << 20, round.Failed: 0, round.Times: 1.5}}}}, []round.Goal{
		{Text: "memory", Subject: "a", Level: 1, Metric: round.Memory, AtMost: 2.5 * (1 << 20)},
		{Text: "failed", Subject: "a", Level: 1, Metric: round.Failed, None: true},
		{Text: "times", Subject: "a", Level: 1, Metric: round.Times, AtMost: 2},
	})
	text := (&Report{Groups: []Group{g}}).Markdown()
	require.Contains(t, text, "| memory | 3.00 MiB | 3.00 MiB–3.00 MiB | ≤ 2.50 MiB | missed |")
	require.Contains(t, text, "| failed | 0 | 0–0 | none | met |")
	require.Contains(t, text, "| times | 1.50 | 1.50–1.50 | ≤ 2 | met |")
}

func TestMarkdownSaysWhatWasNotMeasured(t *testing.T) {
	g := NewGroup("Creates", "About.", []string{"a"}, []int{1}, round.Results{"a": {1: {{round.Rate: 100, round.P50: 0.0005}}}},
		[]round.Goal{{Text: "a ÷ b", Subject: "a", Base: "b", Level: 1, Metric: round.Rate, AtLeast: 2}})
	g.NotMeasured = []string{"b: not installed"}
	text := (&Report{Groups: []Group{g}}).Markdown()
	require.Contains(t, text, "Not measured: b: not installed")
	require.Contains(t, text, "| a ÷ b | – | – | ≥ 2 | not measured |")
	require.Contains(t, text, "| a | 1 | 100 ± 0 % | 500.0 µs ± 0 % |")
}

func TestEveryMetricHasAHeading(t *testing.T) {
	for _, m := range round.Metrics() {
		require.NotEmpty(t, heading(m), m)
	}
}
