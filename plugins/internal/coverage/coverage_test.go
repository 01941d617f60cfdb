package coverage_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/coverage"
	"github.com/payhost/payhost/sdk/pay"
)

// statement is one that holds; TestWhatIsWrong spoils it.
func statement() coverage.Plugin {
	return coverage.Plugin{
		Manifest: pay.Manifest{
			Name:          "example",
			ConfigSchema:  json.RawMessage(`{"required":["token"],"properties":{"token":{"type":"string","secret":true,"description":"A|B"}}}`),
			OptionSchemas: map[pay.Operation]json.RawMessage{pay.OpCreate: json.RawMessage(`{"properties":{"code":{"enum":["a","b"],"default":"a"}}}`)},
			Fields:        map[string]pay.FieldSpec{"reference": {Use: pay.FieldHonoured, MaxLength: 20, Note: "ref"}, "items": {Use: pay.FieldRefused}},
			Abilities:     pay.NewAbilities(pay.CanCreateInvoice, pay.CanRunAction),
			Actions:       []pay.ActionSpec{{Name: "receipt", Title: "Get a receipt", Effect: pay.EffectRead, Subject: pay.SubjectInvoice}},
		},
		Tests: []string{"."},
		Tables: []coverage.Table{{Title: "Endpoints", Rows: []coverage.Row{
			{
				What: "POST /create", Source: "§1", Decision: coverage.Offered, Tests: []string{"TestAStatementThatHolds", "TestWhatIsWrong/a case that is named"},
				As: []string{"create_invoice", "field:reference", "option:create.code", "config:token", "action:receipt", "webhook"},
			},
			{What: "POST /raw-card", Source: "§2", Decision: coverage.Refused, Why: "it needs card data"},
		}}},
	}
}

func TestAStatementThatHolds(t *testing.T) {
	problems, err := statement().Problems()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestWhatIsWrong(t *testing.T) {
	row := func(p *coverage.Plugin) *coverage.Row { return &p.Tables[0].Rows[0] }
	for _, c := range []struct {
		want  string
		spoil func(*coverage.Plugin)
	}{
		{"there is no test TestGone", func(p *coverage.Plugin) { row(p).Tests = []string{"TestGone"} }},
		{"there is no test TestWhatIsWrong/" + strings.Repeat("x", 9), func(p *coverage.Plugin) { row(p).Tests = []string{"TestWhatIsWrong/" + strings.Repeat("x", 9)} }},
		{"no test is named", func(p *coverage.Plugin) { row(p).Tests = nil }},
		{"refused without a reason", func(p *coverage.Plugin) { p.Tables[0].Rows[1].Why = "" }},
		{`decision "perhaps" does not exist`, func(p *coverage.Plugin) { row(p).Decision = "perhaps" }},
		{"the manifest has no refund", func(p *coverage.Plugin) { row(p).As = append(row(p).As, "refund") }},
		{"offers create_invoice, which stands in no row", func(p *coverage.Plugin) { row(p).As = row(p).As[1:] }},
		{"offers action:other", func(p *coverage.Plugin) {
			p.Manifest.Actions = append(p.Manifest.Actions, pay.ActionSpec{Name: "other"})
		}},
		{"source are needed", func(p *coverage.Plugin) { row(p).Source = "" }},
		{"stands there twice", func(p *coverage.Plugin) { p.Tables[0].Rows = append(p.Tables[0].Rows, *row(p)) }},
	} {
		t.Run(c.want, func(t *testing.T) {
			p := statement() // a case that is named
			c.spoil(&p)
			problems, err := p.Problems()
			require.NoError(t, err)
			require.Contains(t, strings.Join(problems, "\n"), c.want)
		})
	}
	p := statement()
	p.Tests = []string{"nowhere"}
	_, err := p.Problems()
	require.ErrorContains(t, err, "holds no tests")
}

// recorded collects what a check reports.
type recorded []string

func (r *recorded) Helper()                           {}
func (r *recorded) Errorf(format string, args ...any) { *r = append(*r, fmt.Sprintf(format, args...)) }

func TestThePageFollowsTheCode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "example.md")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	check := func(update bool) []string {
		var reported recorded
		coverage.Check(&reported, statement(), path, update)
		return reported
	}
	write("# Example\n")
	require.Contains(t, strings.Join(check(true), ""), "must hold the lines")

	begin, end := "<!-- generated from the manifest and coverage_test.go: begin -->", "<!-- generated: end -->"
	write("# Example\n\nBefore.\n\n" + begin + "\nold\n" + end + "\n\nAfter.\n")
	require.Contains(t, strings.Join(check(false), ""), "run the test with -update")
	require.Empty(t, check(true))
	require.Empty(t, check(false))
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, want := range []string{
		"Before.", "After.", "| `token` | string | yes | Secret. A\\|B |", "| `code` | one of \"a\", \"b\" |  | Default: \"a\". |",
		"| `reference` | honoured | at most 20 characters | ref |", "| `receipt` | invoice | read |  | Get a receipt |", "refused: it needs card data",
	} {
		require.Contains(t, string(page), want)
	}
}
