package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// Recorded is a dialogue between an adapter and its provider that is recorded once and repeated by every test run, without
// the provider: a change of the adapter that sends something else, or makes something else of an answer, fails.
type Recorded struct {
	Provider pay.Provider
	// Dir holds the recording: the files of [httpx.RecordedExchange] and results.json. It belongs in version control.
	Dir string
	// Update records anew: against a simulator, or whatever Start returns.
	Update bool
	// Start makes the provider for Update. Its clock must stand at now; callbacks may go nowhere. Of the [Simulator] only
	// Handler and Close are used.
	Start func(tb testing.TB, site Site, now func() time.Time) Simulator
	// Config is the account's config, encoded as JSON. site is not reachable: recorded addresses stay the same.
	Config func(site Site) any
	// Secrets are the texts that must not be in the recording.
	Secrets []string
	// Script talks to the account.
	Script func(d *Dialogue)
}

// Dialogue is a recording or its repetition.
type Dialogue struct {
	testing.TB
	Account pay.Account
	live    bool
	results []recordedResult
}

// recordedResult is what one step gave.
type recordedResult struct {
	Step   string `json:"step"`
	Result any    `json:"result"`
}

// Step makes one call and keeps what it returns: the result or the error. The result goes on to the next step.
func Step[R any](d *Dialogue, name string, call func(ctx context.Context) (R, error)) R {
	d.Helper()
	number := len(d.results) + 1
	ctx := pay.WithCall(httpx.WithCallName(d.Context(), name), pay.Call{OperationID: fmt.Sprintf("op_%d", number), Try: 1})
	res, err := call(ctx)
	d.results = append(d.results, recordedResult{Step: name, Result: plainResult(d.TB, res, err)})
	return res
}

// AtProvider does something at the provider, which only a recording has: the payer pays, for example.
func (d *Dialogue) AtProvider(do func() error) {
	d.Helper()
	if !d.live {
		return
	}
	if err := do(); err != nil {
		d.Fatalf("at the provider: %v", err)
	}
}

// recordedAt is the time of every recording.
func recordedAt() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// RunRecorded repeats the dialogue of the recording in Dir and compares what the adapter sends and what it makes of the
// answers. With Update it makes that recording first, and checks that its repetition gives what the provider itself gave.
func RunRecorded(t *testing.T, r Recorded) {
	t.Helper()
	site := Site{URL: "https://provider.example", WebhookURL: "https://merchant.example/webhooks/account"}
	if r.Update {
		live := r.record(t, site)
		replayed := r.replay(t, site)
		if difference := resembles("", replayed, live); difference != "" {
			t.Fatalf("the repetition differs from the recorded run: %s", difference)
		}
		raw, err := json.MarshalIndent(replayed, "", "  ")
		must(t, err)
		must(t, os.WriteFile(filepath.Join(r.Dir, "results.json"), append(raw, '\n'), 0o600))
	}
	raw, err := os.ReadFile(filepath.Join(r.Dir, "results.json"))
	must(t, err)
	for _, secret := range r.Secrets {
		if strings.Contains(string(raw), secret) {
			t.Error("a secret is in the results")
		}
	}
	var want any
	must(t, json.Unmarshal(raw, &want))
	if got := r.replay(t, site); !reflect.DeepEqual(got, want) {
		text, err := json.MarshalIndent(got, "", "  ")
		must(t, err)
		t.Errorf("the results are not those of the recording (%s); now they are:\n%s", resembles("", want, got), text)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// record runs the script against the provider, and puts the recording into Dir.
func (r Recorded) record(t *testing.T, site Site) any {
	t.Helper()
	sim := r.Start(t, site, recordedAt)
	if sim.Close != nil {
		defer sim.Close()
	}
	server := httptest.NewServer(sim.Handler)
	defer server.Close()
	target, err := url.Parse(server.URL)
	must(t, err)
	client, err := httpx.New(httpx.Config{})
	must(t, err)
	defer client.CloseIdleConnections()
	client.Transport = elsewhere{target, client.Transport}

	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o700)) //nolint:gosec // a directory needs the x
	recorder, err := httpx.NewRecorder(httpx.RecorderConfig{
		Dir: dir, Provider: r.Provider.Describe().Name, Secrets: r.Secrets, Now: recordedAt, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	must(t, err)
	results := r.run(t, site, recorder.Client(client), true)
	must(t, recorder.Close())

	made, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	must(t, err)
	old, err := filepath.Glob(filepath.Join(r.Dir, "*.json"))
	must(t, err)
	for _, file := range old {
		must(t, os.Remove(file))
	}
	must(t, os.MkdirAll(r.Dir, 0o750))
	for _, file := range made {
		raw, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(r.Dir, filepath.Base(file)), raw, 0o600))
	}
	return results
}

