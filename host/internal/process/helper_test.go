//go:build linux

package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// patience is how long a test waits for something that must happen; nothing depends on how long it really takes.
const patience = 20 * time.Second

// bench is what a host has: a run directory, an image cache and a log.
type bench struct {
	t      *testing.T
	dir    *RunDir
	images *Images
	log    *recorder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	parent, err := os.MkdirTemp("", "pt") // t.TempDir names are too long for a socket
	require.NoError(t, err)
	require.NoError(t, os.Chmod(parent, 0o755), "a plugin with a user of its own has to pass")
	dir, err := OpenRunDir(parent)
	require.NoError(t, err)
	images := NewImages()
	t.Cleanup(func() {
		require.NoError(t, dir.Close())
		require.NoError(t, images.Close())
		entries, err := os.ReadDir(parent)
		require.NoError(t, err)
		require.Empty(t, entries, "the run directory must leave nothing")
		require.NoError(t, os.Remove(parent))
	})
	return &bench{t: t, dir: dir, images: images, log: &recorder{}}
}

// withoutGroups makes the bench one on a system without control groups.
func (b *bench) withoutGroups() {
	b.t.Helper()
	if b.dir.groups != nil {
		require.NoError(b.t, b.dir.groups.close())
	}
	b.dir.groups, b.dir.noGroups = nil, errors.New("switched off by the test")
}

func (b *bench) config(mode string, args ...string) Config {
	b.t.Helper()
	self, err := os.Executable()
	require.NoError(b.t, err)
	return Config{
		Name: "probe", Path: self, Dir: b.dir, Images: b.images,
		Args:      append([]string{childArg + mode}, args...),
		Handshake: testHandshake,
		Plugins:   map[int]goplugin.PluginSet{1: {"probe": &probe{}}},
		Logger:    slog.New(b.log),
	}
}

func (b *bench) start(cfg Config) *Process {
	b.t.Helper()
	p, err := Start(b.t.Context(), cfg)
	require.NoError(b.t, err)
	b.t.Cleanup(p.Kill)
	return p
}

// requireEmpty checks that nothing of any process is left in the run directory.
func (b *bench) requireEmpty() {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir.Path())
	require.NoError(b.t, err)
	require.Len(b.t, entries, 1, "only the lock may be there")
	require.Equal(b.t, lockName, entries[0].Name())
	b.dir.mu.Lock()
	defer b.dir.mu.Unlock()
	require.Empty(b.t, b.dir.live)
}

func ask(t *testing.T, p *Process, command string) (string, error) {
	t.Helper()
	return askFrom(t.Context(), p, command)
}

func askFrom(ctx context.Context, p *Process, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out := new(wrapperspb.StringValue)
	err := p.Conn().Invoke(ctx, probeMethod, wrapperspb.String(command), out)
	return out.GetValue(), err
}

func mustAsk(t *testing.T, p *Process, command string) string {
	t.Helper()
	out, err := ask(t, p, command)
	require.NoError(t, err, command)
	return out
}

func awaitClosed(t *testing.T, ch <-chan struct{}) {
	t.Helper()
	require.True(t, waitFor(ch, patience), "still waiting")
}

// eventually polls with a deadline.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, patience, 5*time.Millisecond, what)
}

func digestOf(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	require.NoError(t, err)
	return hex.EncodeToString(h.Sum(nil))
}

// copySelf writes the test binary, or its first bytes, to a new file.
func copySelf(t *testing.T, limit int64) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	src, err := os.Open(self)
	require.NoError(t, err)
	defer func() { require.NoError(t, src.Close()) }()
	path := filepath.Join(t.TempDir(), "plugin")
	dst, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	require.NoError(t, err)
	var r io.Reader = src
	if limit > 0 {
		r = io.LimitReader(src, limit)
	}
	_, err = io.Copy(dst, r)
	require.NoError(t, err)
	require.NoError(t, dst.Close())
	return path
}

// recorder is a slog.Handler that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	records []recorded
	block   chan struct{} // if set, Handle waits for it
	only    string        // in what blocks
}

type recorded struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }

func (r *recorder) Handle(_ context.Context, rec slog.Record) error {
	if r.block != nil && strings.Contains(rec.Message, r.only) {
		<-r.block
	}
	got := recorded{level: rec.Level, message: rec.Message, attrs: map[string]string{}}
	rec.Attrs(func(a slog.Attr) bool {
		got.attrs[a.Key] = a.Value.String()
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, got)
	return nil
}

func (r *recorder) WithAttrs(attrs []slog.Attr) slog.Handler { return &recorderWith{r, attrs} }
func (r *recorder) WithGroup(string) slog.Handler            { return r }

// find returns the first record whose message contains the text.
func (r *recorder) find(text string) (recorded, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rec := range r.records {
		if strings.Contains(rec.message, text) {
			return rec, true
		}
	}
	return recorded{}, false
}

func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = nil
}

func (r *recorder) await(t *testing.T, text string) recorded {
	t.Helper()
	var rec recorded
	eventually(t, "log line "+text, func() bool {
		var ok bool
		rec, ok = r.find(text)
		return ok
	})
	return rec
}

type recorderWith struct {
	*recorder
	attrs []slog.Attr
}

func (r *recorderWith) Handle(ctx context.Context, rec slog.Record) error {
	rec.AddAttrs(r.attrs...)
	return r.recorder.Handle(ctx, rec)
}
