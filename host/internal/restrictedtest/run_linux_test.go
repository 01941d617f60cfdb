package restrictedtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if err := Enter(os.Args, os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m.Run()
}

// TestInside looks around for itself when it is run in an environment; outside there is nothing to see.
func TestInside(t *testing.T) {
	if filepath.Base(os.Args[0]) != "tests" {
		return
	}
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^CapEff:\s+0+$`, string(status))
	require.Regexp(t, `(?m)^CapPrm:\s+0+$`, string(status))
	require.NotRegexp(t, `(?m)^Uid:.*\b0\b`, string(status))
	require.NoError(t, os.WriteFile(filepath.Join(t.TempDir(), "file"), nil, 0o600), "the temporary directory is there to be used")
}

func TestFailureInside(t *testing.T) {
	if filepath.Base(os.Args[0]) == "tests" {
		t.Fatal("as it should")
	}
}

func TestRun(t *testing.T) {
	require.Equal(t, []string{"TestInside"}, Run(t, "^TestInside$"))
}

// What every system allows works everywhere, so that what Run falls back to is known to work.
func TestAsAnotherUser(t *testing.T) {
	e := prepare(t)
	e.kind = kindUser
	output, err := e.run(t, []string{"-test.v", "-test.run=^(TestInside|TestFailureInside)$"})
	require.Error(t, err, "a failure inside is one outside")
	require.Equal(t, []string{"TestInside"}, passes(output), output)
	where, ok := line(output, entered)
	require.True(t, ok, output)
	require.Contains(t, where, fmt.Sprintf("user %d, no capabilities", e.uid))

	output, err = e.run(t, []string{"-test.v", "-test.run=^NoSuchTest$"})
	require.NoError(t, err, output)
	require.Empty(t, passes(output))
}

// Only what a system may refuse leads to less; a mistake is a failure.
func TestRefusal(t *testing.T) {
	_, no := refusal("", unix.EPERM)
	require.True(t, no)
	_, no = refusal("", os.ErrNotExist)
	require.False(t, no)
	reason, no := refusal("x\n"+refused+"mounting: operation not permitted\n", nil)
	require.True(t, no)
	require.Equal(t, "mounting: operation not permitted", reason)
	_, no = refusal("making the restricted environment: it is not what it should be", nil)
	require.False(t, no)
	require.NoError(t, Enter([]string{"tests", "-test.v"}, nil), "any other process goes on")
}
