package host

import "context"

type actorKey struct{}

type actor struct {
	name, requestID, traceparent string
}

// WithActor returns a context whose commands are recorded as done by the named
// actor, for example a token's name or "checkout".
func WithActor(ctx context.Context, name string) context.Context {
	a := actorFrom(ctx)
	a.name = name
	return context.WithValue(ctx, actorKey{}, a)
}

// WithRequest returns a context whose commands are recorded with the id of the
// request they serve and its W3C traceparent.
func WithRequest(ctx context.Context, requestID, traceparent string) context.Context {
	a := actorFrom(ctx)
	a.requestID, a.traceparent = requestID, traceparent
	return context.WithValue(ctx, actorKey{}, a)
}

func actorFrom(ctx context.Context) actor {
	a, ok := ctx.Value(actorKey{}).(actor)
	if !ok {
		a.name = "embedder"
	}
	return a
}
