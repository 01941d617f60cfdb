package monobank_test

import (
	"context"
	"testing"
	"time"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// Answers of 100 MB, without end, byte by byte, redirects and broken documents are classified within the limits.
func TestHostileAnswers(t *testing.T) {
	const merchantToken = "hostile-merchant-token"
	create := func() pay.CreateInvoice {
		return pay.CreateInvoice{Amount: money(t, "42.00", "UAH"), ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back"}}
	}
	plugintest.RunHostile(t, plugintest.Hostile{
		Provider: monobank.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := monobanksim.New(monobanksim.Config{PublicURL: site.URL, Token: merchantToken, RetryDelays: []time.Duration{}})
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any { return map[string]any{"token": merchantToken, "base_url": site.URL} },
		Create: create,
		Calls: []plugintest.HostileCall{{
			Name: "create", Mutating: true,
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.CreateInvoice(ctx, create())
				return err
			},
			Garbled: map[string]string{
				"id is an object":  `{"invoiceId":{"a":1},"pageUrl":"https://x.example/p"}`,
				"the last id wins": `{"invoiceId":"p2_1","invoiceId":"","pageUrl":"https://x.example/p"}`,
			},
		}, {
			Name: "get",
			Do: func(ctx context.Context, a pay.Account, made pay.InvoiceState) error {
				_, err := a.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef})
				return err
			},
			Garbled: map[string]string{
				"endless amount":  `{"invoiceId":"p2_1","status":"success","amount":1e999999999,"ccy":980}`,
				"amount beyond":   `{"invoiceId":"p2_1","status":"success","amount":123456789012345678901234567890,"ccy":980}`,
				"status is a map": `{"invoiceId":"p2_1","status":{"success":true},"amount":4200,"ccy":980}`,
			},
		}, {
			Name: "details",
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.(pay.Checker).Check(ctx, pay.Check{})
				return err
			},
		}},
	})
}
