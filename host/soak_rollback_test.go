package host_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// wentBack waits until the host itself has returned to 1.0.0, and sees it serve.
func (h *shopHost) wentBack(why string) {
	h.t.Helper()
	st := h.awaits("the host goes back", func(st host.PluginStatus) bool {
		return st.Version == "1.0.0" && st.State == host.PluginServing && st.Choice != nil && st.Choice.Version == "1.0.0"
	})
	require.Equal(h.t, "system:supervisor", st.Choice.Actor)
	require.Contains(h.t, st.Choice.Reason, why)
	require.Contains(h.t, h.steps(), "plugin.rolled_back")
	before := h.shop.createdBy("1.0.0")
	for i := range 20 {
		_, err := h.create(fmt.Sprintf("back-%d", i))
		require.NoError(h.t, err)
	}
	require.Equal(h.t, before+20, h.shop.createdBy("1.0.0"))
	h.everythingSettled()
}

// After a full switch the new version ends during every create.
func TestACrashLoopAfterAFullSwitchIsRolledBack(t *testing.T) {
	s := newShop(t)
	h := startShop(t, s, installed(t, stateOne("1.0.0", ""), stateOne("2.0.0", flawExit)))
	_, err := h.Plugins().Use(t.Context(), shopPlugin, use("2.0.0", 0))
	require.NoError(t, err)
	calls := 0
	poll(t, func() *int { // until a call meets the old version again
		calls++
		if _, err := h.create(fmt.Sprintf("order-%d", calls)); err != nil {
			require.NotErrorIs(t, err, pay.KindInProgress)
			return nil
		}
		return &calls
	})
	require.Positive(t, s.createdBy("2.0.0"))
	require.LessOrEqual(t, s.createdBy("2.0.0"), 4, "three deaths are a loop")
	h.wentBack("it crashes in a loop")
	st := h.status()
	require.Equal(t, "2.0.0", st.Choice.Reason[:5])
	s.calm(t)
}

// After a full switch every outcome is unknown. The breakers hold the calls back before the sample is complete, and still the host
// goes back, and holds nothing back afterwards.
func TestUnknownOutcomesAfterAFullSwitchAreRolledBack(t *testing.T) {
	for _, sample := range []int{20, 1000} {
		t.Run(fmt.Sprint(sample), func(t *testing.T) {
			s := newShop(t)
			h := startShop(t, s, installed(t, stateOne("1.0.0", ""), stateOne("2.1.0", flawVague)), func(c *host.Config) {
				c.Supervision.MinimumSample = sample
			})
			_, err := h.Plugins().Use(t.Context(), shopPlugin, use("2.1.0", 0))
			require.NoError(t, err)
			for i := range 10 {
				_, err := h.create(fmt.Sprintf("order-%d", i))
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			}
			h.wentBack("10 of 10 outcomes are unknown")
			s.calm(t)
		})
	}
}

// The new version served, and does not start any more when the host does.
func TestQuarantineAtBootIsRolledBack(t *testing.T) {
	s := newShop(t)
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	old := installed(t, stateOne("1.0.0", ""))[0]
	for _, flaw := range []string{"", flawExitAtStart} {
		t.Run(fmt.Sprint("flaw ", flaw), func(t *testing.T) {
			list := []host.Plugin{old, installed(t, stateOne("2.0.0", flaw))[0]}
			h := &shopHost{hosttest.StartOn(t, st, hosttest.NewProvider(), func(c *host.Config) {
				shopConfig(c, s.URL, list...)
				c.Supervision.QuarantineAfter = 2
			}), t, s}
			if flaw == "" {
				_, err := h.create("before")
				require.NoError(t, err)
				_, err = h.Plugins().Use(t.Context(), shopPlugin, use("2.0.0", 0))
				require.NoError(t, err)
				_, err = h.create("served")
				require.NoError(t, err)
				return
			}
			h.wentBack("it crashes in a loop")
			require.Contains(t, h.steps(), "plugin.quarantined")
		})
	}
	require.Equal(t, 1, s.createdBy("2.0.0"))
}

// Nobody goes back by itself once the time for that has passed.
func TestAnOldChoiceIsNotTakenBack(t *testing.T) {
	s := newShop(t)
	h := startShop(t, s, installed(t, stateOne("1.0.0", ""), stateOne("2.1.0", flawVague)), func(c *host.Config) {
		c.Supervision.KeepPrevious = time.Nanosecond
	})
	_, err := h.Plugins().Use(t.Context(), shopPlugin, use("2.1.0", 0))
	require.NoError(t, err)
	for i := range 15 {
		_, err := h.create(fmt.Sprintf("order-%d", i))
		require.Error(t, err)
	}
	require.Equal(t, "2.1.0", h.status().Version)
	require.NotContains(t, h.steps(), "plugin.rolled_back")
}
