package host

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// calls are those of one provider whose only version is the lane of the stage.
func (s *stage) calls() *supervisor {
	sup := newSupervisor(s.lane.h, "puppet")
	sup.stable = s.lane
	return sup
}

func (s *stage) started() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.puppets)
}

func TestManyCallsStartOneProcessOfALazyPlugin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(l *lane) { l.plugin.Start, l.nap = StartLazy, "lazy" })
		<-s.lane.tried
		time.Sleep(time.Hour) // no look at its health starts it
		synctest.Wait()
		require.Equal(t, PluginStopped, s.state())
		require.Zero(t, s.started())
		sup := s.calls()
		require.True(t, sup.status().Asleep)
		require.Equal(t, "lazy", sup.status().Reason)
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				_, g, err := sup.acquire(t.Context(), route{})
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Minute)
				g.release("")
			})
		}
		callers.Wait()
		require.Equal(t, 1, s.started())
		require.False(t, sup.status().Asleep)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, PluginServing, s.state(), "without IdleStop it goes on")
		s.stop()
		<-s.lane.done
	})
}

func TestAnIdleProcessIsStoppedAndTheNextCallStartsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const idle = 15 * time.Minute
		s := newStage(t, func(l *lane) { l.plugin.IdleStop = idle })
		sup := s.calls()
		call := func(length time.Duration) {
			_, g, err := sup.acquire(t.Context(), route{})
			require.NoError(t, err)
			time.Sleep(length)
			g.release("")
			synctest.Wait()
		}
		for range 10 { // calls in time keep it
			time.Sleep(idle - time.Second)
			call(0)
		}
		call(5 * idle) // so does one that takes long
		require.Equal(t, 1, s.started())
		time.Sleep(idle - time.Second)
		synctest.Wait()
		require.Equal(t, PluginServing, s.state())
		time.Sleep(idle/idleLooks + time.Second)
		synctest.Wait()
		require.Equal(t, PluginStopped, s.state())
		require.False(t, s.newest().Alive())
		require.False(t, s.newest().killed, "it is asked to stop")
		status := sup.status()
		require.True(t, status.Asleep)
		require.Equal(t, "no call for 15m0s; the next call starts it", status.Reason)
		require.Zero(t, status.Restarts, "its end was no crash")
		require.Nil(t, status.LastCrash)

		call(0)
		require.Equal(t, 2, s.started())
		time.Sleep(2 * idle)
		synctest.Wait()
		require.True(t, s.lane.isAsleep())
		s.lane.restart() // a person may start it too
		synctest.Wait()
		require.Equal(t, PluginServing, s.state())
		s.stop()
		<-s.lane.done
		require.False(t, s.lane.isAsleep(), "nothing starts it any more")
	})
}

// A call that comes while the process is being stopped for idleness is refused by that process and waits for the next.
func TestNoCallIsHandedToAProcessThatIsStoppedForIdleness(t *testing.T) {
	g := newGeneration(1, nil)
	require.True(t, g.hold("op"))
	uses, busy := g.load()
	require.True(t, busy)
	require.False(t, g.retireUnused(uses), "it is working")
	g.release("op")
	require.False(t, g.retireUnused(uses-1), "it has worked since the last look")
	require.True(t, g.retireUnused(uses))
	require.False(t, g.hold("op"))
	g.drain(time.Hour) // has nothing to wait for
}

func TestAProcessThatOnlyDescribedItselfIsStopped(t *testing.T) {
	for name, called := range map[string]bool{"unused": false, "used": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(l *lane) { l.plugin.Start, l.describing = StartLazy, true })
				sup := s.calls()
				require.Equal(t, PluginServing, s.state())
				if called {
					_, g, err := sup.acquire(t.Context(), route{})
					require.NoError(t, err)
					g.release("")
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, !called, s.lane.isAsleep())
				if _, _, err := sup.acquire(t.Context(), route{}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				require.Equal(t, PluginServing, s.state())
				s.newest().die() // and the held call with it
				synctest.Wait()
				require.Equal(t, PluginServing, s.state(), "a crash is followed by a start")
				s.stop()
				<-s.lane.done
			})
		})
	}
}

func TestStartAndIdleStopAreChecked(t *testing.T) {
	for want, p := range map[string]Plugin{
		`Start is "later"; it must be "eager" or "lazy"`: {Start: "later"},
		"IdleStop is -1s; it must be at least 1s, or 0":  {IdleStop: -time.Second},
		"IdleStop is 10ms; it must be at least 1s":       {IdleStop: 10 * time.Millisecond},
		"leave out Start and IdleStop":                   {Attach: "/run/x", Start: StartLazy},
		"is no process that the host starts":             {Provider: struct{ pay.Provider }{}, IdleStop: time.Minute},
	} {
		p.Name, p.Path = "shop", "/opt/shop"
		require.ErrorContains(t, p.checkIdle(), want)
	}
	require.NoError(t, Plugin{Name: "shop", Path: "/opt/shop", Start: StartLazy, IdleStop: time.Second}.checkIdle())
	require.NoError(t, Plugin{Name: "shop", Path: "/opt/shop", Start: StartEager}.checkIdle())
}
