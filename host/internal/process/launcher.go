package process

import (
	"errors"
	"os"
	"runtime"
)

var errClosed = errors.New("process: the run directory is closed")

// launcher starts every process of one host from one goroutine that is locked to its thread for as long as the launcher
// lives. The kernel's parent-death signal is bound to the thread that forked, not to the process: from an ordinary goroutine,
// the Go runtime ending an idle thread would kill the plugin (go.dev/issue/27505).
//
// The goroutine never unlocks its thread, so the thread ends with it, and the kernel kills a child that is still there.
type launcher struct {
	requests chan launchRequest
	quit     chan struct{}
	done     chan struct{}
}

type launchRequest struct {
	path string
	argv []string
	attr *os.ProcAttr
	// reply is buffered, so that the thread never waits for a caller.
	reply chan launchReply
}

type launchReply struct {
	proc *os.Process
	err  error
}

func newLauncher() *launcher {
	l := &launcher{requests: make(chan launchRequest), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		runtime.LockOSThread()
		for {
			select {
			case r := <-l.requests:
				// The host's own descriptors are opened close-on-exec by Go, those it inherited may not be.
				proc, err := (*os.Process)(nil), closeOnExec()
				if err == nil {
					proc, err = startProcess(r.path, r.argv, r.attr)
				}
				r.reply <- launchReply{proc, err}
			case <-l.quit:
				return
			}
		}
	}()
	return l
}

// start forks and executes, and returns when the program is running or could not be.
func (l *launcher) start(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	r := launchRequest{path: path, argv: argv, attr: attr, reply: make(chan launchReply, 1)}
	select {
	case l.requests <- r:
	case <-l.quit:
		return nil, errClosed
	}
	reply := <-r.reply
	return reply.proc, reply.err
}

// close must be called once, after every process has ended.
func (l *launcher) close() {
	close(l.quit)
	<-l.done
}
