package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/payhost/payhost/sdk/plugin"
)

// TestMain lets this binary also be a plugin and a host that tests kill: real
// processes without anything to build first.
func TestMain(m *testing.M) {
	switch {
	case strings.HasPrefix(filepath.Base(os.Args[0]), "payhost-provider-"):
		plugin.Serve(remoteProvider{name: strings.TrimPrefix(filepath.Base(os.Args[0]), "payhost-provider-")})
		return
	case len(os.Args) == 4 && os.Args[1] == "run-host":
		runHostForTest(os.Args[2], os.Args[3])
		return
	}
	goleak.VerifyTestMain(m)
}
