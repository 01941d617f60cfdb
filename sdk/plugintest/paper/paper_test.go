package paper_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
	"github.com/payhost/payhost/sdk/plugintest/paper"
	"github.com/payhost/payhost/sdk/plugintest/paper/papersim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The adapter passes the kit, with webhooks registered by API and without any.
func TestConformance(t *testing.T) {
	for name, webhooks := range map[string]bool{"polling": false, "webhooks": true} {
		t.Run(name, func(t *testing.T) { plugintest.Run(t, harness(webhooks)) })
	}
}

func harness(webhooks bool) plugintest.Harness {
	const clientSecret = "paper-client-secret"
	return plugintest.Harness{
		Provider: paper.New("1.0.0"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := papersim.New(papersim.Config{ClientID: "kit", ClientSecret: clientSecret, URL: site.URL})
			return plugintest.Simulator{
				Handler: sim, Created: sim.Created, Pay: sim.Pay, Decline: sim.Decline, Surprise: sim.Surprise, Close: sim.Close,
				Amount: func(ref string) (pay.Money, error) {
					value, currency, err := sim.Amount(ref)
					if err != nil {
						return pay.Money{}, err
					}
					return pay.ParseMoney(value, currency)
				},
			}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"client_id": "kit", "client_secret": clientSecret, "base_url": site.URL, "webhooks": webhooks}
		},
		Create: func() pay.CreateInvoice { return pay.CreateInvoice{Amount: money("100.00", "EUR"), Description: "Tea"} },
		Payout: func() pay.CreatePayout {
			return pay.CreatePayout{
				Amount: money("25.10", "EUR"), Destination: pay.Destination{Type: pay.DestinationIBAN, Value: "UA213223130000026007233566001"},
			}
		},
		Secrets: []string{papersim.AccessTokenPrefix, papersim.RefreshTokenPrefix, papersim.WebhookSecretPrefix},
	}
}

func money(value, code string) pay.Money {
	m, err := pay.ParseMoney(value, code)
	if err != nil {
		panic(err)
	}
	return m
}
