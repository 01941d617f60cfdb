package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const canary = "s3cr3t-canary"

const whole = `
data_dir: ./state                    # comment
database: ""
listen: {api: 127.0.0.1:8080, webhooks: ":8081", ops: "[::1]:0"}
public_url: https://billing.example.com/pay/
plugins_dir: [./plugins, /opt/payhost]
plugins: {monobank: {version: "1.4.0", required: true, memory: 256MiB, gc_percent: 200, processors: 1, timeouts: {create: 20s}}}
api_tokens:
  - {name: billing, token: "${env:PAYHOST_TOKEN}", scope: api}
  - {name: ops, token: literal, scopes: [read, plugins]}
events: []
accounts:
  - {id: mono-main,  provider: monobank, mode: sandbox, config: {token: "${env:MONO_TOKEN}", base_url: "https://api.monobank.ua"}}
  - id: payin-main
    provider: payin
    time_zone: Europe/Kyiv
    labels: {team: billing}
    config:
      user_id: 900719925474099312345
      secret: "${file:secrets/payin}"
      rate: 0.10
`

func TestWholeFile(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(whole), "payhost.yaml", "/etc/payhost")
	require.NoError(t, err)
	require.Equal(t, "/etc/payhost/state", c.DataDir)
	require.Equal(t, Listen{API: "127.0.0.1:8080", Webhooks: ":8081", Ops: "[::1]:0"}, c.Listen)
	require.Equal(t, "https://billing.example.com/pay", c.PublicURL)
	require.Equal(t, Paths{"/etc/payhost/plugins", "/opt/payhost"}, c.PluginsDir)
	require.Equal(t, "1.4.0", c.Plugins["monobank"].Version)
	require.True(t, c.Plugins["monobank"].Required)
	require.Equal(t, Size(256<<20), c.Plugins["monobank"].Memory)
	require.Equal(t, 200, c.Plugins["monobank"].GCPercent)
	require.Equal(t, 1, c.Plugins["monobank"].Processors)
	require.Equal(t, []string{"api"}, c.APITokens[0].AllScopes())
	require.Equal(t, []string{"read", "plugins"}, c.APITokens[1].AllScopes())
	require.JSONEq(t, `{"token":"${env:MONO_TOKEN}","base_url":"https://api.monobank.ua"}`, string(c.Accounts[0].Config))
	require.Equal(t, `{"user_id":900719925474099312345,"secret":"${file:secrets/payin}","rate":0.10}`, string(c.Accounts[1].Config),
		"numbers keep their digits and references stay references")
	require.Equal(t, map[string]string{"team": "billing"}, c.Accounts[1].Labels)
	require.Equal(t, map[string]Duration{"create": Duration(20 * time.Second)}, c.Plugins["monobank"].Timeouts)
	require.Empty(t, c.Warnings())
}

func TestDefaultsAndShortForms(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte("plugins_dir: one\nlisten: :9000\napi_tokens:\n"), "f", "/d")
	require.NoError(t, err)
	require.Equal(t, "/d/data", c.DataDir)
	require.Equal(t, Listen{API: ":9000"}, c.Listen)
	require.Equal(t, Paths{"/d/one"}, c.PluginsDir)
	require.Empty(t, c.APITokens)

	c, err = Parse([]byte(`{"data_dir": "/x", "accounts": [{"id":"a","provider":"p","config":{}}]}`), "f", "/d")
	require.NoError(t, err, "JSON is accepted")
	require.Equal(t, "127.0.0.1:8080", c.Listen.API)
	require.Equal(t, `{}`, string(c.Accounts[0].Config))
}

