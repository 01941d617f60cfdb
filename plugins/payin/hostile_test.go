package payin_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// Answers of 100 MB, without end, byte by byte, redirects and broken documents are classified within the limits.
func TestHostileAnswers(t *testing.T) {
	const key = "hostile developer key"
	rub := func(value string) pay.Money {
		amount, err := pay.ParseMoney(value, "RUB")
		require.NoError(t, err)
		return amount
	}
	create := func() pay.CreateInvoice {
		return pay.CreateInvoice{Amount: rub("100.50"), Description: "Top-up", Customer: pay.Customer{ID: "6034"}}
	}
	plugintest.RunHostile(t, plugintest.Hostile{
		Provider: payin.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := payinsim.New(payinsim.Config{PublicURL: site.URL, UserID: 7026, Key: key, ServiceID: 12, HoldMovements: true})
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"user_id": 7026, "secret": key, "base_url": site.URL, "service_id": 12}
		},
		Create: create,
		Calls: []plugintest.HostileCall{{
			Name: "create", Mutating: true,
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.CreateInvoice(ctx, create())
				return err
			},
			Garbled: map[string]string{
				"endless id":        `{"status":true,"result":{"invoice_id":1e999999999,"pay_link":"https://x.example/p"}}`,
				"status as a text":  `{"status":"true","result":{"invoice_id":1,"pay_link":"https://x.example/p"}}`,
				"two statuses":      `{"status":true,"status":null,"result":{"invoice_id":1,"pay_link":"https://x.example/p"}}`,
				"result is a list":  `{"status":true,"result":[[[]]]}`,
				"a refusal with no": `{"status":false}`,
			},
		}, {
			Name: "payout", Mutating: true,
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
					Call: pay.Call{OperationID: "op_2", ProviderKey: "op2"}, Amount: rub("10.10"), Description: "Reward",
					Destination: pay.Destination{Type: pay.DestinationAccount, Value: "6035"},
				})
				return err
			},
		}, {
			Name: "get",
			Do: func(ctx context.Context, a pay.Account, made pay.InvoiceState) error {
				_, err := a.GetInvoice(ctx, pay.InvoiceRef{ProviderRef: made.ProviderRef, ProviderRefs: made.ProviderRefs, State: made.Report.State})
				return err
			},
			Garbled: map[string]string{
				"result is a text": `{"status":true,"result":"paid"}`,
				"two statuses":     `{"status":true,"status":null,"result":{}}`,
			},
		}},
	})
}