// elsewhere sends requests to the simulator, whatever host they name.
type elsewhere struct {
	target *url.URL
	next   http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = e.target.Scheme, e.target.Host, r.URL.Host
	return e.next.RoundTrip(r)
}

// CloseIdleConnections makes [http.Client.CloseIdleConnections] work.
func (e elsewhere) CloseIdleConnections() {
	if c, ok := e.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// replay runs the script against the recording.
func (r Recorded) replay(t *testing.T, site Site) any {
	t.Helper()
	replay, err := httpx.NewReplay(os.DirFS(r.Dir), r.Secrets...)
	must(t, err)
	results := r.run(t, site, replay.Client(), false)
	must(t, replay.Done())
	return results
}

// run returns the results as JSON has them.
func (r Recorded) run(t *testing.T, site Site, client *http.Client, live bool) any {
	t.Helper()
	raw, err := json.Marshal(r.Config(site))
	must(t, err)
	account, err := r.Provider.Open(t.Context(), pay.AccountConfig{
		AccountID: "account", Revision: 1, Config: raw, WebhookURL: site.WebhookURL, HTTP: client, Now: recordedAt, Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	d := &Dialogue{TB: t, Account: account, live: live}
	r.Script(d)
	raw, err = json.Marshal(d.results)
	must(t, err)
	var out any
	must(t, json.Unmarshal(raw, &out))
	return out
}

// plainResult returns a result, or an error, as JSON has it: without the report, which holds the raw answer.
func plainResult(tb testing.TB, res any, err error) any {
	tb.Helper()
	if err != nil {
		e := pay.AsError(err)
		return map[string]any{"error": map[string]any{
			"kind": e.Kind, "executed": e.WasExecuted(), "text": err.Error(), "reason": e.Reason,
			"provider_code": e.ProviderCode, "provider_message": e.ProviderMessage,
		}}
	}
	raw, err := json.Marshal(res)
	must(tb, err)
	var out any
	must(tb, json.Unmarshal(raw, &out))
	return withoutReports(out)
}

func withoutReports(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "Report")
		for name, e := range v {
			v[name] = withoutReports(e)
		}
	case []any:
		for i, e := range v {
			v[i] = withoutReports(e)
		}
	}
	return v
}

// resembles names the first place where got differs from want; a placeholder in want stands for any text.
func resembles(at string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		other, ok := got.(map[string]any)
		if !ok || len(other) != len(want) {
			return at + " has other fields"
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if difference := resembles(at+"."+name, want[name], other[name]); difference != "" {
				return difference
			}
		}
		return ""
	case []any:
		other, ok := got.([]any)
		if !ok || len(other) != len(want) {
			return at + " has another length"
		}
		for i := range want {
			if difference := resembles(fmt.Sprintf("%s[%d]", at, i), want[i], other[i]); difference != "" {
				return difference
			}
		}
		return ""
	case string:
		if _, ok := got.(string); ok && strings.Contains(want, "SCRUBBED_") {
			return ""
		}
	}
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("%s is %v, not %v", at, got, want)
}

// Silent returns a client for the callbacks of a simulator that is only recorded: each is accepted and none is sent.
func Silent() *http.Client { return &http.Client{Transport: silent{}} }

type silent struct{}

// RoundTrip implements [http.RoundTripper].
func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
