package plugintest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

const (
	// accountID is the id of every account the kit opens.
	accountID = "acc_kit"
	// callTime is the deadline of ordinary calls.
	callTime = 20 * time.Second
	// defaultPatience is how long the kit waits for something that should happen at once before it calls it hanging.
	defaultPatience = 15 * time.Second
)

// kit is one check on one lane; it makes worlds.
type kit struct {
	testing.TB
	harness *Harness
	lane    lane
	needs   pay.Abilities
	// patience is [defaultPatience] but in tests of the kit, which do not wait that long for a provider that is broken.
	patience time.Duration
}

// world is one simulator with one account open at it. Nothing in it is shared with another world.
type world struct {
	*kit
	site     Site
	sim      Simulator
	traffic  *traffic
	server   *httptest.Server
	inbox    *inbox
	logs     *logBuffer
	probe    *probe
	provider pay.Provider
	manifest pay.Manifest
	account  pay.Account
	offers   pay.Abilities
	state    *pay.State
	revision int64

	mu  sync.Mutex // guards seq
	seq int
}

// world starts a simulator and opens an account, maintained as the host does after opening. It skips the check when the
// account does not offer what the check needs.
func (k *kit) world() *world {
	k.Helper()
	w := k.closedWorld()
	w.open()
	for _, a := range k.needs {
		if !w.offers.Has(a) {
			k.Skipf("the account does not offer %s", a)
		}
	}
	return w
}

// closedWorld starts a simulator and opens nothing.
func (k *kit) closedWorld() *world {
	k.Helper()
	w := &world{kit: k, traffic: newTraffic(), inbox: newInbox(), logs: &logBuffer{}, revision: 1}
	w.server = httptest.NewServer(w.traffic)
	hooks := httptest.NewServer(w.inbox)
	w.site = Site{URL: w.server.URL, WebhookURL: hooks.URL + webhookRoot + accountID}
	k.Cleanup(func() {
		close(w.traffic.done)
		w.server.CloseClientConnections()
		w.server.Close()
		if w.sim.Close != nil {
			w.sim.Close()
		}
		hooks.CloseClientConnections()
		hooks.Close()
	})
	w.sim = k.harness.Start(k, w.site)
	w.sim.check(k)
	w.traffic.start(w.sim)
	w.probe = &probe{provider: k.harness.Provider}
	log := slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.provider = k.lane.serve(k, w.probe, log)
	w.manifest = w.provider.Describe()
	return w
}

// open opens the account and lets it maintain itself.
func (w *world) open() {
	w.Helper()
	w.account = w.openWith(w.config())
	w.offers = pay.Resolve(w.account)
	maintainer, err := pay.Offered[pay.AccountMaintainer](w.account, pay.CanMaintain)
	if err != nil {
		return
	}
	ctx, call := w.call()
	got, err := maintainer.Maintain(ctx, pay.Maintain{Call: call, Reason: "opened", WebhookURL: w.site.WebhookURL})
	if err != nil {
		w.Fatalf("Maintain after opening failed: %v", err)
	}
	if got.State != nil {
		w.state = got.State
		w.revision++
		w.account = w.openWith(w.config())
	}
}

// config is the harness's config as JSON.
func (w *world) config() json.RawMessage {
	w.Helper()
	doc, err := json.Marshal(w.harness.Config(w.site))
	if err != nil {
		w.Fatalf("plugintest: Harness.Config is not JSON: %v", err)
	}
	return doc
}

// tryOpen opens the account with the given config.
func (w *world) tryOpen(config json.RawMessage) (pay.Account, error) {
	w.Helper()
	client, err := httpx.New(httpx.Config{})
	if err != nil {
		w.Fatalf("plugintest: %v", err)
	}
	w.Cleanup(client.CloseIdleConnections)
	ctx, _ := w.call()
	return w.provider.Open(ctx, pay.AccountConfig{
		AccountID: accountID, Revision: w.revision, Mode: pay.ModeSandbox, Config: config, WebhookURL: w.site.WebhookURL,
		State: w.state, HTTP: client, Log: slog.New(slog.NewTextHandler(w.logs, nil)), Now: time.Now,
	})
}

func (w *world) openWith(config json.RawMessage) pay.Account {
	w.Helper()
	account, err := w.tryOpen(config)
	if err != nil {
		w.Fatalf("Open refused the harness's config: %v", err)
	}
	return account
}

// restart opens the account as a new process would: nothing is left but what the host holds.
func (w *world) restart() {
	w.Helper()
	w.provider = w.lane.serve(w, w.probe, slog.New(slog.NewTextHandler(w.logs, nil)))
	w.account = w.openWith(w.config())
}

// number counts the objects the kit makes.
func (w *world) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	return w.seq
}

// call returns the frame of a new operation and its context.
func (w *world) call() (context.Context, pay.Call) {
	w.Helper()
	return w.callWithin(callTime)
}

func (w *world) callWithin(d time.Duration) (context.Context, pay.Call) {
	w.Helper()
	n := w.number()
	call := pay.Call{
		OperationID: fmt.Sprintf("op_%022d", n), ProviderKey: providerKey(w.manifest.OperationKey, n), Try: 1,
		AccountID: accountID, AccountRevision: w.revision, Mode: pay.ModeSandbox, Deadline: time.Now().Add(d),
	}
	ctx, cancel := context.WithDeadline(pay.WithCall(w.Context(), call), call.Deadline)
	w.Cleanup(cancel)
	return ctx, call
}

// providerKey makes a key of the form the manifest asks for.
func providerKey(f pay.KeyFormat, n int) string {
	length := f.MaxLength
	if length == 0 {
		length = 32
	}
	switch f.Alphabet {
	case pay.KeyDigits:
		return fmt.Sprintf("%0*d", min(length, 15), 700000000+n)
	case pay.KeyUUID:
		return fmt.Sprintf("7b0e7c1a-5d0f-4c52-9a3e-%012x", n)
	case pay.KeyAlnum:
		return fmt.Sprintf("kit%0*d", min(length, 26)-3, n)
	case pay.KeyToken:
	}
	return fmt.Sprintf("op_%0*d", min(length, 25)-3, n)
}

// logBuffer collects what an adapter logs.
type logBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// finishes runs f and reports whether it returned in time. A call that hangs is left behind.
func (w *world) finishes(what string, f func()) bool {
	w.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-time.After(w.patience):
		w.Errorf("%s did not return within %s", what, w.patience)
		return false
	}
}

// brief shortens a text of unknown origin for a failure message.
func brief(v any) string {
	s := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
