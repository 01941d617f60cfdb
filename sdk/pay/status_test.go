package pay_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/payhost/payhost/sdk/pay"
)

// The package comment shows the table; a change of one without the other misleads every author.
func TestDiagramStandsInThePackageComment(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var want strings.Builder
	for line := range strings.Lines(pay.Diagram()) {
		want.WriteString("\t" + line)
	}
	require.Contains(t, file.Doc.Text(), strings.TrimRight(want.String(), "\n"),
		"put this into doc.go, each line after a comment marker and a tab:\n"+pay.Diagram())
}

func TestTransitionsAgreeWithTheRulesOfTheLifecycle(t *testing.T) {
	seen := map[[2]pay.Status]bool{}
	for _, tr := range pay.Transitions() {
		require.True(t, tr.From.Known() && tr.To.Known(), "%s → %s", tr.From, tr.To)
		require.NotEqual(t, tr.From, tr.To)
		require.NotEmpty(t, tr.When)
		require.False(t, seen[[2]pay.Status{tr.From, tr.To}], "listed twice: %s → %s", tr.From, tr.To)
		seen[[2]pay.Status{tr.From, tr.To}] = true
		require.NotEqual(t, pay.StatusPaid, tr.From, "paid never regresses")
		require.NotEqual(t, pay.StatusCreating, tr.To, "nothing returns to creating")
		if tr.From.Closed() {
			require.Equal(t, pay.NeedSync, tr.Need, "late money needs the provider's own answer")
		}
		if tr.From == pay.StatusPartiallyPaid {
			require.Equal(t, pay.StatusPaid, tr.To)
		}
	}
	require.NotEmpty(t, seen)
}

func TestNeedIsMetOnlyByStrongEnoughEvidence(t *testing.T) {
	cases := []struct {
		need pay.Need
		met  []pay.EvidenceKind
	}{
		{pay.NeedHost, []pay.EvidenceKind{pay.EvidenceHost, pay.EvidenceVerifiedWebhook, pay.EvidenceManual, pay.EvidenceAPIResponse, pay.EvidenceAPISync}},
		{pay.NeedEvidence, []pay.EvidenceKind{pay.EvidenceVerifiedWebhook, pay.EvidenceManual, pay.EvidenceAPIResponse, pay.EvidenceAPISync}},
		{pay.NeedSync, []pay.EvidenceKind{pay.EvidenceAPISync}},
	}
	all := []pay.EvidenceKind{
		pay.EvidenceAPISync, pay.EvidenceAPIResponse, pay.EvidenceManual, pay.EvidenceVerifiedWebhook,
		pay.EvidenceRedirect, pay.EvidenceHint, pay.EvidenceHost, "invented",
	}
	for _, c := range cases {
		for _, kind := range all {
			want := false
			for _, m := range c.met {
				want = want || m == kind
			}
			require.Equal(t, want, c.need.Met(kind), "%s by %s", c.need, kind)
		}
	}
}

// Any walk along the table keeps the promises, whatever the evidence.
func TestWalksNeverLeavePaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := pay.StatusCreating
		paid := false
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			to := rapid.SampledFrom(pay.Statuses()).Draw(t, "to")
			if _, ok := pay.FindTransition(at, to); ok {
				at = to
			}
			if at == pay.StatusPaid {
				paid = true
			}
			if paid && at != pay.StatusPaid {
				t.Fatalf("left paid for %s", at)
			}
		}
	})
}
