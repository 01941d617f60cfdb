package host

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host/internal/process"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// puppet is a process that does what a schedule says.
type puppet struct {
	mu     sync.Mutex
	frozen chan struct{} // while not nil, looks at its health get no answer
	exited chan struct{}
	once   sync.Once
	killed bool
}

func newPuppet() *puppet { return &puppet{exited: make(chan struct{})} }

func (p *puppet) die() { p.once.Do(func() { close(p.exited) }) }

func (p *puppet) Alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *puppet) Kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	p.die()
}

func (p *puppet) Stop(context.Context) error { p.die(); return nil }

func (p *puppet) Exit() process.ExitInfo {
	<-p.exited
	return process.ExitInfo{Code: 1}
}

func (p *puppet) Usage() process.Usage { return process.Usage{} }
func (p *puppet) LastLog(int) []string { return nil }

func (p *puppet) freeze(is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case is && p.frozen == nil:
		p.frozen = make(chan struct{})
	case !is && p.frozen != nil:
		close(p.frozen)
		p.frozen = nil
	}
}

func (p *puppet) health(ctx context.Context) (plugin.Health, error) {
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	select {
	case <-frozenOrNow(frozen):
		return plugin.Health{AnsweredCalls: 1}, nil
	case <-ctx.Done():
		return plugin.Health{}, context.Cause(ctx)
	case <-p.exited:
		return plugin.Health{}, errors.New("gone")
	}
}

func frozenOrNow(frozen chan struct{}) <-chan struct{} {
	if frozen != nil {
		return frozen
	}
	now := make(chan struct{})
	close(now)
	return now
}

// stage is a lane whose processes are puppets.
type stage struct {
	lane    *lane
	mu      sync.Mutex
	puppets []*puppet
	fail    error // of the next starts
	stop    context.CancelFunc
}

func newStage(t *testing.T, edit ...func(*lane)) *stage {
	t.Helper()
	cfg := Config{Logger: slog.New(slog.DiscardHandler)}.withDefaults()
	s := &stage{}
	s.lane = newLane(&Host{cfg: cfg, log: cfg.Logger}, Plugin{Name: "puppet", Version: "1"}, func(*lane) {}, func(*lane) {})
	s.lane.start = func(context.Context) (*generation, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.fail != nil {
			return nil, s.fail
		}
		p := newPuppet()
		s.puppets = append(s.puppets, p)
		g := newGeneration(int64(len(s.puppets)), nil)
		g.proc, g.exited, g.health, g.pid = p, p.exited, p.health, len(s.puppets)
		g.manifest = pay.Manifest{Name: "puppet", Version: "1"}
		return g, nil
	}
	for _, e := range edit {
		e(s.lane)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.stop = cancel
	go s.lane.run(ctx)
	synctest.Wait()
	return s
}

func (s *stage) newest() *puppet {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puppets[len(s.puppets)-1]
}

func (s *stage) state() PluginState {
	_, state, _, _ := s.lane.standing()
	return state
}

func TestAFrozenProcessIsDegradedThenKilledThenReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		require.Equal(t, PluginServing, s.state())
		first := s.newest()
		first.freeze(true)
		time.Sleep(s.lane.h.cfg.Supervision.HealthEvery + s.lane.h.cfg.Supervision.HealthTimeout + time.Millisecond)
		synctest.Wait()
		require.Equal(t, PluginDegraded, s.state())
		g, _, reason, _ := s.lane.standing()
		require.False(t, g.hold(""), "no call is handed to a silent process")
		require.Contains(t, reason, "did not answer 1 of 3")

		first.freeze(false) // it was only slow
		synctest.Wait()
		require.Equal(t, PluginServing, s.state())
		require.True(t, g.hold(""))
		g.release("")

		first.freeze(true)
		s.lane.doubt() // a call ran into its deadline: the look comes at once
		time.Sleep(3*s.lane.h.cfg.Supervision.HealthTimeout + time.Millisecond)
		synctest.Wait()
		require.True(t, first.killed)
		require.NotSame(t, first, s.newest())
		require.Equal(t, PluginServing, s.state())
		_, crash := s.lane.status(RoleStable)
		require.Contains(t, crash.Reason, "frozen")
		s.stop()
		<-s.lane.done
		require.Equal(t, PluginStopped, s.state())
	})
}

// Random schedules of deaths, freezes, failing starts, restarts and time: a lane always ends serving once its plugin
// behaves and an operator asks, never has two live processes, and leaves none behind.
func TestALaneSurvivesRandomSchedules(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := newStage(t, func(l *lane) {
				if seed%2 == 0 { // half of them also sleep when they have nothing to do
					l.plugin.IdleStop = 40 * time.Second
				}
			})
			for range 60 {
				switch r.IntN(8) {
				case 0:
					s.newest().die()
				case 1:
					s.newest().freeze(true)
				case 2:
					s.newest().freeze(false)
				case 3:
					s.mu.Lock()
					s.fail = map[bool]error{true: errors.New("does not start"), false: nil}[r.IntN(2) == 0]
					s.mu.Unlock()
				case 4:
					s.lane.restart()
				case 5:
					if g, _, _, _ := s.lane.standing(); g != nil && g.hold("op") {
						g.answered.Store(r.IntN(2) == 0)
						g.release("op")
					}
				case 6:
					time.Sleep(time.Duration(r.IntN(90)) * time.Second)
				case 7:
					s.lane.wake()
				}
				synctest.Wait()
				alive := 0
				s.mu.Lock()
				for _, p := range s.puppets {
					if p.Alive() {
						alive++
					}
				}
				s.mu.Unlock()
				require.LessOrEqual(t, alive, 1, "seed %d", seed)
				if s.state() == PluginServing {
					require.Equal(t, 1, alive, "seed %d", seed)
				}
				if s.state() == PluginStopped {
					require.True(t, s.lane.isAsleep(), "seed %d", seed)
					require.Zero(t, alive, "seed %d", seed)
				}
			}
			s.mu.Lock()
			s.fail = nil
			s.mu.Unlock()
			s.newest().freeze(false)
			s.lane.restart()
			time.Sleep(time.Minute)
			s.lane.wake()
			synctest.Wait()
			require.Equal(t, PluginServing, s.state(), "seed %d", seed)
			s.stop()
			<-s.lane.done
			for _, p := range s.puppets {
				require.False(t, p.Alive(), "seed %d", seed)
			}
		})
	}
}
