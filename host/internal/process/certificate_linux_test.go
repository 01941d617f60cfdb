package process

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
)

// paper is a provider whose manifest tells what it finds of the certificates.
type paper struct{}

func (paper) Describe() pay.Manifest {
	title := "gone"
	if _, err := os.Stat(os.Getenv(CertificateEnv)); err == nil {
		title = "there"
	}
	if os.Getenv(CertificateEnv) == "" {
		title = "unknown"
	}
	return pay.Manifest{Name: "probe", Version: "1.0.0", Title: title}
}

func (paper) Open(context.Context, pay.AccountConfig) (pay.Account, error) {
	return nil, pay.Unsupported("open")
}

// impostor takes the file as a plugin does, and serves with a key of its own.
func impostor() {
	_ = os.Remove(os.Getenv(CertificateEnv))
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: testHandshake, VersionedPlugins: map[int]goplugin.PluginSet{1: {"probe": &probe{}}}, GRPCServer: goplugin.DefaultGRPCServer,
		TLSProvider: func() (*tls.Config, error) {
			cert, key, err := selfSigned(x509.ExtKeyUsageServerAuth)
			return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}, err
		},
	})
}

// byCertificate is a plugin of the SDK on a system without peer credentials.
func (b *bench) byCertificate() Config {
	b.t.Helper()
	cfg := b.config("sdk")
	cfg.Handshake, cfg.Plugins, cfg.Certificates = plugin.Handshake(), plugin.VersionedPlugins(), true
	return cfg
}

func describe(t *testing.T, p *Process) pay.Manifest {
	t.Helper()
	client := plugin.NewClient(p.Conn(), plugin.ClientConfig{})
	require.NoError(t, client.Start(t.Context()))
	return client.Describe()
}

// Where the kernel does not name the process at the other end, host and plugin know each other by certificates that nobody else has.
func TestCertificatesStandInForPeerCredentials(t *testing.T) {
	b := newBench(t)
	p := b.start(b.byCertificate())
	require.Equal(t, "active: certificate: TLS 1.3, P-256, both sides pinned", p.Confinement().Peer.String())
	require.Equal(t, "gone", describe(t, p).Title, "the adapter must not find the key")
	for _, file := range []string{"environ", "cmdline"} {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/" + file)
		require.NoError(t, err)
		require.NotContains(t, string(text), "PRIVATE KEY", file)
		require.NotContains(t, string(text), "BEGIN", file)
	}
	sockets, err := filepath.Glob(filepath.Join(b.dir.Path(), "*", "plugin*"))
	require.NoError(t, err)
	require.Len(t, sockets, 1)

	cert, key, err := selfSigned(x509.ExtKeyUsageClientAuth)
	require.NoError(t, err)
	trusting := func(own ...tls.Certificate) credentials.TransportCredentials {
		return credentials.NewTLS(&tls.Config{Certificates: own, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // the stranger trusts anybody
	}
	for name, stranger := range map[string]credentials.TransportCredentials{
		"without TLS":           insecure.NewCredentials(),
		"without a certificate": trusting(),
		"with its own":          trusting(tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}),
	} {
		conn, err := grpc.NewClient("unix:"+sockets[0], grpc.WithTransportCredentials(stranger))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err = plugin.NewClient(conn, plugin.ClientConfig{}).Start(ctx)
		require.Error(t, err, name)
		require.NoError(t, ctx.Err(), "%s: it must be refused, not left waiting", name)
		err = conn.Invoke(ctx, shutdownMethod, &emptypb.Empty{}, &emptypb.Empty{})
		require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
		cancel()
		require.NoError(t, conn.Close())
	}
	require.True(t, p.Alive())
	require.Equal(t, "gone", describe(t, p).Title, "the host's own connection is not touched")
	require.NoError(t, p.Stop(t.Context()))
	b.requireEmpty()
}

// A plugin under a user of its own can take its certificate too.
func TestCertificatesReachAPluginWithItsOwnUser(t *testing.T) {
	b := newBench(t)
	cfg := b.byCertificate()
	cfg.RunAs = &User{UID: 65534, GID: 65534}
	if os.Geteuid() != 0 {
		_, err := Start(t.Context(), cfg)
		require.ErrorContains(t, err, "needs a host that runs as root")
		return
	}
	require.Equal(t, "gone", describe(t, b.start(cfg)).Title)
}

// A plugin whose SDK does not know the certificates is refused with the remedy, and so is a process that serves with another key.
func TestPluginWithoutItsCertificateIsRefused(t *testing.T) {
	for mode, want := range map[string]string{
		"serve":    "it was built with an SDK that does not know it: rebuild it with a current one",
		"impostor": "peer check: certificate: tls: failed to verify certificate: x509: certificate signed by unknown authority",
	} {
		b := newBench(t)
		cfg := b.config(mode)
		cfg.Certificates = true
		p, err := Start(t.Context(), cfg)
		require.Nil(t, p)
		require.ErrorContains(t, err, want)
		b.requireEmpty()
	}
}

// With the kernel's word no certificate is made.
func TestPeerIsTheKernelsWordWhereItGivesIt(t *testing.T) {
	b := newBench(t)
	cfg := b.byCertificate()
	cfg.Certificates = false
	p := b.start(cfg)
	require.Equal(t, "active: SO_PEERCRED", p.Confinement().Peer.String())
	require.Equal(t, "unknown", describe(t, p).Title)
}

// Each process has certificates of its own: those of one are worth nothing with another, and none is good for long.
func TestCertificatesAreOfOneProcess(t *testing.T) {
	a, err := newCertificates()
	require.NoError(t, err)
	b, err := newCertificates()
	require.NoError(t, err)
	require.NotEqual(t, string(a.text), string(b.text))
	cert, _, err := selfSigned(x509.ExtKeyUsageServerAuth)
	require.NoError(t, err)
	require.False(t, cert.IsCA)
	require.Equal(t, 2*certificateTime, cert.NotAfter.Sub(cert.NotBefore).Round(time.Second))
}
