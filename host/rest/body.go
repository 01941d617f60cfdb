package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
)

type bodyKey struct{}

// bodyFrom is the body of the request, read completely.
func bodyFrom(ctx context.Context) []byte {
	raw, _ := ctx.Value(bodyKey{}).([]byte)
	return raw
}

// readBody reads the body of a request within the limits, before anything else looks at it.
func (s *server) readBody(w http.ResponseWriter, r *http.Request) (*http.Request, *Problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	control := http.NewResponseController(w)
	// A server without deadlines, or a test recorder, is the caller's choice.
	_ = control.SetReadDeadline(s.cfg.Now().Add(s.cfg.Timeout))
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
	if err != nil {
		return r, bodyProblem(err)
	}
	// A deadline that passes later would look to net/http like a client that hung up.
	_ = control.SetReadDeadline(time.Time{})
	if len(raw) > 0 {
		if p := checkContentType(r.Header); p != nil {
			return r, p
		}
	}
	r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, raw))
	r.Body = io.NopCloser(bytes.NewReader(raw))
	return r, nil
}

func bodyProblem(err error) *Problem {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return requestProblem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return requestProblem(http.StatusRequestTimeout, "the body did not arrive in time")
	}
	return requestProblem(http.StatusBadRequest, "the body was cut off")
}

func checkContentType(h http.Header) *Problem {
	given := h.Values("Content-Type")
	if len(given) == 1 {
		media, params, err := mime.ParseMediaType(given[0])
		charset, named := params["charset"]
		if err == nil && media == "application/json" && (!named || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	p := requestProblem(http.StatusUnsupportedMediaType, "the body must be JSON in UTF-8; send the header Content-Type: application/json")
	p.headers.Set("Accept", "application/json")
	return p
}
