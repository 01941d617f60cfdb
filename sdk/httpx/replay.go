package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptrace"
	"path"
	"strings"
	"sync"
)

// Replay is the provider of a recording: a transport that gives the recorded answers to the recorded requests, in their order,
// and to no others. It makes no connection. It is safe for concurrent use, but a recording is one sequence: requests that race
// each other do not find theirs.
//
// A request matches when method, path, query and body are those recorded, after the same scrubbing: secrets and persons may
// differ, everything else may not. Times and random ids must therefore come from the test: give the adapter a fixed
// [pay.AccountConfig.Now] and the keys of the recorded calls.
type Replay struct {
	mu       sync.Mutex // guards the fields below
	scrub    *scrubber
	recorded []recordedFile
	next     int
	mismatch error
}

// recordedFile is one exchange and the file it stands in.
type recordedFile struct {
	name    string
	content []byte
	RecordedExchange
}

// maxRecordedFile bounds one file of a recording: both bodies, escaped.
const maxRecordedFile = 8 << 20

// NewReplay reads the recording in files: the directory of one recording, for example os.DirFS of it, whose *.json files that
// begin with a digit are taken in the order of their names. secrets are those of the config the adapter is opened with.
func NewReplay(files fs.FS, secrets ...string) (*Replay, error) {
	names, err := fs.Glob(files, "[0-9]*.json")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("httpx: the recording has no files")
	}
	r := &Replay{scrub: newScrubber(secrets)}
	for _, name := range names {
		f, err := readRecorded(files, name)
		if err != nil {
			return nil, fmt.Errorf("httpx: recording %s: %w", name, err)
		}
		r.recorded = append(r.recorded, f)
	}
	return r, nil
}

func readRecorded(files fs.FS, name string) (recordedFile, error) {
	file, err := files.Open(name)
	if err != nil {
		return recordedFile{}, err
	}
	defer func() { _ = file.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(file, maxRecordedFile+1))
	if err != nil {
		return recordedFile{}, err
	}
	out := recordedFile{name: path.Base(name), content: content}
	if len(content) > maxRecordedFile {
		return out, fmt.Errorf("it is larger than %d bytes", maxRecordedFile)
	}
	if err := json.Unmarshal(content, &out.RecordedExchange); err != nil {
		return out, err
	}
	if out.Format != RecordingFormat {
		return out, fmt.Errorf("its format is %d; this version reads %d", out.Format, RecordingFormat)
	}
	if out.Response == nil && out.Failure == "" {
		return out, errors.New("it has neither a response nor a failure")
	}
	return out, nil
}

// Client returns a client whose only transport is the replay. Like those of [New], it follows no redirect.
func (r *Replay) Client() *http.Client {
	return &http.Client{
		Transport:     r,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Done returns the first request that did not match, or else names the exchanges that nobody asked for; nil when the recording was
// repeated exactly and completely.
func (r *Replay) Done() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mismatch != nil {
		return r.mismatch
	}
	var unused []string
	for _, f := range r.recorded[r.next:] {
		unused = append(unused, f.name)
	}
	if len(unused) > 0 {
		return fmt.Errorf("httpx: %d recorded exchanges were not asked for: %s", len(unused), strings.Join(unused, ", "))
	}
	return nil
}

// RoundTrip implements [http.RoundTripper].
func (r *Replay) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, replayFailure{"the request's body cannot be read"}
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	live := r.scrub.request(req, body, len(body) <= maxRecordedBody)
	if r.mismatch != nil {
		return nil, r.mismatch
	}
	if r.next == len(r.recorded) {
		return nil, r.differs(fmt.Sprintf("the recording is over, and there is one more request: %s %s", live.Method, live.URL))
	}
	f := r.recorded[r.next]
	if difference := compareRequests(f.Request, live); difference != "" {
		return nil, r.differs(f.name + ":\n" + difference)
	}
	r.next++
	for _, m := range r.scrub.look.placeholder.FindAllStringSubmatch(string(f.content), -1) {
		r.scrub.reserve(m)
	}
	return f.answer(req, r.restore)
}

// restore puts what this run itself has sent in place of the placeholders: a provider repeats what it was asked about, and adapters
// compare. Values that only the provider knew stay placeholders, and secrets do.
func (r *Replay) restore(text string, inJSON bool) string {
	return r.scrub.look.placeholder.ReplaceAllStringFunc(text, func(p string) string {
		value, ok := r.scrub.values[p]
		switch {
		case !ok || strings.HasPrefix(p, placeholderPrefix+classSecret+"_"):
			return p
		case inJSON:
			return jsonText(value, false)
		}
		return value
	})
}

// differs keeps the first difference: what comes after it means nothing.
func (r *Replay) differs(text string) error {
	r.mismatch = replayFailure{"the request is not the recorded one: " + text}
	return r.mismatch
}

// replayFailure is what a replay itself has to say; it holds no secrets and reaches the adapter as it is.
type replayFailure struct{ text string }

func (f replayFailure) Error() string { return f.text }

// answer repeats what happened.
func (f recordedFile) answer(req *http.Request, restore func(text string, inJSON bool) string) (*http.Response, error) {
	if f.Response == nil {
		if trace := httptrace.ContextClientTrace(req.Context()); f.NotSent && trace != nil && trace.GetConn != nil {
			trace.GetConn(req.URL.Host) // asked for a connection and got none: this is how Exchange knows
		}
		return nil, replayFailure{f.Failure}
	}
	if f.Response.Omitted != "" {
		return nil, replayFailure{"the recorded answer has no body: " + f.Response.Omitted}
	}
	content := []byte(restore(f.Response.Text, false))
	if f.Response.JSON != nil {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(restore(string(f.Response.JSON), true))); err != nil {
			return nil, replayFailure{"the recorded answer is no JSON: " + err.Error()}
		}
		content = compact.Bytes()
	}
	header := http.Header{}
	for _, h := range f.Response.Headers {
		if h.Name != "Content-Length" && h.Name != "Transfer-Encoding" {
			header.Add(h.Name, h.Value)
		}
	}
	res := &http.Response{
		Status:     fmt.Sprintf("%d %s", f.Response.Status, http.StatusText(f.Response.Status)),
		StatusCode: f.Response.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(content)), ContentLength: int64(len(content)), Request: req,
	}
	if f.Failure != "" {
		res.ContentLength = -1
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(content), brokenBody{replayFailure{f.Failure}}))
	}
	return res, nil
}

// brokenBody is a body that failed there.
type brokenBody struct{ err error }

// Read implements [io.Reader].
func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }
