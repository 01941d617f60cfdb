package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// logWait bounds how long the end of a process waits for its last lines to be logged.
const logWait = time.Second

// Process is one running plugin process, from a completed handshake to its end. It cannot be restarted. All methods are safe
// for concurrent use.
type Process struct {
	cfg     Config
	child   *child
	client  *goplugin.Client
	guard   *connGuard
	conn    *grpc.ClientConn // nil until ready
	pid     int
	version int

	requested atomic.Bool   // Stop or Kill was called
	forced    atomic.Bool   // and the process was killed
	cleaned   chan struct{} // closed when nothing of the process is left
	stop      chan struct{} // a token: one Stop at a time
}

// Start verifies the binary, runs exactly the verified bytes and returns when the plugin answers on its connection. It is
// bounded by ctx and by StartTimeout, whichever ends first; ctx plays no part afterwards.
//
// Every descriptor of the host from 3 up is marked close-on-exec before the fork, so that none reaches the plugin; programs
// that pass descriptors on with os/exec do not notice.
//
// An error means that nothing is left behind: no process, file, descriptor or goroutine. A binary that is not the pinned one
// is a [*DigestError]; a plugin that was run and did not become ready is a [*StartError].
func Start(ctx context.Context, cfg Config) (*Process, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("process: %s: %w", cfg.Name, err)
	}
	images := cfg.Images
	if images == nil {
		images = NewImages()
		defer func() { _ = images.Close() }()
	}
	img, err := images.acquire(cfg.Path, cfg.SHA256)
	if err != nil {
		return nil, err
	}
	bundle, err := cfg.Dir.bundles.acquire(cfg)
	if err != nil {
		images.release(img)
		return nil, err
	}
	release := func() { images.release(img) }

	logs := newLogSink(cfg.Logger.With(slog.String("plugin", cfg.Name)), scrubber{extra: cfg.Redact})
	p := &Process{
		cfg:     cfg,
		child:   newChild(cfg, img, logs),
		guard:   &connGuard{conns: map[*grpc.ClientConn]struct{}{}},
		cleaned: make(chan struct{}),
		stop:    make(chan struct{}, 1),
	}
	p.child.bundle = bundle
	peer, certificates, err := peerCheckOf(cfg, p.child.pid)
	if err != nil {
		release()
		cfg.Dir.bundles.release(bundle)
		logs.close(logWait)
		return nil, err
	}
	p.child.certificates = certificates
	if err := cfg.Dir.register(p); err != nil {
		release()
		cfg.Dir.bundles.release(bundle)
		logs.close(logWait)
		return nil, err
	}
	stdout, stderr := &lineWriter{emit: logs.stream("stdout")}, &lineWriter{emit: logs.stream("stderr")}
	p.client = p.newClient(peer, stdout, stderr)
	go p.cleanup(stdout, stderr)

	ctx, cancel := context.WithTimeoutCause(ctx, cfg.StartTimeout, errStartTimeout)
	defer cancel()
	if err := p.connect(ctx, peer, release); err != nil {
		return nil, p.failStart(ctx, err)
	}
	cfg.Logger.Info("plugin process started", "plugin", cfg.Name, "pid", p.pid, "protocol", p.version, "sha256", img.digest)
	return p, nil
}

// newClient makes the one-shot connector. go-plugin's own messages are discarded: it logs what this package reports itself.
func (p *Process) newClient(peer peerCheck, stdout, stderr *lineWriter) *goplugin.Client {
	return goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  p.cfg.Handshake,
		VersionedPlugins: p.cfg.Plugins,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		SkipHostEnv:      true, // the host's environment would win over everything given (H8)
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.cfg.Dir.path},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			p.child.prepare(cmd.Env, dir)
			return p.child, nil
		},
		// Later than ours, so that a timeout is always reported as such; go-plugin gives up at the latest when we kill.
		StartTimeout:    p.cfg.StartTimeout + time.Minute,
		Logger:          hclog.NewNullLogger(),
		SyncStdout:      stdout, // without them prints after the handshake vanish (H15), and these never block (H13)
		SyncStderr:      stderr,
		GRPCDialOptions: dialOptions(p.cfg, peer, p.guard),
	})
}

