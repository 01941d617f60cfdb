package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Hostile is an adapter and the calls that [RunHostile] answers with what no sound provider sends: too much, too slowly, of the wrong
// kind, or broken. The adapter runs with the client of the SDK.
type Hostile struct {
	Provider pay.Provider
	// Start makes a simulator that answers soundly; of the [Simulator] only Handler and Close are used.
	Start func(tb testing.TB, site Site) Simulator
	// Config is the account's config, encoded as JSON.
	Config func(site Site) any
	// Create is an invoice that the simulator accepts.
	Create func() pay.CreateInvoice
	// Calls are at least one that reads and one that mutates.
	Calls []HostileCall
	// Except names answers that this provider may give soundly, with the reason.
	Except map[string]string
}

// HostileCall is one call of the adapter that makes one exchange with the provider.
type HostileCall struct {
	Name string
	// Mutating: after a hostile answer nobody knows what happened. Otherwise the provider is only unavailable.
	Mutating bool
	// Do makes the call about an invoice that exists.
	Do func(ctx context.Context, account pay.Account, made pay.InvoiceState) error
	// Garbled are further bodies, by name, that the call must not take for an answer.
	Garbled map[string]string
}

// marker stands in hostile bodies and must not come out of the adapter.
const marker = "hostile-marker"

// RunHostile plays every hostile answer to every call, and checks what the adapter makes of it: the kind of error and whether it was
// executed, that no body and no redirect is followed or repeated, that reading ends at the limit, and that evidence is cut.
func RunHostile(t *testing.T, h Hostile) {
	t.Helper()
	for _, call := range h.Calls {
		answers := hostileAnswers()
		for name, body := range call.Garbled {
			answers = append(answers, hostileAnswer{name: name, why: "the documented form is not kept", serve: document(body)})
		}
		t.Run(call.Name, func(t *testing.T) {
			t.Parallel()
			t.Run("sound", func(t *testing.T) {
				w := startHostile(t, h, httpx.Config{})
				if err := call.Do(t.Context(), w.account, w.made); err != nil {
					t.Fatalf("the sound answer is refused, so that the others would prove nothing: %v", err)
				}
			})
			for _, a := range answers {
				if reason, ok := h.Except[a.name]; ok {
					t.Logf("%s is left out: %s", a.name, reason)
					continue
				}
				t.Run(a.name, func(t *testing.T) { playHostile(t, h, call, a) })
			}
		})
	}
}

func playHostile(t testing.TB, h Hostile, call HostileCall, a hostileAnswer) {
	t.Helper()
	limits := httpx.Config{Timeout: 30 * time.Second}
	if a.slow {
		limits.Timeout = 150 * time.Millisecond
	}
	w := startHostile(t, h, limits)
	w.play(&a)
	err := call.Do(t.Context(), w.account, w.made)
	defer func() {
		if t.Failed() {
			t.Logf("why %s matters: %s", a.name, a.why)
		}
	}()
	kind, executed := pay.KindProviderUnavailable, pay.ExecutedNo
	if call.Mutating {
		kind, executed = pay.KindOutcomeUnknown, pay.ExecutedUnknown
	}
	e, ok := errors.AsType[*pay.Error](err)
	switch {
	case err == nil:
		t.Fatal("it was taken for an answer")
	case !ok:
		t.Fatalf("the error is no *pay.Error: %v", err)
	case e.Kind != kind || e.WasExecuted() != executed:
		t.Errorf("want %s, executed %s; got %s, executed %s: %v", kind, executed, e.Kind, e.WasExecuted(), err)
	}
	for what, text := range map[string]string{"error": err.Error(), "provider message": e.ProviderMessage} {
		if strings.Contains(text, marker) || !utf8.ValidString(text) {
			t.Errorf("the %s repeats the body: %q", what, text)
		}
	}
	if n := len(e.Report.Evidence.Raw); n > pay.MaxRawSize {
		t.Errorf("%d bytes of evidence are kept", n)
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("%d requests were sent; nothing may be sent twice", n)
	}
	if w.strayed.Load() {
		t.Error("a redirect was followed")
	}
	// What the kernel holds between the two sides is the rest.
	if n := w.written.Load(); n > httpx.DefaultMaxBody+(16<<20) {
		t.Errorf("%d bytes were taken off the connection", n)
	}
}

// hostileWorld is one adapter with its provider.
type hostileWorld struct {
	sim     http.Handler
	account pay.Account
	made    pay.InvoiceState

	asked, written atomic.Int64
	strayed        atomic.Bool

	mu      sync.Mutex
	playing *hostileAnswer // nil: sound
}

func startHostile(t testing.TB, h Hostile, limits httpx.Config) *hostileWorld {
	t.Helper()
	w := &hostileWorld{}
	server := httptest.NewServer(w)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	site := Site{URL: server.URL, WebhookURL: "https://merchant.example/webhooks/account"}
	sim := h.Start(t, site)
	if sim.Close != nil {
		t.Cleanup(sim.Close)
	}
	w.mu.Lock()
	w.sim = sim.Handler
	w.mu.Unlock()
	client, err := httpx.New(limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	// A client without the short time limit makes the invoice: the machine may be busy.
	patient, err := httpx.New(httpx.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(patient.CloseIdleConnections)
	raw, err := json.Marshal(h.Config(site))
	if err != nil {
		t.Fatal(err)
	}
	open := func(c *http.Client) pay.Account {
		account, err := h.Provider.Open(t.Context(), pay.AccountConfig{
			AccountID: "account", Revision: 1, Config: raw, WebhookURL: site.WebhookURL, HTTP: c, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		return account
	}
	req := h.Create()
	req.InvoiceID, req.WebhookURL = "inv_1", site.WebhookURL+"/inv_1"
	req.Call = pay.Call{OperationID: "op_1", ProviderKey: "op1", Try: 1}
	if w.made, err = open(patient).CreateInvoice(t.Context(), req); err != nil {
		t.Fatalf("the simulator refuses the invoice: %v", err)
	}
	w.account = open(client)
	return w
}

func (w *hostileWorld) play(a *hostileAnswer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.playing = a
}

// ServeHTTP lets the simulator answer, and while an answer is played, sends that instead.
func (w *hostileWorld) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	playing, sim := w.playing, w.sim
	w.mu.Unlock()
	if playing == nil {
		sim.ServeHTTP(out, r)
		return
	}
	if r.URL.Path == strayPath {
		w.strayed.Store(true)
		return
	}
	w.asked.Add(1)
	sound := httptest.NewRecorder()
	sim.ServeHTTP(sound, r)
	playing.serve(&hostileWriter{ResponseWriter: out, world: w}, r, sound)
}

// hostileWriter counts what was sent.
type hostileWriter struct {
	http.ResponseWriter
	world *hostileWorld
}

// Write implements [http.ResponseWriter].
func (w *hostileWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.world.written.Add(int64(n))
	return n, err
}

// Unwrap lets [http.ResponseController] through.
func (w *hostileWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
