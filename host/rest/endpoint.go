package rest

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// endpoint describes one route. It is both what is enforced and what is documented.
type endpoint struct {
	id, method, path string
	summary, detail  string
	tag              string
	// scope is what the caller's token needs; empty: anybody may call.
	scope string
	// status is the usual answer; zero means 200. also lists further ones with the same body.
	status int
	also   map[int]string
	// body is the type of the JSON body; nil: none. An optional one may be left out.
	body         reflect.Type
	bodyOptional bool
	// files says that the body may also be an upload, which the endpoint reads itself; see [uploadFrom].
	files bool
	// key says whether the call takes an idempotency key.
	key keyUse
}

// none is the input of an endpoint without parameters.
type none struct{}

// register adds an endpoint. The function gets a context with the deadline of the call; a stream begins after it
// and lives on the context of the request.
func register[I, O any](s *server, e endpoint, serve func(context.Context, *I) (*O, error)) {
	op := e.operation(s)
	if e.files {
		s.takesFiles[e.method+" "+e.path] = true
	}
	huma.Register(s.api, *op, func(ctx context.Context, in *I) (*O, error) {
		timeout := s.cfg.Timeout
		if uploadFrom(ctx) != nil {
			timeout += s.cfg.Timeout // the upload has as much time as the call after it
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if e.body == nil && len(bodyFrom(ctx)) > 0 {
			if _, err := decode[none](bodyFrom(ctx)); err != nil {
				return nil, err
			}
		}
		out, err := serve(ctx, in)
		if err != nil {
			return nil, asProblem(err)
		}
		return out, nil
	})
	for status := range e.also {
		usual := op.Responses[strconv.Itoa(op.DefaultStatus)]
		other := op.Responses[strconv.Itoa(status)]
		other.Content, other.Headers = usual.Content, usual.Headers
	}
}

func (e endpoint) operation(s *server) *huma.Operation {
	op := &huma.Operation{
		OperationID: e.id, Method: e.method, Path: e.path, Summary: e.summary, Description: e.detail,
		Tags: []string{e.tag}, DefaultStatus: max(e.status, http.StatusOK),
		Responses: map[string]*huma.Response{"default": problemResponse()},
		// Bodies are read by decode, which is stricter.
		SkipValidateBody: true, MaxBodyBytes: -1,
	}
	if e.scope != "" {
		op.Security = []map[string][]string{{securityName: {e.scope}}}
		op.Middlewares = huma.Middlewares{s.need(e.scope)}
	}
	if e.body != nil {
		schema := s.api.OpenAPI().Components.Schemas.Schema(e.body, true, e.id+"Body")
		op.RequestBody = &huma.RequestBody{
			Required: !e.bodyOptional, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}
	}
	if e.files {
		op.RequestBody.Content["multipart/form-data"] = uploadMedia()
	}
	if e.key != keyNone {
		op.Parameters = append(op.Parameters, e.key.parameter())
		op.Middlewares = append(op.Middlewares, s.readKey(e.key))
	}
	for status, description := range e.also {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: description}
	}
	return op
}

// need refuses callers without the scope before their parameters are looked at.
func (s *server) need(scope string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if refused := authorize(callerFrom(ctx.Context()), scope); refused != nil {
			r, w := humago.Unwrap(ctx)
			s.fail(w, r, refused)
			return
		}
		next(ctx)
	}
}
