package merchant_test

import (
	"encoding/json"
	"fmt"
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
)

// inbox is the merchant's side of callbacks: it verifies each with the adapter.
type inbox struct {
	account pay.Account
	results chan pay.WebhookResult
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var headers []pay.Header
	for name, values := range r.Header {
		for _, v := range values {
			headers = append(headers, pay.Header{Name: name, Value: v})
		}
	}
	got, err := i.account.(pay.WebhookHandler).HandleWebhook(r.Context(), pay.WebhookRequest{
		Method: r.Method, Headers: headers, Body: body, ReceivedAt: time.Now(),
	})
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(got.Acknowledgement.Status)
	i.results <- got
}

type world struct {
	sim     *merchantsim.Sim
	server  *httptest.Server
	client  *http.Client
	account pay.Account
	inbox   *inbox
	hooks   string
}

// newWorld joins the adapter, the simulated gateway and the merchant's callback address.
func newWorld(t *testing.T, secret string) world {
	t.Helper()
	in := &inbox{results: make(chan pay.WebhookResult, 8)}
	hooks := httptest.NewServer(in)
	t.Cleanup(hooks.Close)
	sim := merchantsim.New(merchantsim.Config{APIKey: "store_key", Secret: "sim_secret", RetryDelays: []time.Duration{}})
	t.Cleanup(sim.Close)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	sim.SetPublicURL(server.URL)
	client, err := httpx.New(httpx.Config{Timeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	in.account, err = merchant.New("0.0.1").Open(t.Context(), pay.AccountConfig{
		Config: json.RawMessage(fmt.Sprintf(`{"api_key":"store_key","secret":%q,"base_url":%q}`, secret, server.URL)),
		HTTP:   client, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return world{sim, server, client, in.account, in, hooks.URL}
}

func (w world) order(t *testing.T, options string) pay.CreateInvoice {
	t.Helper()
	amount, err := pay.ParseMoney("1000.50", "RUB")
	require.NoError(t, err)
	req := pay.CreateInvoice{
		Call: pay.Call{ProviderKey: "op_1"}, WebhookURL: w.hooks + "/inv_1", Amount: amount, Customer: pay.Customer{ID: "uid-1"},
		ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back?a=1&b=<2>"}, Payer: pay.Payer{Locale: "ru-RU"},
	}
	if options != "" {
		req.Options = json.RawMessage(options)
	}
	return req
}

func refOf(s pay.InvoiceState) pay.InvoiceRef {
	return pay.InvoiceRef{
		ProviderRef: s.ProviderRef, ProviderKey: "op_1", ProviderRefs: s.ProviderRefs, State: s.Report.State,
		Known: pay.Known{Status: s.Status, Amount: s.Amount, Due: s.Due},
	}
}

func (w world) hook(t *testing.T) pay.WebhookResult {
	t.Helper()
	select {
	case got := <-w.inbox.results:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("no verified callback came")
		return pay.WebhookResult{}
	}
}

// Create, pay, callback, verify, get, in both modes: every signature and token is checked by the other side's own code.
func TestPaidAgainstTheSimulator(t *testing.T) {
	for name, options := range map[string]string{
		"redirect": "", "requisites": `{"start_deal":true,"payment_option":"TO_CARD"}`, "qr": `{"start_deal":true,"payment_option":"SBP_QR"}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			w.sim.SetArrayAnswers(name == "qr")
			made, err := w.account.CreateInvoice(t.Context(), w.order(t, options))
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, made.Status)
			require.Equal(t, "1000.50 RUB", made.Due.String())
			first := map[string]pay.NextActionType{"redirect": pay.NextRedirect, "requisites": pay.NextTransfer, "qr": pay.NextQR}
			require.Equal(t, first[name], made.NextActions[0].Type)

			got, err := w.account.GetInvoice(t.Context(), refOf(made))
			require.NoError(t, err)
			require.Equal(t, pay.StatusPending, got.Status)
			require.Len(t, got.NextActions, len(made.NextActions))

			require.NoError(t, w.sim.Pay(made.ProviderRef))
			event := w.hook(t).Events[0]
			require.Equal(t, made.ProviderRef, event.ProviderRef)
			require.Equal(t, "op_1", event.ProviderKey)

			got, err = w.account.GetInvoice(t.Context(), refOf(made))
			require.NoError(t, err)
			require.Equal(t, pay.StatusPaid, got.Status)
			require.Equal(t, "1000.50 RUB", got.Received.String())
			require.Equal(t, "USDT", got.Attempts[0].Net.Code())
			require.NoError(t, w.sim.Idle(t.Context()))
		})
	}
}

func TestLifeAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	made, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true}`))
	require.NoError(t, err)
	require.NoError(t, w.sim.ConfirmTransfer(made.ProviderRef))
	got, err := w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, pay.AttemptProcessing, got.Attempts[0].Status)

	require.NoError(t, w.sim.Dispute(made.ProviderRef, "invalid_sum", "900.00"))
	got, err = w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusProcessing, got.Status)
	require.Equal(t, "900.00 RUB", got.Disputes[0].Amount.String())

	require.NoError(t, w.sim.Complete(made.ProviderRef, "900.00"))
	got, err = w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPartiallyPaid, got.Status)
	require.Equal(t, "900.00 RUB", got.Received.String())
	require.Equal(t, pay.DisputeWon, got.Disputes[0].Status)
	for range 2 {
		w.hook(t)
	}
	require.NoError(t, w.sim.Idle(t.Context()))
}

