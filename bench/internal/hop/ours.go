// Package hop measures one create call between two processes: ours with everything it carries, beside peers that carry the same
// messages and nothing else.
package hop

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// Starter starts our plugin processes as a host does.
type Starter struct {
	dir    *process.RunDir
	images *process.Images
	path   string
}

// NewStarter prepares starts of bin/plugin.
func NewStarter(bin string) (*Starter, error) {
	dir, err := process.OpenRunDir("")
	if err != nil {
		return nil, err
	}
	return &Starter{dir: dir, images: process.NewImages(), path: filepath.Join(bin, "plugin")}, nil
}

// Close ends what is left of the starter. All its processes must have ended.
func (s *Starter) Close() error { return errors.Join(s.images.Close(), s.dir.Close()) }

// Start starts one process and returns when it has answered its handshake.
func (s *Starter) Start(ctx context.Context) (*process.Process, error) {
	return process.Start(ctx, process.Config{
		Name: echo.Name, Path: s.path, Dir: s.dir, Images: s.images, Handshake: plugin.Handshake(), Plugins: plugin.VersionedPlugins(),
		DialOptions: plugin.DialOptions(), Landlock: true,
	})
}

// Open makes a connection usable for calls, as a host does before the first one. Calls go over the stream lane unless they are to
// be plain ones.
func Open(ctx context.Context, conn grpc.ClientConnInterface, unary bool) (pay.Account, error) {
	client := plugin.NewClient(conn, plugin.ClientConfig{Unary: unary})
	if err := client.Start(ctx); err != nil {
		return nil, err
	}
	return client.Open(ctx, echo.Opening())
}

// Create is one host call: deadline, frame with trace context and keys, conversions, checks of the answer, verdict.
func Create(ctx context.Context, account pay.Account, req pay.CreateInvoice) error {
	deadline := time.Now().Add(echo.Deadline)
	req.Call.Deadline = deadline
	call := plugin.NewCallContext(ctx, deadline, req.Call)
	defer call.End()
	state, err := account.CreateInvoice(call, req)
	if err == nil && state.Status != pay.StatusPending {
		err = errors.New("hop: the answer is not the provider's")
	}
	return err
}
