package plugintest

import (
	"net/http"
	"testing"

	"github.com/payhost/payhost/sdk/pay"
)

// Harness is what an author tells the kit about one plugin. Provider, Start, Config and Create are required.
type Harness struct {
	// Provider is the plugin's provider. One value serves all checks at once.
	Provider pay.Provider
	// Start makes a simulator without any objects. Every check starts its own, several at the same time.
	Start func(tb testing.TB, site Site) Simulator
	// Config returns the config of an account that works with the simulator at site, as a value for encoding/json.
	// Secrets in it must be at least 8 bytes long, because the kit searches for them in everything that comes out.
	Config func(site Site) any
	// Create returns a sample of a request the provider accepts: an amount in a currency of the account, no items, and
	// whatever else the provider needs. The kit fills in the call, the invoice id and the webhook URL, and varies the amount
	// upwards by up to 50 major units.
	Create func() pay.CreateInvoice
	// Payout returns a sample of a payout the provider accepts. Required when the account offers payouts.
	Payout func() pay.CreatePayout
	// Secrets are texts that must not come out of the adapter, beside those of the config that the manifest's schema marks
	// with "secret": true; for example an access token that the simulator gives out.
	Secrets []string
	// Skip leaves checks out, by name, each with a reason that is printed. A name that is not in [List] fails the run.
	Skip map[string]string
}

// Site is where a check takes place: addresses on the loopback interface.
type Site struct {
	// URL is where the simulator is reachable, without a slash at the end.
	URL string
	// WebhookURL is the account's webhook URL, for providers that have one address for all callbacks, which a person
	// registers there. A tail such as "/topup" may follow. Each invoice has its own, in its create request.
	WebhookURL string
}

// Simulator plays the provider. Its functions act as the payer or the provider would, on the object with the provider's id
// that the adapter reports as ProviderRef. They may be called at the same time as the handler.
type Simulator struct {
	// Handler answers the adapter's requests. Required.
	Handler http.Handler
	// Created returns how many invoices exist at the provider, however they were answered. Required.
	Created func() int
	// Pay lets the payer pay the whole amount, and the provider send its callback if it has any. Required.
	Pay func(ref string) error
	// Decline lets a payment be refused for good. Optional.
	Decline func(ref string) error
	// Surprise gives the invoice a status that the provider's documents do not have. Optional.
	Surprise func(ref string) error
	// Amount returns the invoice's amount as the provider received it. Without it the kit searches the recorded requests
	// for the digits, which cannot work where bodies are encoded or encrypted.
	Amount func(ref string) (pay.Money, error)
	// Close ends what the simulator started and waits for it. Optional.
	Close func()
}

// check refuses a harness that cannot be used.
func (h *Harness) check(tb testing.TB) {
	tb.Helper()
	for name, missing := range map[string]bool{
		"Provider": h.Provider == nil, "Start": h.Start == nil, "Config": h.Config == nil, "Create": h.Create == nil,
	} {
		if missing {
			tb.Fatalf("plugintest: Harness.%s is missing", name)
		}
	}
	for name, reason := range h.Skip {
		if _, ok := find(name); !ok {
			tb.Fatalf("plugintest: Harness.Skip names %q, which is no check; see List", name)
		}
		if reason == "" {
			tb.Fatalf("plugintest: Harness.Skip[%q] gives no reason", name)
		}
	}
}

func (s *Simulator) check(tb testing.TB) {
	tb.Helper()
	if s.Handler == nil || s.Created == nil || s.Pay == nil {
		tb.Fatalf("plugintest: Simulator.Handler, Created and Pay are required")
	}
}
