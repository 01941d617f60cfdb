package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// confined are the ways to run a plugin that differ in what holds it.
func confined(t *testing.T) map[string]func(*Config) {
	t.Helper()
	ways := map[string]func(*Config){"plain": func(*Config) {}, "landlock": func(c *Config) { c.Landlock = true }}
	if os.Geteuid() == 0 {
		ways["user"] = func(c *Config) { c.RunAs = &User{UID: 65534, GID: 65534} }
		ways["user and landlock"] = func(c *Config) { c.RunAs, c.Landlock = &User{UID: 65534, GID: 65534}, true }
	}
	return ways
}

// What the report calls active is what the kernel says of the process.
func TestConfinementReportIsTrue(t *testing.T) {
	for name, change := range confined(t) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			cfg := b.config("serve")
			cfg.MaxOpenFiles, cfg.MaxProcesses = 300, 400
			change(&cfg)
			p := b.start(cfg)
			require.Equal(t, "hi", mustAsk(t, p, "echo hi"))
			require.NotEmpty(t, mustAsk(t, p, "leave-file"), "its own directory is open")
			c := p.Confinement()
			for _, m := range c.All() {
				t.Log(m.Name, m.Measure)
				require.NotEmpty(t, m.Name)
				require.NotEmpty(t, m.Detail, m.Name)
			}
			dir := "/proc/" + strconv.Itoa(p.PID())
			status, err := os.ReadFile(dir + "/status")
			require.NoError(t, err)
			limits, err := os.ReadFile(dir + "/limits")
			require.NoError(t, err)

			require.True(t, c.NoNewPrivileges.Active)
			require.Regexp(t, `NoNewPrivs:\s+1`, string(status))
			if c.Capabilities.Active {
				require.Regexp(t, `CapPrm:\s+0{16}`, string(status))
				require.Regexp(t, `CapEff:\s+0{16}`, string(status))
			}
			require.True(t, c.CoreDumps.Active)
			require.Regexp(t, `Max core file size\s+0\s+0`, string(limits))
			require.Equal(t, "300", c.OpenFiles.Detail)
			require.Regexp(t, `Max open files\s+300\s+300`, string(limits))
			score, err := os.ReadFile(dir + "/oom_score_adj")
			require.NoError(t, err)
			require.Equal(t, c.OutOfMemory.Active, strings.TrimSpace(string(score)) == strconv.Itoa(outOfMemoryScore))
			group, err := os.ReadFile(dir + "/cgroup")
			require.NoError(t, err)
			require.Equal(t, c.Tree.Active, strings.Contains(string(group), groupPrefix))
			if cfg.RunAs != nil {
				require.True(t, c.User.Active && c.Processes.Active)
				require.Regexp(t, `Uid:\s+65534\s+65534\s+65534\s+65534\n`, string(status))
				require.Regexp(t, `Gid:\s+65534\s+65534\s+65534\s+65534\n`, string(status))
				require.Regexp(t, `Groups:\s*\n`, string(status))
				require.Regexp(t, `Max processes\s+400\s+400`, string(limits))
			} else {
				require.False(t, c.User.Active || c.Processes.Active)
			}
			require.False(t, c.Network.Active, "no tier restricts it")
			require.NoError(t, p.Stop(t.Context()))
			b.requireEmpty()
		})
	}
}

// Landlock is where the kernel offers it, and the plugin runs without where it does not.
func TestLandlockWhereTheKernelOffersIt(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.Landlock = true
	p := b.start(cfg)
	_, err := landlockVersion()
	t.Log(p.Confinement().Files)
	require.Equal(t, err == nil && traceable && ptraceAllowed(t), p.Confinement().Files.Active)
	if err != nil {
		require.Equal(t, err.Error(), p.Confinement().Files.Detail)
	}
}

// ptraceAllowed asks the system itself, not the code under test.
func ptraceAllowed(t *testing.T) bool {
	t.Helper()
	allowed := make(chan bool)
	go func() {
		runtime.LockOSThread()
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
		if cmd.Start() != nil {
			allowed <- false
			return
		}
		_ = cmd.Wait() // the stop
		_ = unix.PtraceDetach(cmd.Process.Pid)
		_, _ = unix.Wait4(cmd.Process.Pid, nil, 0, nil)
		allowed <- true
	}()
	return <-allowed
}

