package rest

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/payhost/payhost/sdk/pay"
)

// restate turns the router's own errors into problems, and hides the inside of internal ones. The values that the router
// would repeat are dropped: they may be secrets.
func (s *server) restate(ctx huma.Context, _ string, v any) (any, error) {
	var p *Problem
	switch v := v.(type) {
	case *Problem:
		p = v
	case *huma.ErrorModel:
		p = problemOfRouter(v)
	default:
		return v, nil
	}
	r, _ := humago.Unwrap(ctx)
	s.conceal(r, p)
	return p, nil
}

func problemOfRouter(m *huma.ErrorModel) *Problem {
	if m.Status >= 500 {
		return newProblem(&pay.Error{Kind: pay.KindInternal, Message: m.Detail})
	}
	e := &pay.Error{Kind: pay.KindInvalidRequest, Executed: pay.ExecutedNo, Message: m.Detail}
	for _, d := range m.Errors {
		if d != nil {
			e.Fields = append(e.Fields, pay.FieldError{Path: fieldPath(d.Location), Message: d.Message})
		}
	}
	if len(e.Fields) > 0 {
		e.Message = e.Fields[0].Path + ": " + e.Fields[0].Message
	}
	p := newProblem(e)
	p.Status = m.Status
	return p
}

// fieldPath turns "query.limit" into "limit".
func fieldPath(location string) string {
	for _, place := range []string{"query.", "path.", "header.", "body."} {
		if name, ok := strings.CutPrefix(location, place); ok {
			return name
		}
	}
	return location
}
