package payin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// The plugin passes the kit directly and over the wire.
func TestConformance(t *testing.T) {
	const key = "conformance developer key"
	plugintest.Run(t, plugintest.Harness{
		Provider: payin.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := payinsim.New(payinsim.Config{
				PublicURL: site.URL, UserID: 7026, Key: key, CallbackURL: site.WebhookURL + "/topup",
				ServiceID: 12, HoldMovements: true,
			})
			return plugintest.Simulator{
				Handler:  sim,
				Created:  func() int { return len(sim.Invoices()) },
				Pay:      sim.Pay,
				Decline:  sim.Decline,
				Surprise: func(ref string) error { return sim.SetStatus(ref, 7) },
				Amount: func(ref string) (pay.Money, error) {
					inv, err := sim.Invoice(ref)
					if err != nil {
						return pay.Money{}, err
					}
					return pay.ParseMoney(inv.Summ, "RUB")
				},
				Close: sim.Close,
			}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"user_id": 7026, "secret": key, "base_url": site.URL, "service_id": 12}
		},
		Payout: func() pay.CreatePayout {
			amount, err := pay.ParseMoney("10.10", "RUB")
			require.NoError(t, err)
			return pay.CreatePayout{
				Amount: amount, Description: "Вознаграждение ~ №7", Destination: pay.Destination{Type: pay.DestinationAccount, Value: "6035"},
			}
		},
		Create: func() pay.CreateInvoice {
			amount, err := pay.ParseMoney("100.50", "RUB")
			require.NoError(t, err)
			return pay.CreateInvoice{Amount: amount, Description: "Пополнение ~ №7", Customer: pay.Customer{ID: "6034"}}
		},
	})
}
