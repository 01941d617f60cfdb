package plugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// certificatesOf writes what a host does: a certificate, its key, and another certificate.
func certificatesOf(tb testing.TB) []byte {
	tb.Helper()
	var text []byte
	for i := range 2 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(tb, err)
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1))}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		require.NoError(tb, err)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		if i == 0 {
			secret, err := x509.MarshalPKCS8PrivateKey(key)
			require.NoError(tb, err)
			text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
		}
	}
	return text
}

func TestCertificatesAreTakenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "certificates.pem")
	require.NoError(t, os.WriteFile(path, certificatesOf(t), 0o600))
	config, err := takeCertificates(path)
	require.NoError(t, err)
	require.Equal(t, tls.RequireAndVerifyClientCert, config.ClientAuth)
	require.EqualValues(t, tls.VersionTLS13, config.MinVersion)
	require.NoFileExists(t, path)
	_, err = takeCertificates(path)
	require.ErrorContains(t, err, "the certificates of the host")

	config, err = takeCertificates("")
	require.NoError(t, err)
	require.Nil(t, config, "the host uses none")
}

// What cannot be used is refused and removed all the same; the text holds nothing of the key.
func TestCertificatesThatAreNoneAreRefused(t *testing.T) {
	good, other := certificatesOf(t), certificatesOf(t)
	first, rest := pem.Decode(good)
	_, otherRest := pem.Decode(other)
	for name, text := range map[string][]byte{
		"empty":           nil,
		"cut":             good[:len(good)/2],
		"no key":          pem.EncodeToMemory(first),
		"wrong order":     rest,
		"another's key":   append(pem.EncodeToMemory(first), otherRest...),
		"key only":        []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"far too long":    append(make([]byte, maxCertificateFile), good...),
		"broken contents": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + string(rest)),
	} {
		path := filepath.Join(t.TempDir(), "certificates.pem")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		config, err := takeCertificates(path)
		require.Nil(t, config, name)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "BEGIN", name)
		require.NoFileExists(t, path, name)
	}
}

func FuzzCertificates(f *testing.F) {
	f.Add(certificatesOf(f))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		config, err := readCertificates(text)
		if (config == nil) == (err == nil) {
			t.Fatalf("%v, %v", config, err)
		}
		if err == nil && (config.ClientAuth != tls.RequireAndVerifyClientCert || config.ClientCAs == nil) {
			t.Fatal("a server that anybody can call")
		}
	})
}
