package process

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	// shutdownMethod is go-plugin's request to end. It is called directly because go-plugin's own call has no deadline (H2).
	shutdownMethod = "/plugin.GRPCController/Shutdown"

	// shutdownWait bounds that call. A plugin that does not answer it in this time is frozen.
	shutdownWait = 2 * time.Second

	// stopGrace bounds the whole polite part of Stop, whatever the caller's context allows.
	stopGrace = 5 * time.Second
)

// Stop asks the plugin to end and kills its whole process group if it has not when ctx ends, or after 5 s; a plugin that does
// not even take the request is killed after 2 s. Calls in flight fail as if the plugin had crashed, so drain first (H7).
//
// It returns when nothing of the process is left. The only error is a process that the kernel cannot end. Stopping a process
// that has ended, or stopping twice, is fine.
func (p *Process) Stop(ctx context.Context) error {
	p.requested.Store(true)
	select {
	case p.stop <- struct{}{}:
		defer func() { <-p.stop }()
		p.askToEnd(ctx)
	case <-p.child.exited:
	case <-ctx.Done(): // another Stop is being patient; this caller no longer is
	}
	return p.end()
}

// askToEnd returns when the process has ended or patience is over.
func (p *Process) askToEnd(ctx context.Context) {
	select {
	case <-p.child.exited:
		return
	default:
	}
	grace, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	call, cancelCall := context.WithTimeout(grace, shutdownWait)
	defer cancelCall()
	err := p.conn.Invoke(call, shutdownMethod, &emptypb.Empty{}, &emptypb.Empty{})
	// The plugin's server closes the connection while it handles the call, so Unavailable is the usual answer.
	if err != nil && status.Code(err) != codes.Unavailable {
		return
	}
	select {
	case <-p.child.exited:
	case <-grace.Done():
	}
}

// Kill ends the whole process group with SIGKILL and returns when nothing of the process is left, or after 5 s if the kernel
// cannot end it. Killing twice, or a process that has ended, is fine.
func (p *Process) Kill() {
	p.requested.Store(true)
	if err := p.end(); err != nil {
		p.cfg.Logger.Error("killing a plugin process", "plugin", p.cfg.Name, "error", err)
	}
}

// end kills what is left and waits until everything has been cleaned up.
func (p *Process) end() error {
	select {
	case <-p.child.exited:
	default:
		p.forced.Store(true)
		p.child.kill()
	}
	if !waitFor(p.cleaned, killWait) {
		return fmt.Errorf("process: %s (pid %d) does not end after SIGKILL", p.cfg.Name, p.child.pid())
	}
	return nil
}
