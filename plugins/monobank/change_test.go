package monobank_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// desk answers by path and keeps what it was asked.
type desk struct {
	answers map[string]answer
	mu      sync.Mutex
	asked   []string
}

type answer struct {
	status int
	body   string
}

// hangs as a status never answers.
const hangs = -1

const (
	cancelPath   = "/api/merchant/invoice/cancel"
	finalizePath = "/api/merchant/invoice/finalize"
	removePath   = "/api/merchant/invoice/remove"
	chargePath   = "/api/merchant/wallet/payment"
	lookPath     = "/api/merchant/invoice/status"
	listPath     = "/api/merchant/statement"
)

// RoundTrip implements [http.RoundTripper].
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	line := r.Method + " " + r.URL.RequestURI()
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		line += " " + string(raw)
	}
	d.mu.Lock()
	d.asked = append(d.asked, strings.TrimSpace(line))
	d.mu.Unlock()
	a, ok := d.answers[r.URL.Path]
	switch {
	case !ok:
		a = answer{503, "<html>"}
	case a.status == hangs:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r,
	}, nil
}

// at opens an account at a desk with these answers.
func at(t testing.TB, answers map[string]answer) (account, *desk) {
	t.Helper()
	d := &desk{answers: answers}
	return openWith(t, &http.Client{Transport: d}, "https://api.monobank.ua", newClock(), nil), d
}

// ref is the invoice i1 of 42.00 UAH in a status.
func ref(t testing.TB, status pay.Status) pay.InvoiceRef {
	out := pay.InvoiceRef{InvoiceID: "inv_1", ProviderRef: "i1", Known: pay.Known{Status: status, Amount: money(t, "42.00", "UAH")}}
	if status == pay.StatusAuthorized {
		out.Known.Capture, out.Known.Authorized = pay.CaptureManual, out.Known.Amount
	}
	if status == pay.StatusPaid {
		out.Known.Captured = out.Known.Amount
	}
	return out
}

func opCall() pay.Call { return pay.Call{OperationID: opKey, ProviderKey: opKey, Try: 1} }

func refuses(code string) answer {
	status := 400
	switch code {
	case "FORBIDDEN":
		status = 403
	case "NOT_FOUND", "1004":
		status = 404
	case "METHOD_NOT_ALLOWED":
		status = 405
	case "TMR":
		status = 429
	case "INTERNAL_ERROR", "CANCEL_NOT_AVAILABLE":
		status = 500
	}
	return answer{status, `{"errCode":"` + code + `","errText":"because"}`}
}

func receipt(t *testing.T) []pay.Item {
	return []pay.Item{{
		Name: "Табуретка", Code: "c1", Quantity: "2", UnitPrice: money(t, "10.50", "UAH"), Total: money(t, "21.00", "UAH"), Unit: "шт.",
		Barcode: "482", ImageURL: "https://shop.example/i.png", TaxCodes: []string{"1"}, Options: json.RawMessage(`{"header":"h","footer":"f","uktzed":"9401"}`),
	}}
}

const receiptWire = `"items":[{"name":"Табуретка","qty":2,"sum":1050,"code":"c1","barcode":"482","header":"h","footer":"f","tax":[1],"uktzed":"9401"}]`

