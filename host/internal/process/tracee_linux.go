//go:build amd64 || arm64

package process

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// traceable says that this architecture can make a fresh program call the kernel before its own first instruction.
const traceable = true

// maxStops bounds how often a fresh program may stop for something else than what it was asked to do.
const maxStops = 16

var errGone = errors.New("the program ended before its first instruction")

// tracee is a program that has just been executed under PTRACE_TRACEME and stands before its first instruction. It can be
// made to call the kernel on its own behalf. That is how Landlock comes to a plugin: it binds the calling thread and can
// never be taken off, so it must not be laid on any thread of the host. A host thread inside the plugin's domain would also
// be a thread that the plugin may signal and trace.
//
// All methods must be called on the thread that forked the program.
type tracee struct {
	pid   int
	saved registers
	text  []byte // what stood at the first instruction
}

// attach waits until the program stands still. A program that has ended is left for the one who reaps it.
func attach(pid int) (*tracee, error) {
	t := &tracee{pid: pid}
	if err := t.await(); err != nil {
		return nil, err
	}
	var err error
	if t.saved, err = readRegisters(pid); err != nil {
		return nil, fmt.Errorf("reading registers: %w", err)
	}
	t.text = make([]byte, len(trapCode()))
	if _, err = unix.PtracePeekText(pid, t.saved.counter(), t.text); err != nil {
		return nil, fmt.Errorf("reading the first instruction: %w", err)
	}
	return t, nil
}

// await returns when the program has stopped. It peeks first: an ended program must stay a zombie.
func (t *tracee) await() error {
	const trapped, stopped = 4, 5 // CLD_TRAPPED, CLD_STOPPED
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, t.pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("waiting for the fresh program: %w", err)
		case info.Code != trapped && info.Code != stopped:
			return errGone
		}
		return nil
	}
}

// take makes the kernel forget the stop that await has seen, so that the next await sees the next one.
func (t *tracee) take() {
	_ = unix.Waitid(unix.P_PID, t.pid, nil, unix.WSTOPPED|unix.WNOHANG, nil)
}

// call makes the program call the kernel once. An error of the call is a [syscall.Errno].
func (t *tracee) call(number uintptr, args ...uintptr) error {
	if _, err := unix.PtracePokeText(t.pid, t.saved.counter(), trapCode()); err != nil {
		return fmt.Errorf("writing a system call: %w", err)
	}
	regs := t.saved.forCall(number, args)
	if err := regs.write(t.pid); err != nil {
		return fmt.Errorf("writing registers: %w", err)
	}
	for range maxStops {
		t.take()
		if err := unix.PtraceCont(t.pid, 0); err != nil {
			return fmt.Errorf("running a system call: %w", err)
		}
		if err := t.await(); err != nil {
			return err
		}
		now, err := readRegisters(t.pid)
		if err != nil {
			return fmt.Errorf("reading registers: %w", err)
		}
		if now.counter() == t.saved.counter() {
			continue // it stopped for a signal before the call
		}
		if result := now.result(); result < 0 {
			return syscall.Errno(-result)
		}
		return nil
	}
	return errors.New("the fresh program does not come to its system call")
}

// lendDepth is how far below the program's stack pointer data is lent to a call. The kernel maps much more than this there.
const lendDepth = 1 << 10

// lend puts data where a call can read it, and returns its address. What was there has no meaning yet.
func (t *tracee) lend(data []byte) (uintptr, error) {
	at := t.saved.stack() - lendDepth
	if _, err := unix.PtracePokeData(t.pid, at, data); err != nil {
		return 0, fmt.Errorf("writing to the fresh program: %w", err)
	}
	return at, nil
}

// release puts everything back and lets the program run its first instruction, or what else it should die of.
func (t *tracee) release() error {
	_, err := unix.PtracePokeText(t.pid, t.saved.counter(), t.text)
	if err = errors.Join(err, t.saved.write(t.pid)); err != nil {
		return fmt.Errorf("restoring the fresh program: %w", err)
	}
	t.take()
	if err := unix.PtraceDetach(t.pid); err != nil {
		return fmt.Errorf("releasing the fresh program: %w", err)
	}
	return nil
}
