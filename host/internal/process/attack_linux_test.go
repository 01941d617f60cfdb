package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attack is what the probe does to others. The answer is "open" or "refused: …"; an error means that the attempt says nothing.
func attack(command, arg string) (string, error) {
	first, second, _ := strings.Cut(arg, " ")
	var err error
	switch command {
	case "read":
		var f *os.File
		if f, err = os.Open(arg); err == nil {
			_, err = f.Read(make([]byte, 1))
			_ = f.Close()
		}
	case "read-memory":
		err = readMemory(first)
	case "peek":
		var pid int
		if pid, err = strconv.Atoi(first); err == nil {
			buf := make([]byte, 8)
			local := []unix.Iovec{{Base: &buf[0], Len: 8}}
			address, _ := strconv.ParseUint(second, 10, 64)
			_, err = unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: uintptr(address), Len: 8}}, 0)
		}
	case "write":
		err = os.WriteFile(arg, []byte("written by the plugin"), 0o600)
	case "list":
		_, err = os.ReadDir(arg)
	case "dial":
		err = dial(arg)
	case "kill":
		var pid, signal int
		if pid, err = strconv.Atoi(first); err == nil {
			if signal, err = strconv.Atoi(second); err == nil {
				err = syscall.Kill(pid, syscall.Signal(signal))
			}
		}
	case "kill-thread":
		var pid, thread int
		if pid, err = strconv.Atoi(first); err == nil {
			if thread, err = strconv.Atoi(second); err == nil {
				err = unix.Tgkill(pid, thread, 0)
			}
		}
	case "execute":
		err = exec.Command(first, "--version").Run()
	case "eat":
		n, convErr := strconv.Atoi(arg)
		if convErr != nil {
			return "", convErr
		}
		hoard(n)
	case "eat-child":
		err = exec.Command(filepath.Clean("/bin/sh"), "-c", "x=$(head -c "+arg+" /dev/zero | tr '\\0' x); sleep 60").Start()
	case "double-fork":
		cmd := exec.Command("/proc/self/exe", childArg+"double")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, outErr := cmd.Output()
		return strings.TrimSpace(string(out)), outErr
	default:
		return "", fmt.Errorf("unknown command %q", command)
	}
	if err != nil {
		return "refused: " + err.Error(), nil //nolint:nilerr // the refusal is the answer
	}
	return "open", nil
}

// hoarded keeps memory from the garbage collector.
var hoarded []byte

func hoard(n int) {
	hoarded = make([]byte, n)
	for i := 0; i < len(hoarded); i += 512 {
		hoarded[i] = 1
	}
}

// readMemory opens mem as an attacker would, and reads a page that is mapped in every Go program.
func readMemory(pid string) error {
	f, err := os.Open("/proc/" + pid + "/mem")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = f.ReadAt(make([]byte, 1), 0)
	if errors.Is(err, unix.EIO) {
		return nil // opened; only the address is not mapped
	}
	return err
}

func dial(path string) error {
	conn, err := net.Dial("unix", path)
	if err == nil {
		err = conn.Close()
	}
	return err
}

// doubleFork leaves a process that has no parent in the plugin's tree and is in nobody's group.
func doubleFork() {
	cmd := exec.Command("/bin/sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err == nil {
		fmt.Println(cmd.Process.Pid)
	}
}
