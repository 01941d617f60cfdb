package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	apiPath      = "/v1"
	webhooksPath = "/webhooks/"
)

// server is one host behind one handler.
type server struct {
	host     *host.Host
	cfg      Config
	callers  *callers
	mux      *http.ServeMux
	api      huma.API
	webhooks http.Handler
	// takesFiles are the patterns of the routes whose body may be an upload; uploads holds a value for each that is in memory.
	takesFiles map[string]bool
	uploads    chan struct{}
}

// New returns the handler of the whole surface: /v1, /webhooks/, /healthz, /readyz and /openapi.json.
//
// It can be used before [host.Host.Run] was called: calls then wait until the host is ready
// or their time is over. The handler starts no goroutine of its own.
func New(h *host.Host, cfg Config) (http.Handler, error) {
	if h == nil {
		return nil, errors.New("rest: New needs a host")
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &server{host: h, cfg: cfg, callers: newCallers(cfg.Tokens), mux: http.NewServeMux(), webhooks: h.Webhooks(),
		takesFiles: map[string]bool{}, uploads: make(chan struct{}, maxUploads)}
	s.api = newAPI(s.mux, s.restate)
	s.invoiceRoutes()
	s.changeRoutes()
	s.refundRoutes()
	s.listRoutes()
	s.credentialRoutes()
	s.payoutRoutes()
	s.actionRoutes()
	s.historyRoutes()
	s.accountRoutes()
	s.reconcileRoutes()
	s.operationRoutes()
	s.webhookRoutes()
	s.eventRoutes()
	s.pluginRoutes()
	s.healthRoutes()
	describeWebhooks(s.api.OpenAPI())
	finish(s.api.OpenAPI())
	static, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, err
	}
	described := &description{static: append(static, '\n'), actions: h.AllActions}
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		raw, err := described.read()
		if err != nil {
			s.fail(w, r, newProblem(pay.Errorf(pay.KindInternal, "describing the actions: %w", err)))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(raw) // the client may be gone
	})
	return s.observe(http.HandlerFunc(s.route)), nil
}

// route decides by the path alone who answers. Everything below /v1 is authenticated first, also what does not exist.
func (s *server) route(w http.ResponseWriter, r *http.Request) {
	p := r.URL.Path
	if strings.HasPrefix(p, webhooksPath) {
		s.webhooks.ServeHTTP(w, r)
		return
	}
	if p == metricsPath {
		s.metrics(w, r)
		return
	}
	if p == apiPath || strings.HasPrefix(p, apiPath+"/") {
		who, refused := s.callers.authenticate(r)
		if refused != nil {
			s.fail(w, r, refused)
			return
		}
		r = r.WithContext(withCaller(r.Context(), who))
	}
	// The mux would redirect an unclean path, and a redirected POST loses its body.
	if path.Clean(p) != p {
		s.notFound(w, r)
		return
	}
	_, pattern := s.mux.Handler(r)
	if pattern == "" {
		s.notFound(w, r)
		return
	}
	if s.takesFiles[pattern] && isUpload(r.Header) {
		r = withUpload(w, r)
	} else {
		var refused *Problem
		if r, refused = s.readBody(w, r); refused != nil {
			s.fail(w, r, refused)
			return
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, r)
}

// notFound answers for a path or method that does not exist. Which of both it is, only the mux knows.
func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	probe := &discard{header: http.Header{}}
	if path.Clean(r.URL.Path) == r.URL.Path {
		handler, _ := s.mux.Handler(r)
		handler.ServeHTTP(probe, r)
	}
	if probe.status == http.StatusMethodNotAllowed {
		p := requestProblem(http.StatusMethodNotAllowed, "%s is not possible here; %s is", r.Method, probe.header.Get("Allow"))
		p.headers.Set("Allow", probe.header.Get("Allow"))
		s.fail(w, r, p)
		return
	}
	s.fail(w, r, newProblem(pay.Errorf(pay.KindNotFound, "there is nothing at this path; see /openapi.json")))
}

// discard keeps only the status and headers of an answer.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// withCallerSlot makes room for the caller's name, so that the record of a request can tell it.
func withCallerSlot(ctx context.Context, slot *caller) context.Context {
	return context.WithValue(ctx, callerKey{}, slot)
}

// withCaller puts the caller into the slot and makes it the actor of what follows.
func withCaller(ctx context.Context, who caller) context.Context {
	if slot, ok := ctx.Value(callerKey{}).(*caller); ok {
		*slot = who
	}
	return host.WithActor(ctx, who.name)
}
