package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An author runs the plugin by hand, under a debugger for example, and a host works with it.
func TestAttachToAPluginRunByHand(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin")
	cmd := exec.Command(providerBinary("merchant"), "--debug")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	socket := ""
	scanner := bufio.NewScanner(stdout)
	for socket == "" && scanner.Scan() {
		_, socket, _ = strings.Cut(scanner.Text(), "--attach merchant=")
	}
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	require.NotEmpty(t, socket)

	s := d.serve(t, "--attach", "merchant="+socket)
	require.NotEmpty(t, s.url, "%s", s.stderr)
	require.Contains(t, s.stderr.String(), "not confined")
	c := d.client(s)
	c.good(t, "invoice", "create", "--config", d.file, "--account", "p2p-main", "--amount", "10.00", "--currency", "RUB")
	require.Contains(t, c.good(t, "plugin", "show", "merchant", "--config", d.file), "attached")

	// The socket's folder is removed with the plugin; the host says what is missing and serves the others.
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	<-ended
	require.NoFileExists(t, socket)
	eventually(t, "the end was noticed", func() bool {
		return strings.Contains(c.good(t, "plugin", "show", "merchant", "--config", d.file), "attaching to")
	})
	c.good(t, "account", "balance", "payin-main", "--config", d.file)
}
