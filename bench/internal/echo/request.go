package echo

import (
	"time"

	"github.com/payhost/payhost/sdk/pay"
)

// Traceparent is the trace context that our calls carry.
const Traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// Request is the create that every hop carries: the fields that a shop usually sends.
func Request() pay.CreateInvoice {
	uah, _ := pay.LookupCurrency("UAH")
	amount, _ := pay.FromMinor(125050, uah)
	return pay.CreateInvoice{
		Call:       Frame(),
		InvoiceID:  "inv_01kaxyz4m8q2v6t0c3b5",
		WebhookURL: "https://billing.example.com/pay/webhooks/echo-main/inv_01kaxyz4m8q2v6t0c3b5", Amount: amount,
		AccountWebhookURL: "https://billing.example.com/pay/webhooks/echo-main", Purpose: pay.PurposePayment,
		Reference: "order-2026-000123", Description: "Order 2026-000123", Customer: pay.Customer{ID: "customer-17"},
		Payer:      pay.Payer{Locale: "uk-UA", Country: "UA"},
		ReturnURLs: pay.ReturnURLs{Default: "https://shop.example.com/orders/2026-000123"},
		Metadata:   map[string]string{"order": "2026-000123", "channel": "web"},
	}
}

// Frame is the frame of one such call, without a deadline.
func Frame() pay.Call {
	return pay.Call{
		OperationID: "op_01kaxyz4m8q2v6t0c3b5", ProviderKey: "op_01kaxyz4m8q2v6t0c3b5", Try: 1, AccountID: AccountID, AccountRevision: 1,
		Mode: pay.ModeLive, Traceparent: Traceparent, CorrelationID: "checkout-77",
	}
}

// Opening is the configuration under which the account is opened.
func Opening() pay.AccountConfig {
	return pay.AccountConfig{AccountID: AccountID, Revision: 1, Mode: pay.ModeLive, Config: []byte(Config)}
}

// Deadline is how long one measured call may take.
const Deadline = 20 * time.Second
