package process

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
)

// CertificateEnv names the variable with the path of the file that holds a plugin's certificate, its key and the host's
// certificate. It is set only where certificates stand in for peer credentials. The plugin reads the file, removes it and serves
// TLS 1.3 with it; docs/protocol.md has the form.
const CertificateEnv = "PAYHOST_CERTIFICATE_FILE"

const (
	certificateFile = "certificates.pem"
	// certificateName is the server name of every plugin's certificate.
	certificateName = "plugin.payhost.invalid"
	// certificateTime is how long before and after its making a certificate is good: the one connection is made at once, and a
	// clock that is set meanwhile must not fail it.
	certificateTime = time.Hour
)

// peerCheck is what the host's end of the connection demands of the other.
type peerCheck interface {
	credentials.TransportCredentials
	// lastError is the refusal of the latest connection attempt, if it was refused.
	lastError() error
}

// peerCheckOf makes the check for a process: the kernel's word where the system gives it, else a pair of certificates, which is
// returned to be handed over to the plugin.
func peerCheckOf(cfg Config, pid func() int) (peerCheck, *certificates, error) {
	if peerSource != "" && !cfg.Certificates {
		return &peerCredentials{pid: pid}, nil, nil
	}
	c, err := newCertificates()
	if err != nil {
		return nil, nil, fmt.Errorf("process: %s: making the certificates of the connection: %w", cfg.Name, err)
	}
	return c, c, nil
}

// certificates stand in for peer credentials: one pair for one process, P-256 because a P-521 key, which go-plugin makes, costs fifteen
// times as much. Neither certificate is an authority and each side trusts exactly the other's, so nobody who lacks the key
// can serve the host or call the plugin.
type certificates struct {
	credentials.TransportCredentials

	mu   sync.Mutex // guards the fields below
	text []byte     // the plugin's half; nil once it is handed over
	path string     // the file it was handed over in
	err  error
}

func newCertificates() (*certificates, error) {
	plugin, pluginKey, err := selfSigned(x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	host, hostKey, err := selfSigned(x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(pluginKey)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(plugin)
	var text bytes.Buffer
	for _, block := range []*pem.Block{
		{Type: "CERTIFICATE", Bytes: plugin.Raw}, {Type: "PRIVATE KEY", Bytes: key}, {Type: "CERTIFICATE", Bytes: host.Raw},
	} {
		if err := pem.Encode(&text, block); err != nil {
			return nil, err
		}
	}
	return &certificates{
		TransportCredentials: credentials.NewTLS(&tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{host.Raw}, PrivateKey: hostKey, Leaf: host}},
			RootCAs:      trusted, ServerName: certificateName, MinVersion: tls.VersionTLS13,
		}),
		text: text.Bytes(),
	}, nil
}

// selfSigned makes a key and a certificate that is good for one use and signs nothing.
func selfSigned(use x509.ExtKeyUsage) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, DNSNames: []string{certificateName}, NotBefore: now.Add(-certificateTime), NotAfter: now.Add(certificateTime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

// handOver writes the plugin's half into its private directory, for the plugin alone.
func (c *certificates) handOver(dir string, user *User) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path = filepath.Join(dir, certificateFile)
	f, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("handing over the certificate of the connection: %w", err)
	}
	_, err = f.Write(c.text)
	if user != nil {
		err = errors.Join(err, f.Chown(int(user.UID), int(user.GID)))
	}
	c.text = nil
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("handing over the certificate of the connection: %w", err)
	}
	return nil
}

// ClientHandshake implements credentials.TransportCredentials.
func (c *certificates) ClientHandshake(ctx context.Context, _ string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, certificateName, raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	// A plugin that knows the file has removed it before it listens.
	untouched := c.path != "" && os.Remove(c.path) == nil
	switch {
	case err != nil && untouched:
		c.err = errors.New("peer check: the plugin did not take its certificate, which stands in for peer credentials here; it was built with an SDK " +
			"that does not know it: rebuild it with a current one")
	case err != nil:
		c.err = fmt.Errorf("peer check: certificate: %w", err)
	default:
		c.err = nil
	}
	return conn, info, c.err
}

// Clone implements credentials.TransportCredentials. The value is shared on purpose: it remembers the last refusal.
func (c *certificates) Clone() credentials.TransportCredentials { return c }

func (c *certificates) lastError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
