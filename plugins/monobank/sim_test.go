package monobank_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// bank is the simulated bank and a shop that receives its webhooks.
type bank struct {
	sim      *monobanksim.Sim
	account  account
	clock    *clock
	shop     string
	url      string
	webhooks chan pay.WebhookRequest
}

func newBank(t *testing.T, cfg monobanksim.Config) *bank {
	t.Helper()
	b := &bank{clock: newClock(), webhooks: make(chan pay.WebhookRequest, 16)}
	cfg.Token, cfg.Now = token, b.clock.now
	b.sim = monobanksim.New(cfg)
	server := httptest.NewServer(b.sim)
	t.Cleanup(server.Close)
	t.Cleanup(b.sim.Close)
	b.sim.SetPublicURL(server.URL)
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		req := pay.WebhookRequest{Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, ReceivedAt: b.clock.now(), Peer: r.RemoteAddr}
		req.Body, _ = io.ReadAll(r.Body)
		for name, values := range r.Header {
			for _, v := range values {
				req.Headers = append(req.Headers, pay.Header{Name: name, Value: v})
			}
		}
		b.webhooks <- req
	}))
	t.Cleanup(shop.Close)
	b.shop, b.url = shop.URL, server.URL
	b.account = open(t, server.URL, b.clock, map[string]any{"cms_name": "payhost"})
	return b
}

func (b *bank) create(t *testing.T, change func(*pay.CreateInvoice)) pay.InvoiceState {
	t.Helper()
	req := pay.CreateInvoice{
		InvoiceID: "inv_1", WebhookURL: b.shop + "/webhooks/mono/inv_1", Amount: money(t, "42.00", "UAH"), Reference: "order-17",
		Description: "Дві табуретки", ReturnURLs: pay.ReturnURLs{Default: "https://shop.example/back"},
	}
	if change != nil {
		change(&req)
	}
	state, err := b.account.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, state.Status)
	return state
}

// news takes the next webhook and lets the account verify it.
func (b *bank) news(t *testing.T, known pay.Known) pay.WebhookEvent {
	t.Helper()
	select {
	case req := <-b.webhooks:
		req.Invoice = &pay.InvoiceRef{Known: known}
		result, err := b.account.HandleWebhook(t.Context(), req)
		require.NoError(t, err)
		require.Len(t, result.Events, 1)
		return result.Events[0]
	case <-time.After(10 * time.Second):
		require.FailNow(t, "no webhook came")
		return pay.WebhookEvent{}
	}
}

func (b *bank) status(t *testing.T, id string, known pay.Known) pay.InvoiceState {
	t.Helper()
	state, err := b.account.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: id, Known: known})
	require.NoError(t, err)
	return state
}

func TestSimPayment(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	info, err := b.account.Check(t.Context(), pay.Check{})
	require.NoError(t, err)
	require.NotEmpty(t, info.ProviderAccountRef)

	state := b.create(t, nil)
	id := state.ProviderRef
	require.Equal(t, pay.StatusPending, b.status(t, id, pay.Known{}).Status)
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Process(id))
	require.Equal(t, pay.StatusProcessing, b.news(t, pay.Known{}).Invoice.Status)
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Pay(id))
	e := b.news(t, pay.Known{})
	require.Equal(t, pay.StrengthVerified, e.Strength)
	require.Equal(t, id, e.ProviderRef)
	require.Equal(t, pay.StatusPaid, e.Invoice.Status)
	require.Equal(t, "42.00 UAH", e.Invoice.Captured.String())
	require.Equal(t, pay.AttemptSucceeded, e.Invoice.Attempts[0].Status)

	asked := b.status(t, id, pay.Known{})
	require.Equal(t, e.Invoice.Status, asked.Status)
	require.Equal(t, e.Invoice.Captured.String(), asked.Captured.String())
	require.Equal(t, e.Invoice.Attempts, asked.Attempts)
	require.True(t, e.ProviderTime.Equal(asked.Report.Evidence.ProviderTime))

	b.clock.add(time.Second)
	require.NoError(t, b.sim.Reverse(id))
	reversed := b.news(t, pay.Known{Status: pay.StatusPaid, Captured: money(t, "42.00", "UAH")}).Invoice
	require.Equal(t, pay.StatusPaid, reversed.Status)
	require.Equal(t, "42.00 UAH", reversed.Refunded.String())
	require.Equal(t, 1, b.sim.PubkeyFetches())
}

