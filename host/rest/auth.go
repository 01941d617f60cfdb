package rest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// callers knows the tokens by their hashes only.
type callers struct {
	hashes [][sha256.Size]byte
	tokens []caller
}

// caller is who makes a request.
type caller struct {
	name   string
	scopes []string
}

type callerKey struct{}

func callerFrom(ctx context.Context) caller {
	if slot, ok := ctx.Value(callerKey{}).(*caller); ok {
		return *slot
	}
	return caller{}
}

func newCallers(tokens []Token) *callers {
	c := &callers{}
	for _, t := range tokens {
		c.hashes = append(c.hashes, sha256.Sum256([]byte(t.Token)))
		c.tokens = append(c.tokens, caller{name: t.Name, scopes: t.Scopes})
	}
	return c
}

// authenticate finds the caller of a request. The time it takes does not depend on which token is sent, nor on how much
// of a token is right.
func (c *callers) authenticate(r *http.Request) (caller, *Problem) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return caller{}, unauthenticated(`Bearer realm="payhost"`, "send the header Authorization: Bearer TOKEN once")
	}
	scheme, secret, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, unauthenticated(`Bearer realm="payhost"`, "send the header Authorization: Bearer TOKEN")
	}
	presented := sha256.Sum256([]byte(strings.TrimLeft(secret, " ")))
	found := -1
	for i := range c.hashes {
		if subtle.ConstantTimeCompare(presented[:], c.hashes[i][:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return caller{}, unauthenticated(`Bearer realm="payhost", error="invalid_token"`, "the token is not known here")
	}
	return c.tokens[found], nil
}

func unauthenticated(challenge, detail string) *Problem {
	p := newProblem(pay.Errorf(pay.KindUnauthenticated, "%s", detail))
	p.headers.Set("WWW-Authenticate", challenge)
	return p
}

// authorize refuses a caller without the scope.
func authorize(c caller, scope string) *Problem {
	if allows(c.scopes, scope) {
		return nil
	}
	p := newProblem(pay.Errorf(pay.KindForbidden, "token %q lacks the scope %s", c.name, scope))
	p.headers.Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="payhost", error="insufficient_scope", scope=%q`, scope))
	return p
}
