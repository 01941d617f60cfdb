package host_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// stateOne is a version that reads and writes private states of version 1.
func stateOne(version, flaw string) shopVersion {
	return shopVersion{Version: version, Reads: []int{1}, Writes: 1, Flaw: flaw}
}

type changed struct {
	st  host.PluginStatus
	err error
}

// inBackground asks for a version and tells what came of it.
func (h *shopHost) inBackground(ctx context.Context, version string) <-chan changed {
	done := make(chan changed, 1)
	go func() {
		st, err := h.Plugins().Use(ctx, shopPlugin, use(version, 0))
		done <- changed{st, err}
	}()
	return done
}

func TestOneChangeOfVersionsAtATime(t *testing.T) {
	s := newShop(t)
	h := startShop(t, s, installed(t, stateOne("1.0.0", ""), stateOne("1.1.0", flawSlowOpen)))
	ctx, hangUp := context.WithCancel(t.Context())
	first := h.inBackground(ctx, "1.1.0")
	require.Equal(t, "1.1.0", <-s.opening, "the proof is under way")

	_, err := h.Plugins().Use(t.Context(), shopPlugin, use("1.1.0", 10))
	require.ErrorIs(t, err, pay.KindInProgress)
	require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
	_, err = h.Plugins().Rollback(t.Context(), shopPlugin, "")
	require.ErrorIs(t, err, pay.KindInProgress)
	require.ErrorIs(t, h.Plugins().Reload(t.Context(), nil), pay.KindInProgress)
	_, err = h.create("meanwhile")
	require.NoError(t, err, "calls go on while a version is proved")
	require.Equal(t, "1.0.0", h.status().Version)

	hangUp() // who asked does not wait any more; the change goes on
	close(s.open)
	done := <-first
	require.NoError(t, done.err)
	require.Equal(t, "1.1.0", done.st.Version)
	_, err = h.create("then")
	require.NoError(t, err)
	require.Equal(t, 1, s.createdBy("1.1.0"))
	require.Equal(t, 2, s.calm(t))
}

// The proof of a version hangs, and the host is told to stop: nothing is chosen, and the drain does not wait for the proof.
func TestStoppingDuringAProofChoosesNothing(t *testing.T) {
	s := newShop(t)
	list := installed(t, stateOne("1.0.0", ""), stateOne("1.1.0", flawSlowOpen))
	st, err := sqlite.OpenMemory(sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	long := 24 * time.Hour // the test would not end if anything waited for the proof
	cfg := host.Config{
		Store: st, PublicURL: hosttest.PublicURL, StopTimeout: long,
		Supervision: host.Supervision{ProofTimeout: long}, Runtime: host.Runtime{HTTPTimeout: long},
	}
	shopConfig(&cfg, s.URL, list...)
	inner, err := host.New(cfg)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- inner.Run(ctx) }()
	<-inner.Ready()
	h := &shopHost{&hosttest.Host{Host: inner, Store: st}, t, s}
	_, err = h.create("before")
	require.NoError(t, err)
	asked := h.inBackground(t.Context(), "1.1.0")
	<-s.opening
	stop()
	done := <-asked
	require.ErrorIs(t, done.err, pay.KindInvalidState)
	require.NoError(t, <-ended)
	_, err = st.PluginChoice(t.Context(), shopPlugin)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAVersionThatOpensNoAccountIsRefused(t *testing.T) {
	s := newShop(t)
	h := startShop(t, s, installed(t, stateOne("1.0.0", ""), stateOne("1.1.0", flawNoAccount), stateOne("1.2.0", flawExitAtStart), stateOne("1.3.0", flawPoor)))
	_, err := h.create("before")
	require.NoError(t, err)
	for version, want := range map[string]string{
		"1.1.0": "account shop-main cannot be opened", "1.2.0": "exited with code 4", "1.3.0": "would lose find_invoice",
	} {
		_, err = h.Plugins().Use(t.Context(), shopPlugin, use(version, 0))
		require.ErrorIs(t, err, pay.KindInvalidState, version)
		require.ErrorContains(t, err, want)
		require.Nil(t, h.status().Choice)
		require.Len(t, h.awaits("the candidate is gone", func(st host.PluginStatus) bool { return len(st.Running) == 1 }).Running, 1)
	}
	_, err = h.create("after")
	require.NoError(t, err)
	require.Equal(t, 2, s.createdBy("1.0.0"))
}

// A list that prefers another version, as after SIGHUP, and one in which the same version has other bytes.
func TestReloadUnderLoad(t *testing.T) {
	s := newShop(t)
	old, next := stateOne("1.0.0", ""), stateOne("1.1.0", "")
	list := installed(t, old, next)
	h := startShop(t, s, list)
	w := startTraffic(t, h, 4, 4)
	w.during(phase{}, 20)
	digest := h.status().Digest
	for i := range rounds(20, 4) {
		list[0].Preferred, list[1].Preferred = i%2 == 1, i%2 == 0
		require.NoError(t, h.Plugins().Reload(t.Context(), list))
		require.Equal(t, []string{"1.1.0", "1.0.0"}[i%2], h.status().Version)
		w.during(phase{}, 20)
	}
	require.Equal(t, digest, h.status().Digest)
	old.Reads = append(old.Reads, 2)
	list[0].Path = installed(t, old)[0].Path
	require.NoError(t, h.Plugins().Reload(t.Context(), list), "the same version, other bytes")
	require.NotEqual(t, digest, h.status().Digest)
	w.during(phase{}, 20)
	w.finish()
	require.Empty(t, w.failed)
	require.Zero(t, h.everythingSettled())
	require.EqualValues(t, w.placed.Load(), s.calm(t))
}
