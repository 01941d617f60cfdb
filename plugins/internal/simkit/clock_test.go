package simkit_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// frozen returns a kit whose clock stands at noon.
func frozen(t *testing.T, c simkit.Config) *simkit.Kit {
	t.Helper()
	k := newKit(t, c)
	k.Clock.Freeze()
	require.NoError(t, k.Clock.Set(t.Context(), noon))
	return k
}

func TestAdvanceFiresInOrderAtTheMoment(t *testing.T) {
	k := frozen(t, simkit.Config{})
	var fired []string
	note := func(what string) func() {
		return func() { fired = append(fired, what+" "+k.Clock.Now().Format("15:04")) }
	}
	k.Clock.At(noon.Add(3*time.Hour), note("late"))
	k.Clock.AfterFunc(2*time.Hour, note("length"))
	k.Clock.At(noon.Add(2*time.Hour), note("moment"))
	k.Clock.At(noon.Add(time.Hour), func() {
		note("first")()
		k.Clock.AfterFunc(90*time.Minute, note("from a timer"))
	})
	require.True(t, k.Clock.At(noon.Add(time.Hour), note("stopped")).Stop())
	last := k.Clock.At(noon.Add(4*time.Hour), note("not yet"))
	k.Clock.AfterFunc(3*time.Hour, note("as late, but younger"))

	require.NoError(t, k.Clock.Advance(t.Context(), 3*time.Hour))
	require.Equal(t, []string{"first 13:00", "length 14:00", "moment 14:00", "from a timer 14:30", "late 15:00", "as late, but younger 15:00"}, fired)
	require.Equal(t, simkit.ClockState{Now: noon.Add(3 * time.Hour), Frozen: true, Timers: 1, Next: noon.Add(4 * time.Hour)}, k.Clock.State())
	require.Error(t, k.Clock.Advance(t.Context(), -time.Second))
	require.True(t, last.Stop())
	require.False(t, last.Stop())
}

func TestSetBackMakesMomentsWaitAgainButNoPauseLonger(t *testing.T) {
	k := frozen(t, simkit.Config{})
	var fired []string
	k.Clock.At(noon.Add(time.Hour), func() { fired = append(fired, "moment") })
	k.Clock.AfterFunc(time.Hour, func() { fired = append(fired, "pause") })
	require.NoError(t, k.Clock.Set(t.Context(), noon.Add(-time.Hour)))
	require.NoError(t, k.Clock.Advance(t.Context(), time.Hour))
	require.Equal(t, []string{"pause"}, fired)
	require.NoError(t, k.Clock.Set(t.Context(), noon.Add(time.Hour)))
	require.Equal(t, []string{"pause", "moment"}, fired)
}

func TestClockRunsFreezesAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := simkit.New(simkit.Config{})
		defer k.Close()
		start := time.Now()
		fired := make(chan time.Time, 2)
		k.Clock.At(start.Add(time.Hour), func() { fired <- k.Clock.Now() })
		require.True(t, k.Clock.State().Real)

		time.Sleep(time.Hour)
		require.Equal(t, start.Add(time.Hour), <-fired, "a timer fires by the real time too")

		k.Clock.AfterFunc(time.Hour, func() { fired <- k.Clock.Now() })
		k.Clock.Freeze()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Empty(t, fired, "nothing falls due while the clock stands")
		require.Equal(t, start.Add(time.Hour), k.Clock.Now())

		k.Clock.Run()
		time.Sleep(time.Hour)
		require.Equal(t, start.Add(2*time.Hour), <-fired)
		require.NoError(t, k.Clock.Advance(t.Context(), 24*time.Hour))
		require.Equal(t, start.Add(26*time.Hour), k.Clock.Now())
		require.NoError(t, k.Clock.Set(t.Context(), start))
		time.Sleep(time.Minute)
		require.Equal(t, start.Add(time.Minute), k.Clock.Now(), "set back, it runs on from there")
		k.Clock.Real()
		require.Equal(t, time.Now(), k.Clock.Now())
		require.True(t, k.Clock.State().Real)
	})
}

func TestAdvanceDeliversRetriesInOrder(t *testing.T) {
	m := newMerchant(t, 500, 500, 500)
	k := frozen(t, simkit.Config{RetryDelays: []time.Duration{time.Minute, 10 * time.Minute}})
	k.Callbacks.Send(m.callback("a", "a"))
	require.NoError(t, k.Clock.Advance(t.Context(), 30*time.Second))
	k.Callbacks.Send(m.callback("b", "b"))
	require.NoError(t, k.Clock.Advance(t.Context(), time.Hour))
	require.NoError(t, k.Callbacks.Idle(t.Context()))
	require.Equal(t, []string{"a", "b", "a", "b", "a"}, m.got())
	var at []time.Duration
	for _, a := range k.Callbacks.Attempts() {
		at = append(at, a.At.Sub(noon))
	}
	require.Equal(t, []time.Duration{0, 30 * time.Second, time.Minute, 90 * time.Second, 11 * time.Minute}, at)
}

func TestAdvanceEndsWithItsContext(t *testing.T) {
	k := frozen(t, simkit.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	k.Clock.AfterFunc(time.Hour, func() {
		k.Callbacks.Send(simkit.Callback{Prepare: func(int) ([]byte, http.Header, error) { <-release; return nil, nil, context.Canceled }})
		cancel()
	})
	require.ErrorIs(t, k.Clock.Advance(ctx, 2*time.Hour), context.Canceled)
	require.Equal(t, noon.Add(time.Hour), k.Clock.Now())
	close(release)
}

// A clock that a test moves by hand, below this one, counts as well: what is due by it has happened before a request.
func TestRequestsComeAfterWhatIsDue(t *testing.T) {
	var hour atomic.Int64
	k := newKit(t, simkit.Config{Now: func() time.Time { return noon.Add(time.Duration(hour.Load()) * time.Hour) }})
	fired := false
	k.Clock.At(noon.Add(time.Hour), func() { fired = true })
	newRecorder(t, k, "create", func(http.ResponseWriter, *http.Request) { require.False(t, fired) })
	hour.Store(1)
	newRecorder(t, k, "create", func(http.ResponseWriter, *http.Request) { require.True(t, fired) })
}

func TestClosedClockFiresNothing(t *testing.T) {
	k := simkit.New(simkit.Config{})
	k.Close()
	k.Clock.AfterFunc(0, func() { t.Error("fired") })
	require.NoError(t, k.Clock.Advance(t.Context(), time.Hour))
	require.Zero(t, k.Clock.State().Timers)
}
