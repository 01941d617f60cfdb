package monobanksim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// sendWebhook queues the invoice's present state (providers/monobank.md §12). The body is fixed now; it is signed when
// it is sent, with the key of that moment. The caller holds mu.
func (s *Sim) sendWebhook(inv *Invoice) error {
	body, err := simkit.EncodeJSON(s.view(inv))
	if err != nil {
		return err
	}
	s.kit.Callbacks.Send(simkit.Callback{Lane: inv.InvoiceID, Event: inv.Status, URL: inv.WebHookURL, Prepare: s.signed(body)})
	return nil
}

// signed prepares each delivery of a body.
func (s *Sim) signed(body []byte) func(int) ([]byte, http.Header, error) {
	return func(int) ([]byte, http.Header, error) {
		signature, err := s.sign(body)
		return body, http.Header{"X-Sign": {signature}, "Content-Type": {"application/json"}}, err
	}
}

// sign returns base64 of the DER signature over SHA-256 of exactly these bytes.
func (s *Sim) sign(body []byte) (string, error) {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	key, err := s.currentKey()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	return base64.StdEncoding.EncodeToString(signature), err
}

// PublicKey returns the webhook key as the pubkey call tells it: base64 of a PEM block.
func (s *Sim) PublicKey() (string, error) {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	key, err := s.currentKey()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return base64.StdEncoding.EncodeToString(block), nil
}

// RotateKey replaces the webhook key by a new one. Webhooks sent from now on, repeats and released ones included, are
// signed with it.
func (s *Sim) RotateKey() error {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	s.key = nil
	_, err := s.currentKey()
	return err
}

// currentKey makes the key when there is none. The caller holds keyMu.
func (s *Sim) currentKey() (*ecdsa.PrivateKey, error) {
	if s.key != nil {
		return s.key, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s.key = key
	return key, nil
}
