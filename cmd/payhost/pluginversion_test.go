package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
)

// buildVersion builds a provider plugin that says it is another version.
func buildVersion(t *testing.T, name, version string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payhost-provider-"+name)
	out, err := exec.Command("go", "build", "-ldflags", "-X main.version="+version, "-o", path,
		"github.com/payhost/payhost/plugins/"+name+"/cmd/payhost-provider-"+name).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// The whole life of a second version, as an operator lives it: add, canary, all, refused removal, rollback, removal.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "merchant")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	c := d.client(s)
	plugin := func(args ...string) rest.Plugin {
		var one rest.Plugin
		require.NoError(t, json.Unmarshal([]byte(c.good(t, append([]string{"plugin"}, append(args, "--config", d.file, "-o", "json")...)...)), &one))
		return one
	}
	create := func(n int) {
		for range n {
			c.good(t, "invoice", "create", "--config", d.file, "--account", "p2p-main", "--amount", "10.00", "--currency", "RUB")
		}
	}
	create(1)
	r := c.run(t, "plugin", "use", "merchant@0.2.0", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "has no installed version 0.2.0; installed are [0.1.0]")

	cli{}.good(t, "plugin", "add", "--config", d.file, buildVersion(t, "merchant", "0.2.0"))
	eventually(t, "the host took the version up", func() bool { return len(plugin("show", "merchant").Installed) == 2 })
	require.Equal(t, "0.1.0", plugin("show", "merchant").Version, "what is installed does not serve by itself")

	one := plugin("use", "merchant@0.2.0", "--canary", "50%", "--reason", "trying it")
	require.Equal(t, "0.2.0", one.Choice.Canary)
	require.Equal(t, 50, one.Choice.CanaryPercent)
	create(12)
	eventually(t, "both versions served invoices", func() bool {
		one := plugin("show", "merchant")
		return len(one.Running) == 2 && one.Running[0].Calls > 0 && one.Running[1].Calls > 0
	})
	list := c.good(t, "plugin", "ls", "--config", d.file)
	require.Contains(t, list, "canary")
	require.Contains(t, list, "50 %")

	one = plugin("use", "merchant@0.2.0")
	require.Equal(t, "0.2.0", one.Version)
	create(1)
	r = c.run(t, "plugin", "rm", "merchant@0.2.0", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "runs now")
	eventually(t, "the old version stopped", func() bool { return len(plugin("show", "merchant").Running) == 1 })
	r = c.run(t, "plugin", "rm", "merchant@0.1.0", "--config", d.file)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "is what a rollback returns to")

	one = plugin("rollback", "merchant", "--reason", "second thoughts")
	require.Equal(t, "0.1.0", one.Version)
	create(1)
	eventually(t, "the new version stopped", func() bool { return len(plugin("show", "merchant").Running) == 1 })
	require.Contains(t, c.good(t, "plugin", "rm", "merchant@0.2.0", "--config", d.file), "removed")
	require.NoDirExists(t, filepath.Join(d.dir, "data", "plugins", "merchant", "0.2.0"))
	eventually(t, "the host knows", func() bool { return len(plugin("show", "merchant").Installed) == 1 })
	require.Contains(t, c.good(t, "event", "ls", "--config", d.file, "-o", "json"), "plugin.rolled_back")
}

// SIGHUP takes up a rotated secret and a new account; a broken file changes nothing and is said.
func TestHangupReloads(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin", "merchant", "monobank")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	c := d.client(s)
	content, err := os.ReadFile(d.file)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(d.file, append([]byte("nonsense: true\n"), content...), 0o600))
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "the refusal is said", func() bool { return strings.Contains(s.stderr.String(), "nonsense") })

	more := strings.Replace(string(content), "id: payin-main", "id: payin-second", 1)
	require.NotEqual(t, string(content), more)
	require.NoError(t, os.WriteFile(d.file, []byte(more), 0o600))
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "the account exists", func() bool {
		return c.run(t, "account", "show", "payin-second", "--config", d.file).code == exitDone
	})
	var plugins []host.PluginStatus
	require.NoError(t, json.Unmarshal([]byte(c.good(t, "plugin", "reload", "--config", d.file, "-o", "json")), &plugins))
	require.Equal(t, host.PluginServing, plugins[0].State)
}

// References to the environment go on to resolve after it was cleared, also when the file is read again.
func TestTheEnvironmentIsReadOnceAndForgotten(t *testing.T) {
	t.Setenv("PAYHOST_TEST_ENV_TOKEN", "token-from-the-environment-0123456789")
	d := deploy(t, "api_tokens: [{name: a, token: \"${env:PAYHOST_TEST_ENV_TOKEN}\", scope: admin}]\n", "payin", "merchant", "monobank")
	s := d.serve(t)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, "the files were read again", func() bool { return strings.Contains(s.stderr.String(), `"msg":"reloaded"`) })
}
