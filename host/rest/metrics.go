package rest

import "net/http"

const metricsPath = "/metrics"

// metrics answers a scrape. Names of plugins and accounts stand in it, so that strangers get it only where the operator
// says that there are none.
func (s *server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Metrics == nil {
		s.notFound(w, r)
		return
	}
	if !s.cfg.OpenMetrics {
		who, refused := s.callers.authenticate(r)
		if refused == nil {
			refused = authorize(who, ScopeRead)
		}
		if refused != nil {
			s.fail(w, r, refused)
			return
		}
	}
	s.cfg.Metrics.ServeHTTP(w, r)
}
