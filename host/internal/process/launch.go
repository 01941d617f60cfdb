package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ImageInfo says which step of the ladder of verified execution a process stands on.
type ImageInfo struct {
	// Sealed is true for memory that nobody can change any more. Otherwise a private copy was executed, which was verified while
	// it was written, and which processes of the host's own user could change.
	Sealed bool
	// Reason is why the image is not sealed, or how it is.
	Reason string
}

// launch runs the sealed image, or a private copy of the verified bytes where that is not possible.
func (c *child) launch(attr *os.ProcAttr) (*os.Process, error) {
	c.mu.Lock()
	givenUp := c.killed || c.over
	c.mu.Unlock()
	if givenUp {
		return nil, errAbandoned
	}
	if err := openToUser(c.cfg.RunAs, c.cfg.Dir.path, c.dir); err != nil {
		return nil, err
	}
	peer := active(peerSource)
	if c.certificates != nil {
		if err := c.certificates.handOver(c.dir, c.cfg.RunAs); err != nil {
			return nil, err
		}
		peer = active("certificate: TLS 1.3, P-256, both sides pinned")
	}
	r := launchRequest{argv: append([]string{c.cfg.argv0()}, c.cfg.Args...), attr: attr, cfg: &c.cfg}
	r.report.Peer = peer
	r.report.Memory = unavailable("no limit is set")
	if c.cfg.Memory > 0 {
		r.report.Memory = unavailable("there is no control group")
	}
	c.joinGroup(&r)
	why := c.img.reason
	if c.img.sealed != nil {
		r.path = sealedPath(c.img.sealed)
		proc, err := c.start(r, "")
		if err == nil {
			c.setImage(ImageInfo{Sealed: true, Reason: "sealed memory"})
		}
		if err == nil || !errors.Is(err, os.ErrPermission) {
			return proc, err
		}
		why = fmt.Errorf("the system refuses to run sealed memory: %w", err)
		c.cfg.Logger.Warn("the system refuses to run sealed memory; running a private copy of the verified bytes", "plugin", c.cfg.Name, "error", err)
	}
	r.path = filepath.Join(c.dir, "image")
	if err := copyVerified(c.cfg.Path, c.img.digest, r.path, partMode(true, c.cfg.RunAs != nil)); err != nil {
		return nil, err
	}
	proc, err := c.start(r, r.path)
	if err == nil {
		if why == nil {
			why = errors.New("there is no sealed memory")
		}
		c.setImage(ImageInfo{Reason: "private copy: " + why.Error()})
	}
	return proc, err
}

// start hands the process to the launcher. own is the file that it must be able to read as its program, or empty.
func (c *child) start(r launchRequest, own string) (*os.Process, error) {
	r.report.Files = unavailable("the confinement of files was not asked for")
	if c.cfg.Landlock {
		rules, err := rulesFor(c.cfg, c.dir, c.bundle, own)
		if err != nil {
			r.report.Files = unavailable(err.Error())
		} else {
			defer func() { _ = rules.file.Close() }()
			r.rules = rules
			if len(rules.missing) > 0 {
				c.cfg.Logger.Warn("paths that do not exist are not opened to the plugin", "plugin", c.cfg.Name, "paths", rules.missing)
			}
		}
	}
	proc, report, err := c.cfg.Dir.launcher.start(r)
	if err != nil {
		return nil, err
	}
	watched := c.cfg.Memory > 0 && canWatchMemory() && !report.Memory.Active
	if watched {
		report.Memory = active(fmt.Sprintf("%d bytes, looked at every %s: %s", c.cfg.Memory, memoryPeriod, report.Memory.Detail))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report, c.watched = report, watched
	return proc, nil
}

// joinGroup makes the control group of the process, if there can be one.
func (c *child) joinGroup(r *launchRequest) {
	if c.cfg.Dir.groups == nil {
		r.report.Tree = unavailable("only the process group is ended: " + c.cfg.Dir.noGroups.Error())
		return
	}
	g, err := c.cfg.Dir.groups.create(c.cfg.Name, c.cfg.Memory)
	if err != nil {
		r.report.Tree = unavailable("only the process group is ended: " + err.Error())
		return
	}
	r.group = g
	c.mu.Lock()
	defer c.mu.Unlock()
	c.group = g
}

// noteMemory asks the control group, which is about to be removed, for the kernel's part in the end.
func (c *child) noteMemory() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.oom = c.group != nil && c.group.outOfMemory()
}

// removeGroup is for after the end, and for a process that never was.
func (c *child) removeGroup() {
	c.mu.Lock()
	g := c.group
	c.mu.Unlock()
	if g == nil {
		return
	}
	g.placed()
	if err := g.remove(); err != nil {
		c.cfg.Logger.Warn("a control group cannot be removed; the next host does", "plugin", c.cfg.Name, "error", err)
	}
}

// watch starts what looks after the process while it runs. It all ends with the process.
func (c *child) watch(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watched {
		go c.watchMemory(pid, c.cfg.Memory)
	}
}

func (c *child) setImage(i ImageInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ran = i
}

func (c *child) image() ImageInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ran
}

func (c *child) confinement() Confinement {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.report
}
