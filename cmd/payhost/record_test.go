package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// serve --record writes what the account says to its provider, loudly and without its secrets.
func TestServeRecords(t *testing.T) {
	t.Parallel()
	d := deploy(t, "", "payin", "merchant")
	s := d.serve(t, "--record", "payin-main")
	require.NotEmpty(t, s.url, "%s", s.stderr)
	d.client(s).good(t, "invoice", "create", "--config", d.file, "--account", "payin-main", "--amount", "10.00", "--currency", "RUB",
		"--customer-id", "1001", "--description", "top-up")
	d.client(s).good(t, "invoice", "create", "--config", d.file, "--account", "p2p-main", "--amount", "10.00", "--currency", "RUB")
	recorded := filepath.Join(d.dir, "data", "recordings")
	accounts, err := os.ReadDir(recorded)
	require.NoError(t, err)
	require.Len(t, accounts, 1, "one account was named")
	files, err := filepath.Glob(filepath.Join(recorded, "payin-main", "*", "*-create_invoice.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Contains(t, string(raw), "summ=10.00")
	require.Contains(t, string(raw), "hash=SCRUBBED_SIGNATURE_1")
	require.Contains(t, s.stderr.String(), "--record: what account \"payin-main\" exchanges")
	require.Contains(t, s.stderr.String(), "RECORDING: ")
}