// A lost answer to create is settled by the look-up: what was made is found, what was not made is absent.
func TestUnknownIsFoundAgainstTheSimulator(t *testing.T) {
	for kind, made := range map[string]bool{
		"cut_after": true, "status_after": true, "html_after": true, "truncated": true, "empty": true,
		"cut_before": false, "status": false, "html": false, "redirect": false,
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWorld(t, "sim_secret")
			fault := fmt.Sprintf(`{"op":"create","kind":%q}`, kind)
			kit := w.sim.Kit()
			faults := kit.Faults.Pending()
			require.NoError(t, json.Unmarshal([]byte("["+fault+"]"), &faults))
			require.NoError(t, kit.Faults.Add(faults...))
			_, err := w.account.CreateInvoice(t.Context(), w.order(t, ""))
			require.ErrorIs(t, err, pay.KindOutcomeUnknown)
			require.Len(t, kit.Requests.Of("create"), 1)

			found, err := w.account.(pay.InvoiceFinder).FindInvoice(t.Context(), pay.FindInvoice{Invoice: pay.InvoiceRef{ProviderKey: "op_1"}})
			if !made {
				require.ErrorIs(t, err, pay.KindNotFound)
				require.Empty(t, w.sim.Invoices())
				return
			}
			require.NoError(t, err)
			require.Equal(t, w.sim.Invoices()[0].ID, found.ProviderRef)
			require.Equal(t, pay.StatusPending, found.Status)
			require.Equal(t, "1000.50 RUB", found.Amount.String())
		})
	}
}

func TestNoRequisitesAgainstTheSimulator(t *testing.T) {
	for mode, invoices := range map[merchantsim.NoRequisites]int{merchantsim.NoRequisitesEmpty: 1, merchantsim.NoRequisitesRefuse: 0} {
		for _, shape := range []merchantsim.ErrorShape{merchantsim.ErrorArray, merchantsim.ErrorObject, merchantsim.ErrorText} {
			t.Run(string(mode)+"/"+string(shape), func(t *testing.T) {
				w := newWorld(t, "sim_secret")
				require.NoError(t, w.sim.SetNoRequisites(mode, 1))
				require.NoError(t, w.sim.SetErrorShape(shape))
				_, err := w.account.CreateInvoice(t.Context(), w.order(t, `{"start_deal":true}`))
				require.ErrorIs(t, err, pay.KindDeclined)
				require.Equal(t, pay.DeclineNoRequisites, pay.AsError(err).Reason)
				require.Len(t, w.sim.Invoices(), invoices)
				for _, inv := range w.sim.Invoices() {
					require.Equal(t, merchantsim.StatusCanceled, inv.Status)
				}
				require.NoError(t, w.sim.Idle(t.Context()))
			})
		}
	}
}

func TestRaisedAmountAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	require.NoError(t, w.sim.SetAmountRaise("0.37"))
	req := w.order(t, `{"start_deal":true}`)
	var err error
	req.MaxAmount, err = pay.ParseMoney("1010", "RUB")
	require.NoError(t, err)
	made, err := w.account.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "1000.50 RUB", made.Amount.String())
	require.Equal(t, "1000.87 RUB", made.Due.String())
	require.Equal(t, "1000.87 RUB", made.NextActions[0].Amount.String())

	require.NoError(t, w.sim.PayAmount(made.ProviderRef, "1000.50"))
	got, err := w.account.GetInvoice(t.Context(), refOf(made))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPartiallyPaid, got.Status, "the raised amount was due")
	w.hook(t)
}

func TestCheckAndWrongSecretAgainstTheSimulator(t *testing.T) {
	w := newWorld(t, "sim_secret")
	info, err := w.account.(pay.Checker).Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.Equal(t, []string{"RUB"}, info.Currencies)
	w = newWorld(t, "another")
	_, err = w.account.(pay.Checker).Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindAuth)
	_, err = w.account.CreateInvoice(t.Context(), w.order(t, ""))
	require.ErrorIs(t, err, pay.KindAuth)
	require.Empty(t, w.sim.Invoices())
}
