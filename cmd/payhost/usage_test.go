package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExitCodesOfTheCommandLine(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	absent := filepath.Join(here, "payhost.yaml")
	broken := filepath.Join(here, "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("accounts: [{id: a, provider: p, config: {token: s3cr3t}, x: 1}]\n"), 0o600))
	token := filepath.Join(here, "token")
	require.NoError(t, os.WriteFile(token, []byte("t\n"), 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no command":           {nil, exitUsage, "needs one of the commands account, completion, config"},
		"unknown command":      {[]string{"chargeback"}, exitUsage, `payhost has no command "chargeback"`},
		"unknown subcommand":   {[]string{"invoice", "pay"}, exitUsage, `payhost invoice has no command "pay"; it has action, actions, cancel, capture, create, get, ls, refresh, refund, refunds, timeline, void, watch`},
		"later command":        {[]string{"plugin", "new"}, exitUsage, `has no command "new"`},
		"no version":           {[]string{"plugin", "use", "merchant"}, exitUsage, "must be NAME@VERSION"},
		"canary share":         {[]string{"plugin", "use", "merchant@1", "--canary", "half"}, exitUsage, "must be a whole percentage"},
		"unknown flag":         {[]string{"serve", "--fast"}, exitUsage, "unknown flag: --fast"},
		"missing argument":     {[]string{"invoice", "get"}, exitUsage, "accepts 1 arg(s)"},
		"extra argument":       {[]string{"serve", "now"}, exitUsage, `unknown command "now" for "payhost serve"`},
		"bad duration":         {[]string{"invoice", "watch", "x", "--timeout", "soon"}, exitUsage, "--timeout"},
		"missing flags":        {[]string{"account", "add", "a"}, exitUsage, "--provider and --config-file are required"},
		"bad log level":        {[]string{"serve", "--log-level", "loud"}, exitUsage, "--log-level must be"},
		"no host named":        {[]string{"invoice", "ls", "--config", absent}, exitUsage, "no address and token of a running payhost"},
		"bad output":           {[]string{"invoice", "ls", "-o", "xml"}, exitUsage, "--output must be table or json"},
		"bad url":              {[]string{"invoice", "ls", "--url", "localhost:1", "--token-file", token}, exitUsage, "must be an http or https URL"},
		"nothing to create":    {[]string{"invoice", "create"}, exitUsage, "say what to create"},
		"option without value": {[]string{"invoice", "create", "--account", "a", "--option", "x"}, exitUsage, "--option needs key=value"},
		"options no object":    {[]string{"invoice", "create", "--options", "[1]"}, exitUsage, "--options: a JSON object is needed"},
		"item no object":       {[]string{"invoice", "create", "--item", "tea"}, exitUsage, "--item: a JSON object is needed"},
		"no such config":       {[]string{"serve", "--config", absent}, exitFailed, "does not exist"},
		"broken config":        {[]string{"serve", "--config", broken}, exitFailed, "accounts[0].x: is not a known key"},
		"check broken":         {[]string{"config", "check", "--config", broken}, exitFailed, "accounts[0].x: is not a known key"},
		"nobody listens":       {[]string{"invoice", "get", "x", "--url", "http://127.0.0.1:1", "--token-file", token}, exitFailed, "no answer from payhost"},
		"create, nobody there": {[]string{"invoice", "create", "--account", "a", "--idempotency-key", "k1", "--url", "http://127.0.0.1:1", "--token-file", token},
			exitUnknown, "repeat the command with --idempotency-key k1"},
		"refund, nobody there": {[]string{"invoice", "refund", "inv_1", "--amount", "1.00", "--idempotency-key", "k2", "--url", "http://127.0.0.1:1", "--token-file", token},
			exitUnknown, "repeat the command with --idempotency-key k2"},
		"payout, nobody there": {[]string{"payout", "create", "--account", "a", "--idempotency-key", "k3", "--url", "http://127.0.0.1:1", "--token-file", token},
			exitUnknown, "repeat the command with --idempotency-key k3"},
		"resolve, nobody there": {[]string{"operation", "resolve", "op_1", "--outcome", "executed", "--reason", "x", "--url", "http://127.0.0.1:1", "--token-file", token},
			exitUnknown, "no answer from payhost"},
		"replay, nobody there":  {[]string{"webhook", "replay", "wh_1", "--url", "http://127.0.0.1:1", "--token-file", token}, exitFailed, "no answer from payhost"},
		"nothing to send":       {[]string{"payout", "create"}, exitUsage, "say what to send"},
		"resolve without words": {[]string{"operation", "resolve", "op_1", "--outcome", "executed"}, exitUsage, "--outcome and --reason are required"},
		"capture item":          {[]string{"invoice", "capture", "x", "--item", "tea"}, exitUsage, "--item: a JSON object is needed"},
		"refund of nothing":     {[]string{"invoice", "refund"}, exitUsage, "accepts 1 arg(s)"},
		"action input":          {[]string{"invoice", "action", "x", "y", "--input", "[1]"}, exitUsage, "--input: a JSON object is needed"},
		"action file":           {[]string{"account", "action", "x", "y", "--file", here}, exitUsage, "is not a file"},
		"action, no such file":  {[]string{"account", "action", "x", "y", "--file", absent}, exitFailed, "--file: "},
		"action, two keys":      {[]string{"account", "action", "x", "y", "--key", "1", "--idempotency-key", "2"}, exitUsage, "give one"},
		"action, nobody there":  {[]string{"invoice", "action", "x", "y", "--url", "http://127.0.0.1:1", "--token-file", token}, exitFailed, "no answer from payhost"},
		"offline broken lock":   {[]string{"plugin", "ls", "--offline", "--config", broken}, exitFailed, "is not a known key"},
		"sandbox address":       {[]string{"sandbox", "--listen", "here"}, exitFailed, "must have a port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := cli{}.run(t, c.args...)
			require.Equal(t, c.code, r.code, r.stderr)
			require.Contains(t, r.stderr, c.want)
			require.NotContains(t, r.stderr, "s3cr3t")
			require.Empty(t, r.stdout)
		})
	}
}

func TestHelpAndCompletion(t *testing.T) {
	t.Parallel()
	require.Contains(t, cli{}.good(t, "--help"), "Exit codes: 0 done, 1 failed")
	require.Equal(t, "payhost test\n", cli{}.good(t, "--version"))
	require.Contains(t, cli{}.good(t, "completion", "bash"), "__start_payhost")
	require.Contains(t, cli{}.good(t, "__complete", "invoice", "ls", "-o", ""), "json")
}

// The documentation names only commands and flags that exist.
func TestDocumentedCommandsExist(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/operating.md")
	require.NoError(t, err)
	checked := 0
	for line := range strings.Lines(string(content)) {
		command, found := strings.CutPrefix(strings.TrimSpace(line), "payhost ")
		if !found {
			if command, found = strings.CutPrefix(line, "| payhost "); !found {
				continue
			}
		}
		command, _, _ = strings.Cut(command, " |")
		words := strings.Fields(command)
		root := (&program{}).root()
		cmd, rest, err := root.Find(words)
		require.NoError(t, err, line)
		require.NotSame(t, root, cmd, line)
		for _, word := range rest {
			if name, ok := strings.CutPrefix(word, "--"); ok {
				name, _, _ = strings.Cut(name, "=")
				require.NotNil(t, cmd.Flags().Lookup(name), "%s has no flag --%s", cmd.CommandPath(), name)
			}
		}
		checked++
	}
	require.Greater(t, checked, 20, "the commands were found")
}
