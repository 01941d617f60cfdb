// Package served holds two programs that answer POST /v1/invoices, each as one process with its plugin processes: the host, and the
// chain that a programmer would write without it. A client in another process measures them, so that the load is not on their bill.
package served

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"
)

// Options say what is served.
type Options struct {
	// Naive serves the chain without a host.
	Naive bool
	// Bin holds the other programs of the module, Messages what [hop.Record] wrote, Dir what the program keeps.
	Bin, Messages, Dir string
	// Plugins and Accounts are how many plugins there are and how many accounts each has. Zero means 1. The naive chain has one.
	Plugins, Accounts int
	// GCPercent is the setting gc_percent of the host. Zero leaves it to Go.
	GCPercent int
}

// Ready is the one line that a program prints when it serves.
type Ready struct {
	URL string `json:"url"`
	// Plugins are the numbers of the plugin processes.
	Plugins []int `json:"plugins"`
}

// backend is what answers requests.
type backend struct {
	handler http.Handler
	plugins []int
	close   func() error
}

// Serve runs until its standard input ends.
func Serve(ctx context.Context, o Options) (err error) {
	if o.GCPercent > 0 {
		debug.SetGCPercent(o.GCPercent)
	}
	open := openHost
	if o.Naive {
		open = openNaive
	}
	b, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: b.handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	line, err := json.Marshal(Ready{URL: "http://" + listener.Addr().String(), Plugins: b.plugins})
	if err == nil {
		_, err = fmt.Fprintf(os.Stdout, "%s\n", line)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	err = errors.Join(err, server.Close())
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
