package plugintest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const guide = "../../docs/plugin-authors.md"

// Every Go snippet of the authors' guide stands in the compiled file named above it.
func TestGuideShowsCompiledCode(t *testing.T) {
	doc, err := os.ReadFile(guide)
	require.NoError(t, err)
	snippets := regexp.MustCompile("(?s)(<!-- from ([^ ]+) -->\n)?```go\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	require.Greater(t, len(snippets), 5)
	for _, s := range snippets {
		require.NotEmpty(t, s[2], "this snippet names no file:\n%s", s[3])
		source, err := os.ReadFile(filepath.Join("../..", s[2]))
		require.NoError(t, err)
		require.Contains(t, plain(string(source)), plain(s[3]), "%s does not hold this snippet any more", s[2])
	}
}

func plain(code string) string { return strings.Join(strings.Fields(code), " ") }

// The guide lists every check with its reason.
func TestGuideListsTheChecks(t *testing.T) {
	doc, err := os.ReadFile(guide)
	require.NoError(t, err)
	for _, c := range List() {
		require.Contains(t, string(doc), "| `"+c.Name+"` | "+c.Why+" |")
	}
}