// Every refusal names file, place and field; none repeats a value, not even of a neighbouring line.
func TestRefusals(t *testing.T) {
	t.Parallel()
	account := func(rest string) string {
		return "accounts:\n  - id: a\n    provider: p\n    config: {token: " + canary + "}\n" + rest
	}
	for name, c := range map[string]struct{ file, want string }{
		"unknown key":       {"data_dir: x\nlisten_on: " + canary + "\n", "f:2:1: listen_on: is not a known key; known are accounts, api_tokens,"},
		"unknown nested":    {account("    secret: " + canary + "\n"), "f:5:5: accounts[0].secret: is not a known key"},
		"wrong type":        {"data_dir: 7\n", "f:1:11: data_dir: must be text, not a number; put it in quotes"},
		"list wanted":       {"accounts: {token: " + canary + "}\n", "accounts: must be a list, not an object"},
		"object wanted":     {"plugins: [" + canary + "]\n", "f:1:10: plugins: must be an object, not a list"},
		"bool wanted":       {"plugins: {m: {required: " + canary + "}}\n", "plugins.m.required: must be true or false, not text"},
		"syntax":            {"accounts:\n  - {id: a, config: {token: " + canary + "}\nlisten: [\n", "f:3:1: ',' or '}' must be specified"},
		"syntax next line":  {"listen: \"127.0.0.1:1\napi_tokens: [{token: " + canary + "}]\n", "f:1:"},
		"duplicate key":     {"data_dir: a\ndata_dir: b\n", "f:2:1: mapping key \"data_dir\" already defined"},
		"two documents":     {"data_dir: a\n---\ndata_dir: b\n", "second document"},
		"anchor":            {"data_dir: &a x\n", "anchors and aliases are not supported"},
		"tag":               {"data_dir: !!str x\n", "tags are not supported"},
		"empty":             {"# nothing\n", "f: the file is empty"},
		"control character": {"data_dir: \"a\x01b\"\n", "f:1:13: has a control character"},
		"not UTF-8":         {"data_dir: \"\xff\"\n", "f:1:12: is not UTF-8"},
		"database":          {"database: postgres://u:" + canary + "@h/db\n", "f:1:1: database: is not supported by this build yet; leave it empty for SQLite"},
		"events":            {"events: [{url: \"https://x\", secret: " + canary + "}]\n", "events: outgoing webhooks are not supported by this build yet"},
		"listen":            {"listen: 8080\n", "f:1:9: listen: must be an address such as 127.0.0.1:8080"},
		"listen no port":    {"listen: localhost\n", "f:1:1: listen: must be an address with a port"},
		"listen big port":   {"listen: {api: \":70000\"}\n", "listen.api: must have a port from 0 to 65535"},
		"listen no api":     {"listen: {ops: \":1\"}\n", "listen: needs api"},
		"public url":        {"public_url: billing.example.com\n", "f:1:1: public_url: must be an absolute http or https URL"},
		"gc percent":        {"gc_percent: 5\n", "gc_percent: must be between 10 and 10000"},
		"plugin gc percent": {"plugins: {m: {gc_percent: -1}}\n", "plugins.m.gc_percent: must be between 10 and 10000"},
		"no whole number":   {"gc_percent: high\n", "gc_percent: must be a whole number"},
		"large number":      {"gc_percent: 99999999999999999999\n", "gc_percent: "},
		"processors":        {"plugins: {m: {processors: -1}}\n", "plugins.m.processors: must be at least 1"},
		"memory":            {"plugins: {m: {memory: lots}}\n", "plugins.m.memory: must be a size"},
		"start":             {"plugins: {m: {start: later}}\n", "plugins.m.start: must be eager, for a process that is started with the host, or lazy"},
		"start number":      {"plugins: {m: {start: 5}}\n", "plugins.m.start: must be"},
		"idle stop":         {"plugins: {m: {idle_stop: soon}}\n", "plugins.m.idle_stop: must be a duration of at least 1s, such as 15m, or 0"},
		"idle stop, short":  {"plugins: {m: {idle_stop: 999ms}}\n", "plugins.m.idle_stop: must be a duration of at least 1s"},
		"idle stop, past":   {"plugins: {m: {idle_stop: -15m}}\n", "plugins.m.idle_stop: must be a duration of at least 1s"},
		"idle stop, number": {"plugins: {m: {idle_stop: 15}}\n", "plugins.m.idle_stop: must be a duration of at least 1s"},
		"idle stop, list":   {"plugins: {m: {idle_stop: [15m]}}\n", "plugins.m.idle_stop: must be a duration of at least 1s"},
		"timeout":           {"plugins: {m: {timeouts: {create: 5}}}\n", "plugins.m.timeouts.create: must be text"},
		"timeout call":      {"plugins: {m: {timeouts: {dance: 5s}}}\n", "plugins.m.timeouts.dance: is not a known call"},
		"timeout zero":      {"plugins: {m: {timeouts: {create: 0s}}}\n", "plugins.m.timeouts.create: must be a duration above zero, such as 20s"},
		"timeout negative":  {"plugins: {m: {timeouts: {get: -1s}}}\n", "plugins.m.timeouts.get: must be a duration above zero"},
		"timeout too long":  {"plugins: {m: {timeouts: {create: 25s}}}\n", "f:1:26: plugins.m.timeouts.create: must be shorter than 25s"},
		"timeout of calls":  {"plugins: {m: {timeouts: 5s}}\n", "plugins.m.timeouts: must be"},
		"plugin name":       {"plugins: {My_Plugin: {}}\n", "plugins.My_Plugin: must be a name"},
		"token name":        {"api_tokens: [{token: " + canary + ", scope: api}]\n", "api_tokens[0].name: is required"},
		"token twice":       {"api_tokens: [{name: a, token: x, scope: api}, {name: a, token: y, scope: api}]\n", "api_tokens[1].name: is the name of api_tokens[0] too"},
		"no scope":          {"api_tokens: [{name: a, token: " + canary + "}]\n", "api_tokens[0]: needs scope or scopes"},
		"unknown scope":     {"api_tokens: [{name: a, token: x, scope: root}]\n", "api_tokens[0]: has an unknown scope; known are api, admin"},
		"both scopes":       {"api_tokens: [{name: a, token: x, scope: api, scopes: [read]}]\n", "api_tokens[0].scopes: cannot be given together with scope"},
		"empty token":       {"api_tokens: [{name: a, token: \"\", scope: api}]\n", "api_tokens[0].token: is required"},
		"account twice":     {account("  - {id: a, provider: p, config: {}}\n"), "f:5:6: accounts[1].id: is the id of accounts[0] too"},
		"account id":        {"accounts: [{id: A, provider: p, config: {}}]\n", "accounts[0].id: must be a name"},
		"account provider":  {"accounts: [{id: a, config: {}}]\n", "accounts[0].provider: is required"},
		"account config":    {"accounts: [{id: a, provider: p, config: " + canary + "}]\n", "accounts[0].config: is required and must be an object"},
		"account mode":      {"accounts: [{id: a, provider: p, mode: test, config: {}}]\n", "accounts[0].mode: must be live or sandbox"},
		"account zone":      {"accounts: [{id: a, provider: p, time_zone: Mars, config: {}}]\n", "accounts[0].time_zone: must be an IANA name"},
		"partial reference": {"accounts: [{id: a, provider: p, config: {list: [\"x${env:" + canary + "}\"]}}]\n", "accounts[0].config.list[0]: a reference such as ${env:NAME} must be the whole value"},
		"unknown scheme":    {"accounts: [{id: a, provider: p, config: {t: \"${vault:x}\"}}]\n", "accounts[0].config.t: has the unknown reference scheme vault"},
		"stray reference":   {"data_dir: \"${env:DIR}\"\n", "f:1:1: data_dir: references are resolved in api_tokens and account configs only"},
		"infinity":          {"accounts: [{id: a, provider: p, config: {n: .inf}}]\n", "accounts[0].config.n: cannot be given here"},
		"number as key":     {"accounts: [{id: a, provider: p, config: {1: x}}]\n", "accounts[0].config: has a key that is not text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(c.file), "f", "/d")
			require.ErrorContains(t, err, c.want)
			require.True(t, strings.HasPrefix(err.Error(), "f:"), "the file is named: %v", err)
			require.NotContains(t, err.Error(), canary, "a value of the file was printed")
		})
	}
}

func TestAllProblemsAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte("nonsense: 1\ndata_dir: 2\naccounts: [{id: 3}]\n"), "f", "/d")
	problems, ok := errors.AsType[Problems](err)
	require.True(t, ok)
	paths := []string{}
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	require.Equal(t, []string{"nonsense", "data_dir", "accounts[0].id"}, paths)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Load(filepath.Join(dir, "absent.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "payhost.example.yaml")
	_, err = Load(dir)
	require.ErrorContains(t, err, "is not a regular file")

	file := filepath.Join(dir, "real.yaml")
	require.NoError(t, os.WriteFile(file, []byte("data_dir: d\n"), 0o600))
	link := filepath.Join(dir, "link.yaml")
	require.NoError(t, os.Symlink(file, link))
	c, err := Load(link)
	require.NoError(t, err, "a configuration may be a symbolic link")
	require.Equal(t, filepath.Join(dir, "d"), c.DataDir)
	require.Equal(t, filepath.Join(dir, "d", "payhost.db"), c.SQLitePath())
}

func TestExampleFileIsValid(t *testing.T) {
	t.Parallel()
	_, err := Load("../../../../payhost.example.yaml")
	require.NoError(t, err)
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"accounts":[{"id":"a","provider":"p","config":{"x":[1,2,{"y":null}]}}]}`))
	f.Add([]byte("listen: {api: :1\n"))
	f.Add([]byte("a: &x [*x]\n"))
	f.Add([]byte("accounts:\n- config: |\n    text\n  id: >-\n    folded\n"))
	f.Add([]byte("? [complex]\n: value\n"))
	f.Add([]byte("plugins: {m: {memory: 9223372036854775807GiB, timeouts: {create: 9999999h}}}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Parse(content, "f", "/d")
		if err != nil {
			problems, ok := errors.AsType[Problems](err)
			if !ok || len(problems) == 0 {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		for _, a := range c.Accounts {
			if !nameForm.MatchString(a.ID) || !nameForm.MatchString(a.Provider) || len(a.Config) == 0 {
				t.Fatalf("an impossible account passed: %+v", a)
			}
			if _, err := compile(a.Config); err == nil {
				_ = c.CheckAccounts(t.Context(), Secrets{LookupEnv: func(string) (string, bool) { return "", false }}, nil)
			}
		}
	})
}
