package lockfile

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// binary writes a file that looks like a plugin.
func binary(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
	return path
}

// says is a Describe that answers with a name and version.
func says(name, version string) Describe {
	return func(context.Context, Runnable) (pay.Manifest, error) {
		return pay.Manifest{Name: name, Version: version, SDK: "9", ConfigSchema: json.RawMessage(`{"type":"object"}`)}, nil
	}
}

func addition(source string, d Describe) Addition {
	return Addition{Source: source, Describe: d, Protocol: 1, By: "tester", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
}

func TestAddPinsTheBytesItDescribed(t *testing.T) {
	t.Parallel()
	s := Store{DataDir: t.TempDir()}
	source := binary(t, "payhost-provider-fake", "one")
	describe := func(ctx context.Context, r Runnable) (pay.Manifest, error) {
		// Whoever replaces the source now comes too late.
		require.NoError(t, os.WriteFile(source, []byte("evil"), 0o755))
		content, err := os.ReadFile(r.Path)
		require.NoError(t, err)
		require.Equal(t, "one", string(content))
		require.Equal(t, "payhost-provider-fake", filepath.Base(r.Path))
		return says("fake", "1.0.0")(ctx, r)
	}
	added, err := s.Add(t.Context(), addition(source, describe))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(s.DataDir, "plugins", "fake", "1.0.0", "payhost-provider-fake"), added.Path)
	info, err := os.Stat(added.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o500), info.Mode().Perm())

	lock, err := Read(s.LockPath())
	require.NoError(t, err)
	require.Len(t, lock.Plugins, 1)
	p := lock.Plugins[0]
	require.Equal(t, "fake@1.0.0", p.ID())
	require.Equal(t, "tester", p.AddedBy)
	require.JSONEq(t, `{"type":"object"}`, string(p.ConfigSchema))
	plan, err := s.Plan(lock.Plugins)
	require.NoError(t, err)
	require.Equal(t, added.Path, plan[0].Path)
	require.Equal(t, added.Digest, "sha256:"+plan[0].SHA256)

	entries, err := os.ReadDir(filepath.Join(s.DataDir, "plugins"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary folder is left")
}

func TestAddAgain(t *testing.T) {
	t.Parallel()
	s := Store{DataDir: t.TempDir()}
	source := binary(t, "payhost-provider-fake", "one")
	_, err := s.Add(t.Context(), addition(source, says("fake", "1")))
	require.NoError(t, err)
	before, err := os.ReadFile(s.LockPath())
	require.NoError(t, err)

	again, err := s.Add(t.Context(), addition(source, says("fake", "1")))
	require.NoError(t, err)
	require.True(t, again.Already)
	_, err = s.Add(t.Context(), addition(binary(t, "payhost-provider-fake", "two"), says("fake", "1")))
	require.ErrorContains(t, err, "fake@1 is pinned already with other bytes")
	after, err := os.ReadFile(s.LockPath())
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "a refusal changes nothing")
	content, err := os.ReadFile(again.Path)
	require.NoError(t, err)
	require.Equal(t, "one", string(content))

	_, err = s.Add(t.Context(), addition(binary(t, "payhost-provider-fake", "two"), says("fake", "2")))
	require.NoError(t, err, "another version stands beside it")
	lock, err := Read(s.LockPath())
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, lock.Versions("fake"))
}

// The machine may stop after the copy and before the lock: then adding again ends well.
func TestAddAfterAnInterruption(t *testing.T) {
	t.Parallel()
	s := Store{DataDir: t.TempDir()}
	source := binary(t, "payhost-provider-fake", "one")
	_, err := s.Add(t.Context(), addition(source, says("fake", "1")))
	require.NoError(t, err)
	require.NoError(t, os.Remove(s.LockPath()))
	added, err := s.Add(t.Context(), addition(source, says("fake", "1")))
	require.NoError(t, err)
	require.False(t, added.Already)
	lock, err := Read(s.LockPath())
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, lock.Versions("fake"))

	require.NoError(t, os.WriteFile(s.LockPath()+".busy", nil, 0o600))
	_, err = s.Add(t.Context(), addition(source, says("fake", "1")))
	require.ErrorContains(t, err, "delete "+s.LockPath()+".busy")
}

func TestAddRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := binary(t, "payhost-provider-fake", "one")
	link := filepath.Join(dir, "payhost-provider-fake")
	require.NoError(t, os.Symlink(plain, link))
	folder := filepath.Join(dir, "payhost-provider-folder")
	require.NoError(t, os.Mkdir(folder, 0o755))
	data := filepath.Join(dir, "payhost-provider-data")
	require.NoError(t, os.WriteFile(data, []byte("x"), 0o644))
	for name, c := range map[string]struct {
		source   string
		describe Describe
		want     string
	}{
		"absent":         {filepath.Join(dir, "nothing"), says("fake", "1"), "no such file"},
		"link":           {link, says("fake", "1"), "is a symbolic link"},
		"empty folder":   {folder, says("folder", "1"), "a bundle has one, at its top"},
		"not executable": {data, says("data", "1"), "is not executable (chmod +x)"},
		"file name":      {binary(t, "fake", "one"), says("fake", "1"), "must be named payhost-provider-NAME"},
		"provider name":  {binary(t, "payhost-provider-Fake", "one"), says("Fake", "1"), "must be named payhost-provider-NAME"},
		"other manifest": {plain, says("other", "1"), `calls itself "other" in its manifest; the file must be named payhost-provider-other`},
		"version":        {plain, says("fake", "../../etc"), "is not a plugin name and version"},
		"no version":     {plain, says("fake", ""), "is not a plugin name and version"},
		"does not start": {plain, func(context.Context, Runnable) (pay.Manifest, error) {
			return pay.Manifest{}, errors.New("exec format error")
		}, "is not installed: exec format error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Store{DataDir: t.TempDir()}
			_, err := s.Add(t.Context(), addition(c.source, c.describe))
			require.ErrorContains(t, err, c.want)
			require.NoFileExists(t, s.LockPath())
			require.NoFileExists(t, s.LockPath()+".busy")
		})
	}
}

func TestPlanRefusesWhatWasNotPinned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm func(t *testing.T, path string)
		want string
	}{
		"changed": {func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(path, 0o700))
			require.NoError(t, os.WriteFile(path, []byte("evil"), 0o700))
		}, "is not what was pinned: expected sha256:7692c3ad3540bb80"},
		"missing": {func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, "the file is missing"},
		"link": {func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".real"))
			require.NoError(t, os.Symlink(path+".real", path))
		}, "it is not a regular file; links are not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Store{DataDir: t.TempDir()}
			added, err := s.Add(t.Context(), addition(binary(t, "payhost-provider-fake", "one"), says("fake", "1")))
			require.NoError(t, err)
			c.harm(t, added.Path)
			_, err = s.Plan([]Pinned{added.Pinned})
			mismatch, ok := errors.AsType[*MismatchError](err)
			require.True(t, ok)
			require.Equal(t, added.Path, mismatch.File)
			require.Equal(t, added.Digest, mismatch.Expected)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "payhost plugin add PATH", "the remedy is told")
		})
	}
	foreign := Pinned{Name: "a", Version: "1", Platforms: map[string]Platform{"plan9/mips": {}}}
	_, err := Store{DataDir: t.TempDir()}.Plan([]Pinned{foreign})
	require.ErrorContains(t, err, "plugin a@1 is pinned for plan9/mips, but this machine is")
}

func TestLoose(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	for path, mode := range map[string]os.FileMode{
		filepath.Join(one, "payhost-provider-a"): 0o755, filepath.Join(one, "README"): 0o644,
		filepath.Join(two, "payhost-provider-a"): 0o755, filepath.Join(two, "payhost-provider-b"): 0o755,
	} {
		require.NoError(t, os.WriteFile(path, []byte("x"), mode))
	}
	require.NoError(t, os.Symlink(filepath.Join(one, "README"), filepath.Join(two, "payhost-provider-c")))
	list, err := Loose([]string{one, filepath.Join(one, "absent"), two})
	require.NoError(t, err)
	require.Equal(t, []Runnable{
		{Name: "a", Path: filepath.Join(one, "payhost-provider-a")}, {Name: "b", Path: filepath.Join(two, "payhost-provider-b")},
	}, list)
}
