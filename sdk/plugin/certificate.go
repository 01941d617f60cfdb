package plugin

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
)

// certificateEnv names the variable with the path of the file in which a host hands over the certificates of the connection, on
// systems whose kernel does not tell who is at the other end of a socket.
const certificateEnv = "PAYHOST_CERTIFICATE_FILE"

// maxCertificateFile is far more than two certificates and a key need, in bytes.
const maxCertificateFile = 64 << 10

// takeCertificates reads the file at path and removes it, so that the key is nowhere but in this process. An empty path means that the
// host uses no certificates; then there is no configuration and no error.
func takeCertificates(path string) (*tls.Config, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the certificates of the host: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCertificateFile))
	// Closed first, because Windows removes no open file.
	if err = errors.Join(err, f.Close(), os.Remove(path)); err != nil {
		return nil, fmt.Errorf("the certificates of the host: %w", err)
	}
	config, err := readCertificates(text)
	if err != nil {
		return nil, fmt.Errorf("the certificates of the host, in %s: %w", path, err)
	}
	return config, nil
}

// readCertificates reads this process's certificate, its key and the host's certificate, in this order, and makes of them a server
// that nobody but the host can call. Errors hold nothing of the text.
func readCertificates(text []byte) (*tls.Config, error) {
	var blocks []*pem.Block
	for _, kind := range []string{"CERTIFICATE", "PRIVATE KEY", "CERTIFICATE"} {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != kind {
			return nil, fmt.Errorf("block %d is no %s", len(blocks)+1, kind)
		}
		blocks, text = append(blocks, block), rest
	}
	own, err := tls.X509KeyPair(pem.EncodeToMemory(blocks[0]), pem.EncodeToMemory(blocks[1]))
	if err != nil {
		return nil, errors.New("certificate and key do not belong together, or cannot be read")
	}
	host, err := x509.ParseCertificate(blocks[2].Bytes)
	if err != nil {
		return nil, errors.New("the host's certificate cannot be read")
	}
	only := x509.NewCertPool()
	only.AddCert(host)
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: only, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}, nil
}
