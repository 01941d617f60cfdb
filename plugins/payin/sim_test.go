package payin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/payin"
	"github.com/payhost/payhost/plugins/payin/payinsim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// inbox is the merchant's side of callbacks: it verifies each with the adapter and answers as told.
type inbox struct {
	account pay.Account
	results chan pay.WebhookResult
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	got, err := i.account.(pay.WebhookHandler).HandleWebhook(r.Context(), pay.WebhookRequest{
		Method: r.Method, Tail: strings.TrimPrefix(r.URL.Path, "/"), Body: body, ReceivedAt: time.Now(),
	})
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	for _, h := range got.Acknowledgement.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	w.WriteHeader(got.Acknowledgement.Status)
	_, _ = w.Write(got.Acknowledgement.Body)
	i.results <- got
}

type world struct {
	sim     *payinsim.Sim
	server  *httptest.Server
	account pay.Account
	inbox   *inbox
}

// newWorld joins the adapter, the simulated provider and the merchant's callback address.
func newWorld(t *testing.T, key string) world {
	t.Helper()
	return newWorldWith(t, key, time.Now, func(*payinsim.Config) {})
}

// newWorldWith also sets the adapter's clock and changes the simulator's config.
func newWorldWith(t *testing.T, key string, now func() time.Time, change func(*payinsim.Config)) world {
	t.Helper()
	in := &inbox{results: make(chan pay.WebhookResult, 8)}
	merchant := httptest.NewServer(in)
	t.Cleanup(merchant.Close)
	config := payinsim.Config{
		UserID: 7026, Key: "sim_key", CallbackURL: merchant.URL + "/topup", RetryDelays: []time.Duration{time.Millisecond},
		ServiceID: 12, ChargeCallbackURL: merchant.URL + "/charge", RewardCallbackURL: merchant.URL + "/reward",
	}
	change(&config)
	sim := payinsim.New(config)
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	sim.SetPublicURL(server.URL)
	client, err := httpx.New(httpx.Config{Timeout: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	in.account, err = payin.New("0.0.1").Open(t.Context(), pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"user_id":7026,"secret":%q,"base_url":%q,"service_id":12}`, key, server.URL)),
		HTTP:   client, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return world{sim, server, in.account, in}
}

func order(t *testing.T) pay.CreateInvoice {
	t.Helper()
	amount, err := pay.ParseMoney("100.50", "RUB")
	require.NoError(t, err)
	return pay.CreateInvoice{
		Amount: amount, Description: "Пополнение ~ 50% + \"x\" & y=1\t😀", Customer: pay.Customer{ID: "6034"},
		ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back?a=1&b=~2"}, PaymentMethod: "136",
	}
}

func refOf(s pay.InvoiceState) pay.InvoiceRef {
	return pay.InvoiceRef{
		ProviderRef: s.ProviderRef, ProviderRefs: s.ProviderRefs, State: s.Report.State, Known: pay.Known{Status: s.Status},
	}
}

// Create, pay, callback, verify, get: every hash is checked by the other side's own code.
func TestPaidAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_key")
	made, err := w.account.CreateInvoice(t.Context(), order(t))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, made.Status)

	seen, err := w.sim.Invoice(made.ProviderRef)
	require.NoError(t, err)
	require.Equal(t, "100.50", seen.Summ)
	require.Equal(t, order(t).Description, seen.Descr)
	require.Equal(t, "136", seen.IDPref)
	require.True(t, seen.SOSTopup)
	require.Equal(t, "https://shop.example/back?a=1&b=~2", seen.SuccessURL)
	require.Equal(t, seen.SuccessURL, seen.FailURL)
	require.Equal(t, seen.PayLink, made.NextActions[0].URL)

	got, err := w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, made.NextActions, got.NextActions)

	require.NoError(t, w.sim.Pay(made.ProviderRef))
	select {
	case hook := <-w.inbox.results:
		require.Equal(t, made.ProviderRef, hook.Events[0].ProviderRef)
		require.Equal(t, pay.StatusPaid, hook.Events[0].Invoice.Status)
		require.Equal(t, pay.StrengthHint, hook.Events[0].Strength)
	case <-time.After(10 * time.Second):
		t.Fatal("no verified callback came")
	}
	require.NoError(t, w.sim.Kit().Callbacks.Idle(t.Context()))
	require.Len(t, w.sim.Kit().Callbacks.Attempts(), 1, "the acknowledgement must satisfy the provider")

	got, err = w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.NotEmpty(t, got.Data["done_time"])
}

func TestLifeAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_key")
	steps := []struct {
		move func(string) error
		want pay.Status
	}{
		{w.sim.Process, pay.StatusProcessing},
		{w.sim.Freeze, pay.StatusAuthorized},
		{w.sim.Pay, pay.StatusPaid},
		{w.sim.Refund, pay.StatusPaid},
	}
	made, err := w.account.CreateInvoice(t.Context(), order(t))
	require.NoError(t, err)
	for i, step := range steps {
		require.NoError(t, step.move(made.ProviderRef))
		got, err := w.account.GetInvoice(t.Context(), refOf(made))
		require.NoError(t, err)
		require.Equal(t, step.want, got.Status, i)
	}
}

// Every way to lose an answer is an unknown outcome, and one request was sent at most.
func TestFaultsAgainstTheSimulator(t *testing.T) {
	for _, kind := range []string{"cut_before", "cut_after", "status", "status_after", "html", "html_after", "truncated", "redirect", "empty"} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, "sim_key")
			var fault payinsim.Fault
			require.NoError(t, json.Unmarshal([]byte(fmt.Sprintf(`{"op":"create-invoice","kind":%q}`, kind)), &fault))
			require.NoError(t, w.sim.Kit().Faults.Add(fault))
			_, err := w.account.CreateInvoice(t.Context(), order(t))
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.Len(t, w.sim.Kit().Requests.Of(payinsim.OpCreate), 1)
			require.LessOrEqual(t, len(w.sim.Invoices()), 1)
		})
	}
}

func TestWrongKeyAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "another_key")
	_, err := w.account.CreateInvoice(t.Context(), order(t))
	require.ErrorIs(t, err, pay.KindAuth)
	require.False(t, strings.Contains(err.Error(), "another_key"))
	require.Empty(t, w.sim.Invoices())
}
