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
	require.NoError(t, os.WriteFile(page, []byte("before\n"+blockBegin+"\nold\n"+blockEnd+"\nafter\n"), 0o600))
	for range 2 { // the second time it finds what the first wrote
		require.NoError(t, Replace(page, "new\n"))
		raw, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Equal(t, "before\n"+blockBegin+"\n\nnew\n\n"+blockEnd+"\nafter\n", string(raw))
	}
	require.NoError(t, os.WriteFile(page, []byte("no block"), 0o600))
	require.ErrorContains(t, Replace(page, "new"), "no block between")
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
