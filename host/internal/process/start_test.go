//go:build linux

package process

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
)

// Every failed start explains itself and leaves nothing behind.
func TestStartFailures(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T, c *Config)
		want   []string // in the error text
	}{
		{"exits at once", args("exit", "3"), []string{"exited with code 3", "no good", "api_token=***"}},
		{"never handshakes", args("silent"), []string{"no connection within", "just a program", "plugin.Serve"}},
		{"floods stdout", args("flood"), []string{"no connection within"}},
		{"frozen socket", args("frozen-socket"), []string{"no connection within"}},
		{"TCP address", args("say", "1|1|tcp|127.0.0.1:22|grpc"), []string{"only a unix socket"}},
		{"foreign socket", args("say", "1|1|unix|/run/other.sock|grpc"), []string{"only a unix socket"}},
		{"escaping socket", args("say", "1|1|unix|DIR/../x|grpc"), []string{"only a unix socket"}},
		{"no socket there", args("say", "1|1|unix|DIR/none|grpc"), []string{"no such file"}},
		{"old protocol", args("say", "1|1|unix|DIR/x|netrpc"), []string{"no such file"}},
		{"certificate", func(t *testing.T, c *Config) { // makes go-plugin write through its nil TLS configuration
			c.Args = []string{childArg + "frozen-socket", certificate(t)}
		}, []string{"no connection within"}},
		{"core version", args("say", "2|1|unix|DIR/x|grpc"), []string{"incompatible core API version"}},
		{"wrong cookie", func(_ *testing.T, c *Config) {
			c.Args = []string{childArg + "serve"}
			c.Handshake.MagicCookieValue = "other"
		}, []string{"exited with code 1", "magic cookie"}},
		{"missing", path(func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }), []string{"no such file"}},
		{"directory", path(func(t *testing.T) string { return t.TempDir() }), []string{"is a directory"}},
		{"symlink", path(func(t *testing.T) string {
			link := filepath.Join(t.TempDir(), "link")
			require.NoError(t, os.Symlink(copySelf(t, 0), link))
			return link
		}), []string{"symbolic link"}},
		{"not executable", path(func(t *testing.T) string {
			file := copySelf(t, 0)
			require.NoError(t, os.Chmod(file, 0o644))
			return file
		}), []string{"chmod +x"}},
		{"device", path(func(*testing.T) string { return os.DevNull }), []string{"not a regular file"}},
		{"not a program", path(func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "text")
			require.NoError(t, os.WriteFile(file, []byte("hello"), 0o755))
			return file
		}), []string{"not a program for this operating system"}},
		{"missing interpreter", path(func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "script")
			require.NoError(t, os.WriteFile(file, []byte("#!/no/such/interpreter\n"), 0o755))
			return file
		}), []string{"interpreter is missing"}},
		{"truncated", path(func(t *testing.T) string { return copySelf(t, 4096) }), []string{"refusing to run it", "4096 bytes", "copy it again"}},
		{"truncated and pinned", func(t *testing.T, c *Config) {
			c.SHA256 = digestOf(t, c.Path)
			c.Path = copySelf(t, 100_000)
		}, []string{"refusing to run it", "expected SHA-256", "found", "pin this one"}},
		{"bad pin", func(_ *testing.T, c *Config) { c.SHA256 = "ABC" }, []string{"64 lower-case"}},
		{"bad name", func(_ *testing.T, c *Config) { c.Name = "../x" }, []string{"provider name"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.config("serve")
			cfg.StartTimeout = 500 * time.Millisecond
			if strings.Contains(tc.want[0], "exited") {
				cfg.StartTimeout = patience
			}
			tc.change(t, &cfg)
			if tc.name == "missing interpreter" && mountedNoexec(t) {
				tc.want = []string{"mounted noexec"} // the script itself is refused first
			}
			p, err := Start(t.Context(), cfg)
			require.Nil(t, p)
			require.Error(t, err)
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "t0psecret")
			b.requireEmpty()
		})
	}
}

// certificate returns what a plugin under mutual TLS would announce.
func certificate(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	return base64.RawStdEncoding.EncodeToString(der)
}

func args(mode string, more ...string) func(*testing.T, *Config) {
	return func(_ *testing.T, c *Config) { c.Args = append([]string{childArg + mode}, more...) }
}

func path(make func(*testing.T) string) func(*testing.T, *Config) {
	return func(t *testing.T, c *Config) { c.Path = make(t) }
}

