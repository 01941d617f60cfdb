package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test of the product: the real program, the real plugin processes, real signed callbacks, every invoice paid.
func TestDemoPaysEveryInvoice(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	out := &lines{}
	cmd := exec.Command(filepath.Join(binDir, "payhost"), "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	killer := time.AfterFunc(90*time.Second, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	killer.Stop()
	require.NoError(t, err, "%s", out)
	text := out.String()
	require.Contains(t, text, "All 4 invoices were paid.")
	require.Equal(t, 3, len(regexp.MustCompile(`│ api_sync `).FindAllString(text, -1)), "hints made the host ask: %s", text)
	require.Equal(t, 1, len(regexp.MustCompile(`│ verified_webhook `).FindAllString(text, -1)), "a signed body was believed: %s", text)
	require.Contains(t, text, "transfer: card", "requisites were shown")
	require.Regexp(t, `still paid: a refund is a fact beside it, refunded 100\.00 UAH`, text)
	require.Regexp(t, `202 Accepted +inv_\w+, creating, nobody knows: operation op_\w+`, text)
	require.Regexp(t, `the host looked +pending, provider reference \S+, found by its key \S+`, text)
	require.Regexp(t, `operation +done, executed yes, sent 1 time`, text)
	require.Contains(t, text, "One was refunded, and one lost answer was found again.")

	processes := regexp.MustCompile(`process (\d+)`).FindAllStringSubmatch(text, -1)
	require.Len(t, processes, 3, "three real processes")
	for _, found := range processes {
		pid, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		eventually(t, "plugin process "+found[1]+" is gone", func() bool { return syscall.Kill(pid, 0) != nil })
	}
	left, err := filepath.Glob(filepath.Join(temp, "payhost-demo-*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing is left behind")
}

func TestDemoWithoutBinaries(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	r := cli{}.run(t, "demo", "--plugins", empty)
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.stderr, "there is no plugin binary "+filepath.Join(empty, "payhost-provider-payin"))
	require.Contains(t, r.stderr, "make build")
}

func TestDemoKeepsTheDataWhereAsked(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	text := cli{}.good(t, "demo", "--data-dir", dir)
	require.Contains(t, text, "All 4 invoices were paid.")
	require.FileExists(t, filepath.Join(dir, "data", "payhost.db"))
	require.FileExists(t, filepath.Join(dir, "data", "plugins.lock.json"))
	info, err := os.Stat(filepath.Join(dir, "data", "admin.token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}
