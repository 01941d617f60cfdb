package merchant_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugintest"
)

// Answers of 100 MB, without end, byte by byte, redirects and broken documents are classified within the limits.
func TestHostileAnswers(t *testing.T) {
	const apiKey, secret = "hostile-store-key", "hostile merchant secret"
	rub := func(value string) pay.Money {
		amount, err := pay.ParseMoney(value, "RUB")
		require.NoError(t, err)
		return amount
	}
	create := func() pay.CreateInvoice { return pay.CreateInvoice{Amount: rub("1000.50"), Description: "Order 7"} }
	plugintest.RunHostile(t, plugintest.Hostile{
		Provider: merchant.New("0.0.1"),
		Start: func(_ testing.TB, site plugintest.Site) plugintest.Simulator {
			sim := merchantsim.New(merchantsim.Config{PublicURL: site.URL, APIKey: apiKey, Secret: secret})
			return plugintest.Simulator{Handler: sim, Close: sim.Close}
		},
		Config: func(site plugintest.Site) any {
			return map[string]any{"api_key": apiKey, "secret": secret, "base_url": site.URL}
		},
		Create: create,
		Calls: []plugintest.HostileCall{{
			Name: "create", Mutating: true,
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				req := create()
				req.Call = pay.Call{OperationID: "op_2", ProviderKey: "op2"}
				req.InvoiceID, req.WebhookURL = "inv_2", "https://merchant.example/webhooks/account/inv_2"
				_, err := a.CreateInvoice(ctx, req)
				return err
			},
			Garbled: map[string]string{
				"id is a list":  `{"id":["i-1"],"internalId":"op2","status":"new","amount":"1000.50","invoiceUrl":"https://x.example/i"}`,
				"two in a list": `[{"id":"i-1"},{"id":"i-2"}]`,
			},
		}, {
			Name: "payout", Mutating: true,
			Do: func(ctx context.Context, a pay.Account, _ pay.InvoiceState) error {
				_, err := a.(pay.PayoutCreator).CreatePayout(ctx, pay.CreatePayout{
					Call: pay.Call{OperationID: "op_3", ProviderKey: "op3"}, PayoutID: "po_1", WebhookURL: "https://merchant.example/webhooks/account/po_1",
					Amount: rub("1000.50"), Destination: pay.Destination{Type: pay.DestinationCard, Value: "4444444444444448"},
				})
				return err
			},
		}, {
			Name: "get",
			Do: func(ctx context.Context, a pay.Account, made pay.InvoiceState) error {
				_, err := a.GetInvoice(ctx, pay.InvoiceRef{
					ProviderRef: made.ProviderRef, ProviderKey: "op1", ProviderRefs: made.ProviderRefs, State: made.Report.State,
					Known: pay.Known{Status: made.Status, Amount: made.Amount, Due: made.Due},
				})
				return err
			},
			Garbled: map[string]string{"id is a list": `{"id":["i-1"],"internalId":"op1","status":"paid"}`},
		}},
	})
}

// An amount beyond every number is no amount, whatever the status says: a person is asked.
func TestHostileAmount(t *testing.T) {
	for _, amount := range []string{"1e999999999", `"1e999999999"`, "123456789012345678901234567890123456789012345678901234567890", "{}"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id":"i-1","internalId":"op1","status":"paid","sum":{"amount":`+amount+`,"currency":"RUB","subunit":2},"deals":[]}`)
		}))
		client, err := httpx.New(httpx.Config{})
		require.NoError(t, err)
		account, err := merchant.New("0.0.1").Open(t.Context(), pay.AccountConfig{
			Config: json.RawMessage(`{"api_key":"hostile-store-key","secret":"hostile merchant secret","base_url":"` + server.URL + `"}`),
			HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		state, err := account.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i-1", ProviderKey: "op1"})
		client.CloseIdleConnections()
		server.Close()
		if err == nil {
			require.NotEqual(t, pay.StatusPaid, state.Status, amount)
			require.NotEmpty(t, state.Review, amount)
			continue
		}
		require.ErrorIs(t, err, pay.KindProviderUnavailable, amount)
	}
}
