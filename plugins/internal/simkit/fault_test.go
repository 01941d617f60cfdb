package simkit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

type bench struct {
	kit    *simkit.Kit
	url    string
	client *http.Client
	acted  atomic.Int32
}

const answer = `{"answer":"a long enough text"}`

// newBench serves one operation "create" at /create with the control surface beside it.
func newBench(t *testing.T, c simkit.Config) *bench {
	t.Helper()
	b := &bench{kit: simkit.New(c)}
	mux := http.NewServeMux()
	b.kit.Mount(mux, func() any { return []string{"one"} })
	mux.Handle("/create", b.kit.Handle("create", func(w http.ResponseWriter, r *http.Request) {
		b.acted.Add(1)
		simkit.WriteJSON(w, http.StatusOK, json.RawMessage(answer))
	}))
	server := httptest.NewServer(mux)
	b.url = server.URL
	b.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	t.Cleanup(func() {
		b.kit.Close()
		server.Close()
	})
	return b
}

func (b *bench) do(t *testing.T, method, path, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Token", "top secret")
	req.Header.Set("X-Cms", "shop")
	resp, err := b.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

func TestFaults(t *testing.T) {
	tests := []struct {
		fault   simkit.Fault
		status  int    // 0: no answer at all
		body    string // part of the body
		broken  bool   // reading fails
		acted   int32
		onWire  int // status in the log
		follows bool
	}{
		{fault: simkit.Fault{Kind: simkit.FaultDelay, Delay: time.Millisecond}, status: 200, body: answer, acted: 1, onWire: 200},
		{fault: simkit.Fault{Kind: simkit.FaultCutBefore}, broken: true},
		{fault: simkit.Fault{Kind: simkit.FaultCutAfter}, broken: true, acted: 1},
		{fault: simkit.Fault{Kind: simkit.FaultStatus}, status: 503, body: "{", onWire: 503},
		{fault: simkit.Fault{Kind: simkit.FaultStatus, Status: 429}, status: 429, body: "Too Many", onWire: 429},
		{fault: simkit.Fault{Kind: simkit.FaultStatus, Body: "[1]"}, status: 503, body: "[1]", onWire: 503},
		{fault: simkit.Fault{Kind: simkit.FaultStatusAfter}, status: 500, body: "{", acted: 1, onWire: 500},
		{fault: simkit.Fault{Kind: simkit.FaultHTML}, status: 502, body: "<html>", onWire: 502},
		{fault: simkit.Fault{Kind: simkit.FaultHTMLAfter}, status: 502, body: "<html>", acted: 1, onWire: 502},
		{fault: simkit.Fault{Kind: simkit.FaultTruncated}, status: 200, body: `{"answer"`, broken: true, acted: 1, onWire: 200},
		{fault: simkit.Fault{Kind: simkit.FaultRedirect}, status: 200, body: "not the provider", onWire: 302, follows: true},
		{fault: simkit.Fault{Kind: simkit.FaultEmpty}, status: 200, acted: 1, onWire: 200},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			b := newBench(t, simkit.Config{})
			tt.fault.Op = "create"
			require.NoError(t, b.kit.Faults.Add(tt.fault))
			status, body, err := b.do(t, http.MethodPost, "/create", "in")
			require.Equal(t, tt.broken, err != nil, "%v", err)
			require.Equal(t, tt.status, status)
			require.Contains(t, body, tt.body)
			if tt.broken {
				require.Less(t, len(body), len(answer))
			}
			require.Equal(t, tt.acted, b.acted.Load())

			log := b.kit.Requests.Of("create")
			require.Len(t, log, 1)
			require.Equal(t, tt.onWire, log[0].Status)
			require.Equal(t, tt.fault.Kind, log[0].Fault)
			require.Equal(t, tt.acted == 1, log[0].Acted)
			require.Equal(t, tt.follows, len(b.kit.Requests.Of("elsewhere")) == 1)

			require.Empty(t, b.kit.Faults.Pending())
			status, body, err = b.do(t, http.MethodPost, "/create", "in")
			require.NoError(t, err)
			require.Equal(t, 200, status)
			require.Equal(t, answer, body)
		})
	}
}

func TestHangEndsWithTheClient(t *testing.T) {
	b := newBench(t, simkit.Config{})
	require.NoError(t, b.kit.Faults.Add(simkit.Fault{Op: "create", Kind: simkit.FaultHang}))
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/create", nil)
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		resp, err := b.client.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(b.kit.Requests.All()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.Zero(t, b.acted.Load())
}

func TestHangEndsWithClose(t *testing.T) {
	b := newBench(t, simkit.Config{})
	require.NoError(t, b.kit.Faults.Add(simkit.Fault{Op: "create", Kind: simkit.FaultHang}))
	failed := make(chan error)
	go func() {
		_, _, err := b.do(t, http.MethodPost, "/create", "")
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(b.kit.Requests.All()) == 1 }, 5*time.Second, time.Millisecond)
	b.kit.Close()
	b.kit.Close()
	require.Error(t, <-failed)
}

func TestFaultOrderTimesAndOperation(t *testing.T) {
	b := newBench(t, simkit.Config{})
	require.NoError(t, b.kit.Faults.Add(
		simkit.Fault{Op: "status", Kind: simkit.FaultCutBefore},
		simkit.Fault{Op: "create", Kind: simkit.FaultStatus, Times: 2},
		simkit.Fault{Op: simkit.AnyOp, Kind: simkit.FaultHTML},
	))
	for _, want := range []int{503, 503, 502, 200} {
		status, _, err := b.do(t, http.MethodPost, "/create", "")
		require.NoError(t, err)
		require.Equal(t, want, status)
	}
	require.Equal(t, []simkit.Fault{{Op: "status", Kind: simkit.FaultCutBefore, Times: 1}}, b.kit.Faults.Pending())
	b.kit.Faults.Clear()
	require.Empty(t, b.kit.Faults.Pending())
}

func TestFaultRefusals(t *testing.T) {
	b := newBench(t, simkit.Config{})
	for name, f := range map[string]simkit.Fault{
		"no op":         {Kind: simkit.FaultHTML},
		"unknown kind":  {Op: "create", Kind: "explode"},
		"negative":      {Op: "create", Kind: simkit.FaultHTML, Times: -1},
		"bad status":    {Op: "create", Kind: simkit.FaultStatus, Status: 100},
		"delay without": {Op: "create", Kind: simkit.FaultDelay},
	} {
		require.Error(t, b.kit.Faults.Add(simkit.Fault{Op: "create", Kind: simkit.FaultHTML}, f), name)
	}
	require.Empty(t, b.kit.Faults.Pending())
}

func TestRequestLogAndBodyLimit(t *testing.T) {
	b := newBench(t, simkit.Config{SecretHeaders: []string{"X-Token"}})
	_, _, err := b.do(t, http.MethodPost, "/create?a=1", "hello")
	require.NoError(t, err)
	status, _, err := b.do(t, http.MethodPost, "/create", strings.Repeat("x", simkit.MaxBody+1))
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.EqualValues(t, 1, b.acted.Load())

	log := b.kit.Requests.All()
	require.Len(t, log, 2)
	require.Equal(t, "hello", log[0].Body)
	require.Equal(t, "1", log[0].Query.Get("a"))
	require.Equal(t, "shop", log[0].Header.Get("X-Cms"))
	require.Empty(t, log[0].Header.Get("X-Token"))
	require.Equal(t, 413, log[1].Status)
	b.kit.Requests.Clear()
	require.Empty(t, b.kit.Requests.All())
}

func jsonBody(s string) io.Reader { return strings.NewReader(s) }