// What confines the plugin stays off the host: every thread that Go gives a goroutine opens what it likes, and is not restricted.
func TestHostKeepsItsRights(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.Landlock = true
	b.start(cfg)
	secret := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(secret, []byte("k"), 0o600))
	const many = 100
	var all, locked sync.WaitGroup
	locked.Add(many)
	errs := make([]error, many)
	for i := range errs {
		all.Go(func() {
			runtime.LockOSThread() // so that each goroutine needs a thread of its own
			defer runtime.UnlockOSThread()
			locked.Done()
			locked.Wait()
			if _, err := os.ReadFile(secret); err != nil {
				errs[i] = err
				return
			}
			given, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
			if err != nil || given != 0 {
				errs[i] = fmt.Errorf("the thread has no_new_privs: %d, %w", given, err)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, "hi", mustAsk(t, b.start(cfg), "echo hi"), "and the next plugin starts")
}

// The plugin may open what it was granted, and only in the way that was granted.
func TestPathGrants(t *testing.T) {
	b := newBench(t)
	readable, writable := shortDir(t), shortDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(readable, "f"), []byte("x"), 0o600))
	cfg := b.config("serve")
	cfg.Landlock = true
	cfg.Paths = []PathGrant{{Path: readable}, {Path: writable, Write: true}, {Path: "/no/such/path"}}
	p := b.start(cfg)
	require.Contains(t, b.log.await(t, "do not exist").attrs["paths"], "/no/such/path")
	if !p.Confinement().Files.Active {
		t.Log("nothing to show here:", p.Confinement().Files)
		return
	}
	require.Equal(t, "open", mustAsk(t, p, "read "+filepath.Join(readable, "f")))
	require.Contains(t, mustAsk(t, p, "write "+filepath.Join(readable, "g")), "refused")
	require.Equal(t, "open", mustAsk(t, p, "write "+filepath.Join(writable, "g")))
	require.Contains(t, mustAsk(t, p, "execute /bin/true"), "refused", "nothing may be executed")
	for _, path := range []string{"/etc/passwd", "/proc/self/environ", "/proc/net/unix"} {
		require.Contains(t, mustAsk(t, p, "read "+path), "refused", path)
	}
	require.Contains(t, mustAsk(t, p, "list "+b.dir.Path()), "refused", "other plugins' directories have names nobody can guess")
	require.Equal(t, "open", mustAsk(t, p, "read /etc/resolv.conf"))
	require.Equal(t, "open", mustAsk(t, p, "read /dev/urandom"))
	cfg.Paths = []PathGrant{{Path: "relative"}}
	_, err := Start(t.Context(), cfg)
	require.ErrorContains(t, err, "not absolute")
}

// A plugin over its limit is ended with the reason, also when it is a child of it that holds the memory.
func TestMemoryLimit(t *testing.T) {
	for _, tc := range []struct {
		name, command string
		grouped       bool
	}{{"itself", "eat 300000000", true}, {"its child", "eat-child 300000000", true}, {"its child, no cgroup", "eat-child 300000000", false}} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			if !tc.grouped {
				b.withoutGroups()
			}
			cfg := b.config("serve")
			cfg.Memory = 200 << 20
			p := b.start(cfg)
			require.Equal(t, strconv.Itoa(200<<20/100*90), mustAsk(t, p, "getenv GOMEMLIMIT"))
			t.Log(p.Confinement().Memory)
			require.True(t, p.Confinement().Memory.Active)
			_, _ = ask(t, p, tc.command) // it may not live to answer
			awaitClosed(t, p.Exited())
			info := p.Exit()
			if p.watchedByHost() {
				require.Contains(t, info.Reason, "over its memory limit: ")
				require.Contains(t, info.String(), "over its memory limit: ")
				require.ErrorContains(t, p.ExitError(), "over its memory limit: ")
			} else {
				require.True(t, info.OOM, "%v", info)
			}
			require.False(t, info.Requested)
		})
	}
}

func (p *Process) watchedByHost() bool {
	p.child.mu.Lock()
	defer p.child.mu.Unlock()
	return p.child.watched
}

