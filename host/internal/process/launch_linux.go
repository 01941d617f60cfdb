package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// rulesFD is where a fresh program holds the rules it is to be bound to. It is closed before the first instruction.
const rulesFD = 3

// outOfMemoryScore is added to the kernel's own judgement, whose range is 0 to 1000.
const outOfMemoryScore = 500

// tier is one set of measures. A stricter one, such as a network namespace with an egress list, is one more of these.
type tier interface {
	// shape changes how the process is cloned.
	shape(attr *syscall.SysProcAttr)
	// hold binds the new process and reports what it has achieved. If the tracee is not nil, the program stands before its
	// first instruction. An error ends the program; what is merely not available is a matter of the report.
	hold(pid int, t *tracee, report *Confinement) error
}

func (r *launchRequest) tiers() []tier {
	return []tier{userTier{r.cfg.RunAs}, limitTier{r.cfg}, fileTier{r.rules, r.cfg.RunAs}}
}

// giveUpRights is called on the launcher's thread. What it gives up, every plugin is born without.
func giveUpRights() Confinement {
	var c Confinement
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	c.NoNewPrivileges = because("inherited from the launching thread", err)
	c.Capabilities = dropCapabilities()
	return c
}

// dropCapabilities empties the bounding set of the thread: root's capabilities are then lost in the exec. The thread itself
// keeps them, so that it can still change the user of a child.
func dropCapabilities() Measure {
	for capability := uintptr(0); ; capability++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0)
		switch {
		case errors.Is(err, unix.EINVAL):
			return active("none")
		case errors.Is(err, unix.EPERM):
			if os.Geteuid() != 0 {
				return active("the host is not root and has none to pass on")
			}
			return unavailable("the host may not change its capabilities (CAP_SETPCAP)")
		case err != nil:
			return unavailable(err.Error())
		}
	}
}

// launch tries the strictest way first. What the system refuses is left away and reported.
func (r *launchRequest) launch() launchReply {
	// The host's own descriptors are opened close-on-exec by Go, those it inherited may not be.
	if err := closeOnExec(); err != nil {
		return launchReply{err: err}
	}
	r.report.Descriptors, r.report.Network = active("0, 1 and 2 only"), unavailable(noTier)
	var first error
	for _, traced := range []bool{true, false} {
		for _, g := range []*group{r.group, nil} {
			if traced && !traceable {
				continue
			}
			proc, report, err := r.attempt(traced, g, first)
			if err == nil {
				return launchReply{proc: proc, report: report}
			}
			if first == nil {
				first = err
			}
			if !refusesGroup(err) {
				return launchReply{err: first}
			}
			if r.group == nil {
				break
			}
		}
	}
	return launchReply{err: first}
}

// attempt starts the program once. earlier is what a stricter attempt failed with.
func (r *launchRequest) attempt(traced bool, g *group, earlier error) (*os.Process, Confinement, error) {
	attr, sys := *r.attr, *childAttr()
	attr.Sys, sys.Ptrace = &sys, traced
	report := r.report
	if g != nil {
		sys.UseCgroupFD, sys.CgroupFD = true, int(g.dir.Fd())
		report.Tree = active("cgroup")
		if r.cfg.Memory > 0 {
			report.Memory = g.memory
		}
	} else if r.group != nil {
		report.Tree = unavailable(fmt.Sprintf("only the process group is ended: starting in a control group: %v", earlier))
	}
	if traced && r.rules != nil {
		attr.Files = append(slices.Clip(attr.Files), r.rules.file)
	}
	tiers := r.tiers()
	for _, t := range tiers {
		t.shape(&sys)
	}
	proc, err := startProcess(r.path, r.argv, &attr)
	if err != nil {
		return nil, report, err
	}
	if err := hold(proc.Pid, traced, tiers, &report); err != nil {
		killTree(proc)
		_, waitErr := proc.Wait()
		return nil, report, errors.Join(err, waitErr)
	}
	return proc, report, nil
}

// hold lets every tier do its part and releases the program.
func hold(pid int, traced bool, tiers []tier, report *Confinement) error {
	var t *tracee
	if traced {
		var err error
		if t, err = attach(pid); errors.Is(err, errGone) {
			return nil // it is a zombie already; how it ended is the reaper's to tell
		} else if err != nil {
			return fmt.Errorf("%w: %w", unix.EPERM, err) // tried again without
		}
	}
	for _, tier := range tiers {
		if err := tier.hold(pid, t, report); errors.Is(err, errGone) {
			return nil
		} else if err != nil {
			return err
		}
	}
	if t != nil {
		return t.release()
	}
	return nil
}

