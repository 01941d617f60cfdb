package papersim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

// The prefixes of everything secret that the simulator gives out, so that a test can search for them.
const (
	AccessTokenPrefix   = "paper-access-"
	RefreshTokenPrefix  = "paper-refresh-"
	WebhookSecretPrefix = "paper-hook-secret-"
)

// Config says how the simulated provider is set up for one merchant.
type Config struct {
	// ClientID and ClientSecret are the merchant's OAuth client.
	ClientID, ClientSecret string
	// URL is where the simulator is reachable; payment pages start with it.
	URL string
	// TokenLife is how long an access token lives. Zero means an hour.
	TokenLife time.Duration
	// Now is the provider's clock. Nil means time.Now.
	Now func() time.Time
}

// Sim is the simulated provider. It is safe for concurrent use.
type Sim struct {
	config Config
	mux    *http.ServeMux
	hooks  *http.Client

	mu        sync.Mutex // guards everything below
	access    map[string]time.Time
	refresh   string
	offer     bool
	next      int
	invoices  []*invoice
	refunds   []*movement
	payouts   []*movement
	ledger    []entry
	webhooks  []webhook
	documents []Document
}

// money is an amount on the wire.
type money struct {
	Value    decimal.Decimal `json:"value"`
	Currency string          `json:"currency"`
}

type payment struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Asked    money     `json:"asked"`
	Received *money    `json:"received,omitempty"`
	Fee      *money    `json:"fee,omitempty"`
	Net      *money    `json:"net,omitempty"`
	Rate     string    `json:"rate,omitempty"`
	Card     string    `json:"card,omitempty"`
	Reject   string    `json:"reject,omitempty"`
	At       time.Time `json:"at"`
}

type form struct {
	URL    string            `json:"url"`
	Fields map[string]string `json:"fields"`
}

type invoice struct {
	ID         string    `json:"id"`
	ExternalID string    `json:"external_id"`
	State      string    `json:"state"`
	Amount     money     `json:"amount"`
	Paid       money     `json:"paid"`
	Refunded   money     `json:"refunded"`
	Payments   []payment `json:"payments"`
	Page       string    `json:"page"`
	Form       *form     `json:"form,omitempty"`
	Version    int64     `json:"version"`
	ChangedAt  time.Time `json:"changed_at"`

	parts bool // it may be paid in several
}

// movement is a refund or a payout.
type movement struct {
	ID         string    `json:"id"`
	ExternalID string    `json:"external_id"`
	Invoice    string    `json:"invoice,omitempty"`
	Payment    string    `json:"payment,omitempty"`
	State      string    `json:"state"`
	Amount     money     `json:"amount"`
	Fee        money     `json:"fee"`
	At         time.Time `json:"at"`
}

type entry struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Object   string    `json:"object"`
	External string    `json:"external_id"`
	Gross    money     `json:"gross"`
	Fee      money     `json:"fee"`
	At       time.Time `json:"at"`
}

type webhook struct {
	ID, URL, Secret string
}

// Document is an upload the simulator received.
type Document struct {
	// Invoice is the invoice it belongs to; Name and ContentType are as sent.
	Invoice, Name, ContentType string
	// Content is the whole file.
	Content []byte
}

// New returns a simulator without any objects. The caller ends it with [Sim.Close].
func New(c Config) *Sim {
	if c.TokenLife == 0 {
		c.TokenLife = time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Sim{config: c, mux: http.NewServeMux(), access: map[string]time.Time{},
		hooks: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}}
	s.routes()
	return s
}

// ServeHTTP answers as the provider does.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close releases the connections to webhook receivers.
func (s *Sim) Close() { s.hooks.CloseIdleConnections() }

// refusal is an error answer of the provider.
type refusal struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func refuse(status int, code, message string) (any, *refusal) {
	return nil, &refusal{status, code, message}
}

// handle serves one operation behind the token check; do runs with mu held.
func (s *Sim) handle(pattern string, do func(*http.Request) (any, *refusal)) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if until, ok := s.access[token]; !ok || s.config.Now().After(until) {
			answer(w, http.StatusUnauthorized, refusal{Code: "token", Message: "the access token is unknown or has run out"})
			return
		}
		if s.offer {
			s.offer = false
			next := random(AccessTokenPrefix)
			s.access[next] = s.config.Now().Add(s.config.TokenLife)
			w.Header().Set("X-Paper-Token", next)
			w.Header().Set("X-Paper-Token-Expires-In", strconv.Itoa(int(s.config.TokenLife.Seconds())))
		}
		result, refused := do(r)
		if refused != nil {
			answer(w, refused.status, refused)
			return
		}
		answer(w, http.StatusOK, result)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	doc, err := json.Marshal(v)
	if err != nil {
		status, doc = http.StatusInternalServerError, []byte(`{"code":"internal"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(doc) // the client may be gone; there is nobody to tell
}

// id returns a new id. The caller holds mu.
func (s *Sim) id(prefix string) string {
	s.next++
	return fmt.Sprintf("%s_%06d", prefix, s.next)
}

func random(prefix string) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}

func (s *Sim) find(id string) *invoice {
	for _, i := range s.invoices {
		if i.ID == id {
			return i
		}
	}
	return nil
}
