package rest

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observe logs every request and turns a panic into a problem.
func (s *server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		rec := &recorder{ResponseWriter: w}
		r = identify(w, r)
		who := &caller{}
		r = r.WithContext(withCallerSlot(r.Context(), who))
		defer func() {
			if fault := recover(); fault != nil {
				s.survive(rec, r, fault)
			}
			s.cfg.Logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("request_id", requestIDFrom(r.Context())),
				slog.String("method", r.Method), slog.String("path", loggedPath(r.URL.Path)),
				slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes),
				slog.Duration("duration", s.cfg.Now().Sub(start)), slog.String("token", who.name))
		}()
		next.ServeHTTP(rec, r)
	})
}

// survive answers a request whose handler panicked. One that has already begun its answer is cut, so that
// the client does not take half an answer for a whole one.
func (s *server) survive(w *recorder, r *http.Request, fault any) {
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault) //nolint:forbidigo // net/http's own word for cutting the connection
	}
	s.cfg.Logger.ErrorContext(r.Context(), "a handler panicked", "request_id", requestIDFrom(r.Context()),
		"method", r.Method, "path", loggedPath(r.URL.Path), "panic", fault, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own word for cutting the connection
	}
	s.fail(w, r, newProblem(&pay.Error{Kind: pay.KindInternal, Message: "the handler failed"}))
}

// fail answers with a problem. What went wrong inside is logged and not told.
func (s *server) fail(w http.ResponseWriter, r *http.Request, p *Problem) {
	s.conceal(r, p)
	p.write(w)
}

// conceal replaces the detail of an internal error, which may name tables, files or addresses, by the id under which it is logged.
func (s *server) conceal(r *http.Request, p *Problem) {
	if p.Kind != pay.KindInternal {
		return
	}
	id := requestIDFrom(r.Context())
	s.cfg.Logger.ErrorContext(r.Context(), "internal error", "request_id", id, "error", p.Detail,
		"operation", p.OperationID, "invoice", p.InvoiceID)
	p.Detail = "see the log of the host for request " + id
}

// loggedPath is the part of a path that holds no secret: a tail of a webhook may be one that a provider was told.
func loggedPath(path string) string {
	if rest, ok := strings.CutPrefix(path, webhooksPath); ok {
		account, _, deeper := strings.Cut(rest, "/")
		if path = webhooksPath + account; deeper {
			path += "/…"
		}
	}
	if len(path) > 200 {
		path = path[:200] + "…"
	}
	return path
}
