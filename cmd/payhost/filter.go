package main

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// filters turn flags into query parameters of the same name, and leave out those that were not given.
type filters struct {
	cmd   *cobra.Command
	names []string
}

func (f *filters) text(name, usage string) {
	f.cmd.Flags().String(name, "", usage)
	f.names = append(f.names, name)
}

func (f *filters) flag(name, usage string) {
	f.cmd.Flags().Bool(name, false, usage)
	f.names = append(f.names, name)
}

func (f *filters) limit(usage string) {
	f.cmd.Flags().Uint("limit", 0, usage)
	f.names = append(f.names, "limit")
}

func (f *filters) page() {
	f.limit("most entries to show, at most 500 (default 50)")
	f.text("cursor", "go on where the page before ended")
}

func (f *filters) query() url.Values {
	q := url.Values{}
	for _, name := range f.names {
		if flag := f.cmd.Flags().Lookup(name); flag.Changed {
			q.Set(strings.ReplaceAll(name, "-", "_"), flag.Value.String())
		}
	}
	return q
}
