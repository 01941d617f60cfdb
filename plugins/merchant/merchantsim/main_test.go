package merchantsim

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testKey    = "store-key"
	testSecret = "merchant_secret_0123456789"
)

// gateway is a simulator behind a real listener with a client that signs.
type gateway struct {
	t      *testing.T
	sim    *Sim
	url    string
	client *http.Client
	clock  *clock
}

// clock is a settable time; the zero offset is a fixed moment.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func start(t *testing.T, c Config) *gateway {
	t.Helper()
	watch := &clock{now: time.Date(2024, 11, 4, 13, 55, 45, 0, time.UTC)}
	c.APIKey, c.Secret, c.Now = testKey, testSecret, watch.Now
	if c.RetryDelays == nil {
		c.RetryDelays = []time.Duration{time.Millisecond, time.Millisecond}
	}
	sim := New(c)
	server := httptest.NewServer(sim)
	sim.SetPublicURL(server.URL + "/")
	g := &gateway{t: t, sim: sim, url: server.URL, client: server.Client(), clock: watch}
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		server.Close()
		sim.Close()
	})
	return g
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// object decodes the answer as one JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &out), a.body)
	return out
}

// refused asserts the documented refusal in the default shape.
func (a answer) refused(t *testing.T, status int, message, field string) {
	t.Helper()
	require.Equal(t, status, a.status, a.body)
	var out []map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &out), a.body)
	require.Len(t, out, 1)
	if message == "null" {
		require.Nil(t, out[0]["message"])
		require.Contains(t, out[0], "message")
	} else {
		require.Equal(t, message, out[0]["message"])
	}
	if field == "" {
		require.NotContains(t, out[0], "field")
	} else {
		require.Equal(t, field, out[0]["field"])
	}
}

// request builds a signed request; the signature is computed from the documents
// by the test's own few lines in signature_test.go.
func (g *gateway) request(method, path, body string) *http.Request {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, bytes.NewReader([]byte(body)))
	require.NoError(g.t, err)
	r.Header.Set("X-Identity", testKey)
	r.Header.Set("X-Signature", referenceSignature(testSecret, method+g.url+path+body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func (g *gateway) do(r *http.Request) answer {
	g.t.Helper()
	resp, err := g.client.Do(r)
	require.NoError(g.t, err)
	return g.read(resp)
}

func (g *gateway) read(resp *http.Response) answer {
	g.t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(g.t, err)
	require.NoError(g.t, resp.Body.Close())
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (g *gateway) call(method, path, body string) answer {
	g.t.Helper()
	return g.do(g.request(method, path, body))
}

// post sends an unsigned POST, as to the control surface.
func (g *gateway) post(path, kind, body string) answer {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.url+path, bytes.NewReader([]byte(body)))
	require.NoError(g.t, err)
	r.Header.Set("Content-Type", kind)
	return g.do(r)
}

// wanted is a valid create request; changes replace members, nil removes one.
func wanted(changes map[string]any) string {
	body := map[string]any{
		"type": "in", "amount": "1000.00", "currency": "RUB",
		"notificationUrl": "http://127.0.0.1:1/hook", "notificationToken": "token-1",
		"internalId": "order-1", "userId": "user-1", "startDeal": true,
	}
	for name, value := range changes {
		if value == nil {
			delete(body, name)
		} else {
			body[name] = value
		}
	}
	out, err := json.Marshal(body)
	if err != nil {
		panic(err) // the test wrote something that is not JSON
	}
	return string(out)
}

// create makes an invoice and returns the answer as an object.
func (g *gateway) create(changes map[string]any) map[string]any {
	g.t.Helper()
	got := g.call(http.MethodPost, "/api/merchant/invoices", wanted(changes))
	require.Equal(g.t, http.StatusOK, got.status, got.body)
	return got.object(g.t)
}

// get reads an invoice.
func (g *gateway) get(id any) map[string]any {
	g.t.Helper()
	got := g.call(http.MethodGet, "/api/merchant/invoices/"+id.(string), "")
	require.Equal(g.t, http.StatusOK, got.status, got.body)
	return got.object(g.t)
}

// idle waits for the callbacks that are on their way.
func (g *gateway) idle() {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(g.t, g.sim.Idle(ctx))
}

// merchant is the other side: it records callbacks and answers as told.
type merchant struct {
	url string

	mu      sync.Mutex
	answers []int
	got     []map[string]any
	tokens  []string
}

// listen starts a merchant that answers with the statuses given and then 200.
func listen(t *testing.T, answers ...int) *merchant {
	t.Helper()
	m := &merchant{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.got = append(m.got, body)
		m.tokens = append(m.tokens, r.Header.Get("X-Notification-Token"))
		if len(m.answers) > 0 {
			w.WriteHeader(m.answers[0])
			m.answers = m.answers[1:]
		}
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// statuses lists the invoice statuses announced so far.
func (m *merchant) statuses() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := []string{}
	for _, body := range m.got {
		out = append(out, body["invoice"].(map[string]any)["status"].(string))
	}
	return out
}
