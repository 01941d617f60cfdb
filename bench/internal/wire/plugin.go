// Package wire is the create call as the peers carry it: the very messages that our host and SDK exchange, on the stock
// machinery. It is outside the wall that gives the generated types one owner because a peer with other messages would not do
// the same work; nothing that ships can import it.
package wire

import (
	"context"
	"os"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// AnswerEnv names the variable with the file that holds the encoded answer.
const AnswerEnv = "PAYHOST_BENCH_ANSWER"

// PluginName is the name under which a stock plugin is dispensed.
const PluginName = "echo"

// Handshake is that of the stock plugin.
func Handshake() goplugin.HandshakeConfig {
	return goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "PAYHOST_BENCH", MagicCookieValue: "stock"}
}

// Server answers every create with one ready-made message, which is less work than any adapter has.
type Server struct {
	pluginv1.UnimplementedProviderServiceServer
	answer *pluginv1.CreateInvoiceResponse
}

// NewServer reads the answer from a file.
func NewServer(path string) (*Server, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Server{answer: &pluginv1.CreateInvoiceResponse{}}
	return s, proto.Unmarshal(raw, s.answer)
}

// CreateInvoice implements the service.
func (s *Server) CreateInvoice(context.Context, *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	return s.answer, nil
}

// Register adds the service to a server.
func (s *Server) Register(to grpc.ServiceRegistrar) { pluginv1.RegisterProviderServiceServer(to, s) }

// Plugin is the service as a stock go-plugin plugin. Host sides need no Service.
type Plugin struct {
	goplugin.NetRPCUnsupportedPlugin
	Service *Server
}

// GRPCServer implements goplugin.GRPCPlugin.
func (p *Plugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	p.Service.Register(s)
	return nil
}

// GRPCClient implements goplugin.GRPCPlugin.
func (p *Plugin) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pluginv1.NewProviderServiceClient(conn), nil
}
