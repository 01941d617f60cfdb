package payin_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

var updateRecorded = flag.Bool("update-recorded", false, "record testdata/recorded anew against the simulator")

// The recorded dialogue, repeated without the provider, gives the same requests and the same results.
func TestRecorded(t *testing.T) {
	const key = "recorded developer key"
	var sim *payinsim.Sim
	rub := func(value string) pay.Money {
		amount, err := pay.ParseMoney(value, "RUB")
		require.NoError(t, err)
		return amount
	}
	plugintest.RunRecorded(t, plugintest.Recorded{
		Provider: payin.New("0.0.1"), Dir: "testdata/recorded", Update: *updateRecorded, Secrets: []string{key},
		Start: func(tb testing.TB, site plugintest.Site, now func() time.Time) plugintest.Simulator {
			sim = payinsim.New(payinsim.Config{
				PublicURL: site.URL, UserID: 7026, Key: key, ServiceID: 12, HoldMovements: true, Now: now, HTTPClient: plugintest.Silent(),
				CallbackURL: site.WebhookURL + "/topup",
			})
			require.NoError(tb, sim.SetBalance(7026, "643", "100000.00"))
			require.NoError(tb, sim.SetBalance(6034, "643", "500.00"))
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"user_id": 7026, "secret": key, "base_url": site.URL, "service_id": 12}
		},
		Script: func(d *plugintest.Dialogue) {
			plugintest.Step(d, "check", func(ctx context.Context) (pay.AccountInfo, error) {
				return d.Account.(pay.Checker).Check(ctx, pay.Check{})
			})
			made := plugintest.Step(d, "create_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.CreateInvoice(ctx, pay.CreateInvoice{
					Call: pay.Call{ProviderKey: "op1"}, InvoiceID: "inv_1", Amount: rub("100.50"), Description: "Пополнение ~ №7",
					Customer: pay.Customer{ID: "6034"}, ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back?a=1"},
				})
			})
			get := func(name string) {
				plugintest.Step(d, name, func(ctx context.Context) (pay.InvoiceState, error) {
					return d.Account.GetInvoice(ctx, refOf(made))
				})
			}
			get("get_invoice")
			d.AtProvider(func() error { return sim.Pay(made.ProviderRef) })
			get("get_invoice_paid")
			d.AtProvider(func() error { return sim.Refund(made.ProviderRef) })
			get("get_invoice_refunded")
			plugintest.Step(d, "charge", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.Charger).Charge(ctx, pay.Charge{
					Invoice: pay.CreateInvoice{Call: pay.Call{ProviderKey: "op2"}, InvoiceID: "inv_2",
						Amount: rub("10.10"), Description: "Fee", Customer: pay.Customer{ID: "6034"}},
					Source: pay.SourceBalance, BalanceID: "6034",
				})
			})
			plugintest.Step(d, "payout", func(ctx context.Context) (pay.PayoutState, error) {
				return d.Account.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
					Call: pay.Call{ProviderKey: "op3"}, PayoutID: "po_1", Amount: rub("25.00"), Description: "Reward",
					Destination: pay.Destination{Type: pay.DestinationAccount, Value: "6035"},
				})
			})
			plugintest.Step(d, "read_balances", func(ctx context.Context) (pay.Balances, error) {
				return d.Account.(pay.BalanceReader).ReadBalances(ctx, pay.ReadBalances{})
			})
			plugintest.Step(d, "get_invoice_absent", func(ctx context.Context) (pay.InvoiceState, error) {
				ref := refOf(made)
				ref.ProviderRef, ref.State, ref.ProviderRefs = "999999999", nil, map[string]string{"pretty_id": "006034-999999"}
				return d.Account.GetInvoice(ctx, ref)
			})
		},
	})
}
