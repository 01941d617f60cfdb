// Command payhost runs payment-provider plugins behind one invoice API, and is the client of a running payhost.
//
// payhost serve is the daemon. payhost demo and payhost sandbox need no account anywhere. payhost config check and payhost
// plugin add prepare a deployment. All other commands call the REST surface of a running payhost, because the database
// belongs to that process. docs/operating.md tells how to run it; payhost help lists the commands.
//
// Exit codes: 0 done, 1 failed (also a declined payment), 2 wrong usage, 3 the outcome is not known.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run()) }

// run is main with an exit code instead of an exit, so that deferred calls happen.
func run() int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// The first signal asks to stop, the second insists.
	cut := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		<-signals
		close(cut)
	}()
	p := &program{
		version: version, executable: executable, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		lookupEnv: os.LookupEnv, cut: cut, hangup: hangup,
		forgetEnv: forgetEnvironment,
	}
	return p.run(ctx, os.Args[1:])
}
