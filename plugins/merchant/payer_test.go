package merchant

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// start creates an invoice with start_deal whose answer has one deal.
func start(t *testing.T, deal map[string]any) pay.InvoiceState {
	t.Helper()
	acc, _ := against(t, always(200, invoiceJSON(t, map[string]any{"deals": []any{deal}})))
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	last := got.NextActions[len(got.NextActions)-1]
	require.Equal(t, pay.NextRedirect, last.Type, "the page is always an alternative, and the last one")
	for key, value := range got.Data {
		require.NotContains(t, value, "4444", key)
		require.NotContains(t, value, "Ivan", key)
	}
	return got
}

func TestRequisitesByOption(t *testing.T) {
	for option, c := range map[string]struct{ value, kind string }{
		"SBP": {"+7(996)777-99-77", "phone"}, "TO_PHONE_NUMBER": {"+7(996)777-99-77", "phone"}, "MOBILE_TOP_UP": {"+7(996)777-99-77", "phone"},
		"TO_CARD": {"4444 4444 4444 4444", "card"}, "CROSS_BORDER": {"4444 4444 4444 4444", "card"},
		"TO_ACCOUNT": {"40817810000000000001", "account"}, "TO_BANK_DETAILS": {"40817810000000000001", "account"},
		"UPI": {"someone@bank", "text"}, "A_NEW_ONE": {"anything", "text"},
	} {
		t.Run(option, func(t *testing.T) {
			got := start(t, dealJSON(map[string]any{"paymentOption": option, "requisites": map[string]any{"requisites": c.value, "holder": "Ivan I."}}))
			require.Equal(t, pay.NextAction{
				ID: "transfer", Type: pay.NextTransfer, Amount: money(t, "1000.00", "RUB"),
				Requisites: &pay.Requisites{Kind: c.kind, Value: c.value, Holder: "Ivan I.", Bank: "Sberbank"},
				ExpiresAt:  time.Date(2024, 11, 4, 14, 10, 45, 0, time.UTC),
			}, got.NextActions[0])
			require.Len(t, got.NextActions, 2)
		})
	}
}

func TestCrossBorderPhoneAndMissingHolder(t *testing.T) {
	got := start(t, dealJSON(map[string]any{"paymentOption": "CROSS_BORDER", "requisites": map[string]any{"requisites": "+992 900 00 00 00"}}))
	require.Equal(t, "phone", got.NextActions[0].Requisites.Kind)
	require.Empty(t, got.NextActions[0].Requisites.Holder)
}

func TestQRCodes(t *testing.T) {
	const nspk = "https://qr.nspk.ru/AD10?type=02&sum=100000&cur=RUB"
	for name, c := range map[string]struct {
		option, value string
		link          any
		payload, url  string
	}{
		"link twice":      {"SBP_QR", nspk, nspk, nspk, nspk},
		"payload only":    {"SBP_QR", "00020101", nil, "00020101", ""},
		"link only":       {"MANUAL_SBP_QR", "", nspk, nspk, nspk},
		"image beside":    {"VIET_QR", "00020101", "https://img.example/qr.svg", "00020101", "https://img.example/qr.svg"},
		"unsafe link":     {"SBP_QR", "00020101", "http://img.example/qr", "00020101", ""},
		"script for link": {"SBP_QR", "00020101", "javascript:alert(1)", "00020101", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, dealJSON(map[string]any{"paymentOption": c.option, "qrCodeLink": c.link, "requisites": map[string]any{"requisites": c.value}}))
			require.Equal(t, "qr", got.NextActions[0].ID)
			require.Equal(t, pay.NextQR, got.NextActions[0].Type)
			require.Equal(t, c.payload, got.NextActions[0].QRPayload)
			require.Equal(t, c.url, got.NextActions[0].URL)
			require.Equal(t, "1000.00 RUB", got.NextActions[0].Amount.String())
		})
	}
}

func TestDeepLinkBesideRequisites(t *testing.T) {
	got := start(t, dealJSON(map[string]any{"paymentOption": "SBP", "qrCodeLink": "https://bank.example/pay?x=1"}))
	require.Equal(t, []pay.NextActionType{pay.NextTransfer, pay.NextDeeplink, pay.NextRedirect},
		[]pay.NextActionType{got.NextActions[0].Type, got.NextActions[1].Type, got.NextActions[2].Type})
	require.Equal(t, "https://bank.example/pay?x=1", got.NextActions[1].URL)
	got = start(t, dealJSON(map[string]any{"paymentOption": "SBP", "qrCodeLink": "http://bank.example/pay"}))
	require.Len(t, got.NextActions, 2, "only https links are shown")
}

