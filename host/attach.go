package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/sdk/plugin"
)

// attachedGeneration connects to a plugin that somebody else runs. Its health is not watched, because a breakpoint would look
// like a freeze.
func (h *Host) attachedGeneration(ctx context.Context, id int64, p Plugin) (*generation, error) {
	// Whoever can put a socket there would get the accounts' secrets.
	info, err := os.Stat(filepath.Dir(p.Attach))
	if err != nil {
		return nil, fmt.Errorf("attaching to %s: %w", p.Attach, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("attaching to %s: its folder is open to other users; it must have mode 0700", p.Attach)
	}
	conn, err := grpc.NewClient("unix:"+p.Attach, append(plugin.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0), grpc.WithNoProxy())...)
	if err != nil {
		return nil, err
	}
	a := &attachment{conn: conn, exited: make(chan struct{})}
	client := plugin.NewClient(conn, plugin.ClientConfig{Runtime: h.runtime(p.Name), Logger: h.log, Unary: p.Unary})
	if err := client.Start(ctx); err != nil {
		return nil, fmt.Errorf("attaching to %s: %w", p.Attach, joinClose(err, conn))
	}
	go a.watch()
	h.log.Warn("attached to a plugin that runs outside of the host: no limits, no confinement, deadlines of hours; never in production",
		"plugin", p.Name, "socket", p.Attach)
	g := newGeneration(id, client)
	g.proc, g.exited, g.manifest, g.containment = a, a.exited, client.Describe(), "attached"
	return g, nil
}

func joinClose(err error, conn *grpc.ClientConn) error {
	_ = conn.Close()
	return err
}

// attachment is the connection to a plugin that the host did not start. Its end is the end of the connection.
type attachment struct {
	conn   *grpc.ClientConn
	once   sync.Once
	exited chan struct{}
}

// watch ends with the connection.
func (a *attachment) watch() {
	for state := a.conn.GetState(); state == connectivity.Ready; state = a.conn.GetState() {
		a.conn.WaitForStateChange(context.Background(), state)
	}
	a.Kill()
}

// Alive implements running.
func (a *attachment) Alive() bool {
	select {
	case <-a.exited:
		return false
	default:
		return true
	}
}

// Kill implements running: it lets go of the process.
func (a *attachment) Kill() {
	a.once.Do(func() {
		_ = a.conn.Close()
		close(a.exited)
	})
}

// Stop implements running.
func (a *attachment) Stop(context.Context) error {
	a.Kill()
	return nil
}

// Exit implements running.
func (a *attachment) Exit() process.ExitInfo {
	<-a.exited
	return process.ExitInfo{Code: -1, Requested: true}
}

// Usage implements running: nothing is known of the process.
func (a *attachment) Usage() process.Usage { return process.Usage{} }

// LastLog implements running: what it prints goes to whoever started it.
func (a *attachment) LastLog(int) []string { return nil }
