package merchant_test

import (
	"context"
	"encoding/json"
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

var updateRecorded = flag.Bool("update-recorded", false, "record testdata/recorded anew against the simulator")

// The recorded dialogue, repeated without the provider, gives the same requests and the same results.
func TestRecorded(t *testing.T) {
	const apiKey, secret = "recorded-store-key", "recorded merchant secret"
	var sim *merchantsim.Sim
	rub := func(value string) pay.Money {
		amount, err := pay.ParseMoney(value, "RUB")
		require.NoError(t, err)
		return amount
	}
	plugintest.RunRecorded(t, plugintest.Recorded{
		Provider: merchant.New("0.0.1"), Dir: "testdata/recorded", Update: *updateRecorded, Secrets: []string{apiKey, secret},
		Start: func(_ testing.TB, site plugintest.Site, now func() time.Time) plugintest.Simulator {
			sim = merchantsim.New(merchantsim.Config{
				PublicURL: site.URL, APIKey: apiKey, Secret: secret, Now: now, HTTPClient: plugintest.Silent(),
			})
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"api_key": apiKey, "secret": secret, "base_url": site.URL}
		},
		Script: func(d *plugintest.Dialogue) {
			plugintest.Step(d, "check", func(ctx context.Context) (pay.AccountInfo, error) {
				return d.Account.(pay.Checker).Check(ctx, pay.Check{})
			})
			create := func(key, options string) pay.InvoiceState {
				return plugintest.Step(d, "create_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
					return d.Account.CreateInvoice(ctx, pay.CreateInvoice{
						Call: pay.Call{ProviderKey: key}, InvoiceID: "inv_" + key, WebhookURL: "https://merchant.example/webhooks/account/inv_" + key,
						Amount: rub("1000.50"), Description: "Order 7", Customer: pay.Customer{ID: "uid-1"}, Options: json.RawMessage(options),
						ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back?a=1"},
					})
				})
			}
			reference := func(key string, s pay.InvoiceState) pay.InvoiceRef {
				ref := refOf(s)
				ref.ProviderKey = key
				return ref
			}
			get := func(name, key string, made pay.InvoiceState) {
				plugintest.Step(d, name, func(ctx context.Context) (pay.InvoiceState, error) {
					return d.Account.GetInvoice(ctx, reference(key, made))
				})
			}
			redirect := create("op1", `{}`)
			get("get_invoice", "op1", redirect)
			plugintest.Step(d, "cancel", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.Canceler).CancelInvoice(ctx, pay.ChangeInvoice{Call: pay.Call{ProviderKey: "op2"}, Invoice: reference("op1", redirect)})
			})
			transfer := create("op3", `{"start_deal":true,"payment_option":"TO_CARD"}`)
			d.AtProvider(func() error { return sim.Pay(transfer.ProviderRef) })
			get("get_invoice_paid", "op3", transfer)
			plugintest.Step(d, "find_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.InvoiceFinder).FindInvoice(ctx, pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op3"}})
			})
			plugintest.Step(d, "find_invoice_absent", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.InvoiceFinder).FindInvoice(ctx, pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op99"}})
			})
			payout := plugintest.Step(d, "payout", func(ctx context.Context) (pay.PayoutState, error) {
				return d.Account.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
					Call: pay.Call{ProviderKey: "op4"}, PayoutID: "po_1", WebhookURL: "https://merchant.example/webhooks/account/po_1", Amount: rub("1500.00"),
					Destination: pay.Destination{Type: pay.DestinationCard, Value: "4111 1111 1111 1111", Holder: "Ivan Petrenko"},
				})
			})
			d.AtProvider(func() error { return sim.Complete(payout.ProviderRef, "") })
			plugintest.Step(d, "get_payout", func(ctx context.Context) (pay.PayoutState, error) {
				return d.Account.(pay.PayoutGetter).GetPayout(ctx, pay.PayoutRef{
					PayoutID: "po_1", ProviderKey: "op4", ProviderRef: payout.ProviderRef, ProviderRefs: payout.ProviderRefs, State: payout.Report.State,
				})
			})
			plugintest.Step(d, "read_balances", func(ctx context.Context) (pay.Balances, error) {
				return d.Account.(pay.BalanceReader).ReadBalances(ctx, pay.ReadBalances{})
			})
		},
	})
}
