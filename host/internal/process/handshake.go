package process

import (
	"bytes"
	"io"
	"sync"
)

// maxHandshake bounds the line that is passed to go-plugin. A socket path has at most 108 bytes; the rest is a few digits.
const maxHandshake = 1024

// handshakeLine reports whether a line printed by a plugin is a go-plugin handshake
// (core|app|network|address|protocol|certificate|mux), and returns the part of it that may be handed to go-plugin.
//
// Only the first five fields are: a certificate in the sixth makes go-plugin v1.8.0 write through a nil TLS configuration and
// panic the host, and this host hands certificates over in a file and does not use the multiplexed broker.
func handshakeLine(line []byte) ([]byte, bool) {
	line = bytes.TrimSpace(line)
	if len(line) > maxHandshake {
		return nil, false
	}
	fields := bytes.Split(line, []byte{'|'})
	if len(fields) < 4 || !isNumber(fields[0]) || !isNumber(fields[1]) || len(fields[2]) == 0 || len(fields[3]) == 0 {
		return nil, false
	}
	clean := bytes.Join(fields[:min(len(fields), 5)], []byte{'|'})
	if bytes.ContainsFunc(clean, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, false
	}
	return append(clean, '\n'), true
}

func isNumber(b []byte) bool {
	if len(b) == 0 || len(b) > 9 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// onceReader is what go-plugin reads in place of the plugin's pipes: at most one line, then silence, and the end of file
// only when the process is gone. go-plugin's own readers panic on unexpected JSON (H1) and stop for good at a long line (H4),
// so they never see anything else.
type onceReader struct {
	line  chan []byte
	ended chan struct{}
	once  sync.Once
	rest  []byte // only used by the one reading goroutine
}

func newOnceReader() *onceReader {
	return &onceReader{line: make(chan []byte, 1), ended: make(chan struct{})}
}

// deliver hands over the line. Only the first call has an effect; it never blocks.
func (r *onceReader) deliver(line []byte) {
	r.once.Do(func() { r.line <- line })
}

// end makes all later reads return io.EOF once a delivered line has been read. It must be called once.
func (r *onceReader) end() { close(r.ended) }

// Read implements io.Reader for a single reading goroutine.
func (r *onceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		select {
		case r.rest = <-r.line:
		case <-r.ended:
			select {
			case r.rest = <-r.line:
			default:
				return 0, io.EOF
			}
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close does nothing: the end belongs to the reaper.
func (r *onceReader) Close() error { return nil }
