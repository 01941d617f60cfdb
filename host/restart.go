package host

import (
	"math/rand/v2"
	"time"
)

// Supervision says how the host watches its plugins. The zero value means the stated defaults.
type Supervision struct {
	// HealthEvery is how often a serving process is asked whether it answers. Zero means 5 s.
	HealthEvery time.Duration
	// HealthTimeout is how long it has for that. A process that does not answer in time is degraded: calls that were not
	// handed to it yet wait. Zero means 3 s.
	HealthTimeout time.Duration
	// HealthMisses is how many times in a row it may be silent before it counts as frozen and is killed. Zero means 3.
	HealthMisses int
	// QuarantineAfter is the number of processes in a row that ended before they proved themselves, after which the plugin
	// is quarantined. Zero means 5.
	QuarantineAfter int
	// CoolDown is how long a quarantine lasts before one process is started as a probe; it doubles with each probe that fails,
	// up to sixteenfold. Zero means 1 min.
	CoolDown time.Duration
	// ProvedAfter is how long a process must serve to have proved itself without a call. Zero means 30 s.
	ProvedAfter time.Duration
	// KeepPrevious is how long after a switch of versions the host goes back by itself. Zero means 24 h.
	KeepPrevious time.Duration
	// CrashLoop is the number of unrequested ends of one version within a minute that makes the host go back. Zero means 3.
	CrashLoop int
	// MinimumSample is the number of mutating calls a new version must have had before the share of its unknown outcomes can make
	// the host go back; ten unknown ones are enough if they are at least half of all. Zero means 20.
	MinimumSample int
	// ProofTimeout bounds the start of a version that is to be used and the opening of its accounts. Zero means 60 s.
	ProofTimeout time.Duration
}

func (s Supervision) withDefaults() Supervision {
	orDuration(&s.HealthEvery, 5*time.Second)
	orDuration(&s.HealthTimeout, 3*time.Second)
	orDuration(&s.CoolDown, time.Minute)
	orDuration(&s.ProvedAfter, 30*time.Second)
	orDuration(&s.KeepPrevious, 24*time.Hour)
	orDuration(&s.ProofTimeout, time.Minute)
	orCount(&s.HealthMisses, 3)
	orCount(&s.QuarantineAfter, 5)
	orCount(&s.CrashLoop, 3)
	orCount(&s.MinimumSample, 20)
	return s
}

func orCount(n *int, fallback int) {
	if *n == 0 {
		*n = fallback
	}
}

// Waits before the next start after processes that ended without having proved themselves.
const (
	backoffFirst  = 250 * time.Millisecond
	backoffMost   = 30 * time.Second
	maxTrips      = 4 // doublings of the cool-down
	crashInterval = time.Minute
)

// restarts decides when a version's next process starts. Only processes that ended before they proved themselves count, and
// only in a row: a plugin that works and dies now and then is always started again at once.
type restarts struct {
	rules    Supervision
	failures int
	trips    int
}

// reset forgets the failures: a process has answered a call or has served for long enough, or an operator ends the wait.
func (r *restarts) reset() { r.failures, r.trips = 0, 0 }

// failed counts one more process that did not prove itself and says where the plugin stands now and how long, with jitter, it
// waits. started tells one that died from one that never served; the first death is followed by a start at once.
func (r *restarts) failed(started bool) (PluginState, time.Duration) {
	r.failures++
	if r.failures >= r.rules.QuarantineAfter {
		// The probe after the cool-down is one process: its failure is the next trip.
		r.failures = r.rules.QuarantineAfter - 1
		wait := r.rules.CoolDown << min(r.trips, maxTrips)
		r.trips++
		return PluginQuarantined, wait
	}
	if started && r.failures == 1 {
		return PluginBackoff, 0
	}
	wait := min(backoffMost, backoffFirst<<min(r.failures-1, 10))
	return PluginBackoff, wait/2 + rand.N(wait/2)
}
