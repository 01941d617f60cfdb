package monobank_test

import (
	"testing"
	"time"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// The adapter passes the conformance kit in this process and over the wire.
func TestConformance(t *testing.T) {
	const token = "kit-merchant-token"
	plugintest.Run(t, plugintest.Harness{
		Provider: monobank.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := monobanksim.New(monobanksim.Config{PublicURL: site.URL, Token: token, RetryDelays: []time.Duration{}})
			return plugintest.Simulator{
				Handler:  sim,
				Created:  func() int { return len(sim.Invoices()) },
				Pay:      sim.Pay,
				Decline:  func(ref string) error { return sim.Decline(ref, "59", "") },
				Surprise: func(ref string) error { return sim.SetStatus(ref, "levitating") },
				Amount: func(ref string) (pay.Money, error) {
					invoice, err := sim.Invoice(ref)
					if err != nil {
						return pay.Money{}, err
					}
					currency, _ := pay.LookupNumericCurrency(int(invoice.Currency))
					return pay.FromMinor(invoice.Amount, currency)
				},
				Close: sim.Close,
			}
		},
		Config: func(site plugintest.Site) any { return map[string]any{"token": token, "base_url": site.URL} },
		// FindInvoice finds charges, by their line in the statement; the checks look for a create, which no list of the
		// provider shows. TestFind and the cut points of charges take their place.
		Create: func() pay.CreateInvoice {
			amount, _ := pay.ParseMoney("100.50", "UAH")
			return pay.CreateInvoice{
				Amount: amount, Reference: "order-1", Description: "Tea",
				ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back"},
			}
		},
	})
}
