// Command plugin is the echo provider as the SDK serves it, under the name that the host starts it with.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/sdk/plugin"
)

func main() {
	name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), "payhost-provider-")
	if !ok {
		name = echo.Name
	}
	plugin.Serve(echo.Provider{As: name})
}
