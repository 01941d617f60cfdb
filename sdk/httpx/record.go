package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// RecorderConfig says what a [Recorder] writes and where.
type RecorderConfig struct {
	// Dir is where recordings of the account go. It must exist, be a directory and no symbolic link, and be closed to
	// everybody but its owner (0700).
	Dir string
	// Account and Provider are named in every file.
	Account, Provider string
	// Secrets are texts that must never be written, in any of their encodings; [Recorder.AddSecrets] adds more.
	Secrets []string
	// MaxExchanges is the number of files that Dir may hold, those of earlier recordings included. Default
	// [DefaultMaxExchanges].
	MaxExchanges int
	// MaxBytes is the size that the files of Dir may have together. Default [DefaultMaxRecorded].
	MaxBytes int64
	// Log receives one warning when something cannot be recorded. Nil discards it.
	Log *slog.Logger
	// Now dates the exchanges. Nil means the system's clock.
	Now func() time.Time
}

// The defaults of [RecorderConfig].
const (
	DefaultMaxExchanges = 2000
	DefaultMaxRecorded  = 64 << 20
)

// maxRecordedBody is the largest body that is kept, the default limit of the client itself.
const maxRecordedBody = 1 << 20

// Recorder writes what an account exchanges with its provider, one file for each exchange, without secrets and personal
// data; see [RecordedExchange] and the package comment. It sees what the adapter sends, not what the client adds to it
// (User-Agent, Traceparent).
//
// Recording never changes an exchange: what cannot be recorded is said once in the log and left out. A Recorder is safe for
// concurrent use.
type Recorder struct {
	cfg    RecorderConfig
	files  *recordFiles
	warned sync.Once
	count  atomic.Int64

	mu    sync.Mutex // guards scrub, and keeps the order of placeholders that of the files
	scrub *scrubber
}

// NewRecorder checks the directory. Its errors name what is wrong with it.
func NewRecorder(cfg RecorderConfig) (*Recorder, error) {
	if cfg.MaxExchanges < 0 || cfg.MaxBytes < 0 {
		return nil, errors.New("httpx: the limits of a recorder must not be negative")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	files, err := openRecordFiles(cfg.Dir, orDefault(cfg.MaxExchanges, DefaultMaxExchanges), orDefault(cfg.MaxBytes, DefaultMaxRecorded))
	if err != nil {
		return nil, err
	}
	return &Recorder{cfg: cfg, files: files, scrub: newScrubber(cfg.Secrets)}, nil
}

// AddSecrets adds texts that must never be written.
func (r *Recorder) AddSecrets(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scrub.addSecrets(secrets)
}

// Scrub returns text as it would stand in this recording: with the placeholders of its files. Tests compare results with it.
func (r *Recorder) Scrub(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.scrub.text(text)
}

// Client returns a copy of c that records its exchanges.
func (r *Recorder) Client(c *http.Client) *http.Client {
	recording := *c
	recording.Transport = &recordingTransport{recorder: r, next: c.Transport}
	return &recording
}

// Close releases the directory. Exchanges that are still under way are not recorded any more.
func (r *Recorder) Close() error { return r.files.close() }

// CallNameKey is the key under which a context keeps the name that [WithCallName] gives it, a string. It is for implementations of
// [context.Context] that hold the name themselves, as the SDK's do.
type CallNameKey struct{}

// WithCallName returns a context that carries the name of the call an adapter is running, for example "create_invoice"; a
// recording says it. The SDK calls it.
func WithCallName(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, CallNameKey{}, name)
}

// recordingTransport sits between the adapter and the client's own transport.
type recordingTransport struct {
	recorder *Recorder
	next     http.RoundTripper
}

// CloseIdleConnections makes [http.Client.CloseIdleConnections] work.
func (t *recordingTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements [http.RoundTripper]. The file is written when the adapter has closed the body of the answer.
func (t *recordingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	r := t.recorder
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	e := &observed{request: req, number: int(r.count.Add(1)), started: r.cfg.Now()}
	f := &flight{}
	out := req.Clone(f.trace(req.Context()))
	if req.Body != nil && req.Body != http.NoBody {
		e.sent = &tee{ReadCloser: req.Body}
		out.Body = e.sent
	}
	res, err := next.RoundTrip(out)
	e.answered = r.cfg.Now()
	if err != nil {
		e.failure, _ = describe(err)
		e.notSent = f.provesUnsent(err)
		r.write(e) //nolint:contextcheck // a file is written to the end, whatever becomes of the call
		return nil, err
	}
	e.response = res
	e.received = &tee{ReadCloser: res.Body}
	e.received.done = func(failure error) { //nolint:contextcheck // as above
		if failure != nil {
			e.failure, _ = describe(failure)
		}
		r.write(e)
	}
	res.Body = e.received
	return res, nil
}

// write makes the file of an exchange. Whatever goes wrong, even a panic, stays here: the exchange itself went on long ago.
func (r *Recorder) write(e *observed) {
	defer func() {
		if p := recover(); p != nil {
			r.warn(fmt.Sprintf("writing it down failed unexpectedly (%T)", p))
		}
	}()
	ended := r.cfg.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	doc, err := e.document(r.scrub, r.cfg, ended)
	if err == nil {
		err = r.files.write(e.started, e.fileName(), doc)
	}
	if err != nil {
		r.warn(err.Error())
	}
}

func (r *Recorder) warn(why string) {
	r.warned.Do(func() {
		r.cfg.Log.Warn("an exchange with the provider was not recorded; there will be no further warning", "account", r.cfg.Account, "reason", why)
	})
}
