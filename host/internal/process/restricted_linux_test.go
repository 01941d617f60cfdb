package process

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/payhost/payhost/host/internal/restrictedtest"
)

// The hazards hold where a hardened container would run the host: not as root, a read-only root, a noexec temporary directory,
// and the host as the first process of its namespace. In the soak every other test of this package has to pass there, too.
func TestHazardsInRestrictedEnvironment(t *testing.T) {
	pattern := "^(TestHazard[0-9]|TestRunsFromSealedMemory$|TestConfinementReportIsTrue$|TestHostilePlugin$|TestScriptRunsFromPrivateCopy$)"
	if os.Getenv("PAYHOST_SOAK") == "1" {
		pattern = "."
	}
	passed := restrictedtest.Run(t, pattern, "-test.skip=^TestHazardsInRestrictedEnvironment$")
	for _, name := range []string{
		"TestHazard01HostileLogLines", "TestHazard02FrozenPlugin", "TestHazard03GrandchildHoldsPipes", "TestHazard05HostKilled",
		"TestHazard18FirstProcessBuriesOrphans", "TestConfinementReportIsTrue", "TestRunsFromSealedMemory",
	} {
		require.Contains(t, passed, name)
	}
}

// startCopy starts what can only be run from a private copy. Where the run directory is mounted noexec that is refused, in words
// that tell so, and there is no process.
func (b *bench) startCopy(cfg Config) (*Process, bool) {
	b.t.Helper()
	if !mountedNoexec(b.t) {
		return b.start(cfg), true
	}
	_, err := Start(b.t.Context(), cfg)
	require.ErrorContains(b.t, err, "is the run directory on a file system mounted noexec")
	return nil, false
}

// mountedNoexec tells whether nothing can be executed from the temporary directory.
func mountedNoexec(t *testing.T) bool {
	t.Helper()
	var fs unix.Statfs_t
	require.NoError(t, unix.Statfs(os.TempDir(), &fs)) //nolint:usetesting // it is this one that matters
	return fs.Flags&unix.MS_NOEXEC != 0
}
