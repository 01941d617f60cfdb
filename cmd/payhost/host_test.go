package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
)

// inProcess runs a command line of this process until stop.
func inProcess(t *testing.T, p *program, args ...string) (ended <-chan int, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it ends in the clean-up, after the test
	done := make(chan int, 1)
	finished := make(chan struct{})
	go func() {
		done <- p.run(ctx, args)
		close(finished)
	}()
	t.Cleanup(func() {
		cancel()
		<-finished
		http.DefaultClient.CloseIdleConnections()
	})
	return done, cancel
}

// start runs payhost serve in this process.
func (d *deployment) start(t *testing.T, env map[string]string) cli {
	t.Helper()
	out, errs := &lines{}, &lines{}
	p := &program{
		version: "test", stdin: strings.NewReader(""), stdout: out, stderr: errs, cut: make(chan struct{}),
		lookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
	ended, _ := inProcess(t, p, "serve", "--config", d.file)
	eventually(t, "the host is ready", func() bool {
		select {
		case code := <-ended:
			t.Fatalf("payhost serve ended with %d: %s", code, errs)
		default:
		}
		return strings.Contains(out.String(), "payhost ready")
	})
	url, _, _ := strings.Cut(strings.TrimPrefix(out.String(), "payhost ready: api "), ",")
	return cli{env: map[string]string{"PAYHOST_URL": url}}
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

// One life of a deployment, through the commands a person types.
func TestCommandsAgainstARealHost(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "monobank", "merchant")
	// The third account has no plugin: it is reported, and stops nothing.
	r := cli{}.run(t, "config", "check", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "accounts[1].provider: no plugin of this name is pinned")

	c := d.start(t, nil)
	on := func(args ...string) []string { return append(args, "--config", d.file) }

	accounts := decode[[]host.AccountStatus](t, c.good(t, on("account", "ls", "-o", "json")...))
	require.Len(t, accounts, 2)
	require.Contains(t, c.good(t, on("account", "show", "mono-main")...), "/webhooks/mono-main")
	require.Contains(t, c.good(t, on("account", "check", "mono-main")...), "account at provider")

	config := filepath.Join(d.dir, "second.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"token":"sandbox-monobank-token","base_url":"`+d.box.MonobankURL+`"}`), 0o600))
	require.Contains(t, c.good(t, on("account", "add", "mono-2", "--provider", "monobank", "--config-file", config, "--label", "team=x")...), "team=x")
	c.stdin = `{"token":"x","surprise":"s3cr3t"}`
	r = c.run(t, on("account", "add", "mono-3", "--provider", "monobank", "--config-file", "-")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "config.surprise")
	require.Contains(t, r.stderr, "kind: invalid_request")
	require.NotContains(t, r.stderr, "s3cr3t")

	// A created invoice, with the key that was made for it.
	r = c.run(t, on("invoice", "create", "--account", "mono-main", "--amount", "100.00", "--currency", "UAH", "--reference", "order-1",
		"--description", "Tea", "--metadata", "shop=7", "--item", `{"name":"Tea","code":"t","quantity":"2","unit_price":"50.00"}`,
		"--option", "comment=fresh", "--return-url", "https://shop.example/", "-o", "json")...)
	require.Equal(t, exitDone, r.code, r.stderr)
	inv := decode[host.Invoice](t, r.stdout)
	require.Equal(t, "pending", string(inv.Status))
	key := strings.TrimSpace(strings.TrimPrefix(r.stderr, "idempotency key: "))
	require.True(t, strings.HasPrefix(key, "cli-"), r.stderr)

	// The same key is the same invoice; the body comes from standard input this time.
	c.stdin = `{"account":"mono-main","amount":{"value":"100","currency":"UAH"},"reference":"order-1","description":"Tea","metadata":{"shop":"7"},
		"items":[{"name":"Tea","code":"t","quantity":"2","unit_price":"50.00"}],"provider_options":{"comment":"fresh"},"return_urls":{"default":"https://x/"}}`
	again := c.good(t, on("invoice", "create", "--json", "-", "--return-url", "https://shop.example/", "--idempotency-key", key)...)
	require.Contains(t, again, inv.ID)
	r = c.run(t, on("invoice", "create", "--account", "mono-main", "--amount", "5.00", "--currency", "UAH", "--idempotency-key", key)...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "idempotency_mismatch")

	// Every field error is printed.
	r = c.run(t, on("invoice", "create", "--account", "mono-main", "--amount", "1.001", "--currency", "UAH", "--capture", "later")...)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "amount.value")
	require.Contains(t, r.stderr, "capture")

	// Paid, seen by watching.
	simulator(t, d.box.MonobankURL, "pay", `{"id":"`+inv.ProviderRef+`"}`)
	require.Contains(t, c.good(t, on("invoice", "watch", inv.ID, "--timeout", "30s")...), "paid")
	require.Contains(t, c.good(t, on("invoice", "get", inv.ID)...), "100.00 UAH")
	require.Contains(t, c.good(t, on("invoice", "refresh", inv.ID)...), "paid")
	require.Contains(t, c.good(t, on("invoice", "ls", "--status", "paid", "--limit", "1")...), inv.ID)
	require.NotContains(t, c.good(t, on("invoice", "ls", "--status", "pending")...), inv.ID)
	require.Equal(t, exitFailed, c.run(t, on("invoice", "get", "inv_absent")...).code)

	// An invoice that ends unpaid, and one that does not end.
	made := decode[host.Invoice](t, c.good(t, on("invoice", "create", "--account", "mono-2", "--amount", "7.00", "--currency", "UAH", "-o", "json")...))
	require.Equal(t, exitUnknown, c.run(t, on("invoice", "watch", made.ID, "--timeout", "300ms")...).code)
	simulator(t, d.box.MonobankURL, "expire", `{"id":"`+made.ProviderRef+`"}`)
	r = c.run(t, on("invoice", "watch", made.ID, "--timeout", "30s", "--refresh", "50ms")...)
	require.Equal(t, exitFailed, r.code, r.stderr)
	require.Contains(t, r.stderr, "the invoice ended expired")

	// An answer that was lost.
	simulator(t, d.box.MerchantURL, "faults", `{"op":"create","kind":"cut_after","times":1}`)
	r = c.run(t, on("invoice", "create", "--account", "p2p-main", "--amount", "10.00", "--currency", "RUB", "-o", "json")...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	lost := decode[host.Invoice](t, r.stdout)
	require.NotEmpty(t, lost.UnresolvedOperation)
	require.Contains(t, r.stderr, "payhost invoice watch "+lost.ID)
	require.Contains(t, c.good(t, on("operation", "show", lost.UnresolvedOperation)...), "lookup")
	require.Contains(t, c.good(t, on("operation", "ls", "--account", "p2p-main")...), lost.UnresolvedOperation)

	require.Contains(t, c.good(t, on("event", "ls", "--limit", "1")...), "Next: --after")
	require.Contains(t, c.good(t, on("event", "watch", "--count", "2")...), "invoice.created")
	first, _, _ := strings.Cut(c.good(t, on("event", "watch", "--count", "1", "-o", "json")...), "\n")
	require.NotEmpty(t, decode[host.Event](t, first).Position)

	require.Contains(t, c.good(t, on("plugin", "ls")...), "serving")
	require.Contains(t, c.good(t, on("plugin", "show", "monobank")...), "monobank acquiring")
	require.Contains(t, c.good(t, on("plugin", "restart", "monobank")...), "monobank acquiring")
	require.Contains(t, c.good(t, on("plugin", "ls", "--offline")...), "merchant")
}

func TestTokensOfTheConfiguration(t *testing.T) {
	t.Parallel()
	d := deploy(t, "api_tokens: [{name: billing, token: \"${env:BILLING}\", scope: read}]\n", "monobank")
	c := d.start(t, map[string]string{"BILLING": "billing-token"})
	require.NoFileExists(t, filepath.Join(d.dir, "data", "admin.token"))

	r := c.run(t, "invoice", "ls", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "no API token: give --token-file or set PAYHOST_TOKEN")

	c.env["PAYHOST_TOKEN"] = "wrong"
	require.Contains(t, c.run(t, "invoice", "ls").stderr, "A valid token is needed")
	c.env["PAYHOST_TOKEN"] = "billing-token"
	require.Contains(t, c.good(t, "invoice", "ls"), "(none)")
	r = c.run(t, "invoice", "create", "--account", "mono-main", "--amount", "1.00", "--currency", "UAH")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "lacks the scope create")

	file := filepath.Join(d.dir, "token")
	require.NoError(t, os.WriteFile(file, []byte("billing-token\n"), 0o604))
	require.Contains(t, c.run(t, "invoice", "ls", "--token-file", file).stderr, "can be read by others")
	require.NoError(t, os.Chmod(file, 0o600))
	require.Contains(t, c.good(t, "invoice", "ls", "--token-file", file), "(none)")
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	d := deploy(t, "plugins: {payin: {timeouts: {create: 5s}, unconfined: true}}\n", "payin", "merchant", "monobank")
	r := cli{}.run(t, "config", "check", "--config", d.file)
	require.Equal(t, exitDone, r.code, r.stderr)
	require.Contains(t, r.stdout, "is valid: 3 accounts, 3 pinned plugins")
	require.Contains(t, r.stderr, "warning: "+d.file+":2:43: plugins.payin.unconfined: the plugin can open every file")

	content, err := os.ReadFile(d.file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(d.file, []byte(strings.ReplaceAll(string(content), `"user_id":7026`, `"user_id":"7026"`)), 0o600))
	r = cli{}.run(t, "config", "check", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "accounts[1].config.user_id: must be integer, not string")
	require.NoDirExists(t, filepath.Join(d.dir, "data", "payhost.db"), "nothing was started")
}

func TestPluginAdd(t *testing.T) {
	t.Parallel()
	d := deploy(t, "")
	out := cli{}.good(t, "plugin", "add", "--config", d.file, providerBinary("payin"))
	require.Contains(t, out, "payin@")
	require.Contains(t, cli{}.good(t, "plugin", "add", "--config", d.file, providerBinary("payin")), "is pinned already")

	// A binary under another provider's name.
	impostor := filepath.Join(d.dir, "payhost-provider-monobank")
	content, err := os.ReadFile(providerBinary("payin"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(impostor, content, 0o755))
	r := cli{}.run(t, "plugin", "add", "--config", d.file, impostor)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, `describes itself as provider "payin", not "monobank"`)

	// No plugin at all.
	text := filepath.Join(d.dir, "payhost-provider-text")
	require.NoError(t, os.WriteFile(text, []byte("#!/bin/sh\nexit 3\n"), 0o755))
	r = cli{}.run(t, "plugin", "add", "--config", d.file, text)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "could not be asked what it is")
	require.Contains(t, cli{}.good(t, "plugin", "ls", "--offline", "--config", d.file), "payin")
}

func TestSandbox(t *testing.T) {
	t.Parallel()
	out := &lines{}
	p := &program{stdin: strings.NewReader(""), stdout: out, stderr: &lines{}, lookupEnv: func(string) (string, bool) { return "", false }}
	ended, stop := inProcess(t, p, "sandbox")
	eventually(t, "the sandbox is ready", func() bool { return strings.Contains(out.String(), "p2p-main") })
	_, rest, _ := strings.Cut(out.String(), "index ")
	index, _, _ := strings.Cut(rest, ",")
	res, err := http.Get(index)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)

	// The snippet is a valid configuration.
	file := filepath.Join(t.TempDir(), "payhost.yaml")
	require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o600))
	cli{}.good(t, "plugin", "ls", "--offline", "--config", file)
	stop()
	require.Equal(t, exitDone, <-ended)
}