func TestChangesSendExactly(t *testing.T) {
	held, paid := answer{200, invoice("hold", "")}, answer{200, invoice("success", `"finalAmount":2100`)}
	const asksAfter = "GET /api/merchant/invoice/status?invoiceId=i1"

	a, d := at(t, map[string]answer{removePath: {200, ""}})
	_, err := a.CancelInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusPending), Reason: "changed mind"})
	require.NoError(t, err)
	require.Equal(t, []string{`POST /api/merchant/invoice/remove {"invoiceId":"i1"}`}, d.asked)

	a, d = at(t, map[string]answer{finalizePath: {200, `{"status":"success"}`}, lookPath: paid})
	got, err := a.CaptureInvoice(t.Context(), pay.ChangeInvoice{
		Call: opCall(), Invoice: ref(t, pay.StatusAuthorized), Amount: money(t, "21.00", "UAH"), Items: receipt(t),
	})
	require.NoError(t, err)
	require.Equal(t, []string{`POST /api/merchant/invoice/finalize {"invoiceId":"i1","amount":2100,` + receiptWire + `}`, asksAfter}, d.asked)
	require.Equal(t, pay.StatusPaid, got.Status)
	require.Equal(t, "21.00 UAH", got.Captured.String())

	a, d = at(t, map[string]answer{finalizePath: {200, `{"status":"success"}`}, lookPath: {200, invoice("success", "")}})
	got, err = a.CaptureInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized)})
	require.NoError(t, err)
	require.Equal(t, `POST /api/merchant/invoice/finalize {"invoiceId":"i1","amount":4200}`, d.asked[0], "the amount is always sent")
	require.Equal(t, "42.00 UAH", got.Captured.String(), "finalAmount is missing, and this is what was accepted")

	a, d = at(t, map[string]answer{cancelPath: {200, `{"status":"processing"}`}, lookPath: held})
	got, err = a.VoidInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized)})
	require.NoError(t, err)
	require.Equal(t, []string{asksAfter, `POST /api/merchant/invoice/cancel {"invoiceId":"i1","extRef":"` + opKey + `"}`, asksAfter}, d.asked)
	require.Equal(t, pay.StatusAuthorized, got.Status, "accepted is not done")
	require.Equal(t, newClock().now().Add(5*time.Second), got.Report.NextLookAt)

	a, d = at(t, map[string]answer{cancelPath: {200, `{"status":"processing","modifiedDate":"2026-03-01T12:00:01Z"}`}})
	refund, err := a.CreateRefund(t.Context(), pay.CreateRefund{
		Call: opCall(), RefundID: "ref_1", Invoice: ref(t, pay.StatusPaid), Amount: money(t, "21.00", "UAH"), Items: receipt(t), Reference: "back-1",
	})
	require.NoError(t, err)
	require.Equal(t, []string{
		`POST /api/merchant/invoice/cancel {"invoiceId":"i1","amount":2100,"extRef":"` + opKey + `",` + receiptWire + `}`,
	}, d.asked)
	require.Equal(t, pay.RefundPending, refund.Status)
	require.Equal(t, opKey, refund.ProviderKey)
	require.Equal(t, "ref_1", refund.RefundID)
	require.Equal(t, time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC), refund.ProviderTime)
}

