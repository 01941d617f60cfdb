// Command served runs the host, or the chain without it, as one process for a client elsewhere to measure. It prints where it
// serves and ends when its standard input does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/payhost/payhost/host/bench/internal/served"
)

func main() {
	var o served.Options
	flag.BoolVar(&o.Naive, "naive", false, "the chain without a host")
	flag.StringVar(&o.Bin, "bin", ".", "directory with the other programs of the module")
	flag.StringVar(&o.Messages, "messages", "", "directory with the messages of the naive chain's plugin")
	flag.StringVar(&o.Dir, "dir", "", "empty directory, or one with a database")
	flag.IntVar(&o.Plugins, "plugins", 1, "number of plugins")
	flag.IntVar(&o.Accounts, "accounts", 1, "number of accounts of each plugin")
	flag.IntVar(&o.GCPercent, "gc-percent", 0, "gc_percent of the host")
	flag.Parse()
	if err := served.Serve(context.Background(), o); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "served:", err)
		os.Exit(1)
	}
}
