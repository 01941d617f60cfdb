package plugin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/payhost/payhost/sdk/pay"
)

// serveDebug serves p on a private socket until a signal, so that an author runs the plugin under a debugger and lets a host attach
// to it: nothing starts it, watches it or kills it.
func serveDebug(p pay.Provider, name string, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "payhost-debug-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "plugin.sock")
	var lc net.ListenConfig
	listener, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	s := newServer(p, logger, time.Now)
	server := grpc.NewServer(serverOptions(logger)...)
	registerServices(server, s, logger)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		server.Stop()
	}()
	_, _ = fmt.Fprintf(stdout, "waiting for a host; start it with\n\n  payhost serve --attach %s=%s\n\n", name, path)
	err = server.Serve(listener)
	s.guard.end()
	return err
}
