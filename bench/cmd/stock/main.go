// Command stock is the peer as go-plugin's documentation writes it: default gRPC server, AutoMTLS.
package main

import (
	"fmt"
	"os"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/payhost/payhost/host/bench/internal/wire"
)

func main() {
	server, err := wire.NewServer(os.Getenv(wire.AnswerEnv))
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: wire.Handshake(),
		Plugins:         goplugin.PluginSet{wire.PluginName: &wire.Plugin{Service: server}},
		GRPCServer:      goplugin.DefaultGRPCServer,
	})
}
