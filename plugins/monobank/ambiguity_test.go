package monobank_test

import (
	"crypto/elliptic"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// The provider's description leaves much open. What is not tested beside the call it concerns is tested here.

// The page lets the payer try again after a failure: newer news of the same invoice are read as if it had not failed.
func TestFailureMayBecomeSuccess(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	id := b.create(t, nil).ProviderRef
	require.NoError(t, b.sim.Decline(id, "59", ""))
	failed := b.news(t, pay.Known{Status: pay.StatusPending})
	require.Equal(t, pay.StatusFailed, failed.Invoice.Status)
	b.clock.add(time.Minute)
	require.NoError(t, b.sim.Pay(id))
	paid := b.news(t, pay.Known{Status: pay.StatusFailed})
	require.Equal(t, pay.StatusPaid, paid.Invoice.Status)
	require.Equal(t, "42.00 UAH", paid.Invoice.Captured.String())
	require.True(t, paid.ProviderTime.After(failed.ProviderTime))
	require.NotEqual(t, failed.Invoice.Attempts[0].ProviderAttemptID, paid.Invoice.Attempts[0].ProviderAttemptID)
	require.Empty(t, paid.Invoice.Review)
}

// A hold nobody captured is given back after nine days, under a word that is not documented: none of the likely ones may
// look as if money had been taken.
func TestHoldThatRanOut(t *testing.T) {
	held := pay.Known{Status: pay.StatusAuthorized, Amount: money(t, "42.00", "UAH"), Authorized: money(t, "42.00", "UAH"), Capture: pay.CaptureManual}
	for word, want := range map[string]pay.Status{
		"reversed": pay.StatusCanceled, "failure": pay.StatusFailed, "expired": pay.StatusExpired, "released": "",
	} {
		got, err := statusOf(t, invoice(word, ""), held)
		require.NoError(t, err)
		require.Equal(t, want, got.Status, word)
		require.False(t, got.Captured.IsSet(), word)
		require.Empty(t, got.Refunds, word)
		require.Equal(t, want == "", got.Review != "", word)
	}
}

// Too many requests were certainly not executed; the wait is the provider's where it names one.
func TestTooManyRequests(t *testing.T) {
	for name, tt := range map[string]struct {
		header, body string
		after        time.Duration
	}{
		"no header":        {"", `{"errCode":"TMR","errText":"too many requests"}`, 0},
		"seconds":          {"7", `{"errCode":"TMR","errText":"too many requests"}`, 7 * time.Second},
		"a date":           {newClock().now().Add(time.Minute).Format(http.TimeFormat), `{"errCode":"TMR"}`, time.Minute},
		"a date gone by":   {newClock().now().Add(-time.Minute).Format(http.TimeFormat), `{"errCode":"TMR"}`, 0},
		"not a time":       {"soon", `{"errCode":"TMR"}`, 0},
		"a page":           {"7", `<html>429</html>`, 7 * time.Second},
		"a page, no time":  {"", `<html>429</html>`, 0},
		"an unknown code":  {"7", `{"errCode":"SLOW_DOWN"}`, 7 * time.Second},
		"more than a day":  {"864000", `{"errCode":"TMR"}`, 24 * time.Hour},
		"empty, with time": {"7", ``, 7 * time.Second},
	} {
		calls := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			if tt.header != "" {
				w.Header().Set("Retry-After", tt.header)
			}
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(tt.body))
		}))
		a := open(t, server.URL, newClock(), nil)
		_, created := a.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH")})
		_, read := a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1"})
		server.Close()
		for _, err := range []error{created, read} {
			require.ErrorIs(t, err, pay.KindRateLimited, name)
			e := pay.AsError(err)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted(), name)
			require.Equal(t, pay.RetrySameOperation, e.RetryRule(), name)
			require.Equal(t, tt.after, e.Retry.After, name)
		}
		require.Equal(t, 2, calls, "nothing is repeated here")
	}
}

// The bank's edge answers abuse with 403 and a page, and blocks for about a day; the API itself refuses a token in JSON.
func TestBlockedByTheEdge(t *testing.T) {
	url, _ := canned(t, http.StatusForbidden, "<html>blocked</html>")
	_, err := open(t, url, newClock(), nil).GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1"})
	require.ErrorIs(t, err, pay.KindRateLimited)
	require.Equal(t, time.Hour, pay.AsError(err).Retry.After)
	url, _ = canned(t, http.StatusForbidden, `{"errCode":"FORBIDDEN","errText":"forbidden"}`)
	_, err = open(t, url, newClock(), nil).GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1"})
	require.ErrorIs(t, err, pay.KindAuth)
}

