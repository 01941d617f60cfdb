package plugintest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// maxRequest bounds a recorded body.
const maxRequest = 4 << 20

// request is one recorded request of the adapter.
type request struct {
	method, path, query string
	header              http.Header
	body                []byte
	// acted: the number of objects at the provider rose while it was answered. Meaningful only where requests come one by one.
	acted bool
}

// text is everything the request said, as it was sent and with URL escapes undone.
func (r request) text() string {
	var b strings.Builder
	for name, values := range r.header {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(values, ", "))
	}
	fmt.Fprintf(&b, "%s?%s\n%s\n", r.path, r.query, r.body)
	for _, escaped := range []string{r.query, string(r.body)} {
		if plain, err := url.QueryUnescape(escaped); err == nil {
			b.WriteString(plain + "\n")
		}
	}
	return b.String()
}

// shape recognises the same call about another object: path segments with a digit are taken for identifiers.
func (r request) shape() string {
	segments := strings.Split(r.path, "/")
	for i, s := range segments {
		if strings.ContainsAny(s, "0123456789") {
			segments[i] = "*"
		}
	}
	return r.method + " " + strings.Join(segments, "/")
}

// fault is what the kit does to one exchange between the adapter and the simulator.
type fault string

const (
	faultNone fault = ""
	// The provider acts and the answer is lost or damaged.
	faultLost          fault = "connection cut after the provider acted"
	faultErrorAfter    fault = "HTTP 500 after the provider acted"
	faultTruncated     fault = "answer cut in the middle"
	faultEmptyAfter    fault = "empty answer after the provider acted"
	faultHTMLAfter     fault = "HTTP 200 with an HTML page after the provider acted"
	faultRedirectAfter fault = "redirect after the provider acted"
	// The provider does not act, which nobody can know.
	faultCut      fault = "connection cut before the provider acted"
	faultError    fault = "HTTP 500"
	faultHTML     fault = "HTTP 502 with an HTML page"
	faultRedirect fault = "redirect"
	faultHang     fault = "no answer at all"
	// The answer repeats the request, as careless providers' errors do.
	faultEcho400 fault = "HTTP 400 that repeats the request"
	faultEcho401 fault = "HTTP 401 that repeats the request"
	faultEcho500 fault = "HTTP 500 that repeats the request"
	faultEcho200 fault = "HTTP 200 that repeats the request"
)

// traffic is the server between the adapter and the simulator.
type traffic struct {
	created func() int
	done    chan struct{}
	// arrived gets a token for each request that hangs.
	arrived chan struct{}

	mu      sync.Mutex // guards everything below
	handler http.Handler
	log     []request
	choose  func(request) fault
	// garnish adds unknown fields to every JSON answer.
	garnish bool
}

func newTraffic() *traffic {
	return &traffic{done: make(chan struct{}), arrived: make(chan struct{}, 64), created: func() int { return 0 }}
}

func (t *traffic) start(s Simulator) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.handler, t.created = s.Handler, s.Created
}

// since returns the requests after the first n.
func (t *traffic) since(n int) []request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]request{}, t.log[n:]...)
}

func (t *traffic) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.log)
}

// once plays f on the first request of the given shape; an empty shape means any.
func (t *traffic) once(f fault, shape string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	used := false
	t.choose = func(r request) fault {
		if used || shape != "" && r.shape() != shape {
			return faultNone
		}
		used = true
		return f
	}
}

// always plays f on every request from now on.
func (t *traffic) always(f fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.choose = func(request) fault { return f }
}

func (t *traffic) addFields(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.garnish = on
}

// ServeHTTP records the request and hands it to the simulator, unless a fault says otherwise.
func (t *traffic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "unreadable request", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := request{method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, header: r.Header.Clone(), body: body}
	t.mu.Lock()
	handler, garnish := t.handler, t.garnish
	f := faultNone
	if t.choose != nil {
		f = t.choose(rec)
	}
	index := len(t.log)
	t.log = append(t.log, rec)
	t.mu.Unlock()
	act := func() *httptest.ResponseRecorder {
		before := t.created()
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.log[index].acted = t.created() > before
		return answer
	}
	if f == faultNone {
		pass(w, act(), garnish)
		return
	}
	t.play(f, w, r, rec, act)
}

func pass(w http.ResponseWriter, answer *httptest.ResponseRecorder, garnish bool) {
	body := answer.Body.Bytes()
	if garnish {
		body = addUnknownFields(body)
	}
	maps.Copy(w.Header(), answer.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body) // the adapter may be gone; there is nobody to tell
}

func (t *traffic) play(f fault, w http.ResponseWriter, r *http.Request, rec request, act func() *httptest.ResponseRecorder) {
	switch f {
	case faultNone:
	case faultLost:
		act()
		hangUp(w, "")
	case faultErrorAfter:
		act()
		writeAnswer(w, http.StatusInternalServerError, "application/json", `{"message":"internal error"}`)
	case faultTruncated:
		answer := act()
		body := answer.Body.String()
		hangUp(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			len(body)+1, body[:len(body)/2]))
	case faultEmptyAfter:
		act()
		writeAnswer(w, http.StatusOK, "application/json", "")
	case faultHTMLAfter:
		act()
		writeAnswer(w, http.StatusOK, "text/html", "<html><body>One moment, please.</body></html>")
	case faultRedirectAfter:
		act()
		http.Redirect(w, r, "/plugintest/elsewhere", http.StatusFound)
	case faultCut:
		hangUp(w, "")
	case faultError:
		writeAnswer(w, http.StatusInternalServerError, "application/json", `{"message":"internal error"}`)
	case faultHTML:
		writeAnswer(w, http.StatusBadGateway, "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>")
	case faultRedirect:
		http.Redirect(w, r, "/plugintest/elsewhere", http.StatusTemporaryRedirect)
	case faultHang:
		t.arrived <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-t.done:
		}
		hangUp(w, "")
	case faultEcho200, faultEcho400, faultEcho401, faultEcho500:
		status := map[fault]int{faultEcho200: 200, faultEcho400: 400, faultEcho401: 401, faultEcho500: 500}[f]
		writeAnswer(w, status, "application/json", echo(rec))
	}
}

func writeAnswer(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// hangUp closes the connection after writing raw, which may be an incomplete answer.
func hangUp(w http.ResponseWriter, raw string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, raw)
	_ = conn.Close()
}