// Requisites of a manual QR code come later: the invoice waits and is looked at.
func TestManualQRWaits(t *testing.T) {
	later := testClock().Add(manualQRDelay)
	got := start(t, dealJSON(map[string]any{"paymentOption": optionManualQR, "requisites": nil}))
	require.Equal(t, later, got.Report.NextLookAt)
	require.False(t, direct(got.NextActions))

	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true,"payment_option":"MANUAL_SBP_QR"}`))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Equal(t, later, got.Report.NextLookAt)
	require.Len(t, g.calls(), 1, "an invoice that waits for requisites is not canceled")

	// It is looked for again as long as it is not there.
	acc, _ = against(t, always(200, invoiceJSON(t, map[string]any{
		"deals": []any{dealJSON(map[string]any{"paymentOption": optionManualQR, "requisites": nil})},
	})))
	got, err = acc.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: testID})
	require.NoError(t, err)
	require.Equal(t, later, got.Report.NextLookAt)
}

func TestPageIsSecure(t *testing.T) {
	acc := open(t, "https://api.example.club")
	for link, want := range map[string]string{
		"https://pay.example.club/1": "https://pay.example.club/1",
		"http://pay.example.club/1":  "https://pay.example.club/1",
		"":                           "", "pay/1": "", "javascript:alert(1)": "", "ftp://x.example/1": "", "https://u:p@x.example/": "",
	} {
		require.Equal(t, want, acc.page(link), link)
	}
	require.Equal(t, "http://127.0.0.1:1/pay", open(t, "http://127.0.0.1:1").page("http://127.0.0.1:1/pay"))
}

const (
	createCall = "POST /api/merchant/invoices"
	cancelCall = "POST /api/merchant/invoices/" + testID + "/cancel"
	readCall   = "GET /api/merchant/invoices/" + testID
)

// However canceling goes, the create is declined and final, the payer gets nothing and nothing is sent twice.
func TestNoRequisites(t *testing.T) {
	canceled := invoiceJSON(t, map[string]any{"status": "canceled"})
	for name, c := range map[string]struct {
		cancel, read answer
		calls        []string
		confirmed    bool
	}{
		"canceled":               {answer{body: canceled}, answer{}, []string{createCall, cancelCall}, true},
		"canceled in a list":     {answer{body: "[" + canceled + "]"}, answer{}, []string{createCall, cancelCall}, true},
		"answer lost, canceled":  {answer{status: 502}, answer{body: canceled}, []string{createCall, cancelCall, readCall}, true},
		"answer odd, canceled":   {answer{body: "{}"}, answer{body: canceled}, []string{createCall, cancelCall, readCall}, true},
		"refused, expired":       {answer{status: 400, body: "x"}, answer{body: invoiceJSON(t, map[string]any{"status": "expired"})}, []string{createCall, cancelCall, readCall}, true},
		"answer lost, still new": {answer{status: 502}, answer{body: invoiceJSON(t, nil)}, []string{createCall, cancelCall, readCall}, false},
		"all lost":               {answer{status: 502}, answer{status: 502}, []string{createCall, cancelCall, readCall}, false},
		"requisites too late":    {answer{status: 400, body: "x"}, answer{body: invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil)}})}, []string{createCall, cancelCall, readCall}, false},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{createCall: {body: invoiceJSON(t, nil)}, cancelCall: c.cancel, readCall: c.read})
			got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true,"payment_option":"TO_CARD"}`))
			e := asError(t, err)
			require.Equal(t, pay.KindDeclined, e.Kind)
			require.Equal(t, pay.DeclineNoRequisites, e.Reason)
			require.Equal(t, pay.RetryNewAttempt, e.RetryRule())
			require.True(t, e.Final())
			require.Empty(t, got.NextActions)
			require.Equal(t, c.calls, g.calls())
			require.Len(t, e.Report.Warnings, 1)
			require.Contains(t, e.Report.Warnings[0], testID)
			require.Equal(t, c.confirmed, e.Report.NextLookAt.IsZero())
			require.Empty(t, g.requests[1].body)
			require.Empty(t, g.requests[1].header.Get("Content-Type"))
		})
	}
}

// Money that is already there is never called a decline.
func TestNoRequisitesAndYetPaid(t *testing.T) {
	acc, _ := against(t, map[string]answer{
		createCall: {body: invoiceJSON(t, nil)}, cancelCall: {status: 400, body: "x"},
		readCall: {body: invoiceJSON(t, map[string]any{"status": "paid", "receivedSumFromTaker": rub("1000.00")})},
	})
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":true}`))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "1000.00 RUB", got.Received.String())
}

func TestRedirectModeNeedsNoRequisites(t *testing.T) {
	acc, g := against(t, always(200, invoiceJSON(t, nil)))
	got, err := acc.CreateInvoice(t.Context(), withOptions(t, `{"start_deal":false}`))
	require.NoError(t, err)
	require.Equal(t, pay.StatusPending, got.Status)
	require.Len(t, g.calls(), 1)
	require.NotContains(t, string(g.requests[0].body), "startDeal")
}
