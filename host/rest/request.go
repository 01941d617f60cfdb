package rest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"github.com/payhost/payhost/host"
)

type requestIDKey struct{}

func requestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

var (
	traceparentForm = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	requestIDForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
)

// identify gives the request an id, its caller's when that is sane, and hands it on with the trace context.
func identify(w http.ResponseWriter, r *http.Request) *http.Request {
	id := r.Header.Get("X-Request-Id")
	if !requestIDForm.MatchString(id) {
		id = newRequestID()
	}
	w.Header().Set("X-Request-Id", id)
	ctx := context.WithValue(r.Context(), requestIDKey{}, id)
	return r.WithContext(host.WithRequest(ctx, id, traceparent(r.Header.Get("Traceparent"))))
}

func newRequestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return "req_" + hex.EncodeToString(b[:])
}

// traceparent returns a valid W3C trace context and drops any other.
func traceparent(s string) string {
	const noTrace, noSpan = "00000000000000000000000000000000", "0000000000000000"
	if !traceparentForm.MatchString(s) || strings.HasPrefix(s, "ff") || s[3:35] == noTrace || s[36:52] == noSpan {
		return ""
	}
	return s
}
