package process

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A host in a sandbox that forbids tracing, clone3 or Landlock starts plugins all the same, and the report names what is missing.
func TestStartInSandbox(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		forbidden string
		missing   []string // measures that must not be called active
		reason    string
	}{
		"no tracing":  {"ptrace", []string{"files", "abstract_sockets"}, "tracing is refused"},
		"no clone3":   {"clone3", []string{"tree"}, "only the process group is ended"},
		"no Landlock": {"landlock", []string{"files", "abstract_sockets"}, "Landlock"},
	} {
		t.Run(name, func(t *testing.T) {
			host := exec.Command(self, childArg+"sandboxed", shortDir(t), tc.forbidden)
			host.Stderr = os.Stderr
			out, err := host.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, host.Start())
			report := map[string]string{}
			answer := ""
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if key, value, ok := strings.Cut(lines.Text(), "="); ok {
					report[key] = value
				} else {
					answer += lines.Text()
				}
			}
			require.NoError(t, host.Wait())
			require.Equal(t, "hi <nil>", answer)
			for _, measure := range tc.missing {
				require.Contains(t, report[measure], "not available: ", measure)
				if measure == tc.missing[0] {
					require.Contains(t, report[measure], tc.reason)
				}
			}
			require.Contains(t, report["no_new_privileges"], "active: ")
			require.Contains(t, report["core_dumps"], "active: 0")
		})
	}
}

// sandboxed is a host under a filter of system calls.
func sandboxed(parent, forbidden string) {
	calls := map[string]uint32{"ptrace": unix.SYS_PTRACE, "clone3": unix.SYS_CLONE3, "landlock": unix.SYS_LANDLOCK_CREATE_RULESET}
	errno := map[string]uint32{"ptrace": uint32(unix.EPERM), "clone3": uint32(unix.ENOSYS), "landlock": uint32(unix.EOPNOTSUPP)}
	if err := forbid(calls[forbidden], errno[forbidden]); err != nil {
		fmt.Println("error", err)
		return
	}
	dir, err := OpenRunDir(parent)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	self, _ := os.Readlink("/proc/self/exe")
	p, err := Start(context.Background(), Config{
		Name: "probe", Path: self, Dir: dir, Args: []string{childArg + "serve"}, Handshake: testHandshake, Landlock: true,
		Plugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println(askFrom(context.Background(), p, "echo hi"))
	for _, m := range p.Confinement().All() {
		fmt.Printf("%s=%s\n", m.Name, m.Measure)
	}
	p.Kill()
	_ = dir.Close()
}

// forbid makes one system call fail in all threads, and lets the others pass.
func forbid(call, errno uint32) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, code := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if code != 0 {
		return code
	}
	return nil
}
