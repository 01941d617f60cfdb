package merchantsim

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Config describes the one store and the one merchant the simulator serves. The
// zero value of every field but APIKey and Secret has a working default.
type Config struct {
	// PublicURL is scheme, host and optional path prefix under which clients
	// reach the handler, without a trailing slash, for example
	// "http://127.0.0.1:8081". Signatures are checked against PublicURL plus the
	// request URI, so a client that signs another spelling of the host gets 401.
	// It may be set later with [Sim.SetPublicURL].
	PublicURL string
	// APIKey is the key of the store, expected in X-Identity. An empty key
	// matches no request.
	APIKey string
	// Secret is the merchant's signing secret. An empty secret matches no
	// request.
	Secret string
	// StoreID is the number of the store in answers; 0 means 1.
	StoreID int
	// StoreName is the name of the store in answers; "" means "Simulated store".
	StoreName string
	// Currency is the one currency of the store; "" means "RUB".
	Currency string
	// Subunit is the number of decimal places of Currency; 0 means 2.
	Subunit int32
	// MinAmount is the smallest amount of an invoice; zero means 1.00.
	MinAmount decimal.Decimal
	// MaxAmount is the largest amount of an invoice; zero means 1000000.00.
	MaxAmount decimal.Decimal
	// Rate is the price of one USDT in Currency; zero means 99.23.
	Rate decimal.Decimal
	// FeePercent is the gateway's fee in percent of the USDT sum, of payouts too;
	// zero means 5.
	FeePercent decimal.Decimal
	// Variants are the option and bank pairs the store may use, in the order in
	// which a request for "any" is served; nil means [DefaultVariants].
	Variants []Variant
	// PayinDisabled switches the direction "in" off: every create answers 404.
	PayinDisabled bool
	// PayoutDisabled switches the direction "out" off in the same way.
	PayoutDisabled bool
	// Balance is what the merchant's USDT account holds at first; zero means
	// 10000. Paid invoices add to it, payouts and their fees are taken from it.
	Balance decimal.Decimal
	// Code2FA is the two-factor code that withdrawals must bring; "" means that
	// the merchant has no two-factor authentication, and every withdrawal is refused.
	Code2FA string
	// InvoiceTTL is the life of an invoice; 0 means the documented hour.
	InvoiceTTL time.Duration
	// DealTTL is the life of a deal, after which its requisites are withdrawn
	// while the invoice stays new; 0 means 15 minutes (samples have 4 to 30).
	DealTTL time.Duration
	// ErrorShape chooses the body of refusals; "" means [ErrorArray].
	ErrorShape ErrorShape
	// RetryDelays are the pauses before the second, third, … attempt of a
	// callback; nil means the documented two of 60 seconds. An empty non-nil
	// slice means one attempt only.
	RetryDelays []time.Duration
	// HTTPClient sends callbacks; nil means a client of the simulator's own.
	HTTPClient *http.Client
	// Now is the clock; nil means [time.Now]. It must be safe for concurrent use.
	Now func() time.Time
	// Logger receives refusals and callback attempts, never secrets; nil
	// discards them.
	Logger *slog.Logger
}

// Variant is one way to be paid that a store may hand out.
type Variant struct {
	// Option is the payment option, such as "SBP" or "TO_CARD".
	Option string
	// Method is the bank code, such as "sberbank".
	Method string
	// MethodName is the bank's display name.
	MethodName string
}

// DefaultVariants returns the pairs used when [Config.Variants] is nil: one or
// more banks for every option whose requisites the documentation describes.
func DefaultVariants() []Variant {
	return []Variant{
		{"SBP", "sberbank", "Sberbank"},
		{"SBP", "tinkoff", "Tinkoff"},
		{"SBP", "alfabank", "Alfa-Bank"},
		{"TO_CARD", "sberbank", "Sberbank"},
		{"TO_CARD", "tinkoff", "Tinkoff"},
		{"TO_CARD", "vtb", "VTB"},
		{"TO_ACCOUNT", "sberbank", "Sberbank"},
		{"TO_PHONE_NUMBER", "tinkoff", "Tinkoff"},
		{"MOBILE_TOP_UP", "megafon", "MegaFon"},
		{"SBP_QR", "raiffeisenbank", "Raiffeisenbank"},
		{"MANUAL_SBP_QR", "raiffeisenbank", "Raiffeisenbank"},
		{"CROSS_BORDER", "dcbank", "Dushanbe City Bank"},
	}
}

// withDefaults returns the configuration with every default filled in and every
// reference the caller could still change copied.
func (c Config) withDefaults() Config {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.StoreID = cmp.Or(c.StoreID, 1)
	c.StoreName = cmp.Or(c.StoreName, "Simulated store")
	c.Currency = cmp.Or(c.Currency, "RUB")
	c.Subunit = cmp.Or(c.Subunit, 2)
	c.MinAmount = orDecimal(c.MinAmount, "1.00")
	c.MaxAmount = orDecimal(c.MaxAmount, "1000000.00")
	c.Rate = orDecimal(c.Rate, "99.23")
	c.FeePercent = orDecimal(c.FeePercent, "5")
	c.Balance = orDecimal(c.Balance, "10000")
	if c.Variants == nil {
		c.Variants = DefaultVariants()
	}
	c.Variants = slices.Clone(c.Variants)
	c.InvoiceTTL = cmp.Or(c.InvoiceTTL, time.Hour)
	c.DealTTL = cmp.Or(c.DealTTL, 15*time.Minute)
	c.ErrorShape = cmp.Or(c.ErrorShape, ErrorArray)
	if c.RetryDelays == nil {
		c.RetryDelays = []time.Duration{time.Minute, time.Minute}
	}
	c.RetryDelays = slices.Clone(c.RetryDelays)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// orDecimal returns amount, or the constant fallback when amount is zero.
func orDecimal(amount decimal.Decimal, fallback string) decimal.Decimal {
	if amount.IsZero() {
		return decimal.RequireFromString(fallback)
	}
	return amount
}
