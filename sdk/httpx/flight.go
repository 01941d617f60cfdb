package httpx

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// countedConn counts the bytes written to a connection.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

// Write counts what the kernel accepted, also of a write that failed half-way.
func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

// flight observes one exchange to tell whether any byte of it left.
type flight struct {
	mu sync.Mutex
	// asked: the transport reports to us at all.
	asked bool
	// opaque: a connection was used whose bytes cannot be counted.
	opaque bool
	conns  []departure
}

// departure is a connection and its counter when the request was given to it.
type departure struct {
	conn  *countedConn
	start int64
}

func (f *flight) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.asked = true
		},
		GotConn: func(info httptrace.GotConnInfo) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if c := counted(info.Conn); c != nil {
				f.conns = append(f.conns, departure{c, c.written.Load()})
			} else {
				f.opaque = true
			}
		},
	})
}

// provesUnsent reports whether the failure err proves that not a single byte
// of the request was written.
func (f *flight) provesUnsent(err error) bool {
	if errors.Is(err, errPlainHTTP) {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.asked || f.opaque:
		return false
	case len(f.conns) == 0:
		return true
	case interrupted(err):
		// Cancelling does not wait for the goroutine that writes: it may
		// write after we looked.
		return false
	}
	for _, d := range f.conns {
		if d.conn.written.Load() != d.start {
			return false
		}
	}
	return true
}

func interrupted(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// counted finds our connection below TLS.
func counted(c net.Conn) *countedConn {
	for {
		switch v := c.(type) {
		case *countedConn:
			return v
		case interface{ NetConn() net.Conn }:
			c = v.NetConn()
		default:
			return nil
		}
	}
}