func TestStartErrorKinds(t *testing.T) {
	b := newBench(t)
	cfg := b.config("silent")
	cfg.StartTimeout = 50 * time.Millisecond
	_, err := Start(t.Context(), cfg)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	failed, ok := errors.AsType[*StartError](err)
	require.True(t, ok)
	require.Nil(t, failed.Exit, "it did not end by itself")

	_, err = Start(t.Context(), b.config("exit", "4"))
	failed, ok = errors.AsType[*StartError](err)
	require.True(t, ok)
	require.Equal(t, 4, failed.Exit.Code)

	cfg = b.config("serve")
	cfg.SHA256 = strings.Repeat("0", 64)
	_, err = Start(t.Context(), cfg)
	digest, ok := errors.AsType[*DigestError](err)
	require.True(t, ok)
	require.Equal(t, digestOf(t, cfg.Path), digest.Got)
	b.requireEmpty()
}

// H12: giving up a start does not wait for its timeout.
func TestHazard12CancelledStart(t *testing.T) {
	b := newBench(t)
	cfg := b.config("silent")
	cfg.StartTimeout = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := Start(ctx, cfg)
		failed <- err
	}()
	b.log.await(t, "just a program")
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	b.requireEmpty()
	_, err := Start(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
}

// Closing the run directory ends what runs and what is being started.
func TestCloseEndsEverything(t *testing.T) {
	parent, err := os.MkdirTemp("", "pt")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.Remove(parent)) }()
	b := &bench{t: t, images: NewImages(), log: &recorder{}}
	defer func() { require.NoError(t, b.images.Close()) }()
	b.dir, err = OpenRunDir(parent)
	require.NoError(t, err)
	running := b.start(b.config("serve"))
	starting := make(chan error)
	go func() {
		_, err := Start(t.Context(), b.config("silent"))
		starting <- err
	}()
	b.log.await(t, "just a program")
	require.NoError(t, b.dir.Close())
	awaitClosed(t, running.Exited())
	require.Error(t, <-starting)
	_, err = Start(t.Context(), b.config("serve"))
	require.ErrorIs(t, err, errClosed)
}

// H17.
func TestHazard17RunDirTooLong(t *testing.T) {
	parent := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	require.NoError(t, os.Mkdir(parent, 0o700))
	_, err := OpenRunDir(parent)
	require.ErrorContains(t, err, "too long")
	require.ErrorContains(t, err, "at most")
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// A plugin may be a script: the verified bytes run from a private copy.
func TestScriptRunsFromPrivateCopy(t *testing.T) {
	b := newBench(t)
	self := copySelf(t, 0)
	script := filepath.Join(t.TempDir(), "plugin.sh")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nexec "+self+" "+childArg+"serve\n"), 0o755))
	cfg := b.config("serve")
	cfg.Path, cfg.SHA256 = script, digestOf(t, script)
	p, ok := b.startCopy(cfg)
	if !ok {
		return
	}
	require.Equal(t, "hi", mustAsk(t, p, "echo hi"))
	require.Equal(t, cfg.SHA256, p.Digest())
	require.NoError(t, p.Stop(t.Context()))
	b.requireEmpty()
}

// A change of the file is noticed; what runs is not affected; a pin refuses the new content.
func TestReplacedBinary(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.Path = copySelf(t, 0)
	old := b.start(cfg)
	f, err := os.OpenFile(cfg.Path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err, "a running plugin does not keep its file busy")
	_, err = f.WriteString("more")
	require.NoError(t, err)
	require.NoError(t, f.Close())

	replaced := b.start(cfg)
	require.NotEqual(t, old.Digest(), replaced.Digest())
	require.Len(t, b.images.files, 1, "the old image is dropped")
	require.Equal(t, "hi", mustAsk(t, old, "echo hi"))
	cfg.SHA256 = old.Digest()
	_, err = Start(t.Context(), cfg)
	require.ErrorContains(t, err, "refusing to run it")

	b.images.Forget(cfg.Path)
	require.Empty(t, b.images.files)
	cfg.SHA256, cfg.Images = "", nil
	require.Equal(t, replaced.Digest(), b.start(cfg).Digest(), "a cache is not needed")
}

func TestConfigIsChecked(t *testing.T) {
	b := newBench(t)
	for name, change := range map[string]func(*Config){
		"path":     func(c *Config) { c.Path = "" },
		"dir":      func(c *Config) { c.Dir = nil },
		"plugins":  func(c *Config) { c.Plugins = nil },
		"cookie":   func(c *Config) { c.Handshake = goplugin.HandshakeConfig{} },
		"timeout":  func(c *Config) { c.StartTimeout = -1 },
		"messages": func(c *Config) { c.MaxMessage = -1 },
	} {
		cfg := b.config("serve")
		change(&cfg)
		_, err := Start(t.Context(), cfg)
		require.Error(t, err, name)
	}
}
