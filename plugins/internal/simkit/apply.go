package simkit

import (
	"cmp"
	"maps"
	"net/http"
	"strconv"
)

const badGatewayPage = `<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body>
</html>
`

// apply plays one fault. To close a connection without an answer it panics with http.ErrAbortHandler, which net/http
// documents for exactly that and does not log.
func (t *Faults) apply(f Fault, w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	if !t.wait(r, f.Delay) {
		panic(http.ErrAbortHandler)
	}
	switch f.Kind {
	case FaultDelay:
		next(w, r)
	case FaultCutBefore:
		panic(http.ErrAbortHandler)
	case FaultCutAfter:
		next(newHeldAnswer(), r)
		panic(http.ErrAbortHandler)
	case FaultStatus:
		t.writeStatus(w, cmp.Or(f.Status, http.StatusServiceUnavailable), f.Body)
	case FaultStatusAfter:
		next(newHeldAnswer(), r)
		t.writeStatus(w, cmp.Or(f.Status, http.StatusInternalServerError), f.Body)
	case FaultHTML:
		writeHTML(w, http.StatusBadGateway, badGatewayPage)
	case FaultHTMLAfter:
		next(newHeldAnswer(), r)
		writeHTML(w, http.StatusBadGateway, badGatewayPage)
	case FaultTruncated:
		answer := newHeldAnswer()
		next(answer, r)
		answer.sendHalf(w)
		panic(http.ErrAbortHandler)
	case FaultRedirect:
		http.Redirect(w, r, elsewherePath, http.StatusFound)
	case FaultHang:
		select {
		case <-r.Context().Done():
		case <-t.done:
		}
		panic(http.ErrAbortHandler)
	case FaultEmpty:
		next(newHeldAnswer(), r)
		w.WriteHeader(http.StatusOK)
	case ConditionMaintenance, ConditionRateLimit: // conditions of the whole simulator; [Kit.Handle] answers them itself
	}
}

func (t *Faults) writeStatus(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_, _ = w.Write([]byte(cmp.Or(body, t.body(status))))
}

func writeHTML(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
}

// heldAnswer keeps an operation's answer back, so that a fault can drop or damage it.
type heldAnswer struct {
	header http.Header
	status int
	body   []byte
}

func newHeldAnswer() *heldAnswer { return &heldAnswer{header: http.Header{}} }

func (a *heldAnswer) Header() http.Header { return a.header }

func (a *heldAnswer) WriteHeader(status int) { a.status = cmp.Or(a.status, status) }

func (a *heldAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, p...)
	return len(p), nil
}

// sendHalf promises the whole body and sends half of it. An empty body is promised as one byte.
func (a *heldAnswer) sendHalf(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(max(len(a.body), 1)))
	w.WriteHeader(cmp.Or(a.status, http.StatusOK))
	_, _ = w.Write(a.body[:len(a.body)/2])
	// Without the flush an abort would throw the half away together with the connection.
	_ = http.NewResponseController(w).Flush()
}
