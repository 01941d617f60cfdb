package merchant_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// The plugin passes the kit directly and over the wire, with requisites at once; those invoices have the payment page too.
func TestConformance(t *testing.T) {
	const apiKey, secret = "conformance-store-key", "conformance merchant secret"
	plugintest.Run(t, plugintest.Harness{
		Provider: merchant.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := merchantsim.New(merchantsim.Config{PublicURL: site.URL, APIKey: apiKey, Secret: secret})
			return plugintest.Simulator{
				Handler: sim,
				Created: func() int { return len(sim.Invoices()) },
				Pay:     sim.Pay,
				Decline: sim.Cancel,
				Amount: func(ref string) (pay.Money, error) {
					inv, err := sim.Invoice(ref)
					if err != nil {
						return pay.Money{}, err
					}
					return pay.ParseMoney(inv.Sum.StringFixed(2), "RUB")
				},
				Close: sim.Close,
			}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"api_key": apiKey, "secret": secret, "base_url": site.URL}
		},
		Payout: func() pay.CreatePayout {
			amount, err := pay.ParseMoney("1000.50", "RUB")
			require.NoError(t, err)
			return pay.CreatePayout{Amount: amount, Destination: pay.Destination{Type: pay.DestinationCard, Value: "4444 4444 4444 4444"}}
		},
		Create: func() pay.CreateInvoice {
			amount, err := pay.ParseMoney("1000.50", "RUB")
			require.NoError(t, err)
			return pay.CreateInvoice{Amount: amount, Description: "Order 7", Options: json.RawMessage(`{"start_deal":true,"payment_option":"TO_CARD"}`)}
		},
	})
}
