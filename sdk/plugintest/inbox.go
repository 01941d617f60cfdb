package plugintest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// webhookRoot is the path below which the kit receives callbacks.
const webhookRoot = "/webhooks/"

// inbox receives the simulator's callbacks as the host does: every byte is kept.
type inbox struct {
	received chan pay.WebhookRequest

	mu  sync.Mutex // guards ack
	ack func(pay.WebhookRequest) pay.Acknowledgement
}

func newInbox() *inbox { return &inbox{received: make(chan pay.WebhookRequest, 256)} }

// answer makes the inbox acknowledge with what f returns.
func (b *inbox) answer(f func(pay.WebhookRequest) pay.Acknowledgement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ack = f
}

// ServeHTTP keeps the callback and acknowledges it.
func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, pay.MaxRawSize))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	_, tail, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, webhookRoot), "/")
	req := pay.WebhookRequest{
		Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, webhookRoot), Tail: tail, RawQuery: r.URL.RawQuery,
		Body: body, ReceivedAt: time.Now().UTC(), Peer: r.RemoteAddr,
	}
	for name, values := range r.Header {
		for _, v := range values {
			req.Headers = append(req.Headers, pay.Header{Name: name, Value: v})
		}
	}
	b.mu.Lock()
	ack := b.ack
	b.mu.Unlock()
	answer := pay.Acknowledgement{}
	if ack != nil {
		answer = ack(req)
	}
	select {
	case b.received <- req:
	default: // 256 callbacks nobody asked about are enough
	}
	for _, h := range answer.Headers {
		w.Header().Add(h.Name, h.Value)
	}
	w.WriteHeader(max(answer.Status, http.StatusOK))
	_, _ = w.Write(answer.Body)
}
