package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/payhost/payhost/host/internal/restrictedtest"
	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/sdk/plugin"
)

// TestMain lets this binary also be a plugin and a host that tests kill: real
// processes without anything to build first.
func TestMain(m *testing.M) {
	must(restrictedtest.Enter(os.Args, os.Environ()))
	switch {
	case strings.HasPrefix(filepath.Base(os.Args[0]), "payhost-provider-"):
		serveProvider(strings.TrimPrefix(filepath.Base(os.Args[0]), "payhost-provider-"))
		return
	case len(os.Args) == 4 && os.Args[1] == "run-host":
		runHostForTest(os.Args[2], os.Args[3])
		return
	}
	goleak.VerifyTestMain(m)
}

// serveProvider is what a plugin's main does, chosen by the name it was started under.
func serveProvider(name string) {
	if strings.HasPrefix(name, faultPrefix) {
		serveFault(name)
		return
	}
	if v, ok := versionOfThisBinary(); ok {
		plugin.Serve(shopProvider{name: name, shopVersion: v})
		return
	}
	switch name {
	case "payin":
		plugin.Serve(payin.New("1.0.0"))
	case "merchant":
		plugin.Serve(merchant.New("1.0.0"))
	case "monobank":
		plugin.Serve(monobank.New("1.0.0"))
	case shopHostProcess:
		runShopHost(os.Args[1], os.Args[2], os.Args[3])
	case ledgerPlugin, ledgerHost:
		serveLedger(name)
	default:
		plugin.Serve(remoteProvider{name: name})
	}
}
