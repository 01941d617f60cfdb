package merchantsim

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// headerNotification carries the merchant's own token back in callbacks; it is
// their only proof of origin.
const headerNotification = "X-Notification-Token"

// Sim is the simulated gateway, an [http.Handler]. Create it with [New], tell
// it its address with [Config.PublicURL] or [Sim.SetPublicURL] and end it with
// [Sim.Close]. All methods are safe for concurrent use.
type Sim struct {
	cfg Config
	kit *simkit.Kit
	mux *http.ServeMux

	secret atomic.Pointer[string]

	mu               sync.Mutex // guards everything below and every invoice
	public           string
	shape            ErrorShape
	arrays           bool
	raise            decimal.Decimal
	noRequisites     NoRequisites
	noRequisitesLeft int // searches the mode still holds for; 0 means no limit
	invoices         map[string]*invoice
	order            []*invoice            // in order of creation
	byInternal       map[string][]*invoice // several may share an internalId
	dealCount        int
	accountID        string
	withdrawals      []Withdrawal
}

// New returns a simulator. It listens nowhere and starts no goroutine until the
// first callback.
func New(c Config) *Sim {
	c = c.withDefaults()
	kit := simkit.New(simkit.Config{
		SecretHeaders: []string{headerIdentity, headerSignature},
		SecretFields:  []string{"code2FA", "requisites"},
		HTTPClient:    c.HTTPClient, RetryDelays: c.RetryDelays, StatusBody: faultBody, Now: c.Now, Logger: c.Logger,
	})
	c.Now = kit.Clock.Now
	s := &Sim{
		cfg: c, public: c.PublicURL, shape: c.ErrorShape, noRequisites: NoRequisitesOff,
		accountID: newID(), invoices: map[string]*invoice{}, byInternal: map[string][]*invoice{},
		kit: kit, mux: http.NewServeMux(),
	}
	s.secret.Store(&c.Secret)
	s.routes()
	s.mountBoard()
	return s
}

// ServeHTTP serves the API, the pay page and the control surface.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// ServeMux would redirect an unclean path; the gateway knows no such address.
	if p := r.URL.EscapedPath(); p != "/" && path.Clean(p) != p {
		s.kit.Handle("unknown", s.unknown).ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// SetPublicURL sets [Config.PublicURL] for tests whose server learns its
// address only when it listens. Call it before the first request.
func (s *Sim) SetPublicURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public = strings.TrimRight(url, "/")
}

// publicURL returns the address under which clients reach the handler.
func (s *Sim) publicURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.public
}

// Kit returns the scripted faults, the request log and the callbacks, for tests
// that steer them from Go. The operations are named create, get,
// get_by_internal_id, cancel, variants, start_deal, confirm_transfer, dispute,
// withdraw, accounts, rates, payment_options, payment_methods,
// public_payment_methods, qr_code and unknown.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// Idle waits until no callback is queued, on the wire or waiting for a retry.
func (s *Sim) Idle(ctx context.Context) error { return s.kit.Callbacks.Idle(ctx) }

// Close gives up undelivered callbacks and waits for every goroutine the
// simulator started. Closing twice is fine. The HTTP server that uses the
// handler is the caller's to stop.
func (s *Sim) Close() { s.kit.Close() }

// encode renders an answer or callback as the gateway does: compact JSON with
// escaped slashes, which every JSON parser reads back as plain ones. A slash can
// occur in JSON only inside a string, so replacing bytes is enough.
func encode(v any) ([]byte, error) {
	body, err := simkit.EncodeJSON(v)
	return bytes.ReplaceAll(body, []byte("/"), []byte(`\/`)), err
}

// newID returns a random UUID, version 4.
func newID() string {
	var b [16]byte
	// Read never fails and always fills b.
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// find returns the invoice with the gateway's id, brought up to date, or nil.
// The caller holds mu.
func (s *Sim) find(id string, now time.Time) *invoice {
	i := s.invoices[id]
	if i != nil {
		s.settle(i, now)
	}
	return i
}

// add stores a new invoice and sets its timer. The caller holds mu.
func (s *Sim) add(i *invoice) {
	i.timer = s.kit.Clock.At(i.ExpireAt, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.settle(i, s.cfg.Now())
	})
	s.invoices[i.ID] = i
	s.order = append(s.order, i)
	if i.InternalID != "" {
		s.byInternal[i.InternalID] = append(s.byInternal[i.InternalID], i)
	}
}

// stopTimer stops the timer of an invoice. The caller holds mu.
func (s *Sim) stopTimer(i *invoice) {
	if i.timer != nil {
		i.timer.Stop()
	}
}
