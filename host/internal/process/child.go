package process

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// drainTime is how long output is still read after the process has ended: what it wrote is in the pipes by then, and a
	// grandchild outside the group may hold them open for ever (H3).
	drainTime = 200 * time.Millisecond

	// killWait bounds the wait for a killed process. Only one stuck in the kernel takes longer.
	killWait = 5 * time.Second
)

var errAbandoned = errors.New("the start was given up")

// child is the operating-system side of a Process: it implements go-plugin's runner. go-plugin sees none of the plugin's
// output but the handshake line, and waits for nothing that a plugin could withhold.
type child struct {
	cfg  Config
	img  *image
	logs *logSink

	certificates *certificates // nil where the kernel names the peer

	bundle string // directory of the verified files beside the binary, or ""

	handshake *onceReader // go-plugin's view of fd 1
	silence   *onceReader // go-plugin's view of fd 2

	exited  chan struct{} // closed when reaped
	drained chan struct{} // closed when the output has been read to the end; implies exited

	mu     sync.Mutex       // guards the fields below; held for kill and reap, so that a signal cannot hit a reused id
	dir    string           // the socket directory go-plugin made for this process; written once, before Start
	env    []string         // complete; written once, before Start
	proc   *os.Process      // nil until started
	state  *os.ProcessState // nil until reaped, and when another reaper was faster
	killed bool             // the host asked for the end by signal
	over   bool             // reaped, or never to be started
	group  *group           // nil if there are no control groups; written once, before the start
	report Confinement      // written once, when started
	ran    ImageInfo        // written once, when started
	reason string           // why the host killed it, if it was not asked to by a caller
	oom    bool             // the kernel ended it for its memory

	watched bool // the host itself looks at its memory; written once, when started

	firstPrint string // first line on stdout that was no handshake, for the error text
}

func newChild(cfg Config, img *image, logs *logSink) *child {
	return &child{
		cfg: cfg, img: img, logs: logs,
		handshake: newOnceReader(), silence: newOnceReader(),
		exited: make(chan struct{}), drained: make(chan struct{}),
	}
}

// Start implements runner.Runner. go-plugin calls it once.
func (c *child) Start(context.Context) (err error) {
	var opened []*os.File
	defer func() {
		for _, f := range opened {
			_ = f.Close()
		}
	}()
	open := func(f *os.File, err2 error) *os.File {
		if err = errors.Join(err, err2); f != nil {
			opened = append(opened, f)
		}
		return f
	}
	null := open(os.OpenFile(os.DevNull, os.O_RDONLY, 0)) // go-plugin would pass on the host's stdin
	outR, outW, err2 := os.Pipe()
	if outW = open(outW, err2); err != nil {
		return err
	}
	errR, errW, err2 := os.Pipe()
	if errW = open(errW, err2); err != nil {
		return errors.Join(err, outR.Close())
	}
	proc, err := c.launch(&os.ProcAttr{Dir: c.dir, Env: c.env, Files: []*os.File{null, outW, errW}})
	if err == nil {
		err = c.adopt(proc)
	}
	if err != nil {
		c.removeGroup()
		return errors.Join(err, outR.Close(), errR.Close())
	}
	c.watch(proc.Pid)

	var readers sync.WaitGroup
	readers.Go(func() { c.readStdout(outR) })
	readers.Go(func() { scanLines(errR, c.logs.stream("")) })
	go c.reap(&readers, outR, errR)
	return nil
}

// adopt makes the process ours, unless the start was given up while the program was being executed.
func (c *child) adopt(proc *os.Process) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		c.killAll(proc)
		_, err := proc.Wait()
		return errors.Join(errAbandoned, err)
	}
	c.proc = proc
	c.logs.pid.Store(int64(proc.Pid))
	if c.killed {
		c.killAll(proc)
	}
	return nil
}

// killAll ends the process with all its descendants that can be told as such. It is called with the mutex held, and before the
// process is reaped.
func (c *child) killAll(proc *os.Process) {
	killTree(proc)
	if c.group != nil {
		c.group.kill()
	}
}

// readStdout passes the first line that looks like a handshake to go-plugin. All other lines, before and after, of any length,
// are the plugin printing to the wrong place: they are logged, and the pipe is drained until the end.
func (c *child) readStdout(r io.Reader) {
	take := c.logs.stream("stdout")
	found := false
	scanLines(r, func(line []byte, truncated bool) {
		if !found && !truncated {
			if clean, ok := handshakeLine(line); ok {
				found = true
				c.handshake.deliver(clean)
				return
			}
		}
		if !found {
			c.mu.Lock()
			if c.firstPrint == "" {
				c.firstPrint = string(line[:min(len(line), 200)])
			}
			c.mu.Unlock()
		}
		take(line, truncated)
	})
}

// reap waits for the end, ends what the plugin left behind, and tells everybody.
func (c *child) reap(readers *sync.WaitGroup, pipes ...*os.File) {
	zombie := awaitExit(c.proc.Pid)
	if zombie {
		// The group is killed while the zombie still holds its id, so the signal cannot hit a stranger.
		c.mu.Lock()
		c.killAll(c.proc)
		state, _ := c.proc.Wait()
		c.state, c.over = state, true
		c.mu.Unlock()
	} else {
		state, _ := c.proc.Wait() // fails only if the embedding program reaps everybody's children
		c.mu.Lock()
		if state != nil {
			killGroup(c.proc.Pid) // a moment ago this was ours
		}
		if c.group != nil {
			c.group.kill() // this one cannot be anybody else's
		}
		c.state, c.over = state, true
		c.mu.Unlock()
	}
	c.noteMemory()
	close(c.exited)

	for _, f := range pipes {
		if err := f.SetReadDeadline(time.Now().Add(drainTime)); err != nil {
			_ = f.Close() // no deadline on this system's pipes: better to lose the last lines than to hang
		}
	}
	c.removeGroup()
	readers.Wait()
	for _, f := range pipes {
		_ = f.Close()
	}
	c.handshake.end()
	c.silence.end()
	close(c.drained)
}

// kill sends SIGKILL to the whole group and returns at once. A process that has not been started never will be.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.killed = true
	if c.proc != nil {
		c.killAll(c.proc)
	}
}

// killBecause is for the host's own decisions; the first reason stays.
func (c *child) killBecause(reason string) {
	c.mu.Lock()
	if c.reason == "" && !c.over && !c.killed {
		c.reason = reason
	}
	c.mu.Unlock()
	c.kill()
}

// abandon ends a child that was never started, for instance because the exec failed.
func (c *child) abandon() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc != nil || c.over {
		return false
	}
	c.over = true
	close(c.exited)
	close(c.drained)
	return true
}

// pid is 0 before the start.
func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return 0
	}
	return c.proc.Pid
}

// environment is go-plugin's own variables, what the SDK needs, and what the caller added; nothing of the host's.
func (c *child) environment(handshake []string, dir string) []string {
	env := slices.Clone(handshake)
	env = append(env, ParentPIDEnv+"="+strconv.Itoa(os.Getpid()), "TMPDIR="+dir)
	if c.bundle != "" {
		env = append(env, BundleEnv+"="+c.bundle)
	}
	if c.certificates != nil {
		env = append(env, CertificateEnv+"="+filepath.Join(dir, certificateFile))
	}
	env = append(env, c.cfg.runtimeEnv()...)
	return append(env, c.cfg.Env...)
}

// prepare takes what go-plugin has decided.
func (c *child) prepare(handshake []string, dir string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dir, c.env = dir, c.environment(handshake, dir)
}

// directory is empty if go-plugin never got as far as making one.
func (c *child) directory() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dir
}

// waitFor reports whether the channel was closed in the given time.
func waitFor(ch <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ch:
		return true
	case <-timer.C:
		return false
	}
}
