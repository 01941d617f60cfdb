//go:build !unix

package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

const (
	canLock      = false
	containment  = "process"
	openNoFollow = 0
)

func childAttr() *syscall.SysProcAttr { return nil }

// tryLock has nothing to take: stale directories are not swept here.
func tryLock(*os.File) error { return nil }

func ownedByUs(os.FileInfo) bool { return false }

// executable cannot be told from the mode here.
func executable(os.FileInfo) bool { return true }

func startProcess(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	return os.StartProcess(path, argv, attr)
}

// killTree kills the one process; its children are not known here.
func killTree(proc *os.Process) { _ = proc.Kill() }

func killGroup(int) {}

func signalName(*os.ProcessState) string { return "" }

// checkAddress accepts what go-plugin uses here: a loopback TCP port.
func checkAddress(network, address, _ string) error {
	host, _, err := net.SplitHostPort(address)
	if network != "tcp" || err != nil || !net.ParseIP(host).IsLoopback() {
		return errors.Join(fmt.Errorf("the plugin announced the address %q (%s); only loopback TCP is accepted", cleanText(address), cleanText(network)), err)
	}
	return nil
}
