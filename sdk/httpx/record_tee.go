package httpx

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// tee keeps a copy of what is read through it, up to maxRecordedBody.
type tee struct {
	io.ReadCloser
	// done, if set, is called once: when the body has been closed, with what ended the reading if that was a failure.
	done func(failure error)

	mu      sync.Mutex // net/http may read a request's body while its owner looks at the copy
	copied  bytes.Buffer
	cut     bool // more was read than is kept
	failure error
	closed  bool
}

// Read implements [io.Reader].
func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	keep := min(n, maxRecordedBody-t.copied.Len())
	t.copied.Write(p[:keep])
	t.cut = t.cut || keep < n
	if err != nil && !errors.Is(err, io.EOF) {
		t.failure = err
	}
	return n, err
}

// Close implements [io.Closer].
func (t *tee) Close() error {
	err := t.ReadCloser.Close()
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	failure := t.failure
	t.mu.Unlock()
	if first && t.done != nil {
		t.done(failure)
	}
	return err
}

// content returns a copy of what passed, and whether that was all of it.
func (t *tee) content() (body []byte, whole bool) {
	if t == nil {
		return nil, true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.copied.Bytes()), !t.cut
}
