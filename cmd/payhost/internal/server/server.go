package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/rest"
	"github.com/payhost/payhost/host/store/sqlite"
)

// Options are what a command gives to [Run].
type Options struct {
	// Config is the configuration, already loaded.
	Config *config.Config
	// Secrets resolves the references in it.
	Secrets config.Secrets
	// Reread loads the configuration again, for reloading; nil keeps Config. LookupEnv is the environment for its references.
	Reread    func() (*config.Config, error)
	LookupEnv func(string) (string, bool)
	// Hangup, when it gets a value, reloads: what a program makes of SIGHUP.
	Hangup <-chan os.Signal
	// Dev runs the binaries found in plugins_dir, pinned by nobody, instead of those that the lock pins.
	Dev bool
	// Record names accounts whose exchanges with their providers are written below [RecordDir].
	Record []string
	// Attach are sockets, by plugin name, of plugins that run outside under a debugger; deadlines are then hours.
	Attach map[string]string
	// Logger receives the records of the host, its plugins and the HTTP servers.
	Logger *slog.Logger
	// Cut, when closed, stops without draining.
	Cut <-chan struct{}
	// Ready is called once when calls are served. It must not block for long.
	Ready func(Running)
}

// Running tells where a started host can be reached.
type Running struct {
	// API, Webhooks and Ops are base URLs of what listens; they are equal where one listener serves several.
	API, Webhooks, Ops string
	// PublicURL is the base of the webhook URLs that providers are given.
	PublicURL string
	// AdminTokenPath is the file with the token that was made because the configuration has none; else empty.
	AdminTokenPath string
	// Plugins are what runs.
	Plugins []host.Plugin
}

// Run serves until ctx ends or something fails for good. It returns nil after a drain.
func Run(ctx context.Context, o Options) error {
	if err := os.MkdirAll(o.Config.DataDir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	if err := o.Config.CheckSecrets(ctx, o.Secrets); err != nil {
		return err
	}
	tokens, tokenPath, err := o.tokens(ctx)
	if err != nil {
		return err
	}
	plugins, err := o.plugins(o.Config)
	if err != nil {
		return err
	}
	for _, w := range o.Config.Warnings() {
		o.Logger.Warn(w.Message, "file", w.File, "line", w.Line, "field", w.Path)
	}
	listeners, err := listen(ctx, o.Config.Listen)
	if err != nil {
		return err
	}
	defer listeners.close()

	st, err := sqlite.Open(o.Config.SQLitePath(), sqlite.Options{Logger: o.Logger})
	if err != nil {
		return err
	}
	running := listeners.running(o.Config.PublicURL)
	running.AdminTokenPath, running.Plugins = tokenPath, plugins
	h, err := host.New(o.relaxed(host.Config{
		Store: st, Plugins: plugins, Accounts: accounts(o.Config), PublicURL: running.PublicURL, Logger: o.Logger, Secrets: o.Secrets,
		Record: host.Record{Dir: RecordDir(o.Config), Accounts: o.Record},
	}))
	if err != nil {
		return errors.Join(err, st.Close())
	}
	streams := make(chan struct{})
	s := &serving{options: o, host: h, listeners: listeners, streams: streams, running: running}
	//nolint:contextcheck // every request brings a context of its own
	api, err := rest.New(h, rest.Config{Tokens: tokens, Logger: o.Logger, Timeout: o.callTimeout(), Done: streams, Reload: s.reload,
		Metrics: scrapes(h), OpenMetrics: listeners.private(partOps)})
	if err != nil {
		return errors.Join(err, st.Close())
	}
	return errors.Join(s.run(ctx, api), st.Close())
}

// RecordDir is where recordings go, a directory for each account.
func RecordDir(c *config.Config) string { return filepath.Join(c.DataDir, "recordings") }

// serving is one run.
type serving struct {
	options   Options
	host      *host.Host
	listeners *listeners
	streams   chan struct{} // closed when streams shall end
	running   Running
}

func (s *serving) run(ctx context.Context, api http.Handler) error {
	// The host outlives ctx, because requests that are being served need it.
	life, stopHost := context.WithCancel(context.WithoutCancel(ctx))
	defer stopHost()
	hostEnded := make(chan error, 1)
	go func() { hostEnded <- s.host.Run(life) }()
	serverEnded := s.listeners.serve(api, s.options.Logger)
	var watcher sync.WaitGroup
	defer watcher.Wait()
	watching, stopWatching := context.WithCancel(ctx)
	defer stopWatching()

	ready := s.host.Ready()
	for {
		select {
		case <-ready:
			ready = nil
			watcher.Go(func() { s.watch(watching) })
			if s.options.Ready != nil {
				s.options.Ready(s.running)
			}
			continue
		case err := <-hostEnded:
			close(s.streams)
			s.listeners.close()
			return err
		case err := <-serverEnded:
			stopHost()
			return errors.Join(err, s.drain(ctx, hostEnded, stopHost))
		case <-ctx.Done():
			s.options.Logger.Info("stopping: finishing what is being served; a second signal cuts it short")
			return s.drain(ctx, hostEnded, stopHost)
		}
	}
}

// drain stops taking requests, answers those that are being served and then stops the host.
func (s *serving) drain(ctx context.Context, hostEnded <-chan error, stopHost context.CancelFunc) error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-s.options.Cut:
			s.options.Logger.Warn("cutting: operations in flight become unknown and are found at the next start")
			s.host.Cut()
			s.listeners.close()
		case <-done:
		}
	}()
	close(s.streams)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.callTimeout())
	defer cancel()
	err := s.listeners.shutdown(ctx)
	stopHost()
	return errors.Join(err, <-hostEnded)
}

func listenOn(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}
