package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// attempt is one thing that a hostile plugin tries.
type attempt struct {
	command string
	by      Measure // what should refuse it
	same    bool    // open to any process of the host's user if the measure is not active
}

// A hostile plugin tries what is worth trying. What the report calls active is refused; what it does not is open here, and the
// test says so.
func TestHostilePlugin(t *testing.T) {
	for name, change := range confined(t) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			victim := b.start(b.config("serve"))
			cfg := b.config("serve")
			change(&cfg)
			p := b.start(cfg)
			c := p.Confinement()

			host := strconv.Itoa(os.Getpid())
			dir := t.TempDir()
			database, key := filepath.Join(dir, "payhost.db"), filepath.Join(dir, "seal.key")
			require.NoError(t, os.WriteFile(database, []byte("invoices"), 0o600))
			require.NoError(t, os.WriteFile(key, []byte("key"), 0o600))
			sockets, err := filepath.Glob(filepath.Join(victim.child.directory(), "plugin*"))
			require.NoError(t, err)
			require.Len(t, sockets, 1)
			secret := new(uint64)

			files := c.Files
			if cfg.RunAs != nil {
				files = active("mode 0600 of another user")
			}
			attempts := []attempt{
				{"read " + database, files, true},
				{"write " + database, files, true},
				{"read " + key, files, true},
				{"read /proc/" + host + "/environ", c.OtherProcesses, false},
				{"read /proc/" + host + "/maps", c.OtherProcesses, false},
				{"read-memory " + host, c.OtherProcesses, false},
				{fmt.Sprintf("peek %s %d", host, uintptr(unsafe.Pointer(secret))), c.OtherProcesses, false},
				{"read-memory " + strconv.Itoa(victim.PID()), c.OtherProcesses, false},
				{"dial " + sockets[0], c.Sockets, true},
				{"kill " + host + " 0", c.Signals, true},
				{"kill " + strconv.Itoa(victim.PID()) + " 0", c.Signals, true},
			}
			if c.Signals.Active { // otherwise they would be carried out
				attempts = append(attempts, attempt{"kill " + host + " 15", c.Signals, true}, attempt{"kill " + strconv.Itoa(victim.PID()) + " 9", c.Signals, true})
			}
			told := len(attempts)
			// A thread of the host that shared the plugin's domain would be a door to all of it.
			for _, thread := range threadsOf(t, os.Getpid()) {
				attempts = append(attempts, attempt{"kill-thread " + host + " " + thread, c.Signals, true},
					attempt{fmt.Sprintf("peek %s %d", thread, uintptr(unsafe.Pointer(secret))), c.OtherProcesses, false})
			}
			for i, a := range attempts {
				got := mustAsk(t, p, a.command)
				if i < told {
					t.Logf("%-40.60s %-45.60s %s", a.command, got, a.by)
				}
				switch {
				case a.by.Active:
					require.Contains(t, got, "refused", a.command)
				case a.same:
					require.Equal(t, "open", got, "%s: the report calls it open (%s)", a.command, a.by)
				}
			}
			require.Equal(t, "hi", mustAsk(t, victim, "echo hi"))
			if files.Active {
				content, err := os.ReadFile(database)
				require.NoError(t, err)
				require.Equal(t, "invoices", string(content))
			}
		})
	}
}

func threadsOf(t *testing.T, pid int) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A secret in the host's environment is in no plugin's environment, arguments or open files, and there is no core to hold it.
func TestPlantedSecretReachesNoPlugin(t *testing.T) {
	const secret = "planted-5f1c0a"
	self, err := os.Executable()
	require.NoError(t, err)
	host := exec.Command(self, childArg+"host", shortDir(t))
	host.Env = append(os.Environ(), "PAYHOST_TOKEN="+secret)
	out, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	defer func() {
		require.NoError(t, host.Process.Kill())
		_ = host.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	fields := strings.Fields(line)
	require.Equal(t, "ready", fields[0], line)
	planted, err := os.ReadFile("/proc/" + strconv.Itoa(host.Process.Pid) + "/environ")
	require.NoError(t, err)
	require.Contains(t, string(planted), secret, "otherwise this shows nothing")

	dir := "/proc/" + fields[1]
	for _, name := range []string{"environ", "cmdline"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NotEmpty(t, data)
		require.NotContains(t, string(data), secret, name)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "fd"))
	require.NoError(t, err)
	for _, e := range entries {
		path := filepath.Join(dir, "fd", e.Name())
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		target, err := os.Readlink(path)
		require.NoError(t, err)
		if strings.HasPrefix(target, "anon_inode:") {
			continue // an event counter of the runtime, which shows as a file
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err, target)
		require.NotContains(t, string(data), secret, path)
	}
	limits, err := os.ReadFile(filepath.Join(dir, "limits"))
	require.NoError(t, err)
	require.Regexp(t, `Max core file size\s+0\s+0`, string(limits))
}
