package paper_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
	"github.com/payhost/payhost/sdk/plugin"
	"github.com/payhost/payhost/sdk/plugintest/paper"
	"github.com/payhost/payhost/sdk/plugintest/paper/papersim"
)

// world is the adapter over the wire at a simulator, maintained as a host does.
type world struct {
	t        *testing.T
	sim      *papersim.Sim
	provider pay.Provider
	config   pay.AccountConfig
	account  pay.Account
	keys     int
	parts    bool // what create asks for
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sim := papersim.New(papersim.Config{ClientID: "kit", ClientSecret: "paper-client-secret", URL: "https://paper.example"})
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.Close(); sim.Close() })
	provider, stop, err := plugin.Loopback(t.Context(), paper.New("1.0.0"))
	require.NoError(t, err)
	t.Cleanup(stop)
	w := &world{t: t, sim: sim, provider: provider, config: pay.AccountConfig{
		AccountID: "acc_paper", Revision: 1, Mode: pay.ModeSandbox, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Config: json.RawMessage(`{"client_id":"kit","client_secret":"paper-client-secret","base_url":"` + server.URL + `"}`),
	}}
	w.account, err = provider.Open(t.Context(), w.config)
	require.NoError(t, err)
	w.maintain("opened")
	return w
}

func (w *world) maintain(reason string) pay.Maintained {
	w.t.Helper()
	got, err := w.account.(pay.AccountMaintainer).Maintain(w.t.Context(), pay.Maintain{Call: w.call(), Reason: reason, State: w.config.State})
	require.NoError(w.t, err)
	require.NotNil(w.t, got.State)
	w.config.State = got.State
	w.account, err = w.provider.Open(w.t.Context(), w.config)
	require.NoError(w.t, err)
	return got
}

func (w *world) call() pay.Call {
	w.keys++
	key := "op_" + strings.Repeat("0", 20) + string(rune('a'+w.keys))
	return pay.Call{OperationID: key, ProviderKey: key, Try: 1}
}

func (w *world) create(options string) pay.InvoiceState {
	w.t.Helper()
	state, err := w.tryCreate(options)
	require.NoError(w.t, err)
	return state
}

func (w *world) tryCreate(options string) (pay.InvoiceState, error) {
	return w.account.CreateInvoice(w.t.Context(), pay.CreateInvoice{
		Call: w.call(), InvoiceID: "inv_1", Amount: money("100.00", "EUR"), Options: json.RawMessage(options), AllowPartial: w.parts,
	})
}

func (w *world) get(ref string) pay.InvoiceState {
	w.t.Helper()
	got, err := w.account.GetInvoice(w.t.Context(), pay.InvoiceRef{InvoiceID: "inv_1", ProviderRef: ref})
	require.NoError(w.t, err)
	return got
}

// A token that ran out is an auth error that proves that nothing happened; after Maintain the same operation works.
func TestTokensAreRenewed(t *testing.T) {
	for name, spoil := range map[string]func(*papersim.Sim){
		"expired":               func(s *papersim.Sim) { s.ExpireTokens() },
		"refresh token dropped": func(s *papersim.Sim) { s.ExpireTokens(); s.DropRefreshToken() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spoil(w.sim)
			_, err := w.tryCreate("")
			require.ErrorIs(t, err, pay.KindAuth)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted())
			require.Equal(t, pay.RetrySameOperation, pay.AsError(err).RetryRule())
			got := w.maintain("auth_failed")
			require.True(t, got.NextAt.After(time.Now()))
			require.Equal(t, "acct-kit", got.Info.ProviderAccountRef)
			require.Equal(t, pay.StatusPending, w.create("").Status)
			require.Equal(t, 1, w.sim.Created())
		})
	}
}

