package lockfile

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// bundle makes a folder with a binary and other files.
func bundle(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		mode := os.FileMode(0o644)
		if _, ok := ProviderName(name); ok {
			mode = 0o755
		}
		require.NoError(t, os.WriteFile(path, []byte(content), mode))
	}
	return dir
}

func TestABundleIsPinnedFileByFile(t *testing.T) {
	t.Parallel()
	s := Store{DataDir: t.TempDir()}
	source := bundle(t, map[string]string{"payhost-provider-fake": "one", "ca.pem": "certificate", "lang/uk.json": "{}"})
	described := false
	added, err := s.Add(t.Context(), addition(source, func(ctx context.Context, r Runnable) (pay.Manifest, error) {
		described = true
		require.Len(t, r.Files, 2)
		return says("fake", "1")(ctx, r)
	}))
	require.NoError(t, err)
	require.True(t, described)
	require.Len(t, added.Platforms[platform()].Files, 3)
	plan, err := s.Plan([]Pinned{added.Pinned})
	require.NoError(t, err)
	require.Len(t, plan[0].Files, 2)

	again, err := s.Add(t.Context(), addition(source, says("fake", "1")))
	require.NoError(t, err)
	require.True(t, again.Already)
	other := bundle(t, map[string]string{"payhost-provider-fake": "one", "ca.pem": "another", "lang/uk.json": "{}"})
	_, err = s.Add(t.Context(), addition(other, says("fake", "1")))
	require.ErrorContains(t, err, "with other files beside the binary")

	data := filepath.Join(filepath.Dir(added.Path), "lang", "uk.json")
	require.NoError(t, os.Chmod(data, 0o600))
	require.NoError(t, os.WriteFile(data, []byte("evil"), 0o600))
	_, err = s.Plan([]Pinned{added.Pinned})
	require.ErrorContains(t, err, data)
}

func TestBundlesThatAreRefused(t *testing.T) {
	t.Parallel()
	two := bundle(t, map[string]string{"payhost-provider-fake": "one", "payhost-provider-other": "two"})
	linked := bundle(t, map[string]string{"payhost-provider-fake": "one"})
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(linked, "data")))
	deep := bundle(t, map[string]string{"bin/payhost-provider-fake": "one"})
	for source, want := range map[string]string{two: "the binaries of two plugins", linked: "is not a regular file", deep: "a bundle has one, at its top"} {
		_, err := Store{DataDir: t.TempDir()}.Add(t.Context(), addition(source, says("fake", "1")))
		require.ErrorContains(t, err, want)
	}
}