// userTier runs the plugin under a user of its own.
type userTier struct{ user *User }

func (u userTier) shape(attr *syscall.SysProcAttr) {
	if u.user != nil {
		attr.Credential = &syscall.Credential{Uid: u.user.UID, Gid: u.user.GID}
	}
}

func (u userTier) hold(_ int, _ *tracee, c *Confinement) error {
	if u.user == nil {
		c.User = unavailable("it runs under the host's user; run_as is not set")
		return nil
	}
	c.User = active(fmt.Sprintf("user %d, group %d, no supplementary groups", u.user.UID, u.user.GID))
	return nil
}

// limitTier sets resource limits from outside, so that the host's own stay as they are.
type limitTier struct{ cfg *Config }

func (l limitTier) shape(*syscall.SysProcAttr) {}

func (l limitTier) hold(pid int, t *tracee, c *Confinement) error {
	late := ""
	if t == nil {
		late = ", since just after the start"
	}
	set := func(resource int, value uint64) Measure {
		m, err := limit(pid, t, resource, value)
		if err != nil {
			return unavailable("prlimit: " + err.Error())
		}
		return active(strconv.FormatUint(m, 10) + late)
	}
	c.OpenFiles = set(unix.RLIMIT_NOFILE, uint64(l.cfg.MaxOpenFiles))
	c.CoreDumps = set(unix.RLIMIT_CORE, 0)
	c.Processes = unavailable("the kernel counts per user, and the host's own threads would count; needs run_as")
	if l.cfg.RunAs != nil {
		c.Processes = set(unix.RLIMIT_NPROC, uint64(l.cfg.MaxProcesses))
	}
	c.OutOfMemory = because(fmt.Sprintf("score adjusted by %d%s", outOfMemoryScore, late), raiseScore(pid))
	return nil
}

// limit sets a resource limit, which is never above the host's own. A held program sets its own, for which no right is needed;
// setting those of another user's process needs CAP_SYS_RESOURCE, which containers do not have.
func limit(pid int, t *tracee, resource int, value uint64) (uint64, error) {
	var own unix.Rlimit
	if err := unix.Getrlimit(resource, &own); err != nil {
		return 0, err
	}
	value = min(value, own.Max)
	if t == nil {
		return value, unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil)
	}
	both := binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, value), value)
	at, err := t.lend(both)
	if err != nil {
		return 0, err
	}
	return value, t.call(unix.SYS_PRLIMIT64, 0, uintptr(resource), at, 0)
}

// raiseScore never lowers what the host itself runs with.
func raiseScore(pid int) error {
	if !procIsOurs() {
		return errors.New("the /proc of the host's namespace is not mounted")
	}
	return os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(strconv.Itoa(outOfMemoryScore)), 0)
}

// fileTier binds the program to its Landlock rules.
type fileTier struct {
	rules *ruleset
	user  *User
}

func (f fileTier) shape(*syscall.SysProcAttr) {}

func (f fileTier) hold(_ int, t *tracee, c *Confinement) error {
	c.OtherProcesses, c.Signals, c.AbstractSockets, c.Sockets = c.Files, c.Files, c.Files, c.Files
	if f.user != nil {
		other := active(fmt.Sprintf("closed to user %d but for processes of that user", f.user.UID))
		c.OtherProcesses, c.Signals, c.Sockets = other, other, other
	}
	if f.rules == nil {
		return nil
	}
	if t == nil {
		c.Files = unavailable("a fresh program cannot be held before its first instruction here: tracing is refused (ptrace)")
		return nil
	}
	var refused syscall.Errno
	err := t.call(unix.SYS_LANDLOCK_RESTRICT_SELF, rulesFD, 0)
	switch {
	case err == nil:
		sockets := c.Sockets
		f.rules.report(c)
		if sockets.Active {
			c.Sockets = sockets
		}
	case errors.As(err, &refused):
		c.Files = unavailable("Landlock: " + refused.Error())
	default:
		return err
	}
	return t.call(unix.SYS_CLOSE, rulesFD)
}
