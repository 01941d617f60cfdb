package simkit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

func (b *bench) freeze(t *testing.T) {
	t.Helper()
	b.kit.Clock.Freeze()
	require.NoError(t, b.kit.Clock.Set(t.Context(), noon))
}

// waits is how long the next n requests wait, measured by the clock that stands.
func (b *bench) waits(t *testing.T, n int) []time.Duration {
	t.Helper()
	var out []time.Duration
	for range n {
		before, acted := b.kit.Clock.Now(), b.acted.Load()
		answered := make(chan error, 1)
		go func() {
			_, _, err := b.do(t, http.MethodPost, "/create", "")
			answered <- err
		}()
		require.Eventually(t, func() bool { return b.kit.Clock.State().Timers == 1 }, 5*time.Second, time.Millisecond)
		require.Equal(t, acted, b.acted.Load(), "acts only after the wait")
		require.NoError(t, b.kit.Clock.Set(t.Context(), b.kit.Clock.State().Next))
		require.NoError(t, <-answered)
		out = append(out, b.kit.Clock.Now().Sub(before))
	}
	return out
}

func TestLatencyIsSeededAndByTheClock(t *testing.T) {
	b := newBench(t, simkit.Config{})
	b.freeze(t)
	slow := simkit.Slowness{Op: "create", Min: time.Second, Max: time.Minute, Seed: 7}
	require.NoError(t, b.kit.Latency.Set(slow))
	first := b.waits(t, 4)
	for _, d := range first {
		require.GreaterOrEqual(t, d, time.Second)
		require.LessOrEqual(t, d, time.Minute)
	}
	require.NotEqual(t, first[0], first[1])
	require.NoError(t, b.kit.Latency.Set(slow))
	require.Equal(t, first, b.waits(t, 4), "the same seed draws the same times")

	require.NoError(t, b.kit.Latency.Set(simkit.Slowness{Op: simkit.AnyOp, Min: time.Hour, Max: time.Hour}))
	require.NoError(t, b.kit.Latency.Set(simkit.Slowness{Op: "create"}))
	require.Equal(t, []time.Duration{time.Hour}, b.waits(t, 1), "without a line of its own the one for all holds")
	require.Error(t, b.kit.Latency.Set(simkit.Slowness{Op: "create", Min: 2, Max: 1}))
	require.Error(t, b.kit.Latency.Set(simkit.Slowness{Max: 1}))
	b.kit.Latency.Clear()
	_, _, err := b.do(t, http.MethodPost, "/create", "")
	require.NoError(t, err)
}

func TestMaintenance(t *testing.T) {
	b := newBench(t, simkit.Config{StatusBody: func(int) string { return `{"shape":"own"}` }})
	require.NoError(t, b.kit.Maintenance.Begin(simkit.Outage{RetryAfter: 1500 * time.Millisecond}))
	status, header, body := b.post(t)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.JSONEq(t, `{"shape":"own"}`, body)
	require.Equal(t, "2", header.Get("Retry-After"))
	require.Equal(t, "application/json", header.Get("Content-Type"))

	require.NoError(t, b.kit.Maintenance.Begin(simkit.Outage{Status: 502, Body: "<h1>back soon</h1>"}))
	status, header, body = b.post(t)
	require.Equal(t, http.StatusBadGateway, status)
	require.Equal(t, "<h1>back soon</h1>", body)
	require.Empty(t, header.Get("Retry-After"))
	require.Contains(t, header.Get("Content-Type"), "text/html")

	require.Zero(t, b.acted.Load())
	require.Equal(t, simkit.ConditionMaintenance, b.kit.Requests.All()[0].Fault)
	require.Error(t, b.kit.Maintenance.Begin(simkit.Outage{Status: 200}))
	b.kit.Maintenance.End()
	status, _, _ = b.post(t)
	require.Equal(t, http.StatusOK, status)
}

func TestRateLimits(t *testing.T) {
	b := newBench(t, simkit.Config{})
	b.freeze(t)
	require.NoError(t, b.kit.Limits.Set(simkit.RateLimit{Op: "create", Limit: 2, Window: time.Minute}))
	statuses := func(n int) (out []int) {
		for range n {
			status, _, _ := b.post(t)
			out = append(out, status)
		}
		return out
	}
	require.Equal(t, []int{200, 200, 429}, statuses(3))
	require.NoError(t, b.kit.Clock.Advance(t.Context(), 59*time.Second+500*time.Millisecond))
	status, header, body := b.post(t)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.Contains(t, body, "Too Many")
	require.NoError(t, b.kit.Clock.Advance(t.Context(), 500*time.Millisecond))
	require.Equal(t, []int{200, 200, 429}, statuses(3), "a new window")
	require.EqualValues(t, 4, b.acted.Load())

	require.NoError(t, b.kit.Limits.Set(simkit.RateLimit{Op: simkit.AnyOp, Limit: 1, Window: time.Hour}))
	require.NoError(t, b.kit.Limits.Set(simkit.RateLimit{Op: "create"}))
	require.Equal(t, []int{200, 429}, statuses(2))
	require.NoError(t, b.kit.Clock.Set(t.Context(), noon.Add(-24*time.Hour)))
	require.Equal(t, []int{200, 429}, statuses(2), "a clock set back begins a new window")
	require.Error(t, b.kit.Limits.Set(simkit.RateLimit{Op: "create", Limit: -1, Window: 1}))
	b.kit.Limits.Clear()
	require.Equal(t, []int{200, 200}, statuses(2))
}

func (b *bench) post(t *testing.T) (int, http.Header, string) {
	t.Helper()
	rec := newRecorder(t, b.kit, "create", func(w http.ResponseWriter, _ *http.Request) {
		b.acted.Add(1)
		w.WriteHeader(http.StatusOK)
	})
	return rec.Code, rec.Header(), rec.Body.String()
}
