package payinsim

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/payhost/payhost/plugins/internal/simkit"
)

// Names of the operations, for faults and for the request log.
const (
	OpCreate  = "create-invoice"
	OpFind    = "find-payment"
	OpList    = "get-last-payments-for-user"
	OpPayPage = "pay-page"

	OpCharge       = "charge"
	OpReward       = "reward"
	OpFindOutgoing = "find-outgoing"
	OpBalance      = "balance"
	OpFindUser     = "find-user"
)

// Fault is one line of the fault table. Kinds: delay, cut_before, cut_after, status, status_after, html, html_after,
// truncated, redirect, hang, empty. Op is one of the Op constants or "*".
type Fault = simkit.Fault

// Request is one recorded request.
type Request = simkit.Request

// Attempt is one recorded delivery attempt of a callback.
type Attempt = simkit.Attempt

// CallbackMode is deliver, lost, duplicate or held.
type CallbackMode = simkit.CallbackMode

// ErrNotFound and ErrImpossible are what scripting methods wrap when they do not know the invoice, or when the invoice
// cannot make the move from its present status.
var (
	ErrNotFound   = simkit.ErrNotFound
	ErrImpossible = simkit.ErrImpossible
)

// Payer is a user of the provider who can be invoiced.
type Payer struct {
	// ID is the provider's user id, the request's payer_id.
	ID int64
	// Email and Phone are how the payer is found; the phone is compared without its plus sign, so give it with the
	// country code if the searcher will.
	Email, Phone string
}

// Config says how the simulated provider is set up for one merchant.
type Config struct {
	// PublicURL is where the simulator is reachable, without a slash at the end; payment links start with it. Empty
	// means the host the request came to; see [Sim.SetPublicURL].
	PublicURL string
	// UserID is the API operator; requests of another are refused.
	UserID int64
	// Key is the developer key that signs requests and callbacks. Empty means that none was issued: every request is
	// refused.
	Key string
	// Currencies are the enabled ISO 4217 numeric codes. Empty means 643 only.
	Currencies []string
	// Payers are the users that exist. Empty means that every payer id exists and nobody is found by email or phone.
	Payers []Payer
	// ServiceID is the service of charges and rewards. Zero means that the managers created none: both are refused.
	ServiceID int64
	// ServiceOwnerID is whom the service belongs to: charges credit this user, rewards debit it. Zero means UserID.
	ServiceOwnerID int64
	// HoldMovements leaves charges and rewards undecided until a script decides. Otherwise each is decided when it is
	// accepted, by the balance it is taken from. Balances are zero until a top-up is paid or [Sim.SetBalance] is called.
	HoldMovements bool
	// BalanceAsNumber answers the balance as the provider's table says (a number, roubles) and not as its sample shows.
	BalanceAsNumber bool
	// ChargeCallbackURL and RewardCallbackURL are the addresses entered for charges and rewards. Empty sends none.
	ChargeCallbackURL, RewardCallbackURL string
	// CallbackURL is the address the provider's managers entered for top-up callbacks. Empty sends none.
	CallbackURL string
	// RetryDelays are the pauses before the repeats of a callback that was not accepted. Nil means 10 s, 1 min, 5 min,
	// 30 min and 2 h: the provider says that it repeats but not when.
	RetryDelays []time.Duration
	// SignRepeatsAnew makes each repeat of a callback carry a fresh timestamp and hash. Which of the two the provider
	// does is not documented; the default, equal bytes, is the harder one for a receiver with a freshness window.
	SignRepeatsAnew bool
	// Quirks choose the other readings of the provider's documents.
	Quirks Quirks
	// HTTPClient sends the callbacks. Nil means a client of the simulator's own.
	HTTPClient *http.Client
	// InvoiceTTL is how long a new invoice can be paid before it expires. Zero means 24 hours: the provider documents a
	// life for its shop's orders only, and that is the one.
	InvoiceTTL time.Duration
	// Now is what the provider's clock starts from, see [Sim.Kit]. Nil means time.Now. The timestamps of requests are
	// always compared with it, and those of callbacks taken from it, because a clock moved by a script moves no client's.
	Now func() time.Time
	// Logger receives one line for each callback. Nil discards.
	Logger *slog.Logger
}