func TestSimHold(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	manual := func(r *pay.CreateInvoice) { r.Capture = pay.CaptureManual }
	known := pay.Known{Status: pay.StatusAuthorized, Capture: pay.CaptureManual, Authorized: money(t, "42.00", "UAH")}

	released := b.create(t, manual).ProviderRef
	require.NoError(t, b.sim.Hold(released))
	require.Equal(t, pay.StatusAuthorized, b.news(t, pay.Known{}).Invoice.Status)
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Reverse(released))
	require.Equal(t, pay.StatusCanceled, b.news(t, known).Invoice.Status)

	taken := b.create(t, manual).ProviderRef
	require.NoError(t, b.sim.Hold(taken))
	b.news(t, pay.Known{})
	b.clock.add(time.Second)
	require.NoError(t, b.sim.Pay(taken))
	got := b.news(t, known).Invoice
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "42.00 UAH", got.Captured.String())
}

func TestSimDeclineAndExpiry(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	id := b.create(t, nil).ProviderRef
	require.NoError(t, b.sim.Decline(id, "59", ""))
	got := b.news(t, pay.Known{}).Invoice
	require.Equal(t, pay.StatusFailed, got.Status)
	require.Equal(t, pay.DeclineInsufficientFunds, got.Attempts[0].Decline.Reason)

	id = b.create(t, func(r *pay.CreateInvoice) { r.ExpiresIn = time.Hour }).ProviderRef
	require.NoError(t, b.sim.Expire(id))
	require.Equal(t, pay.StatusExpired, b.status(t, id, pay.Known{}).Status, "there is no webhook for it")
}

func TestSimAcceptsEveryField(t *testing.T) {
	b := newBank(t, monobanksim.Config{AllowReturnURLs: true, AllowSaveCard: true})
	req := everyField(t)
	b.sim.AddSubmerchants(monobanksim.Submerchant{Code: "c0de", IBAN: "UA213223130000026007233566001"})
	b.sim.AddEmployees(monobanksim.Employee{ID: "3QFX", Name: "Олена", ExtRef: "e1"})
	// Desks have no app link, and the simulated bank checks that the basket adds up.
	req.Options = json.RawMessage(`{"separate_return_urls": true, "display_type": "iframe", "with_app_url": true, "comment": "примітка",
		"customer_emails": ["b@example.com"], "save_card_data": {"wallet_id": "wallet-7"}, "code": "c0de", "tips_employee_id": "3QFX",
		"agent_fee_percent": "1.4200000000000001"}`)
	for i := range req.Items {
		req.Items[i].Options = json.RawMessage(`{"header":"h","footer":"f","uktzed":"9401","tax":[]}`)
	}
	req.Items[0].UnitPrice = money(t, "15.50", "UAH")
	req.Items[1].Quantity, req.Items[1].UnitPrice, req.Items[1].Total = "0.5", money(t, "22.00", "UAH"), pay.Money{}
	state, err := b.account.CreateInvoice(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, state.NextActions, 2)
	got, err := b.sim.Invoice(state.ProviderRef)
	require.NoError(t, err)
	require.EqualValues(t, 4200, got.Amount)
	require.Equal(t, monobanksim.TypeHold, got.PaymentType)
	require.Equal(t, "order-17", got.Reference)
	require.Equal(t, "wallet-7", got.WalletID)
	require.Equal(t, "https://shop.example/ok", got.SuccessURL)
	require.Equal(t, "payhost", got.CMS)
	require.Equal(t, "c0de", got.Code)
	require.Equal(t, "3QFX", got.TipsEmployeeID)
	require.Equal(t, "1.4200000000000001", got.AgentFeePercent, "digit by digit")
	require.Equal(t, b.clock.now().Add(time.Hour), got.ExpiresAt.UTC())
}

// TestSimTips: tips are on top of the amount and are no part of what the merchant captured.
func TestSimTips(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	b.sim.AddEmployees(monobanksim.Employee{ID: "e1"})
	id := b.create(t, func(r *pay.CreateInvoice) { r.Options = json.RawMessage(`{"tips_employee_id":"e1"}`) }).ProviderRef
	require.NoError(t, b.sim.PayWithTips(id, 500))
	b.news(t, pay.Known{})
	got := b.status(t, id, pay.Known{})
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "42.00 UAH", got.Captured.String())
	require.Equal(t, "500", got.Data["tipsAmount"])
	_, err := b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH"), Options: json.RawMessage(`{"tips_employee_id":"nobody"}`)})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

// TestSimQRDesk: an amount can be put on a desk; a desk that does not exist is refused by its code.
func TestSimQRDesk(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	_, err := b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH"), Options: json.RawMessage(`{"qr_id":"nobody"}`)})
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = b.account.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH"), Options: json.RawMessage(`{"code":"nobody"}`)})
	require.ErrorIs(t, err, pay.KindInvalidRequest)
}

