package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/payhost/payhost/cmd/payhost/internal/client"
)

// The exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnknown = 3
)

// program is one run of the command, given everything it may touch of its surroundings.
type program struct {
	version    string
	executable string
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	lookupEnv  func(string) (string, bool)
	// forgetEnv clears the process's environment and returns a copy to look in; nil leaves it, for programs that are not alone
	// in their process.
	forgetEnv func() (lookup func(string) (string, bool))
	// cut is closed when a running server shall stop without draining.
	cut <-chan struct{}
	// hangup makes a running server read its files again.
	hangup <-chan os.Signal

	// started is set when the command line was understood: what fails before is wrong usage.
	started bool
}

// exitError carries an exit code. With a nil error nothing more is printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usagef is a mistake in the command line that only the command itself can see.
func usagef(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// run executes one command line and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	out := &output{w: p.stdout}
	p.stdout = out
	root := p.root() //nolint:contextcheck // commands take the context from ExecuteContextC
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil && out.err != nil {
		err = fmt.Errorf("writing the output: %w", out.err)
	}
	if err == nil {
		return exitDone
	}
	code, shown := exitFailed, err
	if e, ok := errors.AsType[*exitError](err); ok {
		code, shown = e.code, e.err
	} else if !p.started {
		code = exitUsage
	} else if _, lost := errors.AsType[*client.UnreachableError](err); lost && changes(cmd) {
		code = exitUnknown
	}
	if shown != nil {
		printf(p.stderr, "payhost: %v\n", shown)
	}
	if code == exitUsage {
		printf(p.stderr, "See %s --help.\n", cmd.CommandPath())
	}
	return code
}

// changes reports whether a command that got no answer may have changed something.
func changes(cmd *cobra.Command) bool { return cmd.Annotations["changes"] != "" }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use: "payhost", Short: "Payment-provider plugins behind one invoice API",
		Long: "payhost runs payment-provider plugins, each as a process of its own, behind one invoice API.\n\n" +
			"Exit codes: 0 done, 1 failed (also a declined payment), 2 wrong usage, 3 the outcome is not known.",
		Version: p.version, SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { p.started = true },
	}
	root.SetVersionTemplate("payhost {{.Version}}\n")
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.sandboxCommand(), p.configCommand(), p.pluginCommand(), p.invoiceCommand(),
		p.payoutCommand(), p.credentialCommand(), p.accountCommand(), p.operationCommand(), p.webhookCommand(), p.eventCommand(),
	)
	return group(root)
}

// group makes a command that only has commands below it refuse what is none of them.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		names := []string{}
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				names = append(names, c.Name())
			}
		}
		if len(args) > 0 {
			return usagef("%s has no command %q; it has %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
		}
		return usagef("%s needs one of the commands %s", cmd.CommandPath(), strings.Join(names, ", "))
	}
	return cmd
}
