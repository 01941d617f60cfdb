// Command plugin is the echo provider as the SDK serves it.
package main

import (
	"github.com/payhost/payhost/host/bench/internal/echo"
	"github.com/payhost/payhost/sdk/plugin"
)

func main() { plugin.Serve(echo.Provider{}) }
