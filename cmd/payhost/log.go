package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
)

// logFlag adds --log-level to a command.
func logFlag(cmd *cobra.Command, fallback string) *string {
	return cmd.Flags().String("log-level", fallback, "least level of records on standard error: debug, info, warn or error")
}

// logger writes text to a terminal, and JSON to everything else.
func (p *program) logger(level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log-level must be debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: least}
	if isTerminal(p.stderr) {
		return slog.New(slog.NewTextHandler(p.stderr, options)), nil
	}
	return slog.New(slog.NewJSONHandler(p.stderr, options)), nil
}

// isTerminal reports whether people read w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
