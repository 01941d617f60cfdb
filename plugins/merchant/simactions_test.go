package merchant_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/merchant"
	"github.com/payhost/payhost/plugins/merchant/merchantsim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// A payment that is confirmed by a proof, disputed with another one and then settled with another sum.
func TestProofsAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true,"allow_matching":true}`))
	require.NoError(t, err)
	confirmed, err := w.act(t.Context(), made, "confirm_transfer", `{}`, proof())
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, confirmed.Invoice.Status)
	require.Equal(t, pay.AttemptProcessing, confirmed.Invoice.Attempts[0].Status)
	require.False(t, confirmed.Invoice.Received.IsSet(), "the sums that appear are not money")

	disputed, err := w.act(t.Context(), made, "open_dispute", `{"reason":"invalid_sum","amount":"900"}`, proof())
	require.NoError(t, err)
	require.Equal(t, pay.StatusProcessing, disputed.Invoice.Status)
	require.Equal(t, "900.00 RUB", disputed.Invoice.Disputes[0].Amount.String())
	_, err = w.act(t.Context(), made, "open_dispute", `{"reason":"has_payment"}`, proof())
	require.ErrorIs(t, err, pay.KindInvalidState, "one dispute")
	require.Len(t, w.sim.Kit().Requests.Of("dispute"), 1)

	require.NoError(t, w.sim.Complete(made.ProviderRef, ""))
	for range 2 {
		w.hook(t)
	}
	got, err := w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPartiallyPaid, got.Status)
	require.Equal(t, "900.00 RUB", got.Received.String())
	require.Equal(t, pay.DisputeWon, got.Disputes[0].Status)
	require.Equal(t, merchantsim.Effects{Created: 1, Deals: 1, Paid: 1, Proofs: 1, Disputes: 1}, w.sim.Effects("op_1"))
	require.NoError(t, w.sim.Idle(t.Context()))
}

// The limits of a file are the gateway's own: the largest passes, and one byte more is never sent.
func TestLargestProofAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true}`))
	require.NoError(t, err)
	file := func(size int64) pay.Attachment {
		return pay.Attachment{Name: "a.png", ContentType: "image/png", Size: size, Content: &zeros{left: size}}
	}
	_, err = w.act(t.Context(), made, "confirm_transfer", `{}`, file(10_000_001))
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Empty(t, w.sim.Kit().Requests.Of("confirm_transfer"))
	_, err = w.act(t.Context(), made, "confirm_transfer", `{}`, file(10_000_000))
	require.NoError(t, err)
	inv, err := w.sim.Invoice(made.ProviderRef)
	require.NoError(t, err)
	require.Equal(t, 10_000_000, inv.Deals[0].Attachments[0].Size)
}

// zeros is a file that is never in memory as a whole.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	if z.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestListsAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true,"payment_option":"SBP_QR"}`))
	require.NoError(t, err)
	for name, c := range map[string]struct{ input, want string }{
		"accounts":               {`{}`, `"sum":"10000.00000000"`},
		"currency_rates":         {`{}`, `"in":{"pair":"USDT/RUB","rate":"99.23"}`},
		"payment_options":        {`{}`, `{"code":"CROSS_BORDER","name":"CROSS BORDER","currency":"RUB"}`},
		"payment_methods":        {`{"currency":"RUB"}`, `{"code":"vtb","name":"VTB","currency":"RUB"}`},
		"public_payment_methods": {`{"currency":"RUB"}`, `{"code":"vtb","name":"VTB"}`},
		"qr_code":                {`{}`, `svg`},
	} {
		got, err := w.act(t.Context(), made, name, c.input)
		require.NoError(t, err, name)
		var out any
		require.NoError(t, json.Unmarshal(got.Output, &out))
		require.Contains(t, string(got.Output), c.want, name)
	}
	_, err = w.act(t.Context(), made, "payment_methods", `{"currency":"KZT"}`)
	require.NoError(t, err)
	require.Equal(t, "KZT", w.sim.Kit().Requests.Of("payment_methods")[1].Query.Get("currency"), "the query is signed")
	for _, op := range []string{"public_payment_methods", "qr_code"} {
		require.Empty(t, w.sim.Kit().Requests.Of(op)[0].Header.Get("X-Identity"))
	}
}

