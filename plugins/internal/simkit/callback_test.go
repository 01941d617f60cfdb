package simkit_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// merchant receives callbacks and answers with the statuses of a script, then 200.
type merchant struct {
	url string

	mu      sync.Mutex
	script  []int
	bodies  []string
	headers []http.Header
}

func newMerchant(t *testing.T, script ...int) *merchant {
	t.Helper()
	m := &merchant{script: script}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.bodies = append(m.bodies, string(body))
		m.headers = append(m.headers, r.Header.Clone())
		status := http.StatusOK
		if len(m.script) > 0 {
			status, m.script = m.script[0], m.script[1:]
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/other")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *merchant) got() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string{}, m.bodies...)
}

func newKit(t *testing.T, c simkit.Config) *simkit.Kit {
	t.Helper()
	k := simkit.New(c)
	t.Cleanup(k.Close)
	return k
}

func (m *merchant) callback(lane, body string) simkit.Callback {
	return simkit.Callback{Lane: lane, Event: "paid", URL: m.url, Body: []byte(body), Header: http.Header{"X-Sign": {"s"}}}
}

func TestCallbackRetriesUntilAccepted(t *testing.T) {
	tests := map[string]struct {
		script   []int
		statuses []int
	}{
		"at once":            {nil, []int{200}},
		"after two failures": {[]int{500, 503}, []int{500, 503, 200}},
		"201 is no 200":      {[]int{201}, []int{201, 200}},
		"redirect is no 200": {[]int{302}, []int{302, 200}},
		"given up":           {[]int{500, 500, 500, 500}, []int{500, 500, 500}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMerchant(t, tt.script...)
			k := newKit(t, simkit.Config{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}})
			require.Equal(t, 1, k.Callbacks.Send(m.callback("i1", "b")))
			require.NoError(t, k.Callbacks.Idle(t.Context()))
			attempts := k.Callbacks.Attempts()
			require.Len(t, attempts, len(tt.statuses))
			for i, a := range attempts {
				require.Equal(t, tt.statuses[i], a.Status)
				require.Equal(t, i+1, a.Attempt)
				require.Equal(t, a.Status == 200, a.Accepted)
				require.Equal(t, "b", a.Body)
				require.Equal(t, "application/json", a.Header.Get("Content-Type"))
			}
			require.Equal(t, "s", m.headers[0].Get("X-Sign"))
		})
	}
}

func TestCallbackModes(t *testing.T) {
	m := newMerchant(t)
	k := newKit(t, simkit.Config{})
	require.NoError(t, k.Callbacks.Script(simkit.CallbackLost, 1))
	require.NoError(t, k.Callbacks.Script(simkit.CallbackDuplicate, 1))
	require.NoError(t, k.Callbacks.Script(simkit.CallbackHeld, 2))
	for _, body := range []string{"lost", "twice", "held1", "held2", "plain"} {
		k.Callbacks.Send(m.callback("i1", body))
	}
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Equal(t, []string{"twice", "twice", "plain"}, m.got())

	held := k.Callbacks.Held()
	require.Len(t, held, 2)
	_, err := k.Callbacks.Release(99)
	require.Error(t, err)
	_, err = k.Callbacks.Release(held[0].Seq, held[0].Seq)
	require.Error(t, err)
	n, err := k.Callbacks.Release(held[1].Seq, held[0].Seq)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Equal(t, []string{"twice", "twice", "plain", "held2", "held1"}, m.got())
	require.Empty(t, k.Callbacks.Held())

	require.NoError(t, k.Callbacks.Script(simkit.CallbackLost, 0))
	k.Callbacks.Send(m.callback("i1", "never"))
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Len(t, m.got(), 5)
	require.Error(t, k.Callbacks.Script("upside down", 1))
	require.Error(t, k.Callbacks.Script(simkit.CallbackLost, -1))
}

func TestCallbacksOfOneLaneKeepOrder(t *testing.T) {
	m := newMerchant(t)
	k := newKit(t, simkit.Config{})
	var want []string
	for i := range 50 {
		want = append(want, strconv.Itoa(i))
		k.Callbacks.Send(m.callback("i1", strconv.Itoa(i)))
	}
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Equal(t, want, m.got())
}

func TestCallbackPrepare(t *testing.T) {
	m := newMerchant(t, 500)
	k := newKit(t, simkit.Config{RetryDelays: []time.Duration{0, 0}})
	cb := m.callback("i1", "unused")
	cb.Prepare = func(attempt int) ([]byte, http.Header, error) {
		return []byte("attempt " + strconv.Itoa(attempt)), http.Header{"Content-Type": {"text/plain"}}, nil
	}
	k.Callbacks.Send(cb)
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Equal(t, []string{"attempt 1", "attempt 2"}, m.got())
	require.Equal(t, "text/plain", m.headers[0].Get("Content-Type"))

	cb.Prepare = func(int) ([]byte, http.Header, error) { return nil, nil, errors.New("no key") }
	k.Callbacks.Send(cb)
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	attempts := k.Callbacks.Attempts()
	require.Equal(t, "no key", attempts[len(attempts)-1].Error)
	require.Len(t, attempts, 5)
}

func TestCallbackAcceptedRule(t *testing.T) {
	m := newMerchant(t)
	k := newKit(t, simkit.Config{Accepted: func(status int, body []byte) bool { return len(body) > 0 }})
	k.Callbacks.Send(m.callback("i1", "b"))
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.False(t, k.Callbacks.Attempts()[0].Accepted)
}

func TestCallbackNoListener(t *testing.T) {
	m := newMerchant(t)
	k := newKit(t, simkit.Config{})
	cb := m.callback("i1", "b")
	cb.URL = "http://127.0.0.1:1/"
	k.Callbacks.Send(cb)
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.NotEmpty(t, k.Callbacks.Attempts()[0].Error)
	require.Zero(t, k.Callbacks.Attempts()[0].Status)
}

func TestCloseEndsRetriesAndRequests(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer server.Close()
	defer close(release)
	m := newMerchant(t, 500)
	k := simkit.New(simkit.Config{RetryDelays: []time.Duration{time.Hour}})
	k.Callbacks.Send(m.callback("waits for a retry", "b"))
	stuck := m.callback("stuck", "b")
	stuck.URL = server.URL
	k.Callbacks.Send(stuck)
	k.Callbacks.Send(stuck)
	<-arrived
	k.Close()
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Zero(t, k.Callbacks.Send(stuck))
	k.Close()
}
