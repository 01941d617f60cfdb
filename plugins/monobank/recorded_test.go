package monobank_test

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

var updateRecorded = flag.Bool("update-recorded", false, "record testdata/recorded anew against the simulator")

// The recorded dialogue, repeated without the provider, gives the same requests and the same results.
func TestRecorded(t *testing.T) {
	const merchantToken = "recorded-merchant-token"
	var sim *monobanksim.Sim
	plugintest.RunRecorded(t, plugintest.Recorded{
		Provider: monobank.New("0.0.1"), Dir: "testdata/recorded", Update: *updateRecorded, Secrets: []string{merchantToken},
		Start: func(_ testing.TB, site plugintest.Site, now func() time.Time) plugintest.Simulator {
			sim = monobanksim.New(monobanksim.Config{
				PublicURL: site.URL, Token: merchantToken, Now: now, HTTPClient: plugintest.Silent(), AllowSaveCard: true,
			})
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any { return map[string]any{"token": merchantToken, "base_url": site.URL} },
		Script: func(d *plugintest.Dialogue) {
			plugintest.Step(d, "check", func(ctx context.Context) (pay.AccountInfo, error) {
				return d.Account.(pay.Checker).Check(ctx, pay.Check{})
			})
			create := func(key string, edit func(*pay.CreateInvoice)) pay.InvoiceState {
				return plugintest.Step(d, "create_invoice", func(ctx context.Context) (pay.InvoiceState, error) {
					req := pay.CreateInvoice{
						Call: pay.Call{ProviderKey: key}, InvoiceID: "inv_" + key, WebhookURL: "https://merchant.example/webhooks/account/inv_" + key,
						Amount: money(t, "42.00", "UAH"), Reference: "order-" + key, Description: "Дві табуретки",
						Customer: pay.Customer{ID: "cust-1", Email: "ivan@example.com"}, ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back?a=1"},
					}
					edit(&req)
					return d.Account.CreateInvoice(ctx, req)
				})
			}
			get := func(name string, made pay.InvoiceState) {
				plugintest.Step(d, name, func(ctx context.Context) (pay.InvoiceState, error) {
					return d.Account.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef})
				})
			}
			change := func(key string, made pay.InvoiceState) pay.ChangeInvoice {
				return pay.ChangeInvoice{
					Call: pay.Call{ProviderKey: key}, Invoice: pay.InvoiceRef{ProviderRef: made.ProviderRef, Known: pay.Known{
						Status: pay.StatusAuthorized, Amount: money(t, "42.00", "UAH"), Authorized: money(t, "42.00", "UAH"),
					}},
				}
			}
			paid := create("op1", func(r *pay.CreateInvoice) { r.SaveCredential = true })
			get("get_invoice", paid)
			d.AtProvider(func() error { return sim.Pay(paid.ProviderRef) })
			get("get_invoice_paid", paid)
			refund := plugintest.Step(d, "refund", func(ctx context.Context) (pay.RefundState, error) {
				return d.Account.(pay.Refunder).CreateRefund(ctx, pay.CreateRefund{
					Call: pay.Call{ProviderKey: "op2"}, RefundID: "ref_1", Amount: money(t, "12.00", "UAH"),
					Invoice: pay.InvoiceRef{ProviderRef: paid.ProviderRef, Known: pay.Known{
						Status: pay.StatusPaid, Amount: money(t, "42.00", "UAH"), Captured: money(t, "42.00", "UAH"),
					}},
				})
			})
			plugintest.Step(d, "get_refund", func(ctx context.Context) (pay.RefundState, error) {
				return d.Account.(pay.RefundGetter).GetRefund(ctx, pay.RefundRef{
					RefundID: "ref_1", ProviderKey: "op2", ProviderRef: refund.ProviderRef, Amount: money(t, "12.00", "UAH"),
					Invoice: pay.InvoiceRef{ProviderRef: paid.ProviderRef},
				})
			})
			held := create("op3", func(r *pay.CreateInvoice) { r.Capture = pay.CaptureManual })
			d.AtProvider(func() error { return sim.Hold(held.ProviderRef) })
			get("get_invoice_authorized", held)
			plugintest.Step(d, "capture", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.Capturer).CaptureInvoice(ctx, change("op4", held))
			})
			gone := create("op5", func(*pay.CreateInvoice) {})
			plugintest.Step(d, "cancel", func(ctx context.Context) (pay.InvoiceState, error) {
				return d.Account.(pay.Canceler).CancelInvoice(ctx, change("op6", gone))
			})
			declined := create("op7", func(*pay.CreateInvoice) {})
			d.AtProvider(func() error { return sim.Decline(declined.ProviderRef, "59", "") })
			get("get_invoice_declined", declined)
			get("get_invoice_absent", pay.InvoiceState{ProviderRef: "p2_nobody"})
		},
	})
}