// Cross-border payments to a phone and a card, and by QR code: what the payer is shown.
func TestCrossBorderAgainstTheSimulator(t *testing.T) {
	for name, c := range map[string]struct {
		options string
		kind    string
		next    pay.NextActionType
	}{
		"phone": {`{"start_deal":true,"payment_option":"CROSS_BORDER","cross_border_currency":"TJS","cross_border_requisite_type":"PHONE"}`, "phone",
			pay.NextTransfer},
		"card": {`{"start_deal":true,"payment_option":"CROSS_BORDER","cross_border_currency":"TJS","cross_border_requisite_type":"CARD"}`, "card",
			pay.NextTransfer},
		"qr": {`{"start_deal":true,"payment_option":"SBP_QR","cross_border_currency":"TJS"}`, "", pay.NextQR},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			made, err := w.account.CreateInvoice(t.Context(), w.order(t, c.options))
			require.NoError(t, err)
			first := made.NextActions[0]
			require.Equal(t, c.next, first.Type)
			require.Equal(t, "1000.50 RUB", first.Amount.String(), "the store's currency is what is due")
			if c.kind != "" {
				require.Equal(t, c.kind, first.Requisites.Kind)
			} else {
				require.Contains(t, first.QRPayload, "https://qr.nspk.ru/")
				require.Equal(t, first.QRPayload, first.URL, "a phone opens the link")
			}
			inv, err := w.sim.Invoice(made.ProviderRef)
			require.NoError(t, err)
			require.Equal(t, "TJS", inv.CrossBorderCurrency)
			require.Equal(t, inv.Deals[0].Deadline.UTC().Truncate(time.Second), first.ExpiresAt, "the deal's canceledAt is the deadline")
			require.Equal(t, inv.ExpireAt.UTC().Truncate(time.Second), made.ExpiresAt)
		})
	}
}

// withWithdrawals is a world whose account may withdraw and whose gateway has two-factor authentication.
func withWithdrawals(t *testing.T) (*merchantsim.Sim, pay.ActionProvider) {
	t.Helper()
	sim := merchantsim.New(merchantsim.Config{APIKey: "store_key", Secret: "sim_secret", Code2FA: "123456"})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	sim.SetPublicURL(server.URL)
	client, err := httpx.New(httpx.Config{Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	account, err := merchant.New("0.0.1").Open(t.Context(), pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"api_key":"store_key","secret":"sim_secret","base_url":%q,"withdrawals":true}`, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return sim, account.(pay.ActionProvider)
}

func TestWithdrawAgainstTheSimulator(t *testing.T) {
	for kind, acted := range map[string]bool{"": true, "cut_after": true, "status_after": true, "truncated": true, "cut_before": false, "html": false} {
		t.Run(kind, func(t *testing.T) {
			sim, account := withWithdrawals(t)
			listed, err := account.RunAction(t.Context(), pay.Action{Name: "accounts"})
			require.NoError(t, err)
			var out struct {
				Accounts []struct{ ID string }
			}
			require.NoError(t, json.Unmarshal(listed.Output, &out))
			if kind != "" {
				world{sim: sim}.fault(t, "withdraw", kind)
			}
			input := fmt.Sprintf(`{"account_id":%q,"amount":"100.5","address":"TXyz1234567890","code_2fa":"123456"}`, out.Accounts[0].ID)
			got, err := account.RunAction(t.Context(), pay.Action{Name: "withdraw", Input: json.RawMessage(input)})
			if kind == "" {
				require.NoError(t, err)
				require.Contains(t, string(got.Output), `"sum":"100.50000000"`)
			} else {
				require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			}
			require.Equal(t, acted, len(sim.Withdrawals()) == 1)
			require.Len(t, sim.Kit().Requests.Of("withdraw"), 1, "nothing is sent twice")
		})
	}
	sim, account := withWithdrawals(t)
	_, err := account.RunAction(t.Context(), pay.Action{Name: "withdraw",
		Input: json.RawMessage(`{"account_id":"x","amount":"1","address":"TXyz1234567890","code_2fa":"123456"}`)})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Empty(t, sim.Withdrawals())
}

// Statuses that a brand adds change nothing and are shown to a person; the callback about one is still only a hint.
func TestBrandStatusAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, ""))
	require.NoError(t, err)
	for _, status := range []merchantsim.Status{"recalculated", "completed", "success", "cancelled"} {
		require.NoError(t, w.sim.SetStatus(made.ProviderRef, status))
		require.Equal(t, made.ProviderRef, w.hook(t).Events[0].ProviderRef)
		got, err := w.account.GetInvoice(t.Context(), refOf(made))
		require.NoError(t, err)
		require.Empty(t, got.Status, status)
		require.Contains(t, got.Review, string(status))
	}
}
