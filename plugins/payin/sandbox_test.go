//go:build sandbox

package payin_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The adapter speaks to the provider's own test stand: check, create, get. payin has no cancel; the invoice is never paid.
func TestSandbox(t *testing.T) {
	user, secret, payer := os.Getenv("PAYHOST_SANDBOX_PAYIN_USER_ID"), os.Getenv("PAYHOST_SANDBOX_PAYIN_SECRET"), os.Getenv("PAYHOST_SANDBOX_PAYIN_PAYER_ID")
	if user == "" || secret == "" || payer == "" {
		t.Skip("set PAYHOST_SANDBOX_PAYIN_USER_ID, PAYHOST_SANDBOX_PAYIN_SECRET and PAYHOST_SANDBOX_PAYIN_PAYER_ID to test against dev1.payin-payout.net")
	}
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	config, err := json.Marshal(map[string]any{"user_id": json.Number(user), "secret": secret, "base_url": "https://dev1.payin-payout.net"})
	require.NoError(t, err)
	account, err := payin.New("0.0.1").Open(t.Context(), pay.AccountConfig{
		AccountID: "sandbox", Revision: 1, Mode: pay.ModeSandbox, Config: config, HTTP: client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)

	_, err = account.(pay.Checker).Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	amount, err := pay.ParseMoney("10.00", "RUB")
	require.NoError(t, err)
	made, err := account.CreateInvoice(t.Context(), pay.CreateInvoice{
		Call: pay.Call{ProviderKey: fmt.Sprintf("sandbox%d", time.Now().UnixNano())}, Amount: amount, Description: "payhost sandbox test",
		Customer: pay.Customer{ID: payer},
	})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, made.Status)
	require.NotEmpty(t, made.NextActions)
	got, err := account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, made.ProviderRef, got.ProviderRef)
}
