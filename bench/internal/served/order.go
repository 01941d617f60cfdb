package served

import (
	"encoding/json"
	"fmt"

	"github.com/payhost/payhost/host"
	"github.com/payhost/payhost/host/bench/internal/echo"
)

// Token is the bearer token of both programs.
const Token = "token-for-measurements-only"

// AccountOf is the id of the n-th account of a plugin; the first of the first plugin is that of all other measurements.
func AccountOf(plugin, n int) string {
	if plugin == 0 && n == 0 {
		return echo.AccountID
	}
	return fmt.Sprintf("echo-%d-%d", plugin, n)
}

// PluginOf is the name of the n-th plugin.
func PluginOf(n int) string {
	if n == 0 {
		return echo.Name
	}
	return fmt.Sprintf("%s%d", echo.Name, n)
}

// Order is the body of a create: what a shop usually sends.
func Order(account, key string) ([]byte, error) {
	return json.Marshal(host.CreateInvoice{
		Account: account, Amount: host.Amount{Value: "1250.50", Currency: "UAH"}, Reference: "order-" + key,
		Description: "Order 2026-000123", Customer: host.Customer{ID: "customer-" + key},
		ReturnURLs: host.ReturnURLs{Default: "https://shop.example.com/orders/2026-000123"},
		Metadata:   map[string]string{"order": "2026-000123", "channel": "web"}, CorrelationID: "checkout-77",
	})
}