func TestChangesAreRefusedBeforeSending(t *testing.T) {
	a, d := at(t, nil)
	uah, usd := money(t, "1.00", "UAH"), money(t, "1.00", "USD")
	held, paid := ref(t, pay.StatusAuthorized), ref(t, pay.StatusPaid)
	options := json.RawMessage(`{"x":1}`)
	item := func(change func(*pay.Item)) []pay.Item {
		list := receipt(t)
		change(&list[0])
		return list
	}
	capture := func(r pay.ChangeInvoice) error { _, err := a.CaptureInvoice(t.Context(), r); return err }
	refund := func(r pay.CreateRefund) error {
		r.Call = opCall()
		_, err := a.CreateRefund(t.Context(), r)
		return err
	}
	cancel := func(r pay.ChangeInvoice) error { _, err := a.CancelInvoice(t.Context(), r); return err }
	void := func(r pay.ChangeInvoice) error { _, err := a.VoidInvoice(t.Context(), r); return err }
	_, keyless := a.CreateRefund(t.Context(), pay.CreateRefund{Invoice: paid, Amount: uah})
	for name, tt := range map[string]struct {
		err  error
		want pay.Kind
		path string
	}{
		"cancel without id":     {cancel(pay.ChangeInvoice{}), pay.KindInvalidState, ""},
		"cancel with options":   {cancel(pay.ChangeInvoice{Invoice: paid, Options: options}), pay.KindInvalidRequest, "provider_options.x"},
		"capture without id":    {capture(pay.ChangeInvoice{Amount: uah}), pay.KindInvalidState, ""},
		"capture in parts":      {capture(pay.ChangeInvoice{Invoice: held, Amount: uah, More: true}), pay.KindUnsupported, ""},
		"capture in dollars":    {capture(pay.ChangeInvoice{Invoice: held, Amount: usd}), pay.KindInvalidRequest, "amount.currency"},
		"capture nothing":       {capture(pay.ChangeInvoice{Invoice: held, Amount: money(t, "0", "UAH")}), pay.KindInvalidRequest, "amount.value"},
		"capture too much":      {capture(pay.ChangeInvoice{Invoice: held, Amount: money(t, "42.01", "UAH")}), pay.KindInvalidRequest, "amount.value"},
		"capture with options":  {capture(pay.ChangeInvoice{Invoice: held, Options: options}), pay.KindInvalidRequest, "provider_options.x"},
		"capture of who knows":  {capture(pay.ChangeInvoice{Invoice: pay.InvoiceRef{ProviderRef: "i1"}, Amount: uah}), pay.KindInvalidState, ""},
		"void without id":       {void(pay.ChangeInvoice{}), pay.KindInvalidState, ""},
		"void with options":     {void(pay.ChangeInvoice{Invoice: held, Options: options}), pay.KindInvalidRequest, "provider_options.x"},
		"refund without id":     {refund(pay.CreateRefund{Amount: uah}), pay.KindInvalidState, ""},
		"refund without key":    {keyless, pay.KindInvalidRequest, ""},
		"refund without amount": {refund(pay.CreateRefund{Invoice: paid}), pay.KindInvalidRequest, "amount.currency"},
		"refund in dollars":     {refund(pay.CreateRefund{Invoice: paid, Amount: usd}), pay.KindInvalidRequest, "amount.currency"},
		"refund less than none": {refund(pay.CreateRefund{Invoice: paid, Amount: money(t, "-1", "UAH")}), pay.KindInvalidRequest, "amount.value"},
		"refund of a hold":      {refund(pay.CreateRefund{Invoice: held, Amount: uah}), pay.KindInvalidState, ""},
		"refund of who knows":   {refund(pay.CreateRefund{Invoice: pay.InvoiceRef{ProviderRef: "i1"}, Amount: uah}), pay.KindInvalidState, ""},
		"refund with options":   {refund(pay.CreateRefund{Invoice: paid, Amount: uah, Options: options}), pay.KindInvalidRequest, "provider_options.x"},
		"receipt with discounts": {refund(pay.CreateRefund{Invoice: paid, Amount: uah, Items: item(func(i *pay.Item) {
			i.Options = json.RawMessage(`{"discounts":[{"type":"DISCOUNT","mode":"PERCENT","value":1}]}`)
		})}), pay.KindInvalidRequest, "items[0].options.discounts"},
		"receipt with receiver": {refund(pay.CreateRefund{Invoice: paid, Amount: uah, Items: item(func(i *pay.Item) {
			i.Options = json.RawMessage(`{"split_receiver_id":"s"}`)
		})}), pay.KindInvalidRequest, "items[0].options.split_receiver_id"},
		"receipt total":    {refund(pay.CreateRefund{Invoice: paid, Amount: uah, Items: item(func(i *pay.Item) { i.Total = uah })}), pay.KindInvalidRequest, "items[0].total"},
		"receipt no code":  {capture(pay.ChangeInvoice{Invoice: held, Amount: uah, Items: item(func(i *pay.Item) { i.Code = "" })}), pay.KindInvalidRequest, "items[0].code"},
		"receipt currency": {void(pay.ChangeInvoice{Invoice: held, Items: item(func(i *pay.Item) { i.UnitPrice = usd })}), pay.KindInvalidRequest, "items[0].unit_price"},
	} {
		require.ErrorIs(t, tt.err, tt.want, name)
		e := pay.AsError(tt.err)
		require.Equal(t, pay.ExecutedNo, e.WasExecuted(), name)
		if tt.path != "" {
			require.Len(t, e.Fields, 1, name)
			require.Equal(t, tt.path, e.Fields[0].Path, name)
		}
	}
	require.Empty(t, d.asked, "nothing may be sent")
}

func TestCancelAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		remove, look answer
		status       pay.Status
		want         pay.Kind
		rule         pay.RetryRule
	}{
		"empty":                {remove: answer{200, ""}, status: pay.StatusCanceled},
		"an empty object":      {remove: answer{200, " {}\n"}, status: pay.StatusCanceled},
		"a later object":       {remove: answer{200, `{"status":"ok"}`}, status: pay.StatusCanceled},
		"a page":               {remove: answer{200, "<html>"}, want: pay.KindOutcomeUnknown},
		"an array":             {remove: answer{200, "[]"}, want: pay.KindOutcomeUnknown},
		"an error with 200":    {remove: answer{200, `{"errCode":"X"}`}, want: pay.KindOutcomeUnknown},
		"used, session":        {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("created", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"used, processing":     {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("processing", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"used, paid":           {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("success", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"used, held":           {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("hold", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"used, failed":         {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("failure", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"used, expired":        {remove: refuses("INVOICE_ALREADY_USED"), look: answer{200, invoice("expired", "")}, status: pay.StatusExpired},
		"used, no look":        {remove: refuses("INVOICE_ALREADY_USED"), want: pay.KindInvalidState, rule: pay.RetryAfterLookup},
		"bad request, expired": {remove: refuses("BAD_REQUEST"), look: answer{200, invoice("expired", "")}, status: pay.StatusExpired},
		"bad request, created": {remove: refuses("BAD_REQUEST"), look: answer{200, invoice("created", "")}, want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"1001, paid":           {remove: refuses("1001"), look: answer{200, invoice("success", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"not found":            {remove: refuses("NOT_FOUND"), want: pay.KindNotFound, rule: pay.RetryNever},
		"1004":                 {remove: refuses("1004"), want: pay.KindNotFound, rule: pay.RetryNever},
		"forbidden":            {remove: refuses("FORBIDDEN"), want: pay.KindAuth, rule: pay.RetrySameOperation},
		"method":               {remove: refuses("METHOD_NOT_ALLOWED"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"too many":             {remove: refuses("TMR"), want: pay.KindRateLimited, rule: pay.RetrySameOperation},
		"internal":             {remove: refuses("INTERNAL_ERROR"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
	} {
		a, d := at(t, map[string]answer{removePath: tt.remove, lookPath: tt.look})
		got, err := a.CancelInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusPending)})
		sentOnce(t, name, d, "POST "+removePath)
		if tt.want != "" {
			wantFailure(t, name, err, tt.want, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, "i1", got.ProviderRef, name)
	}
}

func sentOnce(t *testing.T, name string, d *desk, line string) {
	t.Helper()
	count := 0
	for _, asked := range d.asked {
		if strings.HasPrefix(asked, "POST ") {
			require.True(t, strings.HasPrefix(asked, line), "%s: %s", name, asked)
			count++
		}
	}
	require.Equal(t, 1, count, name)
}

func wantFailure(t *testing.T, name string, err error, kind pay.Kind, rule pay.RetryRule) {
	t.Helper()
	require.ErrorIs(t, err, kind, name)
	e := pay.AsError(err)
	require.Equal(t, kind.Executed(), e.WasExecuted(), name)
	require.NotContains(t, err.Error(), token, name)
	if rule != "" {
		require.Equal(t, rule, e.RetryRule(), name)
	}
}

// TestRemovedIsRemembered: the bank goes on saying "created"; the state says otherwise, also after expiry, but never
// against money.
func TestRemovedIsRemembered(t *testing.T) {
	a, _ := at(t, map[string]answer{removePath: {200, ""}})
	canceled, err := a.CancelInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusPending)})
	require.NoError(t, err)
	state := canceled.Report.State
	require.NotNil(t, state)
	for word, want := range map[string]pay.Status{
		"created": pay.StatusCanceled, "expired": pay.StatusCanceled, "processing": pay.StatusProcessing, "success": pay.StatusPaid, "hold": pay.StatusAuthorized,
	} {
		a, _ := at(t, map[string]answer{lookPath: {200, invoice(word, "")}})
		got, err := a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1", State: state, Known: pay.Known{Status: pay.StatusPending}})
		require.NoError(t, err)
		require.Equal(t, want, got.Status, word)
		for _, forgotten := range []*pay.State{{Version: 2, Data: state.Data}, {Version: 1, Data: []byte("{")}, nil} {
			got, err = a.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: "i1", State: forgotten, Known: pay.Known{Status: pay.StatusPending}})
			require.NoError(t, err)
			require.NotEqual(t, pay.StatusCanceled, got.Status)
		}
	}
}

func TestCaptureAnswers(t *testing.T) {
	accepted := answer{200, `{"status":"success"}`}
	for name, tt := range map[string]struct {
		finalize, look answer
		status         pay.Status
		captured       string
		soon           bool
		want           pay.Kind
		rule           pay.RetryRule
	}{
		"done":                {finalize: accepted, look: answer{200, invoice("success", `"finalAmount":3000`)}, status: pay.StatusPaid, captured: "30.00 UAH"},
		"done, no final":      {finalize: accepted, look: answer{200, invoice("success", "")}, status: pay.StatusPaid, captured: "30.00 UAH"},
		"other amount taken":  {finalize: accepted, look: answer{200, invoice("success", `"finalAmount":4200`)}, status: pay.StatusPaid, captured: "42.00 UAH"},
		"not yet":             {finalize: accepted, look: answer{200, invoice("hold", "")}, status: pay.StatusAuthorized, captured: "no amount", soon: true},
		"under way":           {finalize: accepted, look: answer{200, invoice("processing", "")}, status: pay.StatusProcessing, captured: "no amount", soon: true},
		"cannot be read":      {finalize: accepted, status: pay.StatusAuthorized, captured: "no amount", soon: true},
		"another word":        {finalize: answer{200, `{"status":"failure"}`}, want: pay.KindOutcomeUnknown},
		"no word":             {finalize: answer{200, `{}`}, want: pay.KindOutcomeUnknown},
		"empty":               {finalize: answer{200, ``}, want: pay.KindOutcomeUnknown},
		"captured before":     {finalize: refuses("BAD_REQUEST"), look: answer{200, invoice("success", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"released before":     {finalize: refuses("BAD_REQUEST"), look: answer{200, invoice("reversed", "")}, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"wrong, still held":   {finalize: refuses("BAD_REQUEST"), look: answer{200, invoice("hold", "")}, want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"wrong, who knows":    {finalize: refuses("1001"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"not found":           {finalize: refuses("NOT_FOUND"), want: pay.KindNotFound, rule: pay.RetryNever},
		"forbidden":           {finalize: refuses("FORBIDDEN"), want: pay.KindAuth, rule: pay.RetrySameOperation},
		"too many":            {finalize: refuses("TMR"), want: pay.KindRateLimited, rule: pay.RetrySameOperation},
		"internal":            {finalize: refuses("INTERNAL_ERROR"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"a code with 502":     {finalize: answer{502, `{"errCode":"BAD_REQUEST","errText":""}`}, want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"method":              {finalize: refuses("METHOD_NOT_ALLOWED"), want: pay.KindInvalidRequest},
		"an unknown 400 code": {finalize: refuses("NEW"), look: answer{200, invoice("hold", "")}, want: pay.KindInvalidRequest},
	} {
		a, d := at(t, map[string]answer{finalizePath: tt.finalize, lookPath: tt.look})
		got, err := a.CaptureInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized), Amount: money(t, "30.00", "UAH")})
		sentOnce(t, name, d, "POST "+finalizePath)
		if tt.want != "" {
			wantFailure(t, name, err, tt.want, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, tt.captured, got.Captured.String(), name)
		require.Equal(t, tt.soon, !got.Report.NextLookAt.IsZero(), name)
	}
}

// TestAnAnswerIsNotLostByWaiting: where the look that follows hangs, the answer that came first is told before the call's
// deadline.
func TestAnAnswerIsNotLostByWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := answer{hangs, ""}
		a, _ := at(t, map[string]answer{
			finalizePath: {200, `{"status":"success"}`}, removePath: refuses("INVOICE_ALREADY_USED"), lookPath: wait,
			cancelPath: refuses("WRONG_CANCEL_AMOUNT"), chargePath: {200, `{"invoiceId":"i1","status":"failure","amount":4200,"ccy":980}`},
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		held := pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized)}
		got, err := a.CaptureInvoice(ctx, held)
		require.NoError(t, err)
		require.Equal(t, pay.StatusAuthorized, got.Status)
		_, err = a.CancelInvoice(ctx, held)
		require.ErrorIs(t, err, pay.KindInvalidState)
		_, err = a.CreateRefund(ctx, pay.CreateRefund{Call: opCall(), Invoice: ref(t, pay.StatusPaid), Amount: money(t, "1", "UAH")})
		require.ErrorIs(t, err, pay.KindOutcomeUnknown)
		_, err = a.VoidInvoice(ctx, held)
		require.ErrorIs(t, err, pay.KindProviderUnavailable, "nothing was sent")
		require.NoError(t, ctx.Err())
		got, err = a.Charge(t.Context(), chargeOf(t, nil))
		require.NoError(t, err)
		require.Equal(t, pay.StatusFailed, got.Status)
	})
}

func TestVoidAnswers(t *testing.T) {
	for word, tt := range map[string]struct {
		status pay.Status
		want   pay.Kind
	}{
		"created": {want: pay.KindInvalidState}, "processing": {want: pay.KindInvalidState}, "success": {want: pay.KindInvalidState},
		"failure": {want: pay.KindInvalidState}, "expired": {want: pay.KindInvalidState}, "new": {want: pay.KindInvalidState},
		"reversed": {status: pay.StatusCanceled},
	} {
		a, d := at(t, map[string]answer{lookPath: {200, invoice(word, "")}, cancelPath: {200, `{"status":"success"}`}})
		got, err := a.VoidInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized)})
		require.Len(t, d.asked, 1, "%s: a captured invoice would be refunded", word)
		if tt.want != "" {
			wantFailure(t, word, err, tt.want, pay.RetryNewAttempt)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.status, got.Status)
	}
	for name, tt := range map[string]struct {
		cancel answer
		want   pay.Kind
		rule   pay.RetryRule
	}{
		"failure":       {answer{200, `{"status":"failure"}`}, pay.KindDeclined, pay.RetryNewAttempt},
		"another word":  {answer{200, `{"status":"later"}`}, pay.KindOutcomeUnknown, ""},
		"empty":         {answer{200, ``}, pay.KindOutcomeUnknown, ""},
		"not available": {refuses("CANCEL_NOT_AVAILABLE"), pay.KindInvalidState, pay.RetryNever},
		"wrong amount":  {refuses("WRONG_CANCEL_AMOUNT"), pay.KindInvalidState, pay.RetryAfterLookup},
		"internal":      {refuses("INTERNAL_ERROR"), pay.KindOutcomeUnknown, ""},
		"not found":     {refuses("NOT_FOUND"), pay.KindNotFound, ""},
		"bad request":   {refuses("BAD_REQUEST"), pay.KindInvalidRequest, pay.RetryNever},
	} {
		a, d := at(t, map[string]answer{lookPath: {200, invoice("hold", "")}, cancelPath: tt.cancel})
		_, err := a.VoidInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: ref(t, pay.StatusAuthorized)})
		sentOnce(t, name, d, "POST "+cancelPath)
		wantFailure(t, name, err, tt.want, tt.rule)
	}
}

func TestSimChanges(t *testing.T) {
	b := newBank(t, monobanksim.Config{PendingCaptures: true, PendingRefunds: true})
	uah := money(t, "42.00", "UAH")
	quiet := func(r *pay.CreateInvoice) { r.Capture, r.WebhookURL = pay.CaptureManual, "" }

	unpaid := b.create(t, func(r *pay.CreateInvoice) { r.WebhookURL = "" }).ProviderRef
	got, err := b.account.CancelInvoice(t.Context(), pay.ChangeInvoice{Call: opCall(), Invoice: pay.InvoiceRef{ProviderRef: unpaid}})
	require.NoError(t, err)
	require.Error(t, b.sim.Pay(unpaid))
	again, err := b.account.GetInvoice(t.Context(), pay.InvoiceRef{ProviderRef: unpaid, State: got.Report.State})
	require.NoError(t, err)
	require.Equal(t, pay.StatusCanceled, again.Status)

	held := b.create(t, quiet).ProviderRef
	require.NoError(t, b.sim.Hold(held))
	known := pay.Known{Status: pay.StatusAuthorized, Capture: pay.CaptureManual, Amount: uah, Authorized: uah}
	request := pay.ChangeInvoice{Call: opCall(), Invoice: pay.InvoiceRef{ProviderRef: held, Known: known}, Amount: money(t, "40", "UAH"), Items: receipt(t)}
	got, err = b.account.CaptureInvoice(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, pay.StatusAuthorized, got.Status, "accepted and not done")
	require.NoError(t, b.sim.FinishCapture(held))
	require.Equal(t, "40.00 UAH", b.status(t, held, known).Captured.String())
	_, err = b.account.CaptureInvoice(t.Context(), request)
	require.ErrorIs(t, err, pay.KindInvalidState, "a hold is captured once")
	_, err = b.account.VoidInvoice(t.Context(), request)
	require.ErrorIs(t, err, pay.KindInvalidState)

	known.Status, known.Captured = pay.StatusPaid, money(t, "40", "UAH")
	for i, key := range []string{"op_a", "op_b", "op_c"} {
		refund := pay.CreateRefund{
			Call: pay.Call{ProviderKey: key}, Invoice: pay.InvoiceRef{ProviderRef: held, Known: known}, Amount: money(t, "20", "UAH"), Items: receipt(t),
		}
		state, err := b.account.CreateRefund(t.Context(), refund)
		if i == 2 {
			require.ErrorIs(t, err, pay.KindInvalidState, "nothing is left")
			require.Equal(t, pay.RetryNewAttempt, pay.AsError(err).RetryRule())
			break
		}
		require.NoError(t, err)
		require.Equal(t, pay.RefundPending, state.Status)
	}
	require.NoError(t, b.sim.FinishRefund(held, "op_b", true))
	require.NoError(t, b.sim.FinishRefund(held, "op_a", false))
	for key, want := range map[string]pay.RefundStatus{"op_a": pay.RefundFailed, "op_b": pay.RefundSucceeded} {
		state, err := b.account.GetRefund(t.Context(), pay.RefundRef{ProviderKey: key, Invoice: pay.InvoiceRef{ProviderRef: held, Known: known}})
		require.NoError(t, err)
		require.Equal(t, want, state.Status)
		require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpCancel, key))
	}
	require.Zero(t, b.sim.EffectsOf(monobanksim.OpCancel, "op_c"))

	b.sim.FailRefunds(1)
	failed, err := b.account.CreateRefund(t.Context(), pay.CreateRefund{
		Call: pay.Call{ProviderKey: "op_d"}, Invoice: pay.InvoiceRef{ProviderRef: held, Known: known}, Amount: money(t, "1", "UAH"),
	})
	require.NoError(t, err)
	require.Equal(t, pay.RefundFailed, failed.Status)
	require.NotNil(t, failed.Decline)
	require.Zero(t, b.sim.EffectsOf(monobanksim.OpCancel, "op_d"))

	released := b.create(t, quiet).ProviderRef
	require.NoError(t, b.sim.Hold(released))
	request = pay.ChangeInvoice{Call: opCall(), Invoice: pay.InvoiceRef{ProviderRef: released, Known: pay.Known{
		Status: pay.StatusAuthorized, Capture: pay.CaptureManual, Amount: uah, Authorized: uah}}}
	for range 2 { // the second finds it released and sends nothing
		got, err = b.account.VoidInvoice(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, pay.StatusCanceled, got.Status)
	}
	require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpCancel, opKey))
}
