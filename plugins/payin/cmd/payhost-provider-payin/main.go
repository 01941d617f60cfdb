// Command payhost-provider-payin is the payin provider plugin. The host
// starts it; started by hand it explains itself and ends.
package main

import (
	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/sdk/plugin"
)

// version is the plugin's own; a release build sets it with -ldflags "-X main.version=…".
var version = "0.1.0"

func main() {
	plugin.Serve(payin.New(version))
}
