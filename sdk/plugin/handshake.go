package plugin

import (
	"context"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// SDK names this SDK in manifests and evidence.
const SDK = "payhost-go/1.0.0"

// ProtocolVersion is the version of the contract that this package speaks.
const ProtocolVersion = 1

// MaxMessage is the size limit of one gRPC message in either direction, in bytes.
const MaxMessage = 4 << 20

// The magic cookie: it tells a host from a person who runs the binary by hand. It is no secret.
const (
	CookieKey   = "PAYHOST_PLUGIN"
	CookieValue = "c2f4f1d0-7b6e-4f0c-9d53-payhost-provider"
)

// pluginName is the one entry of a plugin set. gRPC services are addressed by their own names; go-plugin needs a key.
const pluginName = "provider"

// Handshake returns the handshake that host and plugin must share.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: ProtocolVersion, MagicCookieKey: CookieKey, MagicCookieValue: CookieValue}
}

// VersionedPlugins returns the host's plugin sets by protocol version, for go-plugin's client. Dispensing is not needed: give
// the connection to [NewClient].
func VersionedPlugins() map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{ProtocolVersion: {pluginName: &grpcPlugin{}}}
}

// grpcPlugin is go-plugin's glue, for both sides.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server // nil in a host
}

// GRPCServer implements [goplugin.GRPCPlugin].
func (p *grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	registerServices(s, p.server, p.server.guard.log)
	return nil
}

// GRPCClient implements [goplugin.GRPCPlugin].
func (p *grpcPlugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn, ClientConfig{}), nil
}
