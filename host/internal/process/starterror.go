package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

var errStartTimeout = errors.New("not ready in time")

// errorLines is how many of the plugin's last lines an error text quotes.
const errorLines = 5

// StartError reports that a plugin was run, or should have been, and did not become ready.
type StartError struct {
	Name   string    // provider name
	Path   string    // the binary
	Reason string    // what happened, in words
	Hint   string    // what to look at, may be empty
	Exit   *ExitInfo // how the process ended by itself, nil if it had to be killed or was never started; LastLog is set
	Log    []string  // the last lines the plugin logged or printed, masked
	Err    error     // the cause; matches context.DeadlineExceeded when StartTimeout passed
}

// Error gives reason, hint and the plugin's last lines.
func (e *StartError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "process: %s did not start (%s): %s", e.Name, e.Path, e.Reason)
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	if len(e.Log) > 0 {
		fmt.Fprintf(&b, "; last output: %s", strings.Join(e.Log[max(0, len(e.Log)-errorLines):], " ⏎ "))
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// failStart ends what is left of a failed start and explains it. What the plugin did decides the text, not what go-plugin
// says about it, which is mostly about CPU architectures.
func (p *Process) failStart(ctx context.Context, cause error) error {
	c := p.child
	e := &StartError{Name: p.cfg.Name, Path: p.cfg.Path, Err: cause}
	neverRan := c.abandon()
	if !neverRan && ctx.Err() == nil {
		// A plugin whose pipes have just ended is about to be reaped; its own exit explains more than our kill.
		waitFor(c.exited, drainTime)
	}
	c.mu.Lock()
	ownEnd := c.over && !c.killed && !neverRan
	printed := c.firstPrint
	c.mu.Unlock()
	endErr := p.end()
	e.Log = c.logs.last(tailLines)

	switch {
	case neverRan:
		e.Reason, e.Hint = "it could not be run: "+cause.Error(), launchHint(cause)
		if ctx.Err() != nil {
			e.Reason, e.Hint = "the start was given up: "+cause.Error(), ""
		}
	case ownEnd:
		info := c.exitInfo()
		info.LastLog = e.Log
		e.Exit = &info
		e.Reason = "it " + info.String() + " before it was ready"
		e.Hint = exitHint(e.Log)
	case errors.Is(cause, errStartTimeout):
		e.Reason = fmt.Sprintf("no connection within %s", p.cfg.StartTimeout)
		e.Hint = "is it a payhost plugin, and is its main a call to plugin.Serve?"
		e.Err = errors.Join(cause, context.DeadlineExceeded)
		if printed != "" {
			e.Hint += " It printed no handshake, but " + fmt.Sprintf("%q", c.logs.scrub.text(cleanText(printed)))
		}
	case ctx.Err() != nil:
		e.Reason = "the start was given up: " + cause.Error()
	default:
		e.Reason = c.logs.scrub.text(cleanText(cause.Error()))
		if strings.Contains(e.Reason, "incompatible API version") {
			e.Hint = "plugin and host share no protocol version: rebuild the plugin with a current SDK, or use a host that still speaks its version"
		}
	}
	if endErr != nil {
		e.Err = errors.Join(e.Err, endErr)
	}
	return e
}

func launchHint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return "the file is not a program for this operating system and processor, or it is cut short"
	case errors.Is(err, os.ErrNotExist):
		return "the program's dynamic loader or script interpreter is missing; build it with CGO_ENABLED=0"
	case errors.Is(err, os.ErrPermission):
		return "is the run directory on a file system mounted noexec, or does a security policy forbid it?"
	}
	return ""
}

func exitHint(log []string) string {
	text := strings.Join(log, "\n")
	switch {
	case strings.Contains(text, "not meant to be executed directly"):
		return "it does not know this host's magic cookie: it was built for another host program"
	case strings.Contains(text, "bind: invalid argument"):
		return "its socket path is too long for the system"
	}
	return ""
}
