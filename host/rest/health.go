package rest

import (
	"context"
	"errors"
	"net/http"
)

// Health is the answer of GET /healthz and GET /readyz.
type Health struct {
	// Status is "ok", or what is wrong.
	Status string `json:"status"`
}

type healthOutput struct {
	Status int
	Body   Health
}

func (s *server) healthRoutes() {
	bad := map[int]string{http.StatusServiceUnavailable: "It is not; status says why."}
	register(s, endpoint{
		id: "live", method: http.MethodGet, path: "/healthz", tag: "health", also: bad,
		summary: "Is the host able to work? If not, restart it.",
	}, func(context.Context, *none) (*healthOutput, error) { return health(s.broken()), nil })
	register(s, endpoint{
		id: "ready", method: http.MethodGet, path: "/readyz", tag: "health", also: bad,
		summary: "Is the host taking calls? If not, send them elsewhere.",
	}, func(context.Context, *none) (*healthOutput, error) {
		if err := s.broken(); err != nil {
			return health(err), nil
		}
		return health(s.host.ReadyProblem()), nil
	})
}

// broken says that the host cannot work, and no more: its error may name files and addresses, and anybody may ask. The
// host's own log has it.
func (s *server) broken() error {
	if s.host.Health() != nil {
		return errors.New("the store failed")
	}
	return nil
}

func health(problem error) *healthOutput {
	if problem != nil {
		return &healthOutput{Status: http.StatusServiceUnavailable, Body: Health{Status: problem.Error()}}
	}
	return &healthOutput{Status: http.StatusOK, Body: Health{Status: "ok"}}
}