func TestSimVerification(t *testing.T) {
	b := newBank(t, monobanksim.Config{AllowSaveCard: true})
	state := b.create(t, func(r *pay.CreateInvoice) {
		r.Amount, r.Purpose, r.Customer.ID = money(t, "0", "UAH"), pay.PurposeVerification, "cust_9"
	})
	require.NoError(t, b.sim.Pay(state.ProviderRef))
	got := b.status(t, state.ProviderRef, pay.Known{Purpose: pay.PurposeVerification})
	require.Equal(t, pay.StatusPaid, got.Status)
	require.True(t, got.Captured.IsZero())
	require.NotNil(t, got.Credential)
	require.Equal(t, pay.CredentialActive, got.Credential.Status)
	require.Equal(t, "cust_9", got.Credential.Customer)
	b.news(t, pay.Known{})
}

func TestSimKeyRotation(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	first, second := b.create(t, nil).ProviderRef, b.create(t, nil).ProviderRef
	require.NoError(t, b.sim.Pay(first))
	require.Equal(t, pay.StatusPaid, b.news(t, pay.Known{}).Invoice.Status)
	require.NoError(t, b.sim.RotateKey())
	b.clock.add(time.Minute)
	require.NoError(t, b.sim.Pay(second))
	require.Equal(t, pay.StatusPaid, b.news(t, pay.Known{}).Invoice.Status)
	require.Equal(t, 2, b.sim.PubkeyFetches())
}

// TestSimFaults: whatever happens to the answer, the adapter sends once and says
// what is known.
func TestSimFaults(t *testing.T) {
	tests := map[string]struct {
		fault monobanksim.Fault
		want  pay.Kind
		made  int
	}{
		"cut before": {monobanksim.Fault{Kind: "cut_before"}, pay.KindOutcomeUnknown, 0},
		"cut after":  {monobanksim.Fault{Kind: "cut_after"}, pay.KindOutcomeUnknown, 1},
		"503":        {monobanksim.Fault{Kind: "status"}, pay.KindOutcomeUnknown, 0},
		"500 after":  {monobanksim.Fault{Kind: "status_after"}, pay.KindOutcomeUnknown, 1},
		"429":        {monobanksim.Fault{Kind: "status", Status: 429}, pay.KindRateLimited, 0},
		"html":       {monobanksim.Fault{Kind: "html"}, pay.KindOutcomeUnknown, 0},
		"html after": {monobanksim.Fault{Kind: "html_after"}, pay.KindOutcomeUnknown, 1},
		"truncated":  {monobanksim.Fault{Kind: "truncated"}, pay.KindOutcomeUnknown, 1},
		"redirect":   {monobanksim.Fault{Kind: "redirect"}, pay.KindOutcomeUnknown, 0},
		"empty":      {monobanksim.Fault{Kind: "empty"}, pay.KindOutcomeUnknown, 1},
		"hang":       {monobanksim.Fault{Kind: "hang"}, pay.KindOutcomeUnknown, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, monobanksim.Config{})
			_, err := b.account.Check(t.Context(), pay.Check{}) // so that the create goes over a reused connection
			require.NoError(t, err)
			tt.fault.Op = monobanksim.OpCreate
			require.NoError(t, b.sim.Kit().Faults.Add(tt.fault))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if name == "hang" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			}
			defer cancel()
			_, err = b.account.CreateInvoice(ctx, pay.CreateInvoice{Amount: money(t, "42.00", "UAH")})
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want.Executed(), pay.AsError(err).WasExecuted())
			require.NotContains(t, err.Error(), token)
			require.Len(t, b.sim.Invoices(), tt.made)
			require.Len(t, b.sim.Kit().Requests.Of(monobanksim.OpCreate), 1, "sent once and never again")
			require.Empty(t, b.sim.Kit().Requests.Of("elsewhere"), "no redirect was followed")
		})
	}
}

func TestSimRefusals(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	_, err := b.account.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "nobody"})
	require.ErrorIs(t, err, pay.KindNotFound)
	_, err = b.account.CreateInvoice(t.Context(), pay.CreateInvoice{
		Amount: money(t, "1", "UAH"), SaveCredential: true, Customer: pay.Customer{ID: "c"},
	})
	require.ErrorIs(t, err, pay.KindInvalidRequest, "tokenization is off until the bank's support enables it")

	client, err := httpx.New(httpx.Config{})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	server := httptest.NewServer(b.sim)
	t.Cleanup(server.Close)
	stranger := openWith(t, client, server.URL, b.clock, map[string]any{"token": strings.Repeat("x", 44)})
	_, err = stranger.Check(t.Context(), pay.Check{})
	require.ErrorIs(t, err, pay.KindAuth)
}
