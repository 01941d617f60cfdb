package process

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func hashOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// bundleConfig is a plugin in a folder of its own, with a data file, a helper program and a file that nobody has listed.
func (b *bench) bundleConfig() Config {
	b.t.Helper()
	cfg := b.config("serve")
	cfg.Path = copySelf(b.t, 0)
	folder := filepath.Dir(cfg.Path)
	require.NoError(b.t, os.Mkdir(filepath.Join(folder, "data"), 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, "data", "banks.json"), []byte("[]"), 0o644))
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, "helper"), []byte("#!/bin/sh\n"), 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, "unlisted"), []byte("x"), 0o644))
	cfg.Files = map[string]string{"data/banks.json": hashOf("[]"), "helper": hashOf("#!/bin/sh\n")}
	return cfg
}

// The plugin finds verified copies of the listed files and nothing else, shared by its processes and gone with the last.
func TestBundle(t *testing.T) {
	for name, change := range confined(t) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.bundleConfig()
			change(&cfg)
			first, second := b.start(cfg), b.start(cfg)
			dir := mustAsk(t, first, "getenv "+BundleEnv)
			require.Equal(t, dir, mustAsk(t, second, "getenv "+BundleEnv))
			require.Contains(t, dir, b.dir.Path())
			require.Equal(t, "open", mustAsk(t, first, "read "+filepath.Join(dir, "data", "banks.json")))
			require.Equal(t, "open", mustAsk(t, first, "read "+filepath.Join(dir, "helper")))
			require.NoFileExists(t, filepath.Join(dir, "unlisted"))
			for path, mode := range map[string]os.FileMode{"": 0o500, "data": 0o500, "helper": 0o500, "data/banks.json": 0o400} {
				info, err := os.Stat(filepath.Join(dir, path))
				require.NoError(t, err)
				if cfg.RunAs != nil {
					mode |= mode>>3 | mode>>6
				}
				require.Equal(t, mode, info.Mode().Perm(), path)
			}
			if first.Confinement().Files.Active {
				require.Contains(t, mustAsk(t, first, "read "+filepath.Join(filepath.Dir(cfg.Path), "unlisted")), "refused")
				require.Contains(t, mustAsk(t, first, "write "+filepath.Join(dir, "helper")), "refused")
			}
			first.Kill()
			require.DirExists(t, dir)
			second.Kill()
			require.NoDirExists(t, dir)
			b.requireEmpty()
		})
	}
}

// A bundle of which one byte is wrong does not run.
func TestBundleRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(t *testing.T, folder string, c *Config)
		want   []string
	}{
		"corrupted": {func(t *testing.T, folder string, _ *Config) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "helper"), []byte("#!/bin/sH\n"), 0o755))
		}, []string{"helper", "expected SHA-256 " + hashOf("#!/bin/sh\n"), "found " + hashOf("#!/bin/sH\n"), "restore the pinned binary"}},
		"half-copied": {func(t *testing.T, folder string, _ *Config) {
			require.NoError(t, os.Truncate(filepath.Join(folder, "helper"), 3))
		}, []string{"helper", "expected SHA-256", "found " + hashOf("#!/")}},
		"missing": {func(t *testing.T, folder string, _ *Config) {
			require.NoError(t, os.Remove(filepath.Join(folder, "helper")))
		},
			[]string{"helper", "expected the plugin's file", "no such file", "install the plugin again"}},
		"symbolic link": {func(t *testing.T, folder string, _ *Config) {
			require.NoError(t, os.Rename(filepath.Join(folder, "helper"), filepath.Join(folder, "real")))
			require.NoError(t, os.Symlink("real", filepath.Join(folder, "helper")))
		}, []string{"helper", "expected the file itself", "a symbolic link", "give the path of the file itself"}},
		"linked folder": {func(t *testing.T, folder string, _ *Config) {
			require.NoError(t, os.Rename(filepath.Join(folder, "data"), filepath.Join(folder, "real")))
			require.NoError(t, os.Symlink("real", filepath.Join(folder, "data")))
		}, []string{"data", "a symbolic link"}},
		"a directory": {func(t *testing.T, folder string, c *Config) { c.Files["data"] = hashOf("") }, []string{"data", "a regular file"}},
		"outside":     {func(_ *testing.T, _ string, c *Config) { c.Files["../x"] = hashOf("") }, []string{"not the path of another file"}},
		"itself":      {func(_ *testing.T, _ string, c *Config) { c.Files["plugin"] = hashOf("") }, []string{"not the path of another file"}},
		"bad digest":  {func(_ *testing.T, _ string, c *Config) { c.Files["helper"] = "12" }, []string{"64 lower-case"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.bundleConfig()
			tc.change(t, filepath.Dir(cfg.Path), &cfg)
			_, err := Start(t.Context(), cfg)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
			b.requireEmpty()
		})
	}
}

