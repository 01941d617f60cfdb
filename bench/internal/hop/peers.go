package hop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/payhost/payhost/host/bench/internal/wire"
	pluginv1 "github.com/payhost/payhost/proto/payhost/plugin/v1"
)

// Stock is one process of go-plugin as it comes, with AutoMTLS.
type Stock struct {
	client  *goplugin.Client
	service pluginv1.ProviderServiceClient
}

// StartStock starts bin/stock; answer is the file with what it says.
func StartStock(bin, answer string) (*Stock, error) {
	cmd := exec.Command(filepath.Join(bin, "stock"))
	cmd.Env = []string{wire.AnswerEnv + "=" + answer}
	s := &Stock{client: goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: wire.Handshake(), Plugins: goplugin.PluginSet{wire.PluginName: &wire.Plugin{}}, Cmd: cmd,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, AutoMTLS: true, Logger: hclog.NewNullLogger(), SkipHostEnv: true,
	})}
	protocol, err := s.client.Client()
	if err == nil {
		var raw any
		if raw, err = protocol.Dispense(wire.PluginName); err == nil {
			var ok bool
			if s.service, ok = raw.(pluginv1.ProviderServiceClient); !ok {
				err = fmt.Errorf("hop: the stock plugin is a %T", raw)
			}
		}
	}
	if err != nil {
		s.client.Kill()
		return nil, err
	}
	return s, nil
}

// PID is the number of its process.
func (s *Stock) PID() int { return s.client.ReattachConfig().Pid }

// Stop ends the process and waits for it.
func (s *Stock) Stop() { s.client.Kill() }

// Create is one call, without deadline, frame or verdict.
func (s *Stock) Create(ctx context.Context, req *pluginv1.CreateInvoiceRequest) error {
	return answered(s.Ask(ctx, req))
}

// Ask is one call with its answer.
func (s *Stock) Ask(ctx context.Context, req *pluginv1.CreateInvoiceRequest) (*pluginv1.CreateInvoiceResponse, error) {
	return s.service.CreateInvoice(ctx, req)
}

// bare is a process that serves with grpc-go alone, and a connection to it.
type bare struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	conn    *grpc.ClientConn
	service pluginv1.ProviderServiceClient
}

func startBare(ctx context.Context, bin, answer, socket string, env ...string) (*bare, error) {
	b := &bare{cmd: exec.Command(filepath.Join(bin, "bare"), socket)}
	b.cmd.Env, b.cmd.Stderr = append(env, wire.AnswerEnv+"="+answer), os.Stderr
	stdin, err := b.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	b.stdin = stdin
	if b.conn, err = grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	b.service = pluginv1.NewProviderServiceClient(b.conn)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := b.service.CreateInvoice(ctx, &pluginv1.CreateInvoiceRequest{}, grpc.WaitForReady(true)); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

func (b *bare) create(ctx context.Context, req *pluginv1.CreateInvoiceRequest) error {
	return answered(b.service.CreateInvoice(ctx, req))
}

func (b *bare) stop() error {
	var err error
	if b.conn != nil {
		err = b.conn.Close()
	}
	return errors.Join(err, b.stdin.Close(), b.cmd.Wait())
}

func answered(answer *pluginv1.CreateInvoiceResponse, err error) error {
	if err == nil && answer.GetState() == nil {
		err = errors.New("hop: the answer has no state")
	}
	return err
}
