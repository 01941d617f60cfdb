package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	absolute := write("one", canary+"\n")
	write("windows", canary+"\r\n")
	write("empty", "\n")
	write("large", strings.Repeat("x", maxSecretFile+1))
	require.NoError(t, os.Symlink(absolute, filepath.Join(dir, "link")))
	s := Secrets{LookupEnv: environment("SET", canary, "EMPTY", ""), Dir: dir}

	for ref, want := range map[string]string{
		"env:SET": canary, "file:" + absolute: canary, "file:one": canary, "file:windows": canary, "file:link": canary,
	} {
		got, err := s.Resolve(t.Context(), ref)
		require.NoError(t, err, ref)
		require.Equal(t, want, got, ref)
	}
	for ref, want := range map[string]string{
		"env:UNSET":   "the environment variable UNSET is not set",
		"env:EMPTY":   "the environment variable EMPTY is empty",
		"file:absent": "absent cannot be read: no such file or directory",
		"file:empty":  "empty is empty",
		"file:large":  "has more than 65536 bytes",
		"file:.":      "is not a regular file",
		"vault:x":     "unknown scheme vault",
		"nothing":     "is not a reference",
	} {
		_, err := s.Resolve(t.Context(), ref)
		require.ErrorContains(t, err, want, ref)
	}
}

func TestCheckSecretsNamesEveryPlace(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(`
api_tokens:
  - {name: a, token: "${env:TOKEN}", scope: api}
  - {name: b, token: literal, scope: api}
accounts:
  - {id: a, provider: p, config: {token: "${env:MONO}", deep: {list: [x, "${file:/nowhere/at/all}"]}}}
`), "f", "/d")
	require.NoError(t, err)
	err = c.CheckSecrets(t.Context(), c.Secrets(environment("TOKEN", canary)))
	require.EqualError(t, err, "f:6:35: accounts[0].config.token: the environment variable MONO is not set\n"+
		"f:6:74: accounts[0].config.deep.list[1]: the file /nowhere/at/all cannot be read: no such file or directory")

	err = c.CheckSecrets(t.Context(), c.Secrets(environment("MONO", canary)))
	require.ErrorContains(t, err, "f:3:15: api_tokens[0].token: the environment variable TOKEN is not set")

	tokens, err := c.ResolveTokens(t.Context(), c.Secrets(environment("TOKEN", canary)))
	require.NoError(t, err)
	require.Equal(t, canary, tokens[0].Token)
	require.Equal(t, "literal", tokens[1].Token)
	require.Equal(t, "${env:TOKEN}", c.APITokens[0].Token, "the configuration keeps the reference")
}

const schema = `{"type":"object","additionalProperties":false,"required":["token"],"properties":{
	"token":{"type":"string","minLength":4,"pattern":"^[a-z]+$"},"kind":{"enum":["x","y"]},"n":{"type":"integer","minimum":1,"maximum":9},
	"list":{"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":3}}}}`

func TestCheckAccounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ config, want string }{
		"good":       {`{token: "${env:GOOD}"}`, ""},
		"unresolved": {`{token: "${env:ABSENT}"}`, ""}, // CheckSecrets tells
		"pattern":    {`{token: "${env:BAD}"}`, "f:2:33: accounts[0].config.token: must match the pattern ^[a-z]+$"},
		"short":      {`{token: abc}`, "accounts[0].config.token: must have at least 4 characters"},
		"missing":    {`{kind: x}`, "accounts[0].config.token: is required"},
		"unknown":    {`{token: good, tokne: ` + canary + `}`, "accounts[0].config.tokne: is not a known key of this provider"},
		"enum":       {`{token: good, kind: ` + canary + `}`, "accounts[0].config.kind: must be one of [x y]"},
		"type":       {`{token: good, n: ` + canary + `}`, "accounts[0].config.n: must be integer, not string"},
		"minimum":    {`{token: good, n: 0}`, "accounts[0].config.n: must be at least 1"},
		"maximum":    {`{token: good, n: 10}`, "accounts[0].config.n: must be at most 9"},
		"item":       {`{token: good, list: [` + canary + `]}`, "accounts[0].config.list[0]: must have at most 3 characters"},
		"other rule": {`{token: good, list: [a, a]}`, `accounts[0].config.list: breaks the rule "uniqueItems"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Parse([]byte("accounts:\n- {id: a, provider: p, config: "+c.config+"}\n"), "f", "/d")
			require.NoError(t, err)
			s := cfg.Secrets(environment("GOOD", "good", "BAD", canary))
			err = cfg.CheckAccounts(t.Context(), s, map[string]json.RawMessage{"p": json.RawMessage(schema)})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), canary)
		})
	}
	cfg, err := Parse([]byte("accounts: [{id: a, provider: p, config: {}}]\n"), "f", "/d")
	require.NoError(t, err)
	require.ErrorContains(t, cfg.CheckAccounts(t.Context(), Secrets{}, nil), "accounts[0].provider: no plugin of this name is pinned")
	require.NoError(t, cfg.CheckAccounts(t.Context(), Secrets{}, map[string]json.RawMessage{"p": nil}), "no schema, nothing to check")
	bad := map[string]json.RawMessage{"p": json.RawMessage(`{"$ref":"file:///etc/passwd"}`)}
	require.ErrorContains(t, cfg.CheckAccounts(t.Context(), Secrets{}, bad), "unusable config schema", "nothing is loaded from outside")
}