// Every refusal of a binary names the file, what was expected and found, and the remedy.
func TestBinaryRefusals(t *testing.T) {
	edit := func(change func([]byte) []byte) func(*testing.T) string {
		return func(t *testing.T) string {
			path := copySelf(t, 0)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, change(content), 0o755))
			return path
		}
	}
	for name, tc := range map[string]struct {
		path   func(*testing.T) string
		pinned bool
		want   []string
	}{
		"corrupted": {edit(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), true, []string{"expected SHA-256", "found", "restore the pinned binary"}},
		"truncated": {edit(func(b []byte) []byte { return b[:len(b)/2] }), true, []string{"expected SHA-256", "found", "restore the pinned binary"}},
		"half-copied": {edit(func(b []byte) []byte { return b[:len(b)/4] }), false,
			[]string{"expected at least", "by the program's own header", "found: ", "copy it again"}},
		"cut in the header": {edit(func(b []byte) []byte { return b[:30] }), false, []string{"expected at least", "copy it again"}},
		"cut in the table":  {edit(func(b []byte) []byte { return b[:100] }), false, []string{"expected at least", "copy it again"}},
		"empty":             {edit(func([]byte) []byte { return nil }), false, []string{"expected a program", "an empty file", "copy it again"}},
		"wrong architecture": {edit(func(b []byte) []byte { b[18], b[19] = byte(elf.EM_S390), 0; return b }), false,
			[]string{"expected a program for " + machineOf("amd64").String()[:3], "EM_S390", "build or download the plugin for this platform"}},
		"not executable": {func(t *testing.T) string {
			path := copySelf(t, 0)
			require.NoError(t, os.Chmod(path, 0o644))
			return path
		}, false, []string{"expected an executable file", "mode 0644", "chmod +x"}},
		"symbolic link": {func(t *testing.T) string {
			link := filepath.Join(t.TempDir(), "link")
			require.NoError(t, os.Symlink(copySelf(t, 0), link))
			return link
		}, false, []string{"expected the file itself", "a symbolic link", "give the path of the file itself"}},
		"missing": {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, false,
			[]string{"expected the plugin's file", "no such file", "install the plugin again"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.config("serve")
			if tc.pinned {
				cfg.SHA256 = digestOf(t, cfg.Path)
			}
			cfg.Path = tc.path(t)
			_, err := Start(t.Context(), cfg)
			for _, want := range append(tc.want, cfg.Path, "refusing to run it") {
				require.ErrorContains(t, err, want)
			}
			b.requireEmpty()
		})
	}
}

// While the file is replaced again and again, between and during checks, only the pinned bytes ever run: from sealed memory, and
// from the private copy.
func TestSwapRaceNeverRunsOtherBytes(t *testing.T) {
	for name, spoil := range map[string]func(*Images, Config){
		"sealed memory": func(*Images, Config) {},
		"private copy": func(images *Images, cfg Config) {
			if img, err := images.acquire(cfg.Path, ""); err == nil {
				images.mu.Lock()
				sealed := img.sealed
				img.sealed = nil
				images.mu.Unlock()
				if sealed != nil {
					_ = sealed.Close()
				}
				images.release(img)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.config("serve")
			good, err := os.Executable()
			require.NoError(t, err)
			cfg.SHA256 = digestOf(t, good)
			good = copySelf(t, 0)
			folder := filepath.Dir(good)
			cfg.Path = filepath.Join(folder, "swapped")
			require.NoError(t, os.Link(good, cfg.Path))
			proof := filepath.Join(folder, "other-bytes-ran")
			other := filepath.Join(folder, "other")
			require.NoError(t, os.WriteFile(other, []byte("#!/bin/sh\ntouch "+proof+"\n"), 0o755))

			stop := make(chan struct{})
			var swaps sync.WaitGroup
			var swapErr error
			count := 0
			swaps.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					next := filepath.Join(folder, "next")
					count++
					time.Sleep(time.Millisecond) // so that each state is there for a like share of the time
					_ = os.Remove(next)          // renaming a second name of the same file leaves it there
					err := os.Link(good, next)
					switch i % 4 {
					case 1:
						err = errors.Join(err, os.Remove(next), os.Link(other, next))
					case 3:
						err = errors.Join(err, os.Remove(next), os.Symlink([]string{good, other}[i/4%2], next))
					}
					if swapErr = errors.Join(err, os.Rename(next, cfg.Path)); swapErr != nil {
						return
					}
				}
			})
			ran, refused := 0, 0
			for tries := 0; tries < 12 && (ran < 4 || refused < 4); tries++ {
				spoil(b.images, cfg)
				p, err := Start(t.Context(), cfg)
				if err != nil {
					refused++
					_, byDigest := errors.AsType[*DigestError](err)
					_, byKind := errors.AsType[*RefusedError](err)
					require.True(t, byDigest || byKind || strings.Contains(err.Error(), "symbolic") || strings.Contains(err.Error(), "symlink") ||
						strings.Contains(err.Error(), "text file busy") || mountedNoexec(t) && strings.Contains(err.Error(), "mounted noexec"), "%v", err)
					continue
				}
				ran++
				require.Equal(t, cfg.SHA256, p.Digest())
				require.Equal(t, cfg.SHA256, digestOf(t, filepath.Join("/proc", strconv.Itoa(p.PID()), "exe")), "what runs, by the kernel's account")
				p.Kill()
			}
			close(stop)
			swaps.Wait()
			require.NoError(t, swapErr)
			t.Logf("%d swaps, %d ran, %d refused", count, ran, refused)
			_ = os.Remove(cfg.Path)
			require.NoError(t, os.Link(other, cfg.Path))
			_, err = Start(t.Context(), cfg)
			require.ErrorContains(t, err, "refusing to run it", "whatever the race came to")
			require.NoFileExists(t, proof)
			b.requireEmpty()
		})
	}
}

func TestImageReport(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	require.Equal(t, ImageInfo{Sealed: true, Reason: "sealed memory"}, p.Image())
	script := filepath.Join(t.TempDir(), "plugin.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nexec "+copySelf(t, 0)+" "+childArg+"serve\n"), 0o755))
	cfg := b.config("serve")
	cfg.Path = script
	if p, ok := b.startCopy(cfg); ok {
		require.Equal(t, ImageInfo{Reason: "private copy: the file is a script"}, p.Image())
	}
}
