package host_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// updateMatrix rewrites docs/cut-points.md from the table of the test.
var updateMatrix = flag.Bool("update", false, "rewrite docs/cut-points.md")

const matrixFile = "../docs/cut-points.md"

// The verdicts of a call and the ends of its operation, as the table shows them.
const (
	verdictNotSent = "not sent"
	verdictUnknown = "unknown"
	verdictHuman   = "needs_review"
	verdictDone    = "done"

	endSameKey     = "same key runs it"
	endFound       = "done, found"
	endResent      = "done, resent"
	endNotExecuted = "not executed"
	endHuman       = "needs_review"
	endOpen        = "open until its validity"
	endDone        = "done"
)

// expect is what is right for an operation that breaks at a cut point.
func expect(op operation, at cut) (verdict, end string) {
	switch {
	case at.unsent:
		return verdictNotSent, endSameKey
	case at.harmless && op.mute:
		return verdictDone, endDone
	case op.class == pay.ResolveHuman:
		return verdictHuman, endHuman
	case op.class == pay.ResolveAbandon:
		return verdictUnknown, endOpen
	case op.class == pay.ResolveResend:
		return verdictUnknown, endResent
	case at.acted:
		return verdictUnknown, endFound
	case op.absence == pay.ResolveHuman:
		return verdictUnknown, endHuman
	default:
		return verdictUnknown, endNotExecuted
	}
}

// docs/cut-points.md is the table of TestCutPointMatrix.
func TestTheDocumentedCutPointsAreTheTested(t *testing.T) {
	text := matrixDocument()
	if *updateMatrix {
		require.NoError(t, os.WriteFile(filepath.FromSlash(matrixFile), []byte(text), 0o644))
	}
	written, err := os.ReadFile(filepath.FromSlash(matrixFile))
	require.NoError(t, err)
	require.Equal(t, text, string(written), "regenerate with: go test ./host -run TheDocumentedCutPoints -update")
}

func matrixDocument() string {
	var b strings.Builder
	b.WriteString(`# Cut points

What becomes of every operation that changes something, at every point where its one call can break. Generated from the table of
` + "`host.TestCutPointMatrix`" + `, which plays each cell with a real plugin process and a simulated provider and compares: the verdict in
the journal, the end, the state of the object, the number of requests that reached the provider, and what the provider did.
Regenerate with ` + "`go test ./host -run TheDocumentedCutPoints -update`" + `; the test fails while this file differs.

A cell is *verdict → end*.

| verdict | means |
|---|---|
| not sent | nothing left: executed = no, the operation stays open under its key |
| unknown | the provider may have acted: executed = unknown, told as 202 with the object |
| needs_review | the same, and only a person can tell |
| done | the answer was whole after all |

| end | means |
|---|---|
| same key runs it | repeating the call with the same key sends it for the first time |
| done, found | the provider, asked what happened, shows the effect |
| done, resent | the same provider key was sent again, and the provider has one effect |
| not executed | after the visibility delay the provider shows no trace |
| needs_review | a person gets the evidence bundle; nothing is sent again |
| open until its validity | nobody got the link; closed as not effective when the invoice cannot be paid any more |

In every cell the provider has the ordered effect once or not at all, and sees one request; two only where the end is *done, resent*.

`)
	b.WriteString("| operation |")
	for _, at := range cuts() {
		b.WriteString(" " + at.name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(cuts())) + "\n")
	for _, op := range matrix() {
		b.WriteString("| " + op.plugin + " " + op.kind + " |")
		for _, at := range cuts() {
			verdict, end := expect(op, at)
			b.WriteString(" " + verdict + " → " + end + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}
