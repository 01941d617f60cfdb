package plugintest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// hostileAnswer is one thing that comes instead of an answer. sound is what the simulator would have said; it has acted.
type hostileAnswer struct {
	name, why string
	// slow: only the time limit ends it.
	slow  bool
	serve func(w http.ResponseWriter, r *http.Request, sound *httptest.ResponseRecorder)
}

// strayPath is where redirects lead.
const strayPath = "/hostile-elsewhere"

// hugeBody is far beyond every limit.
const hugeBody = 100 << 20

func hostileAnswers() []hostileAnswer {
	const memory = "one answer must not take the memory of all accounts"
	const blind = "what cannot be read proves nothing; money may have moved"
	list := []hostileAnswer{
		{name: "100 MB body", why: memory, serve: func(w http.ResponseWriter, _ *http.Request, sound *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(hugeBody+sound.Body.Len()))
			_, _ = w.Write(sound.Body.Bytes())
			pad(w, hugeBody)
		}},
		{name: "endless body", why: memory, serve: func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			pad(w, 1<<40)
		}},
		{name: "slow drip", why: "an account must not wait for ever", slow: true, serve: func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			for tick := time.NewTicker(5 * time.Millisecond); ; {
				_, err := io.WriteString(w, " ")
				if err != nil || http.NewResponseController(w).Flush() != nil {
					tick.Stop()
					return
				}
				select {
				case <-tick.C:
				case <-r.Context().Done():
					tick.Stop()
					return
				}
			}
		}},
		{name: "no answer", why: "an account must not wait for ever", slow: true, serve: func(_ http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
			<-r.Context().Done()
		}},
		{name: "deep nesting", why: "a parser that recurses ends the whole process", serve: document(strings.Repeat("[", 100_000))},
		{name: "deep nesting in a field", why: "a parser that recurses ends the whole process",
			serve: document(strings.Repeat(`{"result":`, 50_000) + "1" + strings.Repeat("}", 50_000))},
		{name: "headers without end", why: memory, serve: func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			for i := range 200 {
				w.Header().Set("X-Filler-"+strconv.Itoa(i), strings.Repeat(marker, 100))
			}
		}},
		{name: "compressed bomb", why: memory, serve: func(w http.ResponseWriter, _ *http.Request, sound *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb(sound.Body.Bytes()))
		}},
		{name: "page instead of JSON", why: blind, serve: func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!doctype html><title>"+marker+"</title>")
		}},
		{name: "picture instead of JSON", why: blind, serve: func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), marker...))
		}},
		{name: "invalid UTF-8", why: blind, serve: document("{\"\xff\xfe\": \"" + marker + "\xc3\x28")},
		{name: "half a document", why: blind, serve: func(w http.ResponseWriter, _ *http.Request, sound *httptest.ResponseRecorder) {
			body := sound.Body.Bytes()
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(body[:len(body)/2])
		}},
		{name: "two documents", why: "which of the two is the answer?", serve: func(w http.ResponseWriter, _ *http.Request, sound *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bytes.Repeat(sound.Body.Bytes(), 2))
		}},
		{name: "cut in the body", why: blind, serve: func(w http.ResponseWriter, _ *http.Request, sound *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(sound.Body.Len()+1))
			_, _ = w.Write(sound.Body.Bytes())
			panic(http.ErrAbortHandler) //nolint:forbidigo // how net/http is told to cut the connection
		}},
		{name: "cut before the status", why: blind, serve: func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
			panic(http.ErrAbortHandler) //nolint:forbidigo // how net/http is told to cut the connection
		}},
		{name: "status 204", why: blind, serve: status(http.StatusNoContent)},
		{name: "status 200 without a body", why: blind, serve: status(http.StatusOK)},
		{name: "status 599", why: blind, serve: status(599)},
	}
	for _, code := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		list = append(list, hostileAnswer{name: "redirect " + strconv.Itoa(code), why: "whoever answers there is not who was asked, and would get the secrets",
			serve: func(w http.ResponseWriter, r *http.Request, _ *httptest.ResponseRecorder) {
				http.Redirect(w, r, strayPath, code)
			}})
	}
	for _, body := range []string{"null", "[]", "{}", "true", "0", `""`} {
		list = append(list, hostileAnswer{name: "JSON " + body, why: blind, serve: document(body)})
	}
	return list
}

// document answers 200 with one body.
func document(body string) func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
	return func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func status(code int) func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) {
	return func(w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) { w.WriteHeader(code) }
}

// pad writes n spaces, which JSON allows, until nobody reads them any more.
func pad(w io.Writer, n int64) {
	spaces := bytes.Repeat([]byte(" "), 64<<10)
	for ; n > 0; n -= int64(len(spaces)) {
		if _, err := w.Write(spaces); err != nil {
			return
		}
	}
}

// bomb is small, and 16 times the limit when it is unpacked.
func bomb(start []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil
	}
	_, _ = z.Write(start)
	pad(z, 16<<20)
	_ = z.Close()
	return b.Bytes()
}
