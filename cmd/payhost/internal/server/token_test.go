package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAdminTokenStaysTheSame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "admin.token")
	first, err := adminToken(path)
	require.NoError(t, err)
	require.Greater(t, len(first), 24)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	second, err := adminToken(path)
	require.NoError(t, err)
	require.Equal(t, first, second)

	require.NoError(t, os.Chmod(path, 0o604))
	_, err = adminToken(path)
	require.ErrorContains(t, err, "can be read by others (mode 0604)")
	require.NotContains(t, err.Error(), first)
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.WriteFile(path, []byte("\n"), 0o600))
	_, err = adminToken(path)
	require.ErrorContains(t, err, "is empty")

	require.NoError(t, os.Remove(path))
	third, err := adminToken(path)
	require.NoError(t, err)
	require.NotEqual(t, first, third, "a deleted file means another token")
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")
}

func TestPartOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/webhooks/a": partWebhooks, "/webhooks/a/b": partWebhooks, "/webhooks": partAPI, "/v1/webhooks/": partAPI,
		"/healthz": partOps, "/readyz": partOps, "/readyz/": partAPI, "/": partAPI, "/openapi.json": partAPI,
	} {
		require.Equal(t, want, partOf(path), path)
	}
}
