//go:build unix

package plugin

import (
	"os"
	"syscall"
)

// protectStdout keeps the handshake apart from everything that prints. The real standard output is moved to a descriptor of
// its own, where go-plugin finds it through os.Stdout, and descriptor 1 becomes standard error: prints of C libraries and of
// child processes would otherwise end up in the handshake, and a first line that is none fails the start.
func protectStdout() error {
	syscall.ForkLock.RLock() // no child must be forked before the descriptor closes on exec
	saved, err := syscall.Dup(1)
	if err == nil {
		syscall.CloseOnExec(saved)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return err
	}
	if err := redirect(2, 1); err != nil {
		return err
	}
	os.Stdout = os.NewFile(uintptr(saved), "handshake")
	return nil
}
