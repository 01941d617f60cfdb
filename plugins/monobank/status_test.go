package monobank_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

// answering is a transport that answers without a network.
type answering func(r *http.Request) (int, string)

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

func statusOf(t testing.TB, body string, known pay.Known) (pay.InvoiceState, error) {
	t.Helper()
	a := openWith(t, &http.Client{Transport: answering(func(*http.Request) (int, string) { return 200, body })}, "https://api.monobank.ua", newClock(), nil)
	return a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1", Known: known})
}

// invoice writes a status body of 42.00 UAH with further members.
func invoice(status, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"invoiceId":"i1","status":%q,"amount":4200,"ccy":980,"modifiedDate":"2026-03-01T12:00:00Z"%s}`, status, more)
}

func cancelItem(status string, amount int, extRef string) string {
	return fmt.Sprintf(`{"status":%q,"amount":%d,"ccy":980,"createdDate":"2026-03-01T11:00:00Z","modifiedDate":"2026-03-01T11:30:00Z","extRef":%q}`,
		status, amount, extRef)
}

func TestStatusMapping(t *testing.T) {
	uah := func(v string) pay.Money { return money(t, v, "UAH") }
	none := pay.Money{}
	paid := pay.Known{Status: pay.StatusPaid, Captured: uah("42")}
	held := pay.Known{Status: pay.StatusAuthorized, Authorized: uah("42"), Capture: pay.CaptureManual}
	tests := map[string]struct {
		body                           string
		known                          pay.Known
		status                         pay.Status
		authorized, captured, refunded pay.Money
		review                         bool
	}{
		"created":           {body: invoice("created", ""), status: pay.StatusPending},
		"created, removed":  {body: invoice("created", ""), known: pay.Known{Status: pay.StatusCanceled}, status: pay.StatusCanceled},
		"processing":        {body: invoice("processing", ""), status: pay.StatusProcessing},
		"failure":           {body: invoice("failure", ""), status: pay.StatusFailed},
		"expired":           {body: invoice("expired", ""), status: pay.StatusExpired},
		"unknown word":      {body: invoice("frozen", ""), review: true},
		"hold":              {body: invoice("hold", ""), status: pay.StatusAuthorized, authorized: uah("42")},
		"hold, zero final":  {body: invoice("hold", `"finalAmount":0`), status: pay.StatusAuthorized, authorized: uah("42")},
		"hold, odd final":   {body: invoice("hold", `"finalAmount":1`), status: pay.StatusAuthorized},
		"success":           {body: invoice("success", `"finalAmount":4200`), status: pay.StatusPaid, captured: uah("42")},
		"success, no final": {body: invoice("success", ""), status: pay.StatusPaid, captured: uah("42")},
		"partial finalize":  {body: invoice("success", `"finalAmount":2000`), known: held, status: pay.StatusPaid, captured: uah("20")},
		"finalize, no final": {body: invoice("success", ""), known: held, status: pay.StatusPaid,
			captured: none},
		"part refunded": {
			body:   invoice("success", `"finalAmount":3200,"cancelList":[`+cancelItem("success", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("10"),
		},
		"all refunded": {
			body:   invoice("success", `"finalAmount":0,"cancelList":[`+cancelItem("success", 4000, "op_1")+","+cancelItem("success", 200, "op_2")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("42"),
		},
		"refund failed": {
			body:   invoice("success", `"finalAmount":4200,"cancelList":[`+cancelItem("failure", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("0"),
		},
		"refund under way, not subtracted": {
			body:   invoice("success", `"finalAmount":4200,"cancelList":[`+cancelItem("processing", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("0"),
		},
		"refund under way, subtracted": {
			body:   invoice("success", `"finalAmount":3200,"cancelList":[`+cancelItem("processing", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("0"),
		},
		"refund under way of a partial capture": {
			body:  invoice("success", `"finalAmount":1000,"cancelList":[`+cancelItem("processing", 1000, "op_1")+`]`),
			known: pay.Known{Status: pay.StatusPaid, Capture: pay.CaptureManual, Captured: uah("20")}, status: pay.StatusPaid, captured: uah("20"), refunded: uah("0"),
		},
		"refund under way, not derivable": {
			body:   invoice("success", `"finalAmount":1000,"cancelList":[`+cancelItem("processing", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: none, refunded: uah("0"),
		},
		"tips":               {body: invoice("success", `"finalAmount":4700,"tipsInfo":{"employeeId":"e","amount":500}`), status: pay.StatusPaid, captured: uah("42")},
		"reversed, was paid": {body: invoice("reversed", ""), known: paid, status: pay.StatusPaid, captured: uah("42"), refunded: uah("42")},
		"reversed, was held": {body: invoice("reversed", `"cancelList":[`+cancelItem("success", 4200, "")+`]`), known: held, status: pay.StatusCanceled},
		"reversed, was voided": {
			body: invoice("reversed", ""), known: pay.Known{Status: pay.StatusCanceled, Authorized: uah("42"), Capture: pay.CaptureManual},
			status: pay.StatusCanceled,
		},
		"reversed, unknown hold": {body: invoice("reversed", ""), known: pay.Known{Status: pay.StatusPending, Capture: pay.CaptureManual}, review: true},
		"reversed, unknown payment": {
			body: invoice("reversed", ""), known: pay.Known{Status: pay.StatusPending},
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("42"), review: true,
		},
		"unknown currency":   {body: strings.Replace(invoice("success", ""), "980", "1", 1), review: true},
		"no amount":          {body: strings.Replace(invoice("success", ""), `"amount":4200,`, "", 1), review: true},
		"negative amount":    {body: strings.Replace(invoice("success", ""), "4200", "-4200", 1), review: true},
		"foreign refund":     {body: invoice("success", `"cancelList":[{"status":"success","amount":1,"ccy":840}]`), review: true},
		"negative refund":    {body: invoice("success", `"cancelList":[{"status":"success","amount":-1}]`), review: true},
		"unreadable refunds": {body: invoice("success", `"cancelList":"many"`), status: pay.StatusPaid, review: true},
		"two with one key": {
			body:   invoice("success", `"finalAmount":2200,"cancelList":[`+cancelItem("success", 1000, "op_1")+","+cancelItem("success", 1000, "op_1")+`]`),
			status: pay.StatusPaid, captured: uah("42"), refunded: uah("20"), review: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := statusOf(t, tt.body, tt.known)
			require.NoError(t, err)
			require.Equal(t, tt.status, got.Status)
			require.Equal(t, tt.authorized.String(), got.Authorized.String(), "authorized")
			require.Equal(t, tt.captured.String(), got.Captured.String(), "captured")
			require.Equal(t, tt.refunded.String(), got.Refunded.String(), "refunded")
			require.Equal(t, tt.review, got.Review != "", "review: %s", got.Review)
			require.Equal(t, "i1", got.ProviderRef)
			require.Equal(t, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), got.Report.Evidence.ProviderTime)
			require.Equal(t, tt.body, string(got.Report.Evidence.Raw))
		})
	}
}

func TestVerificationIsPaidWithNothingCaptured(t *testing.T) {
	body := `{"invoiceId":"i1","status":"success","amount":0,"ccy":980,"finalAmount":0,"modifiedDate":"2026-03-01T12:00:00Z",
		"paymentInfo":{"maskedPan":"444403******1902","paymentSystem":"visa"},
		"walletData":{"cardToken":"67XZtXdR4NpKU3","walletId":"cust_9","status":"created"}}`
	got, err := statusOf(t, body, pay.Known{Purpose: pay.PurposeVerification})
	require.NoError(t, err)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.True(t, got.Captured.IsZero())
	require.Equal(t, &pay.StoredCredential{
		Token: "67XZtXdR4NpKU3", Customer: "cust_9", Masked: "444403******1902", Brand: "visa", Status: pay.CredentialActive,
	}, got.Credential)
	for _, v := range got.Data {
		require.NotContains(t, v, "67XZtXdR4NpKU3")
	}
}

func TestFactsBesideTheStatus(t *testing.T) {
	body := invoice("success", `"finalAmount":3000,"payMethod":"wallet","cancelList":[
		{"status":"success","amount":1000,"ccy":980,"createdDate":"2026-03-01T11:00:00Z","modifiedDate":"2026-03-01T11:30:00+02:00","approvalCode":"662476","rrn":"060189181768","extRef":"op_1"},
		{"status":"success","amount":100,"createdDate":"2026-03-01T11:00:00Z"},
		{"status":"success","amount":100,"createdDate":"2026-03-01T11:00:00Z","extRef":""},
		{"status":"later","amount":100,"createdDate":"2026-03-01T11:01:00Z","extRef":"op_2"}],
		"paymentInfo":{"rrn":"060189181768","approvalCode":"662476","tranId":"13194036","terminal":"MI001088","bank":"Універсал Банк",
		"paymentSystem":"visa","country":"804","fee":55,"agentFee":7,"paymentMethod":"wallet","maskedPan":"44411144******55"}`)
	got, err := statusOf(t, body, pay.Known{})
	require.NoError(t, err)
	require.Len(t, got.Refunds, 4)
	first := got.Refunds[0]
	require.Equal(t, "op_1", first.ProviderKey)
	require.Empty(t, first.ProviderRef)
	require.Empty(t, first.Origin, "the host tells by the key whether it is ours")
	require.Equal(t, pay.Network{RRN: "060189181768", ApprovalCode: "662476"}, first.Network)
	require.Equal(t, time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), first.ProviderTime)
	require.Equal(t, pay.OriginExternal, got.Refunds[1].Origin)
	require.Equal(t, "2026-03-01T11:00:00Z#2", got.Refunds[1].ProviderRef)
	require.Equal(t, "2026-03-01T11:00:00Z#3", got.Refunds[2].ProviderRef)
	require.Equal(t, "1.00 UAH", got.Refunds[1].Amount.String())
	require.Empty(t, got.Refunds[3].Status)
	require.NotEmpty(t, got.Refunds[3].Review)

	require.Equal(t, []pay.Attempt{{
		ProviderAttemptID: "13194036", Status: pay.AttemptSucceeded, Amount: money(t, "42.00", "UAH"), Fee: money(t, "0.55", "UAH"), Method: "wallet",
		Instrument:   pay.Instrument{Masked: "44411144******55", Brand: "visa", Bank: "Універсал Банк", Country: "804"},
		Network:      pay.Network{RRN: "060189181768", ApprovalCode: "662476"},
		ProviderTime: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}}, got.Attempts)
	require.Equal(t, map[string]string{"status": "success", "finalAmount": "3000", "agentFee": "7"}, got.Data)
}

func TestOddTypesDoNotHideAPayment(t *testing.T) {
	for name, more := range map[string]string{
		"unknown members":    `"new":{"a":[1]},"cancelList":null,"paymentInfo":null,"walletData":null`,
		"payment as text":    `"paymentInfo":"soon"`,
		"numbers for texts":  `"errCode":59,"reference":17,"paymentInfo":{"country":804,"tranId":13194036,"maskedPan":null,"fee":null}`,
		"token null":         `"walletData":{"cardToken":null,"walletId":"w","status":"new"}`,
		"token missing":      `"walletData":{"walletId":"w","status":"created"}`,
		"tax as numbers":     `"basketOrder":[{"tax":[1,2]}]`,
		"fee as a fraction":  `"paymentInfo":{"fee":1.5}`,
		"texts as objects":   `"failureReason":{},"errCode":[],"reference":true`,
		"tips unreadable":    `"tipsInfo":[]`,
		"a date of its own":  `"createdDate":"yesterday"`,
		"fraction of second": `"modifiedDate":"2026-03-01T14:00:00.000+02:00"`,
	} {
		got, err := statusOf(t, invoice("success", more), pay.Known{})
		require.NoError(t, err, name)
		require.Equal(t, pay.StatusPaid, got.Status, name)
		require.Equal(t, "42.00 UAH", got.Captured.String(), name)
		require.Empty(t, got.Review, name)
		require.Equal(t, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), got.Report.Evidence.ProviderTime, name)
		if got.Credential != nil {
			require.Equal(t, pay.CredentialPending, got.Credential.Status, name)
		}
	}
}

func TestUnmaskedCardNumbersAreMasked(t *testing.T) {
	got, err := statusOf(t, invoice("success", `"paymentInfo":{"maskedPan":"4111111111111111"}`), pay.Known{})
	require.NoError(t, err)
	require.NotContains(t, got.Attempts[0].Instrument.Masked, "4111")
}

func TestAnswersThatAreNoInvoice(t *testing.T) {
	for name, body := range map[string]string{
		"empty": ``, "array": `[]`, "html": `<html>`, "no status": `{"invoiceId":"i1","amount":1,"ccy":980}`,
		"fraction": `{"invoiceId":"i1","status":"success","amount":4200.5,"ccy":980}`,
		"huge":     `{"invoiceId":"i1","status":"success","amount":99999999999999999999,"ccy":980}`,
	} {
		_, err := statusOf(t, body, pay.Known{})
		require.ErrorIs(t, err, pay.KindProviderUnavailable, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
	}
	_, err := statusOf(t, strings.Replace(invoice("success", ""), "i1", "i2", 1), pay.Known{})
	require.ErrorIs(t, err, pay.KindIntegrityMismatch)

	a := openWith(t, &http.Client{}, "https://api.monobank.ua", newClock(), nil)
	_, err = a.GetInvoice(t.Context(), pay.InvoiceRef{InvoiceID: "inv_1"})
	require.ErrorIs(t, err, pay.KindUnsupported, "there is no look-up by our own id")
}

func TestStatusAsksByTheIDOnly(t *testing.T) {
	url, s := canned(t, 200, strings.Replace(invoice("created", ""), "i1", "i/1&x=y", 1))
	_, err := open(t, url, newClock(), nil).GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i/1&x=y"})
	require.NoError(t, err)
	require.Equal(t, "GET /api/merchant/invoice/status?invoiceId=i%2F1%26x%3Dy", s.method+" "+s.uri)
}

// declines is the provider's table of payment errors, by the class our reason must have.
func declines() map[pay.DeclineReason]string {
	return map[pay.DeclineReason]string{
		pay.DeclineBlocked:                "6 71 72 75 1165 1193 1408 1413 1428 40 41 50 58 1436",
		pay.DeclineExpired:                "51 8001",
		pay.DeclineInsufficientFunds:      "59",
		pay.DeclineLimitExceeded:          "60 61 63 62 83 1405 8005 8006",
		pay.DeclineFraudSuspected:         "1406 1407",
		pay.DeclineAuthenticationRequired: "84 1034 1035 1045 1421 1429 1054 1422 1425 1458 8004",
		pay.DeclineGeneric: "52 54 55 56 57 67 74 98 1044 1053 1066 1115 1121 68 73 80 81 82 1000 1005 1010 1036 1420 1001 1014 " +
			"1056 1064 1077 1080 1419 1090 1145 1187 1194 1200 1411 1433 1439 8002 8003 99999",
	}
}

func TestDeclines(t *testing.T) {
	count := 0
	for reason, codes := range declines() {
		for code := range strings.FieldsSeq(codes) {
			count++
			quoted, err := json.Marshal(code)
			require.NoError(t, err)
			got, err := statusOf(t, invoice("failure", `"errCode":`+string(quoted)+`,"failureReason":"Відмова, телефонуйте 0671234567"`), pay.Known{})
			require.NoError(t, err)
			require.Equal(t, pay.StatusFailed, got.Status)
			require.Len(t, got.Attempts, 1)
			require.Equal(t, pay.AttemptDeclined, got.Attempts[0].Status)
			require.Equal(t, &pay.Decline{Reason: reason, ProviderCode: code, Message: "Відмова, телефонуйте [phone]"}, got.Attempts[0].Decline, code)
		}
	}
	require.Equal(t, 78+1, count, "the whole table and one code that is not in it")
}

func TestAPIErrors(t *testing.T) {
	tests := []struct {
		status   int
		code     string
		mutating pay.Kind
		reading  pay.Kind
		rule     pay.RetryRule
	}{
		{400, "BAD_REQUEST", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{400, "1001", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{400, "INVALID_MERCHANT_PAYM_INFO", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{400, "TOKEN_NOT_FOUND", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{400, "ORDER_IN_PROGRESS", pay.KindInvalidState, pay.KindInvalidState, pay.RetryAfterLookup},
		{400, "HOLD_INVOICE_NOT_FINALIZED", pay.KindInvalidState, pay.KindInvalidState, pay.RetryAfterLookup},
		{400, "WRONG_CANCEL_AMOUNT", pay.KindInvalidState, pay.KindInvalidState, pay.RetryAfterLookup},
		{400, "INVOICE_ALREADY_USED", pay.KindInvalidState, pay.KindInvalidState, pay.RetryAfterLookup},
		{403, "FORBIDDEN", pay.KindAuth, pay.KindAuth, pay.RetrySameOperation},
		{404, "NOT_FOUND", pay.KindNotFound, pay.KindNotFound, pay.RetryNever},
		{404, "1004", pay.KindNotFound, pay.KindNotFound, pay.RetryNever},
		{400, "1004", pay.KindNotFound, pay.KindNotFound, pay.RetryNever},
		{405, "METHOD_NOT_ALLOWED", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{429, "TMR", pay.KindRateLimited, pay.KindRateLimited, pay.RetrySameOperation},
		{500, "INTERNAL_ERROR", pay.KindOutcomeUnknown, pay.KindProviderUnavailable, ""},
		{500, "CANCEL_NOT_AVAILABLE", pay.KindInvalidState, pay.KindInvalidState, pay.RetryNever},
		{500, "BAD_REQUEST", pay.KindOutcomeUnknown, pay.KindProviderUnavailable, ""},
		{408, "BAD_REQUEST", pay.KindOutcomeUnknown, pay.KindProviderUnavailable, ""},
		{400, "SOMETHING_NEW", pay.KindInvalidRequest, pay.KindInvalidRequest, pay.RetryNever},
		{503, "SOMETHING_NEW", pay.KindOutcomeUnknown, pay.KindProviderUnavailable, ""},
	}
	for _, tt := range tests {
		name := fmt.Sprint(tt.status, tt.code)
		url, _ := canned(t, tt.status, fmt.Sprintf(`{"errCode":%q,"errText":"see %s and a@b.example"}`, tt.code, token))
		a := open(t, url, newClock(), nil)
		_, err := a.CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH")})
		require.ErrorIs(t, err, tt.mutating, name)
		e := pay.AsError(err)
		require.Equal(t, tt.mutating.Executed(), e.WasExecuted(), name)
		require.Equal(t, tt.code, e.ProviderCode, name)
		require.Equal(t, "see *** and [email]", e.ProviderMessage, name)
		require.Equal(t, tt.status, e.Report.Evidence.HTTPStatus, name)
		if tt.rule != "" {
			require.Equal(t, tt.rule, e.RetryRule(), name)
		}
		_, err = a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1"})
		require.ErrorIs(t, err, tt.reading, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
		require.NotContains(t, err.Error(), token)
	}
}

func TestErrorsThatAreNotJSON(t *testing.T) {
	for status, want := range map[int]pay.Kind{
		403: pay.KindRateLimited, 400: pay.KindInvalidRequest, 401: pay.KindAuth, 429: pay.KindRateLimited,
		500: pay.KindOutcomeUnknown, 502: pay.KindOutcomeUnknown, 301: pay.KindOutcomeUnknown,
	} {
		url, s := canned(t, status, "<html>blocked</html>")
		_, err := open(t, url, newClock(), nil).CreateInvoice(t.Context(), pay.CreateInvoice{Amount: money(t, "1", "UAH")})
		require.ErrorIs(t, err, want, "%d", status)
		require.Equal(t, 1, s.count)
	}
}
