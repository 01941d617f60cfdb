package server

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/payhost/payhost/cmd/payhost/internal/config"
	"github.com/payhost/payhost/sdk/pay"
)

// The parts of the surface that can have an address of their own.
const (
	partAPI      = "api"
	partWebhooks = "webhooks"
	partOps      = "ops"
)

// readTimeout bounds the reading of one request.
const readTimeout = 30 * time.Second

// partOf says which part of the surface a path belongs to.
func partOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/webhooks/"):
		return partWebhooks
	case path == "/healthz" || path == "/readyz" || path == "/metrics":
		return partOps
	}
	return partAPI
}

// listener serves some parts on one address.
type listener struct {
	net.Listener
	parts  map[string]bool
	server *http.Server
}

// listeners are all of a run.
type listeners struct {
	list []*listener
	of   map[string]*listener // by part
}

// listen opens the addresses. A part without one of its own is served by the API's; two parts with the same address share
// a listener, unless the system chooses the port.
func listen(ctx context.Context, c config.Listen) (*listeners, error) {
	ls := &listeners{of: map[string]*listener{}}
	shared := map[string]*listener{}
	for _, want := range []struct{ part, address string }{
		{partAPI, c.API}, {partWebhooks, c.Webhooks}, {partOps, c.Ops},
	} {
		l := shared[want.address]
		if want.address == "" {
			l = ls.of[partAPI]
		}
		if l == nil {
			opened, err := listenOn(ctx, want.address)
			if err != nil {
				ls.close()
				return nil, err
			}
			l = &listener{Listener: opened, parts: map[string]bool{}}
			ls.list = append(ls.list, l)
			if !strings.HasSuffix(want.address, ":0") {
				shared[want.address] = l
			}
		}
		l.parts[want.part] = true
		ls.of[want.part] = l
	}
	return ls, nil
}

func (ls *listeners) url(part string) string { return "http://" + ls.of[part].Addr().String() }

func (ls *listeners) running(publicURL string) Running {
	r := Running{API: ls.url(partAPI), Webhooks: ls.url(partWebhooks), Ops: ls.url(partOps), PublicURL: publicURL}
	if r.PublicURL == "" {
		r.PublicURL = r.Webhooks
	}
	return r
}

// serve starts the servers. The first that ends by itself is told.
func (ls *listeners) serve(surface http.Handler, log *slog.Logger) <-chan error {
	ended := make(chan error, len(ls.list))
	for _, l := range ls.list {
		l.server = &http.Server{
			Handler: l.only(surface),
			// Event streams last, so reading and writing are not bounded for the whole request: bodies have the deadline that
			// only sets, and streams one for each write.
			ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		go func() {
			if err := l.server.Serve(l.Listener); !errors.Is(err, http.ErrServerClosed) {
				ended <- err
			}
		}()
	}
	return ended
}

// only answers the paths of the listener's parts and nothing else.
func (l *listener) only(surface http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			// It cannot fail on a connection of this server.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTimeout))
		}
		if l.parts[partOf(r.URL.Path)] {
			surface.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{ // the client may be gone
			"type": "urn:payhost:problem:" + string(pay.KindNotFound), "kind": pay.KindNotFound, "status": http.StatusNotFound,
			"title": "There is no such object", "detail": "this address does not serve that path", "executed": pay.ExecutedNo,
		})
	})
}

// shutdown stops taking requests and waits for those being served, or for ctx.
func (ls *listeners) shutdown(ctx context.Context) error {
	ended := make(chan error, len(ls.list))
	for _, l := range ls.list {
		go func() { ended <- l.server.Shutdown(ctx) }()
	}
	var errs []error
	for range ls.list {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

// close drops everything. Closing twice is fine.
func (ls *listeners) close() {
	for _, l := range ls.list {
		if l.server != nil {
			_ = l.server.Close()
		}
		_ = l.Close() // closed already by its server, usually
	}
}
