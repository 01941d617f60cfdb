package plugintest

import (
	"slices"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

// Check is one entry of the kit's table.
type Check struct {
	// Name is the name of the subtest, in snake_case.
	Name string
	// Why says what the host, or somebody's money, loses when the check fails.
	Why string
}

// check is a Check with what it does.
type check struct {
	Check
	// needs are abilities without which the check has no subject.
	needs pay.Abilities
	run   func(*kit)
}

// List returns every check in the order in which [Run] runs them.
func List() []Check {
	var list []Check
	for _, c := range checks() {
		list = append(list, c.Check)
	}
	return list
}

func checks() []check {
	return slices.Concat(
		manifestChecks(), openChecks(), createChecks(), faultChecks(), readChecks(), moneyChecks(), webhookChecks(),
		changeChecks(), abilityChecks(), boundaryChecks(), secretChecks(),
	)
}

func find(name string) (check, bool) {
	list := checks()
	i := slices.IndexFunc(list, func(c check) bool { return c.Name == name })
	if i < 0 {
		return check{}, false
	}
	return list[i], true
}

// Run runs every check, each as a subtest with one subtest for the direct way and one over the wire. Checks run in parallel
// with each other; Run returns when all have ended. A failed check prints its reason.
func Run(t *testing.T, h Harness) {
	t.Helper()
	h.check(t)
	for _, c := range checks() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if reason, skipped := h.Skip[c.Name]; skipped {
				t.Skipf("left out by the harness: %s", reason)
			}
			for _, l := range lanes() {
				t.Run(l.name, func(t *testing.T) {
					t.Parallel()
					runCheck(t, &h, c, l)
				})
			}
		})
	}
}

// runCheck runs one check by one way.
func runCheck(tb testing.TB, h *Harness, c check, l lane) {
	tb.Helper()
	defer func() {
		// Fatalf leaves by runtime.Goexit, which runs this too.
		if tb.Failed() {
			tb.Logf("why %s matters: %s", c.Name, c.Why)
		}
	}()
	c.run(&kit{TB: tb, harness: h, lane: l, needs: c.needs, patience: defaultPatience})
}
