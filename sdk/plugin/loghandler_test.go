package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/require"
)

func logLines(t *testing.T, log func(*slog.Logger)) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	log(slog.New(newLogHandler(&out, "m", levelTrace)))
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
		require.LessOrEqual(t, len(line), 64<<10)
		lines = append(lines, fields)
	}
	return lines
}

func TestLogValues(t *testing.T) {
	type private struct{ Token string }
	lines := logLines(t, func(l *slog.Logger) {
		l.Error("m", "err", errors.New("broken"), "list", []string{"a"}, "struct", private{"hunter2"}, "bytes", []byte("hunter2"),
			"map", map[string]string{"api_key": "hunter2", "id": "1"}, "when", time.Unix(0, 0).UTC(), "@message", "forged", "nothing", nil,
			slog.Group("g", "password", "hunter2", "n", 1), "header", map[string][]string{"X-Token": {"hunter2"}})
		l.Log(t.Context(), levelTrace, "t")
		l.Debug("d")
		l.Info("i", "long", strings.Repeat("ї", 100<<10))
	})
	require.Len(t, lines, 4)
	require.Equal(t, "error", lines[0]["@level"])
	require.Equal(t, "m", lines[0]["@message"], "an attribute must not pass for the message")
	require.Equal(t, "broken", lines[0]["err"])
	require.Equal(t, []any{"a"}, lines[0]["list"])
	require.Equal(t, "[redacted]", lines[0]["g.password"])
	require.Equal(t, 1.0, lines[0]["g.n"])
	require.Equal(t, "1970-01-01T00:00:00Z", lines[0]["when"])
	require.Equal(t, map[string]any{"api_key": "[redacted]", "id": "1"}, lines[0]["map"])
	text, err := json.Marshal(lines)
	require.NoError(t, err)
	require.NotContains(t, string(text), "hunter2")
	require.Equal(t, []any{"trace", "debug", "info"}, []any{lines[1]["@level"], lines[2]["@level"], lines[3]["@level"]})
}

func TestSecretNames(t *testing.T) {
	for _, name := range []string{
		"token", "X-Token", "access_token", "secret", "client.secret", "Authorization", "proxy-authorization", "password",
		"api_key", "apiKey", "key", "signing_key", "X-Sign", "Set-Cookie", "cvv", "pan",
	} {
		require.True(t, secretName(name), name)
	}
	for _, name := range []string{"operation", "provider_key", "req.provider_key", "account", "expand", "status", "company", "idempotency-key"} {
		require.False(t, secretName(name), name)
	}
}

// TestSlogRules checks the handler against the rules of package slog. Groups are flattened into names with dots, which is
// undone here.
func TestSlogRules(t *testing.T) {
	var out bytes.Buffer
	results := func() []map[string]any {
		var all []map[string]any
		for line := range strings.Lines(out.String()) {
			var flat map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &flat))
			tree := map[string]any{slog.LevelKey: flat["@level"], slog.MessageKey: flat["@message"], slog.TimeKey: flat["@timestamp"]}
			for name, v := range flat {
				if strings.HasPrefix(name, "@") {
					continue
				}
				node := tree
				parts := strings.Split(name, ".")
				for _, group := range parts[:len(parts)-1] {
					if _, ok := node[group]; !ok {
						node[group] = map[string]any{}
					}
					node = node[group].(map[string]any)
				}
				node[parts[len(parts)-1]] = v
			}
			all = append(all, tree)
		}
		return all
	}
	err := slogtest.TestHandler(newLogHandler(&out, "m", levelTrace), results)
	// hclog's form always has a timestamp, so the one rule about a zero time does not apply.
	for _, fault := range unjoin(err) {
		require.ErrorContains(t, fault, "zero Record.Time")
	}
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // the joined error itself is wanted
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
