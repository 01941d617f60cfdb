package sandbox

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func documentation(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../../../docs/sandbox.md")
	require.NoError(t, err)
	return string(raw)
}

// Every curl command of the page works as it stands there, one after the other.
func TestDocumentedCallsWork(t *testing.T) {
	v := visit(t)
	at := map[string]string{"9001": v.box.PayinURL, "9002": v.box.MerchantURL, "9003": v.box.MonobankURL}
	command := regexp.MustCompile(`(?m)^curl http://127\.0\.0\.1:(\d+)(/_sim/[a-z0-9-]+)(?: -d '(.*)')?$`)
	text := documentation(t)
	found := command.FindAllStringSubmatch(text, -1)
	require.Equal(t, strings.Count(text, "\ncurl "), len(found), "a command is written in another way")
	require.Greater(t, len(found), 30)
	for _, m := range found {
		method := http.MethodGet
		if m[3] != "" {
			method = http.MethodPost
		}
		r, err := http.NewRequestWithContext(t.Context(), method, at[m[1]]+m[2], strings.NewReader(m[3]))
		require.NoError(t, err)
		// What curl says of its data; the control surface does not mind.
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		status, body, _ := v.do(t, r)
		require.Equal(t, http.StatusOK, status, "%s: %s", m[0], body)
	}
}

// Every command that a simulator describes stands in the page, in its own section or in the common one.
func TestEveryMoveIsDocumented(t *testing.T) {
	v := visit(t)
	parts := strings.Split(documentation(t), "\n## ")
	common := strings.Join(parts[:3], "\n")
	for _, p := range v.box.providers {
		section := common
		for _, part := range parts {
			if strings.HasPrefix(part, p.Name+"\n") {
				section += part
			}
		}
		require.NotEqual(t, common, section, "no section about %s", p.Name)
		var moves []move
		require.NoError(t, p.get(t.Context(), "moves", &moves))
		for _, m := range moves {
			written := strings.Contains(section, "`"+m.Command+"`") || strings.Contains(section, "/_sim/"+m.Command+" ")
			require.True(t, written, "%s: %s", p.Name, m.Command)
		}
	}
}
