package process

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
)

// maxLine is the longest line kept; the rest of a longer one is discarded, and reading goes on with the next.
const maxLine = 64 << 10

// scanLines calls emit for every line of r, without its line end, until r ends or fails. The slice is only valid during the
// call. Unlike bufio.Scanner it survives lines of any length, so the writer at the other end of the pipe is always drained.
func scanLines(r io.Reader, emit func(line []byte, truncated bool)) {
	br := bufio.NewReaderSize(r, maxLine)
	skipping := false
	for {
		line, err := br.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		switch {
		case skipping:
		case len(line) > 0:
			emit(bytes.TrimRight(line, "\r\n"), full)
		}
		skipping = full
		if err != nil && !full {
			return
		}
	}
}

// lineWriter is an io.Writer that cuts what it is given into lines of at most maxLine bytes. It is safe for concurrent use
// and blocks no longer than emit does.
type lineWriter struct {
	emit func(line []byte, truncated bool)

	mu       sync.Mutex // guards the fields below and serialises emit
	buf      []byte
	skipping bool
}

// Write never fails and takes everything: a writer that stalls or fails would stall the plugin's own prints (H13).
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte{'\n'})
		p = rest
		if !w.skipping {
			room := maxLine - len(w.buf)
			w.buf = append(w.buf, part[:min(len(part), room)]...)
			if len(part) > room {
				w.emit(w.buf, true)
				w.buf, w.skipping = w.buf[:0], true
			}
		}
		if ended {
			if !w.skipping {
				w.emit(bytes.TrimRight(w.buf, "\r"), false)
			}
			w.buf, w.skipping = w.buf[:0], false
		}
	}
	return n, nil
}

// flush emits an unfinished last line.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.buf) > 0 {
		w.emit(w.buf, false)
	}
	w.buf = nil
}