// connect runs go-plugin's handshake and waits for a connection that has passed the peer check. It returns at the latest when
// ctx ends, plus the time it takes to kill the process. The image is released when the program runs: the kernel keeps it.
func (p *Process) connect(ctx context.Context, peer peerCheck, release func()) error {
	type result struct {
		protocol goplugin.ClientProtocol
		err      error
	}
	connected := make(chan result, 1)
	go func() {
		// Client calls Start, which holds the client's lock all the time (H12): only killing the child shortens it.
		defer release()
		protocol, err := p.client.Client()
		connected <- result{protocol, err}
	}()
	var r result
	select {
	case r = <-connected:
	case <-ctx.Done():
		p.child.kill()
		// go-plugin ends on its own once the pipes have: the handshake readers end with the process.
		select {
		case <-connected:
		case <-time.After(killWait):
		}
		return context.Cause(ctx)
	}
	if r.err != nil {
		return r.err
	}
	protocol, ok := r.protocol.(*goplugin.GRPCClient)
	if !ok {
		return fmt.Errorf("the plugin does not speak gRPC but %T", r.protocol)
	}
	if err := p.awaitReady(ctx, protocol.Conn, peer); err != nil {
		return err
	}
	p.conn, p.version, p.pid = protocol.Conn, p.client.NegotiatedVersion(), p.child.pid()
	return nil
}

// awaitReady is needed because go-plugin takes a connection that cannot be made for a plugin without stdio.
func (p *Process) awaitReady(ctx context.Context, conn *grpc.ClientConn, peer peerCheck) error {
	conn.Connect()
	for {
		state := conn.GetState()
		switch state {
		case connectivity.Ready:
			return nil
		case connectivity.TransientFailure, connectivity.Shutdown:
			if err := peer.lastError(); err != nil {
				return err
			}
			return errors.New("its socket cannot be connected to")
		case connectivity.Idle, connectivity.Connecting:
		}
		if !conn.WaitForStateChange(ctx, state) {
			return context.Cause(ctx)
		}
	}
}

// cleanup runs for the whole life of the process and removes everything once it has ended.
func (p *Process) cleanup(writers ...*lineWriter) {
	defer close(p.cleaned)
	<-p.child.drained
	// The order matters: now that the process is gone, nothing in go-plugin's Kill can wait (H2), and it removes the directory.
	p.client.Kill()
	p.guard.close()
	for _, w := range writers {
		w.flush()
	}
	if dir := p.child.directory(); dir != "" {
		_ = os.RemoveAll(dir) // what a grandchild wrote meanwhile
	}
	p.cfg.Dir.bundles.release(p.child.bundle)
	p.child.logs.close(logWait)
	p.cfg.Dir.unregister(p)
}

// Conn is the connection to the plugin. Calls on it need deadlines of their own. It is closed when the process has ended.
func (p *Process) Conn() *grpc.ClientConn { return p.conn }

// Version is the negotiated protocol version, a key of Config.Plugins.
func (p *Process) Version() int { return p.version }

// PID is the process id. It may belong to another process once Exited is closed.
func (p *Process) PID() int { return p.pid }

// Digest is the SHA-256 of the bytes that run, in lower-case hex.
func (p *Process) Digest() string { return p.child.img.digest }

// Containment names what ends the plugin's whole process tree: "cgroup", from which nothing escapes; "process-group", which a
// descendant leaves with setsid; or "process" where there are no groups.
func (p *Process) Containment() string {
	if p.Confinement().Tree.Active {
		return "cgroup"
	}
	return containment
}

// Image says what was executed: sealed memory, or a private copy of the verified bytes and why.
func (p *Process) Image() ImageInfo { return p.child.image() }

// Exited is closed as soon as the process has ended, for whatever reason, also while a grandchild still holds its pipes.
func (p *Process) Exited() <-chan struct{} { return p.child.exited }

// Alive reports whether the process runs now. It notices a death some moments before Exited does, so that a call need not be
// handed to a process that can no longer answer it.
func (p *Process) Alive() bool {
	select {
	case <-p.child.exited:
		return false
	default:
		return !hasEnded(p.pid)
	}
}
