package process

import (
	"errors"
	"os"
	"runtime"
)

var errClosed = errors.New("process: the run directory is closed")

// launcher starts every process of one host from one goroutine that is locked to its thread for as long as the launcher
// lives. The kernel's parent-death signal is bound to the thread that forked, not to the process: from an ordinary goroutine,
// the Go runtime ending an idle thread would kill the plugin (go.dev/issue/27505). The same holds for tracing a fresh program.
//
// The thread gives up for itself what no plugin shall inherit; the host's other threads keep it, because the Go runtime makes
// no thread from a locked one. The goroutine never unlocks its thread, so the thread ends with it, and the kernel kills a child
// that is still there.
type launcher struct {
	requests chan launchRequest
	quit     chan struct{}
	done     chan struct{}
}

// launchRequest is one process to be started.
type launchRequest struct {
	path  string
	argv  []string
	attr  *os.ProcAttr
	cfg   *Config
	group *group   // nil if there are no control groups
	rules *ruleset // nil if file access is not confined
	// report says why what is nil above is nil; the launcher completes it.
	report Confinement
	// reply is buffered, so that the thread never waits for a caller.
	reply chan launchReply
}

type launchReply struct {
	proc   *os.Process
	report Confinement
	err    error
}

func newLauncher() *launcher {
	l := &launcher{requests: make(chan launchRequest), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		runtime.LockOSThread()
		thread := giveUpRights()
		for {
			select {
			case r := <-l.requests:
				r.report.NoNewPrivileges, r.report.Capabilities = thread.NoNewPrivileges, thread.Capabilities
				r.reply <- r.launch()
			case <-l.quit:
				return
			}
		}
	}()
	return l
}

// start forks and executes, and returns when the program is running or could not be.
func (l *launcher) start(r launchRequest) (*os.Process, Confinement, error) {
	r.reply = make(chan launchReply, 1)
	select {
	case l.requests <- r:
	case <-l.quit:
		return nil, Confinement{}, errClosed
	}
	reply := <-r.reply
	return reply.proc, reply.report, reply.err
}

// close must be called once, after every process has ended.
func (l *launcher) close() {
	close(l.quit)
	<-l.done
}
