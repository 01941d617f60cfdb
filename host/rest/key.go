package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/payhost/payhost/sdk/pay"
)

const keyHeader = "Idempotency-Key"

// keyUse says whether an endpoint takes the header Idempotency-Key.
type keyUse int

const (
	// keyNone: the header means nothing here.
	keyNone keyUse = iota
	// keyRequired: without the header nothing is done.
	keyRequired
	// keyWhenChanging: the endpoint itself asks for it where something is changed.
	keyWhenChanging
)

type keyContext struct{}

// keyFrom is the checked key of the request; empty where none was sent and none is needed.
func keyFrom(ctx context.Context) string {
	key, _ := ctx.Value(keyContext{}).(string)
	return key
}

// readKey checks the header before anything else of the request is looked at. A missing key is 400, not the 422 of the
// router, because without it a client cannot be safe at all.
func (s *server) readKey(use keyUse) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		sent := r.Header.Values(keyHeader)
		if len(sent) == 0 && use == keyWhenChanging {
			next(ctx)
			return
		}
		key, refused := idempotencyKey(sent)
		if refused != nil {
			s.fail(w, r, refused)
			return
		}
		next(huma.WithValue(ctx, keyContext{}, key))
	}
}

// idempotencyKey reads the header as it is, or as the quoted string that the IETF draft on idempotency keys asks for.
func idempotencyKey(sent []string) (string, *Problem) {
	key := ""
	switch len(sent) {
	case 0:
	case 1:
		key = sent[0]
	default:
		return "", keyProblem("was sent more than once; which one is meant?")
	}
	if len(key) >= 2 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1]
	}
	switch {
	case key == "":
		return "", keyProblem("is required: choose one value for this one intended operation and keep it over retries")
	case len(key) > 255:
		return "", keyProblem("has more than 255 characters")
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }):
		return "", keyProblem("holds a character outside printable ASCII")
	}
	return key, nil
}

func keyProblem(message string) *Problem {
	p := requestProblem(http.StatusBadRequest, "the header "+keyHeader+" %s", message)
	p.Errors = []pay.FieldError{{Path: keyHeader, Message: message}}
	return p
}

// parameter documents the header.
func (use keyUse) parameter() *huma.Param {
	text := "The caller's key for this one intended operation, 1 to 255 characters. The same key and body never do it twice."
	if use == keyWhenChanging {
		text += " Required unless the action only reads."
	}
	return &huma.Param{
		Name: keyHeader, In: "header", Required: use == keyRequired, Description: text, Schema: &huma.Schema{Type: huma.TypeString},
	}
}