// Sim is the simulated provider. It is safe for concurrent use. It starts no goroutine before the first callback.
type Sim struct {
	config Config
	kit    *simkit.Kit
	mux    *http.ServeMux
	wall   func() time.Time // the clients' time
	key    atomic.Pointer[string]
	people people

	mu        sync.Mutex // guards everything below
	publicURL string
	callback  string
	invoices  []*Invoice          // in order of creation
	byID      map[string]*Invoice // the same under payment_in_id and pretty_id
	sequence  map[int64]int64
	listID    int64

	chargeCallback, rewardCallback string

	movements []*Movement // in order of acceptance
	purses    map[purse]int64
	shops     []Shop
}

// New returns a simulator with no invoices. The caller ends it with [Sim.Close].
func New(c Config) *Sim {
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(c.Currencies) == 0 {
		c.Currencies = []string{"643"}
	}
	if c.RetryDelays == nil {
		c.RetryDelays = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}
	}
	wall := c.Now
	kit := simkit.New(simkit.Config{
		HTTPClient:  c.HTTPClient,
		RetryDelays: c.RetryDelays,
		Accepted:    callbackAccepted,
		Now:         c.Now,
		Logger:      c.Logger,
	})
	c.Now, c.InvoiceTTL = kit.Clock.Now, cmp.Or(c.InvoiceTTL, 24*time.Hour)
	s := &Sim{
		config:    c,
		wall:      wall,
		publicURL: strings.TrimSuffix(c.PublicURL, "/"),
		callback:  c.CallbackURL,
		purses:    map[purse]int64{},

		chargeCallback: c.ChargeCallbackURL,
		rewardCallback: c.RewardCallbackURL,

		byID:     map[string]*Invoice{},
		sequence: map[int64]int64{},
		listID:   1000000,
		mux:      http.NewServeMux(),
		kit:      kit,
	}
	s.key.Store(&c.Key)
	for path, op := range operations() {
		s.mux.Handle(path, s.kit.Handle(op.name, func(w http.ResponseWriter, r *http.Request) { s.serve(op, w, r) }))
	}
	s.mux.Handle("/api/pay/{id}", s.kit.Handle(OpPayPage, s.servePayPage))
	s.kit.Mount(s.mux, func() any { return s.Invoices() })
	s.mountScript()
	s.mountMovements()
	s.mountUsers()
	s.mountBoard()
	return s
}

// ServeHTTP answers as the provider does; everything under /_sim/ is the simulator's own.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// SetPublicURL says where the simulator is reachable, for servers whose address is known only after they started.
func (s *Sim) SetPublicURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publicURL = strings.TrimSuffix(url, "/")
}

// SetCallbackURL changes the address of top-up callbacks; empty sends none. Callbacks already queued keep theirs.
func (s *Sim) SetCallbackURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback = url
}

// Kit gives access to the fault table, the request log and the callback sender. Packages outside plugins use its
// methods without naming its type.
func (s *Sim) Kit() *simkit.Kit { return s.kit }

// Invoices returns snapshots of all invoices in order of creation, so that a test can count what was really created.
func (s *Sim) Invoices() []Invoice {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Invoice, 0, len(s.invoices))
	for _, inv := range s.invoices {
		out = append(out, *inv)
	}
	return out
}

// Invoice returns a snapshot of the invoice with this payment_in_id or pretty_id.
func (s *Sim) Invoice(id string) (Invoice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, err := s.find(id)
	if err != nil {
		return Invoice{}, err
	}
	return *inv, nil
}

// Close ends held requests and the delivery of callbacks and waits for its goroutines. Closing twice is fine.
func (s *Sim) Close() { s.kit.Close() }

// base is the public address; the caller holds mu.
func (s *Sim) base(r *http.Request) string { return cmp.Or(s.publicURL, "http://"+r.Host) }