// Real deliveries are compact, have payMethod, which no document knows, and an order of members of their own.
func TestRealDeliveryShape(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	a := open(t, newKeyServer(t, published).url, newClock(), nil)
	const body = `{"invoiceId":"2411165VXZivYx8C7dRH","status":"success","payMethod":"monobank","amount":4200,"ccy":980,"finalAmount":4200,` +
		`"createdDate":"2024-11-16T10:00:00Z","modifiedDate":"2024-11-16T10:00:31Z","reference":"замовлення-17","destination":"Кава <2>",` +
		`"paymentInfo":{"rrn":"060189181768","approvalCode":"662476","tranId":"13194036","terminal":"MI001088","bank":"Універсал Банк",` +
		`"paymentSystem":"mastercard","country":"804","fee":55,"paymentMethod":"monobank","maskedPan":"444403******1902"}}`
	result, err := a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
	require.NoError(t, err)
	e := result.Events[0]
	require.Equal(t, pay.StrengthVerified, e.Strength)
	require.Equal(t, "2411165VXZivYx8C7dRH", e.ProviderRef)
	require.Equal(t, pay.StatusPaid, e.Invoice.Status)
	require.Equal(t, "42.00 UAH", e.Invoice.Captured.String())
	attempt := e.Invoice.Attempts[0]
	require.Equal(t, "monobank", attempt.Method)
	require.Equal(t, "0.55 UAH", attempt.Fee.String())
	require.Equal(t, pay.Instrument{Masked: "444403******1902", Brand: "mastercard", Bank: "Універсал Банк", Country: "804"}, attempt.Instrument)

	// Without reference, destination and paymentInfo, as for an invoice that was given none and is not paid.
	const bare = `{"invoiceId":"i2","status":"created","amount":1,"ccy":980,"createdDate":"2024-11-16T10:00:00Z","modifiedDate":"2024-11-16T10:00:00Z"}`
	result, err = a.HandleWebhook(t.Context(), webhook(bare, sign(t, key, bare)))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, result.Events[0].Invoice.Status)
	require.Empty(t, result.Events[0].Invoice.Attempts)
}

// Tokenization has its own deliveries with an unchanged status; each tells what is known of the card by then.
func TestTokenizationDeliveries(t *testing.T) {
	key, published := signer(t, elliptic.P256())
	a := open(t, newKeyServer(t, published).url, newClock(), nil)
	for state, want := range map[string]pay.CredentialStatus{
		"new": pay.CredentialPending, "created": pay.CredentialActive, "failed": pay.CredentialFailed, "odd": pay.CredentialPending,
	} {
		body := invoice("success", `"walletData":{"cardToken":"67XZtXdR4NpKU3","walletId":"w","status":"`+state+`"}`)
		result, err := a.HandleWebhook(t.Context(), webhook(body, sign(t, key, body)))
		require.NoError(t, err)
		require.Equal(t, pay.StatusPaid, result.Events[0].Invoice.Status, state)
		require.Equal(t, want, result.Events[0].Invoice.Credential.Status, state)
	}
}

// Every way to pay is an open word.
func TestPaymentMethodsAreOpenWords(t *testing.T) {
	for _, method := range []string{"pan", "apple", "google", "monobank", "wallet", "direct", "telepathy"} {
		for _, brand := range []string{"visa", "mastercard", "prostir"} {
			more := `"paymentInfo":{"maskedPan":"53754114****0000","paymentSystem":"` + brand + `","paymentMethod":"` + method + `"}`
			got, err := statusOf(t, invoice("success", more), pay.Known{})
			require.NoError(t, err)
			require.Equal(t, pay.StatusPaid, got.Status)
			require.Equal(t, method, got.Attempts[0].Method)
			require.Equal(t, brand, got.Attempts[0].Instrument.Brand)
			require.Equal(t, "53754114****0000", got.Attempts[0].Instrument.Masked, "six or eight leading digits are shown")
		}
	}
}
