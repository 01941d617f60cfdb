//go:build unix

package plugin

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs this binary as a plugin when a test has started it as one.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		playRole(role)
		return
	}
	goleak.VerifyTestMain(m)
}
