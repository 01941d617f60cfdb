package process

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/hashicorp/go-plugin/runner"
)

// The rest of runner.Runner; Start is in child.go.
var _ runner.Runner = (*child)(nil)

// Wait implements runner.Runner; go-plugin calls it once both pipes have ended.
func (c *child) Wait(ctx context.Context) error {
	select {
	case <-c.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill implements runner.Runner. It is bounded, and does nothing before the start.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	started := c.proc != nil
	c.mu.Unlock()
	if !started {
		return nil
	}
	c.kill()
	if !waitFor(c.exited, killWait) {
		return fmt.Errorf("process: %s (pid %d) does not end after SIGKILL", c.cfg.Name, c.pid())
	}
	return nil
}

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.handshake }

// Stderr implements runner.Runner. It never yields a byte: go-plugin's log parser can be made to panic.
func (c *child) Stderr() io.ReadCloser { return c.silence }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cfg.argv0() }

// ID implements runner.Runner. It is never empty: go-plugin's Kill leaves the socket directory behind otherwise.
func (c *child) ID() string { return strconv.Itoa(c.pid()) }

// Diagnose implements runner.Runner. The package writes its own diagnosis, see StartError.
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner. It is where the address of the handshake can be refused.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, checkAddress(network, address, c.dir)
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
