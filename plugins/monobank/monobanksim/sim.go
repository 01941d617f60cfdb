package monobanksim

import (
	"cmp"
	"crypto/ecdsa"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Names of the operations, for faults and for the request log.
const (
	OpCreate   = "invoice/create"
	OpStatus   = "invoice/status"
	OpCancel   = "invoice/cancel"
	OpFinalize = "invoice/finalize"
	OpRemove   = "invoice/remove"
	OpPubkey   = "pubkey"
	OpDetails  = "details"
	OpPayPage  = "pay-page"

	OpReceipt      = "invoice/receipt"
	OpFiscalChecks = "invoice/fiscal-checks"

	OpWallet     = "wallet"
	OpDeleteCard = "wallet/card"
	OpCharge     = "wallet/payment"
	OpStatement  = "statement"
	OpTDSPage    = "3ds-page"
)

// Fault is one line of the fault table. Kinds: delay, cut_before, cut_after, status, status_after, html, html_after,
// truncated, redirect, hang, empty. Op is one of the Op constants or "*".
type Fault = simkit.Fault

// Request is one recorded request, X-Token removed.
type Request = simkit.Request

// Attempt is one recorded delivery attempt of a webhook.
type Attempt = simkit.Attempt

// CallbackMode is deliver, lost, duplicate or held.
type CallbackMode = simkit.CallbackMode

// ErrNotFound and ErrImpossible are what scripting methods wrap when they do not know the invoice, or when the invoice
// cannot make the move from its present status.
var (
	ErrNotFound   = simkit.ErrNotFound
	ErrImpossible = simkit.ErrImpossible
)

// Config says how the simulated bank is set up for one merchant.
type Config struct {
	// PublicURL is where the simulator is reachable, without a slash at the end; page addresses start with it. Empty
	// means the host the request came to; see [Sim.SetPublicURL].
	PublicURL string
	// Token is the merchant's X-Token. Empty means that there is no merchant: every call is forbidden.
	Token string
	// MerchantID, MerchantName and EDRPOU are what the details call tells. Empty means made-up values.
	MerchantID, MerchantName, EDRPOU string
	// Currencies are the ISO 4217 numeric codes of the merchant's contract. Empty means 980, 840 and 978.
	Currencies []int32
	// AllowReturnURLs switches successUrl and failUrl on. The bank's support must do that; until then they are refused
	// here, which is the simulator's reading.
	AllowReturnURLs bool
	// AllowSaveCard switches saveCardData, and with it card verification, on. The bank's support must do that too.
	AllowSaveCard bool
	// FiscalLink makes a basket mandatory, as for merchants with a fiscal register, and makes fiscal receipts.
	FiscalLink bool
	// PendingRefunds leaves accepted refunds in processing until [Sim.FinishRefunds] instead of completing them at once.
	PendingRefunds bool
	// PendingCaptures leaves an accepted finalize undone, the invoice on hold, until [Sim.FinishCapture].
	PendingCaptures bool
	// StatementDelay is how long after it began an operation appears in the statement. Zero means at once.
	StatementDelay time.Duration
	// Key signs webhooks until [Sim.RotateKey]. Nil means a new key on P-256, the bank's curve; one on another curve
	// shows how an adapter takes a change.
	Key *ecdsa.PrivateKey
	// RetryDelays are the pauses before the second and third attempt of a webhook; the bank makes three at most. Nil
	// means 60 s and 600 s: the bank publishes no pauses.
	RetryDelays []time.Duration
	// HTTPClient sends the webhooks. Nil means a client of the simulator's own.
	HTTPClient *http.Client
	// HoldTTL is how long a hold lives before the bank releases it. Zero means the documented nine days.
	HoldTTL time.Duration
	// Now is what the bank's clock starts from, see [Sim.Kit]. Nil means time.Now.
	Now func() time.Time
	// Logger receives one line for each webhook attempt. Nil discards.
	Logger *slog.Logger
}

// Sim is the simulated bank. It is safe for concurrent use. It starts no goroutine before the first webhook.
type Sim struct {
	config Config
	kit    *simkit.Kit
	mux    *http.ServeMux

	mu        sync.Mutex // guards everything below and the invoices
	publicURL string
	invoices  []*Invoice // in order of creation
	byID      map[string]*Invoice
	fetches   int
	effects   []Effect
	cards     []Card
	tokens    []string // every token a payment saved a card under, deleted ones included
	charges   []chargeScript
	refusals  int // how many coming refunds fail in the answer
	own       belongings

	keyMu sync.Mutex        // guards key; separate, because webhooks are signed while they are sent
	key   *ecdsa.PrivateKey // nil until it is needed
}

// New returns a simulator with no invoices. The caller ends it with [Sim.Close].
func New(c Config) *Sim {
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(c.Currencies) == 0 {
		c.Currencies = []int32{980, 840, 978}
	}
	if c.RetryDelays == nil {
		c.RetryDelays = []time.Duration{time.Minute, 10 * time.Minute}
	}
	c.MerchantID = cmp.Or(c.MerchantID, "12o4Vv7EWy")
	c.MerchantName = cmp.Or(c.MerchantName, "Simulated shop")
	c.EDRPOU = cmp.Or(c.EDRPOU, "4242424242")
	kit := simkit.New(simkit.Config{
		SecretHeaders: []string{tokenHeader},
		HTTPClient:    c.HTTPClient,
		RetryDelays:   c.RetryDelays[:min(len(c.RetryDelays), 2)],
		StatusBody:    faultBody,
		Now:           c.Now,
		Logger:        c.Logger,
	})
	c.Now, c.HoldTTL = kit.Clock.Now, cmp.Or(c.HoldTTL, 9*24*time.Hour)
	s := &Sim{
		config:    c,
		publicURL: strings.TrimSuffix(c.PublicURL, "/"),
		byID:      map[string]*Invoice{},
		key:       c.Key,
		mux:       http.NewServeMux(),
		kit:       kit,
	}
	for _, op := range operations() {
		s.mux.Handle("/api/merchant/"+op.name, s.kit.Handle(op.name, func(w http.ResponseWriter, r *http.Request) {
			s.serve(op, w, r)
		}))
	}
	s.mux.Handle("/api/", s.kit.Handle("unknown", func(w http.ResponseWriter, _ *http.Request) {
		writeFailure(w, notFound("NOT_FOUND", "no such method"))
	}))
	s.mux.Handle("/pay/{id}", s.kit.Handle(OpPayPage, s.servePayPage))
	s.mux.Handle("/or/{id}", s.kit.Handle(OpPayPage, s.servePayPage))
	s.mux.Handle("/3ds/{id}", s.kit.Handle(OpTDSPage, s.serveTDS))
	s.kit.Mount(s.mux, func() any { return s.Invoices() })
	s.mountEffects()
	s.mountScript()
	s.mountBelongings()
	s.mountBoard()
	return s
}

// ServeHTTP answers as the bank does; everything under /_sim/ is the simulator's own.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetPublicURL says where the simulator is reachable, for servers whose address is known only after they started.
func (s *Sim) SetPublicURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publicURL = strings.TrimSuffix(url, "/")
}

// base is the address pages start with, for a request that came to host. The caller holds mu.
func (s *Sim) base(host string) string { return cmp.Or(s.publicURL, "http://"+host) }

// Kit gives access to the fault table, the request log and the webhook sender. Packages outside plugins use its methods
// without naming its type.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// PubkeyFetches counts the answered calls for the webhook key. The bank asks not to fetch it for each webhook.
func (s *Sim) PubkeyFetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// Close ends held requests and the delivery of webhooks and waits for its goroutines. Closing twice is fine.
func (s *Sim) Close() { s.kit.Close() }