// Parts in two currencies: the status follows what was due, and each attempt keeps its own amounts.
func TestPartsInTwoCurrencies(t *testing.T) {
	w := newWorld(t)
	w.parts = true
	ref := w.create("").ProviderRef
	require.NoError(t, w.sim.PayPart(ref, "40.00", "EUR"))
	got := w.get(ref)
	require.Equal(t, pay.StatusPartiallyPaid, got.Status)
	require.Equal(t, "40.00 EUR", got.Captured.String())
	require.Equal(t, "40.00 EUR", got.Received.String())
	require.Empty(t, got.ReceivedParts, "one currency has a sum")
	require.NotEmpty(t, got.NextActions, "the rest can still be paid")

	require.NoError(t, w.sim.PayPart(ref, "2910.00", "UAH")) // 60 EUR
	got = w.get(ref)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "100.00 EUR", got.Captured.String())
	require.False(t, got.Received.IsSet(), "two currencies have no sum")
	require.Len(t, got.ReceivedParts, 2)
	require.Equal(t, "40.00 EUR", got.ReceivedParts[0].String())
	require.Equal(t, "2910.00 UAH", got.ReceivedParts[1].String())
	require.Len(t, got.Attempts, 2)
	second := got.Attempts[1]
	require.Equal(t, "60.00 EUR", second.Amount.String())
	require.Equal(t, "2910.00 UAH", second.Received.String())
	require.Equal(t, "58.20 UAH", second.Fee.String())
	require.Equal(t, "2851.80 UAH", second.Net.String())
	require.Equal(t, "48.5", second.Rate)

	balances, err := w.account.(pay.BalanceReader).ReadBalances(t.Context(), pay.ReadBalances{Call: w.call()})
	require.NoError(t, err)
	have := map[string]string{}
	for _, b := range balances.Balances {
		have[b.Name] = b.Available.String()
	}
	require.Equal(t, map[string]string{"eur": "39.20 EUR", "uah": "2851.80 UAH"}, have)
}

// 3-D Secure: the payer posts a form, and its result is handed in by an action.
func Test3DSecure(t *testing.T) {
	w := newWorld(t)
	made := w.create(`{"require_3ds":true}`)
	require.Len(t, made.NextActions, 2)
	form := made.NextActions[0]
	require.Equal(t, pay.NextForm, form.Type)
	require.Equal(t, "POST", form.Method)
	require.Contains(t, form.FormFields, "PaReq")
	require.Equal(t, "submit_3ds", form.Submit)

	ref := pay.InvoiceRef{InvoiceID: "inv_1", ProviderRef: made.ProviderRef}
	act := func(input string) (pay.ActionResult, error) {
		return w.account.(pay.ActionProvider).RunAction(t.Context(), pay.Action{
			Call: w.call(), Name: form.Submit, Invoice: &ref, Input: json.RawMessage(input),
		})
	}
	_, err := act(`{}`)
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	done, err := act(`{"pares":"eJzVWFmP"}`)
	require.NoError(t, err)
	require.NotNil(t, done.Invoice)
	require.Len(t, done.Invoice.NextActions, 1)
	_, err = act(`{"pares":"eJzVWFmP"}`)
	require.ErrorIs(t, err, pay.KindInvalidState)
}

func TestDeclinedAttemptTellsWhy(t *testing.T) {
	w := newWorld(t)
	ref := w.create("").ProviderRef
	require.NoError(t, w.sim.Decline(ref))
	got := w.get(ref)
	require.Equal(t, pay.StatusFailed, got.Status)
	require.Equal(t, pay.DeclineInsufficientFunds, got.Attempts[0].Decline.Reason)
}

// An upload of several messages arrives byte for byte.
func TestUpload(t *testing.T) {
	w := newWorld(t)
	ref := pay.InvoiceRef{InvoiceID: "inv_1", ProviderRef: w.create("").ProviderRef}
	content := bytes.Repeat([]byte("paper\x00"), 300_000)
	got, err := w.account.(pay.ActionProvider).RunAction(t.Context(), pay.Action{
		Call: w.call(), Name: "upload_document", Invoice: &ref,
		Attachments: []pay.Attachment{{Name: "receipt & co.pdf", ContentType: "application/pdf", Size: int64(len(content)), Content: bytes.NewReader(content)}},
	})
	require.NoError(t, err)
	require.Contains(t, string(got.Output), "doc_")
	docs := w.sim.Documents()
	require.Len(t, docs, 1)
	require.Equal(t, "receipt & co.pdf", docs[0].Name)
	require.Equal(t, "application/pdf", docs[0].ContentType)
	require.True(t, bytes.Equal(content, docs[0].Content))
}
