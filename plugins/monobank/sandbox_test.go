//go:build sandbox

package monobank_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The adapter speaks to the bank with a test token: check, create, get, cancel. Nothing is paid.
func TestSandbox(t *testing.T) {
	secret := os.Getenv("PAYHOST_SANDBOX_MONOBANK_TOKEN")
	if secret == "" {
		t.Skip("set PAYHOST_SANDBOX_MONOBANK_TOKEN to a test token from https://api.monobank.ua to test against the bank")
	}
	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	config, err := json.Marshal(map[string]any{"token": secret})
	require.NoError(t, err)
	account, err := monobank.New("0.0.1").Open(t.Context(), pay.AccountConfig{
		AccountID: "sandbox", Revision: 1, Mode: pay.ModeSandbox, Config: config, HTTP: client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)

	info, err := account.(pay.Checker).Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.NotEmpty(t, info.ProviderAccountRef)
	made, err := account.CreateInvoice(t.Context(), pay.CreateInvoice{
		Amount: money(t, "42.00", "UAH"), Reference: "payhost-sandbox", Description: "payhost sandbox test", ExpiresIn: 10 * time.Minute,
	})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, made.Status)
	ref := pay.InvoiceRef{ProviderRef: made.ProviderRef, State: made.Report.State, Known: pay.Known{Status: made.Status, Amount: money(t, "42.00", "UAH")}}
	got, err := account.GetInvoice(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, "42.00 UAH", got.Amount.String())
	canceled, err := account.(pay.Canceler).CancelInvoice(t.Context(), pay.ChangeInvoice{Invoice: ref})
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, canceled.Status)
	ref.State, ref.Known.Status = canceled.Report.State, canceled.Status
	got, err = account.GetInvoice(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, got.Status, "whatever the bank shows of a removed invoice, nobody can pay it any more")
}
