package main

import (
	"fmt"
	"io"
	"sync"
)

// output is standard output that remembers its first failure: a result that could not be written is no success.
type output struct {
	mu  sync.Mutex // a server writes from goroutines of its own
	w   io.Writer
	err error
}

// Write writes until the first failure.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.err = err
	return n, err
}

// printf prints for people. A failure of standard output is kept by [output]; one of standard error can be told nobody.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
