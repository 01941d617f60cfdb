package host_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/hosttest"
	"github.com/payhost/payhost/host/store/sqlite"
	"github.com/payhost/payhost/sdk/pay"
)

// kill -9 of a plugin that serves, again and again: the next call that is answered is never far.
func TestEveryKilledPluginIsReplaced(t *testing.T) {
	s := newShop(t)
	h := startShop(t, s, installed(t, stateOne("1.0.0", "")))
	kills := rounds(1000, 20)
	var recovery []time.Duration
	cut := 0
	for i := range kills {
		pid := h.awaits("it serves", func(st host.PluginStatus) bool { return st.PID != 0 }).PID
		began := time.Now()
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		for attempt := 0; ; attempt++ {
			_, err := h.create(fmt.Sprintf("%d-%d", i, attempt))
			if err == nil {
				break
			}
			// It was handed to the dying process; everything else waits for the next one.
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			cut++
		}
		recovery = append(recovery, time.Since(began))
	}
	slices.Sort(recovery)
	t.Logf("%d kills, all recovered; from the kill to the next answered call: p50 %s, p99 %s, most %s; %d calls were cut",
		kills, recovery[kills/2].Round(time.Microsecond), recovery[kills*99/100].Round(time.Microsecond), recovery[kills-1].Round(time.Microsecond), cut)
	require.EqualValues(t, kills, h.status().Restarts)
	require.Equal(t, host.PluginServing, h.status().State)
	failed := h.everythingSettled()
	require.LessOrEqual(t, failed, cut)
	require.Equal(t, kills+cut-failed, s.calm(t))
}

// kill -9 of the host, with two plugins that serve: they end too, and the next start removes what it left.
func TestAKilledHostLeavesNothing(t *testing.T) {
	if !soaking() {
		t.Parallel()
	}
	s := newShop(t)
	list := installed(t, stateOne("1.0.0", ""))
	second := list[0]
	second.Name, second.Version = "second", "1.0.0"
	p := newHostProcess(t, s, append(list, second))
	kills := rounds(100, 3)
	var outlived []time.Duration
	for i := range kills {
		plugins := p.start()
		require.Len(t, plugins, 2)
		require.Equal(t, "ok", p.command(fmt.Sprintf("create %d", i)))
		began := time.Now()
		p.kill()
		require.Eventually(t, func() bool {
			return !slices.ContainsFunc(plugins, runs)
		}, 20*time.Second, time.Millisecond, "plugins that outlive their host")
		outlived = append(outlived, time.Since(began))
	}
	slices.Sort(outlived)
	t.Logf("%d kill -9 of a host with 2 plugins; from the kill until no plugin is alive: p50 %s, p99 %s, most %s",
		kills, outlived[kills/2].Round(time.Microsecond), outlived[kills*99/100].Round(time.Microsecond), outlived[kills-1].Round(time.Microsecond))
	p.start()
	live, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	directories := slices.DeleteFunc(live, func(e fs.DirEntry) bool { return !e.IsDir() })
	require.Len(t, directories, 1, "one run directory, that of the host that runs: %v", directories)
	require.Equal(t, "ok", p.command("create last"))
	p.end()
	live, err = os.ReadDir(p.dir)
	require.NoError(t, err)
	for _, e := range live {
		require.True(t, strings.HasPrefix(e.Name(), "payhost.db"), "%s is left", e.Name())
	}
	require.Equal(t, kills+1, s.calm(t))
}

// runs says whether a process still does anything. One that has ended and that the first process of this machine has not buried yet
// does not.
func runs(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, after, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(after, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}

// kill -9 of the host at any moment around a change of versions: what was committed is what the next host runs.
func TestAHostThatDiesDuringAChangeRunsWhatWasChosen(t *testing.T) {
	if !soaking() {
		t.Parallel()
	}
	s := newShop(t)
	list := installed(t, stateOne("1.0.0", ""), stateOne("1.1.0", ""))
	p := newHostProcess(t, s, list)
	moved := 0
	for i := range rounds(100, 6) {
		p.start()
		serving := p.command("version")
		next := map[string]string{"1.0.0": "1.1.0", "1.1.0": "1.0.0"}[serving]
		if i%2 == 0 {
			// It kills itself as soon as the choice can be read.
			p.tell("use-and-die " + next)
			p.awaitEnd()
		} else {
			p.tell("use " + next)
			time.Sleep(time.Duration(i*37%400) * time.Millisecond) // anywhere in the proof, the commit or the move
			p.kill()
		}
		p.start()
		after := p.command("version")
		chosen := orNone(p.command("choice"), serving)
		require.Equal(t, chosen, after)
		if i%2 == 0 {
			require.Equal(t, next, after, "it was committed")
		}
		if after == next {
			moved++
		}
		created := s.createdBy(after)
		require.Equal(t, "ok", p.command(fmt.Sprintf("create %d", i)))
		require.Equal(t, created+1, s.createdBy(after))
		p.kill()
	}
	t.Logf("%d of %d changes were committed before the host died", moved, rounds(100, 6))
	s.calm(t)

	// The next host, in this process, sees one row of audit for each choice, and nothing open.
	st, err := sqlite.Open(filepath.Join(p.dir, "payhost.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	h := &shopHost{hosttest.StartOn(t, st, hosttest.NewProvider(), func(c *host.Config) { shopConfig(c, s.URL, list...) }), t, s}
	require.Zero(t, h.everythingSettled())
	if len(h.steps()) < 1000 {
		switched := slices.DeleteFunc(h.steps(), func(step string) bool { return step != "plugin.switched" })
		require.Len(t, switched, moved)
	}
}

func orNone(s, fallback string) string {
	if s == "none" {
		return fallback
	}
	return s
}
