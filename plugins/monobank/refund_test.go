package monobank_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

func TestRefundAnswers(t *testing.T) {
	ours := func(status string) answer {
		return answer{200, invoice("success", `"finalAmount":3000,"cancelList":[`+cancelItem(status, 1200, opKey)+`]`)}
	}
	none := answer{200, invoice("success", `"finalAmount":4200`)}
	for name, tt := range map[string]struct {
		cancel, look answer
		status       pay.RefundStatus
		want         pay.Kind
		rule         pay.RetryRule
	}{
		"processing":              {cancel: answer{200, `{"status":"processing"}`}, status: pay.RefundPending},
		"success":                 {cancel: answer{200, `{"status":"success"}`}, status: pay.RefundSucceeded},
		"failure":                 {cancel: answer{200, `{"status":"failure"}`}, status: pay.RefundFailed},
		"another word":            {cancel: answer{200, `{"status":"later"}`}, want: pay.KindOutcomeUnknown},
		"no word":                 {cancel: answer{200, `{}`}, want: pay.KindOutcomeUnknown},
		"empty":                   {cancel: answer{200, ``}, want: pay.KindOutcomeUnknown},
		"an error with 200":       {cancel: answer{200, `{"errCode":"BAD_REQUEST"}`}, want: pay.KindOutcomeUnknown},
		"wrong amount":            {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: none, want: pay.KindInvalidState, rule: pay.RetryNewAttempt},
		"wrong, it was made":      {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: ours("success"), status: pay.RefundSucceeded},
		"wrong, it is being made": {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: ours("processing"), status: pay.RefundPending},
		"wrong, it failed":        {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: ours("failure"), status: pay.RefundFailed},
		"wrong, unreadable":       {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: answer{200, invoice("success", `"cancelList":7`)}, want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"wrong, all went back":    {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: answer{200, invoice("reversed", "")}, want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"wrong, no look":          {cancel: refuses("WRONG_CANCEL_AMOUNT"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"wrong, unknown invoice":  {cancel: refuses("WRONG_CANCEL_AMOUNT"), look: refuses("NOT_FOUND"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"not available":           {cancel: refuses("CANCEL_NOT_AVAILABLE"), want: pay.KindInvalidState, rule: pay.RetryNever},
		"internal":                {cancel: refuses("INTERNAL_ERROR"), want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"a wrong amount with 500": {cancel: answer{500, `{"errCode":"WRONG_CANCEL_AMOUNT"}`}, look: none, want: pay.KindOutcomeUnknown, rule: pay.RetryAfterLookup},
		"bad request":             {cancel: refuses("BAD_REQUEST"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"1001":                    {cancel: refuses("1001"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"not found":               {cancel: refuses("NOT_FOUND"), want: pay.KindNotFound, rule: pay.RetryNever},
		"1004":                    {cancel: refuses("1004"), want: pay.KindNotFound, rule: pay.RetryNever},
		"forbidden":               {cancel: refuses("FORBIDDEN"), want: pay.KindAuth, rule: pay.RetrySameOperation},
		"method":                  {cancel: refuses("METHOD_NOT_ALLOWED"), want: pay.KindInvalidRequest, rule: pay.RetryNever},
		"too many":                {cancel: refuses("TMR"), want: pay.KindRateLimited, rule: pay.RetrySameOperation},
	} {
		a, d := at(t, map[string]answer{cancelPath: tt.cancel, lookPath: tt.look})
		got, err := a.CreateRefund(t.Context(), pay.CreateRefund{
			Call: opCall(), RefundID: "ref_1", Invoice: ref(t, pay.StatusPaid), Amount: money(t, "12.00", "UAH"),
		})
		sentOnce(t, name, d, "POST "+cancelPath)
		if tt.want != "" {
			wantFailure(t, name, err, tt.want, tt.rule)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, opKey, got.ProviderKey, name)
		require.Equal(t, "ref_1", got.RefundID, name)
		require.Equal(t, tt.status == pay.RefundFailed, got.Decline != nil, name)
	}
}

func TestGetRefund(t *testing.T) {
	const foreign = `{"status":"success","amount":1000,"ccy":980,"createdDate":"2026-03-01T11:00:00Z"}`
	item := func(status string) string { return cancelItem(status, 1200, opKey) }
	partly := ref(t, pay.StatusPaid)
	partly.Known.Captured = money(t, "20.00", "UAH")
	for name, tt := range map[string]struct {
		look    answer
		invoice pay.InvoiceRef
		find    pay.RefundRef
		status  pay.RefundStatus
		review  bool
		want    pay.Kind
	}{
		"success":          {look: answer{200, invoice("success", `"finalAmount":3000,"cancelList":[`+item("success")+`]`)}, status: pay.RefundSucceeded},
		"processing":       {look: answer{200, invoice("success", `"cancelList":[`+item("processing")+`]`)}, status: pay.RefundPending},
		"failure":          {look: answer{200, invoice("success", `"cancelList":[`+item("failure")+`]`)}, status: pay.RefundFailed},
		"of a reversed":    {look: answer{200, invoice("reversed", `"cancelList":[`+item("success")+`]`)}, status: pay.RefundSucceeded},
		"an unknown word":  {look: answer{200, invoice("success", `"cancelList":[`+item("later")+`]`)}, review: true},
		"twice":            {look: answer{200, invoice("success", `"finalAmount":1800,"cancelList":[`+item("success")+","+item("success")+`]`)}, status: pay.RefundSucceeded, review: true},
		"no list":          {look: answer{200, invoice("success", `"finalAmount":4200`)}, want: pay.KindNotFound},
		"null list":        {look: answer{200, invoice("success", `"finalAmount":4200,"cancelList":null`)}, want: pay.KindNotFound},
		"no final":         {look: answer{200, invoice("success", "")}, want: pay.KindNotFound},
		"another's":        {look: answer{200, invoice("success", `"finalAmount":3200,"cancelList":[`+foreign+`]`)}, want: pay.KindNotFound},
		"another's, known": {look: answer{200, invoice("success", `"cancelList":[`+foreign+`]`)}, find: pay.RefundRef{ProviderRef: "2026-03-01T11:00:00Z#1"}, status: pay.RefundSucceeded},
		"all by another":   {look: answer{200, invoice("reversed", `"cancelList":[{"status":"success","amount":4200,"ccy":980}]`)}, want: pay.KindNotFound},
		"unread list":      {look: answer{200, invoice("success", `"cancelList":{}`)}, review: true},
		"missing money":    {look: answer{200, invoice("success", `"finalAmount":3000`)}, review: true},
		"partly captured":  {look: answer{200, invoice("success", `"finalAmount":2000`)}, invoice: partly, want: pay.KindNotFound},
		"all went back":    {look: answer{200, invoice("reversed", "")}, review: true},
		"other currency":   {look: answer{200, invoice("success", `"cancelList":[{"status":"success","amount":1,"ccy":840}]`)}, review: true},
		"unknown invoice":  {look: refuses("NOT_FOUND"), want: pay.KindProviderUnavailable},
		"a page, 404":      {look: answer{404, "<html>"}, want: pay.KindProviderUnavailable},
		"another invoice":  {look: answer{200, strings.Replace(invoice("success", ""), "i1", "i2", 1)}, want: pay.KindIntegrityMismatch},
		"internal":         {look: refuses("INTERNAL_ERROR"), want: pay.KindProviderUnavailable},
		"forbidden":        {look: refuses("FORBIDDEN"), want: pay.KindAuth},
		"too many":         {look: refuses("TMR"), want: pay.KindRateLimited},
	} {
		a, d := at(t, map[string]answer{lookPath: tt.look})
		find := tt.find
		if find.ProviderRef == "" {
			find.ProviderKey = opKey
		}
		find.RefundID, find.Invoice = "ref_1", tt.invoice
		if find.Invoice.ProviderRef == "" {
			find.Invoice = ref(t, pay.StatusPaid)
		}
		got, err := a.GetRefund(t.Context(), find)
		require.Equal(t, []string{"GET /api/merchant/invoice/status?invoiceId=i1"}, d.asked, name)
		if tt.want != "" {
			require.ErrorIs(t, err, tt.want, name)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.status, got.Status, name)
		require.Equal(t, tt.review, got.Review != "", "%s: %s", name, got.Review)
		require.Equal(t, "ref_1", got.RefundID, name)
		require.Equal(t, 2026, got.Report.Evidence.ProviderTime.Year(), name)
	}
	a, d := at(t, nil)
	_, err := a.GetRefund(t.Context(), pay.RefundRef{ProviderKey: opKey})
	require.ErrorIs(t, err, pay.KindUnsupported)
	require.Empty(t, d.asked)
}
