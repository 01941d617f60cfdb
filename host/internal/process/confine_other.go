//go:build !linux

package process

import (
	"errors"
	"os"
	"runtime"
)

// None of the measures of Linux exist here; the report says so.

type groupRoot struct{}

func openGroupRoot(string) (*groupRoot, error) {
	return nil, errors.New("only the process group is ended: " + runtime.GOOS + " has no control groups")
}

func (g *groupRoot) create(string, int64) (*group, error) { return nil, errors.ErrUnsupported }

func (g *groupRoot) close() error { return nil }

type group struct{}

func (g *group) kill() {}

func (g *group) remove() error { return nil }

func (g *group) placed() {}

func (g *group) outOfMemory() bool { return false }

type ruleset struct {
	file    *os.File
	missing []string
}

func rulesFor(Config, string, string, string) (*ruleset, error) {
	return nil, errors.New(runtime.GOOS + " has no Landlock")
}

func giveUpRights() Confinement {
	none := unavailable("not on " + runtime.GOOS)
	return Confinement{NoNewPrivileges: none, Capabilities: none}
}

func (r *launchRequest) launch() launchReply {
	if err := closeOnExec(); err != nil {
		return launchReply{err: err}
	}
	attr := *r.attr
	attr.Sys = childAttr()
	proc, err := startProcess(r.path, r.argv, &attr)
	none := unavailable("not on " + runtime.GOOS)
	c := r.report
	c.Descriptors = active("Go's own close-on-exec marks")
	c.OpenFiles, c.Processes, c.CoreDumps, c.Memory, c.OutOfMemory, c.User = none, none, none, none, none, none
	c.Files, c.OtherProcesses, c.Signals, c.AbstractSockets, c.Sockets = none, none, none, none, none
	c.Network = unavailable(noTier)
	return launchReply{proc: proc, report: c, err: err}
}

func (c *child) watchMemory(int, int64) {}

func usageOf(int) Usage { return Usage{} }

func checkRunAs(*User, string) error {
	return errors.New("run_as is not available on " + runtime.GOOS + "; remove it")
}

func openToUser(*User, string, string) error { return nil }

// orphanage is for the first process of a Linux namespace.
type orphanage struct{}

func newOrphanage(func(int) bool) *orphanage { return nil }

func (o *orphanage) close() {}

func canWatchMemory() bool { return false }