// The control group's own account of an end by memory; what the kernel writes there is shown by its format only, because the
// memory controller is not in every test system's hands.
func TestControlGroupMemory(t *testing.T) {
	dir := t.TempDir()
	g := &group{path: dir}
	require.False(t, g.outOfMemory())
	for content, want := range map[string]bool{"low 0\noom 1\noom_kill 0\n": false, "low 0\noom 1\noom_kill 2\noom_group_kill 1\n": true} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "memory.events"), []byte(content), 0o600))
		require.Equal(t, want, g.outOfMemory())
	}
	root := &groupRoot{path: filepath.Join(dir, "host")}
	process := filepath.Join(root.path, "1-x")
	require.NoError(t, os.MkdirAll(process, 0o700))
	require.ErrorContains(t, root.limitMemory(process, 1<<30), "memory controller cannot be used")
	for _, d := range []string{dir, root.path} {
		require.NoError(t, os.WriteFile(filepath.Join(d, "cgroup.subtree_control"), []byte("cpu memory\n"), 0o600))
	}
	for _, name := range []string{"memory.max", "memory.swap.max", "memory.oom.group"} {
		require.NoError(t, os.WriteFile(filepath.Join(process, name), nil, 0o600))
	}
	require.NoError(t, root.limitMemory(process, 1<<30))
	written, err := os.ReadFile(filepath.Join(process, "memory.max"))
	require.NoError(t, err)
	require.Equal(t, "1073741824", string(written))
}

func TestRunAsNeedsRoot(t *testing.T) {
	b := newBench(t)
	cfg := b.config("serve")
	cfg.RunAs = &User{UID: 65534, GID: 65534}
	p, err := Start(t.Context(), cfg)
	if os.Geteuid() != 0 {
		require.ErrorContains(t, err, "start the host as root, or remove run_as")
		return
	}
	require.NoError(t, err)
	p.Kill()
	cfg.RunAs = &User{UID: 65534}
	_, err = Start(t.Context(), cfg)
	require.ErrorContains(t, err, "not root")

	closed := &RunDir{path: filepath.Join(shortDir(t), "ph-x")} // its parent has mode 0700
	require.ErrorContains(t, checkRunAs(&User{UID: 65534, GID: 65534}, closed.path), "chmod o+x")
}

func TestUsageAndLogWhileAlive(t *testing.T) {
	b := newBench(t)
	p := b.start(b.config("serve"))
	mustAsk(t, p, "stderr one")
	mustAsk(t, p, "stderr token=abcdefgh two")
	b.log.await(t, "two")
	u := p.Usage()
	require.Greater(t, u.RSS, int64(1<<20))
	require.Greater(t, u.Threads, 1)
	require.Greater(t, u.Descriptors, 3)
	mustAsk(t, p, "eat 50000000")
	require.Greater(t, p.Usage().RSS, u.RSS+30_000_000)
	last := p.LastLog(2)
	require.Len(t, last, 2)
	require.Contains(t, last[0], "one")
	require.Contains(t, last[1], "token=***")
	require.Empty(t, p.LastLog(-1))
	p.Kill()
	require.Equal(t, Usage{}, p.Usage())
	require.NotEmpty(t, p.LastLog(200))
}

// A host that was killed leaves nothing that the next one does not end, however well it hides; a living host's group is left
// alone.
func TestStaleControlGroupsAreSwept(t *testing.T) {
	parent := shortDir(t)
	living, err := OpenRunDir(parent)
	require.NoError(t, err)
	defer func() { require.NoError(t, living.Close()) }()
	if living.groups == nil {
		require.Error(t, living.noGroups)
		t.Log("no control groups here:", living.noGroups)
		return
	}
	dead, err := openGroupRoot("test-of-the-sweep")
	require.NoError(t, err)
	g, err := dead.create("x", 0)
	require.NoError(t, err)
	hidden := exec.Command("/bin/sleep", "60")
	hidden.SysProcAttr = &syscall.SysProcAttr{Setsid: true, UseCgroupFD: true, CgroupFD: int(g.dir.Fd())}
	require.NoError(t, hidden.Start())
	require.Equal(t, []int{hidden.Process.Pid}, g.pids())
	g.placed()
	require.NoError(t, dead.lock.Close(), "its host is gone")

	next, err := OpenRunDir(parent)
	require.NoError(t, err)
	require.ErrorContains(t, hidden.Wait(), "killed")
	require.NoDirExists(t, dead.path)
	require.DirExists(t, living.groups.path)
	require.NoError(t, next.Close())
	require.NoDirExists(t, next.groups.path)
}

func TestControlGroupOfThisProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cgroup")
	for content, want := range map[string]string{
		"9:name=systemd:/\n0::/system.slice/payhost.service\n": "/system.slice/payhost.service", "1:cpu:/\n": "", "0::/../other\n": "", "": "",
	} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		got, err := ownGroup(file)
		require.Equal(t, want, got)
		require.Equal(t, want == "", err != nil, content)
	}
	require.Equal(t, `/a b\`, unescapeMount(`/a\040b\134`))
}
