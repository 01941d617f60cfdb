package merchant

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/sdk/pay"
)

const (
	confirmCall = "POST /api/merchant/invoices/" + testID + "/confirm-transfer"
	disputeCall = "POST /api/merchant/invoices/" + testID + "/dispute"
)

// receipt is a proof of n bytes.
func receipt(n int) pay.Attachment {
	return pay.Attachment{Name: "receipt.pdf", ContentType: "application/pdf", Size: int64(n), Content: strings.NewReader(strings.Repeat("x", n))}
}

// proved is an action with one proof.
func proved(t testing.TB, name, input string) pay.Action {
	a := action(t, name, input)
	a.Attachments = []pay.Attachment{receipt(9)}
	return a
}

// sentForm reads the form of a request as any server would.
func sentForm(t *testing.T, r received) (texts map[string]string, files map[string]string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(r.header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/form-data", kind)
	form, err := multipart.NewReader(bytes.NewReader(r.body), params["boundary"]).ReadForm(1 << 20)
	require.NoError(t, err)
	texts, files = map[string]string{}, map[string]string{}
	for name, values := range form.Value {
		require.Len(t, values, 1)
		texts[name] = values[0]
	}
	for name, headers := range form.File {
		require.Len(t, headers, 1)
		f, err := headers[0].Open()
		require.NoError(t, err)
		content, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		files[name] = headers[0].Filename + "|" + headers[0].Header.Get("Content-Type") + "|" + string(content)
	}
	return texts, files
}

// unpaid is the test invoice with one deal of a status.
func unpaid(t testing.TB, status string, change map[string]any) string {
	d := map[string]any{"status": status}
	maps.Copy(d, change)
	return invoiceJSON(t, map[string]any{"deals": []any{dealJSON(d)}})
}

func TestConfirmTransfer(t *testing.T) {
	acc, g := against(t, map[string]answer{
		readCall:    {body: unpaid(t, "transfer_waiting", nil)},
		confirmCall: {body: unpaid(t, "transfer_confirmed", map[string]any{"attachments": []string{"https://x.example/1"}})},
	})
	got, err := acc.RunAction(t.Context(), proved(t, "confirm_transfer", ""))
	require.NoError(t, err)
	require.Equal(t, []string{readCall, confirmCall}, g.calls())
	texts, files := sentForm(t, g.requests[1])
	require.Empty(t, texts)
	require.Equal(t, map[string]string{"attachment": "receipt.pdf|application/pdf|xxxxxxxxx"}, files)
	require.JSONEq(t, `{"deal_id":"`+dealID+`","deal_status":"transfer_confirmed"}`, string(got.Output))
	require.Equal(t, pay.StatusPending, got.Invoice.Status, "the payer's word moves nothing")
	require.Equal(t, pay.AttemptProcessing, got.Invoice.Attempts[0].Status)
	require.Equal(t, "1", got.Invoice.Data["deal_attachments"])
	require.NotContains(t, got.Invoice.Data, "attachments", "links to proofs stay at the gateway")
}

// What each answer to an upload proves. The invoice is read before, so that nothing goes out in vain.
func TestConfirmTransferAnswers(t *testing.T) {
	confirmed := []any{dealJSON(map[string]any{"status": "transfer_confirmed"})}
	otherInvoice := invoiceJSON(t, map[string]any{"id": "x", "deals": confirmed})
	otherOperation := invoiceJSON(t, map[string]any{"internalId": "op_9", "deals": confirmed})
	waiting := answer{body: unpaid(t, "transfer_waiting", nil)}
	for name, c := range map[string]struct {
		read, confirm answer
		kind          pay.Kind
		executed      pay.Executed
		sent          bool
	}{
		"201":               {waiting, answer{status: 201, body: unpaid(t, "transfer_confirmed", nil)}, "", "", true},
		"list of one":       {waiting, answer{body: "[" + unpaid(t, "transfer_confirmed", nil) + "]"}, "", "", true},
		"confirmed before":  {answer{body: unpaid(t, "transfer_confirmed", nil)}, answer{body: unpaid(t, "transfer_confirmed", nil)}, "", "", true},
		"completed at once": {waiting, answer{body: unpaid(t, "completed", map[string]any{"isActive": false})}, "", "", true},
		"paid at once":      {waiting, answer{body: invoiceJSON(t, map[string]any{"status": "paid"})}, "", "", true},
		"still waiting":     {waiting, waiting, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"another deal": {waiting, answer{body: unpaid(t, "transfer_confirmed", map[string]any{"id": "deal-2"})}, pay.KindOutcomeUnknown,
			pay.ExecutedUnknown, true},
		"another invoice": {waiting, answer{body: otherInvoice}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"another operation": {waiting, answer{body: otherOperation}, pay.KindOutcomeUnknown,
			pay.ExecutedUnknown, true},
		"html":     {waiting, answer{body: "<html>"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"empty":    {waiting, answer{}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"500":      {waiting, answer{status: 500}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"html 413": {waiting, answer{status: 413, body: "<html>"}, pay.KindOutcomeUnknown, pay.ExecutedUnknown, true},
		"413":      {waiting, answer{status: 413, body: `{"message":"x"}`}, pay.KindInvalidState, pay.ExecutedNo, true},
		"file refused": {waiting, answer{status: 400, body: `[{"message":"The file is too large","field":"attachment"}]`},
			pay.KindInvalidRequest, pay.ExecutedNo, true},
		"refused":   {waiting, answer{status: 400, body: `Transfer can not be confirmed`}, pay.KindInvalidState, pay.ExecutedNo, true},
		"404":       {waiting, answer{status: 404, body: "null"}, pay.KindNotFound, pay.ExecutedNo, true},
		"401":       {waiting, answer{status: 401}, pay.KindAuth, pay.ExecutedNo, true},
		"no deal":   {answer{body: invoiceJSON(t, nil)}, answer{}, pay.KindInvalidState, pay.ExecutedNo, false},
		"deal over": {answer{body: unpaid(t, "expired", map[string]any{"isActive": false})}, answer{}, pay.KindInvalidState, pay.ExecutedNo, false},
		"paid":      {answer{body: invoiceJSON(t, map[string]any{"status": "paid"})}, answer{}, pay.KindInvalidState, pay.ExecutedNo, false},
		"odd status": {answer{body: invoiceJSON(t, map[string]any{"status": "recalculated"})}, answer{}, pay.KindInvalidState,
			pay.ExecutedNo, false},
		"disputed": {
			answer{body: invoiceJSON(t, map[string]any{"status": "dispute", "deals": confirmed})}, answer{}, pay.KindInvalidState, pay.ExecutedNo, false,
		},
		"look fails":           {answer{status: 500}, answer{}, pay.KindProviderUnavailable, pay.ExecutedNo, false},
		"look is unauthorized": {answer{status: 401}, answer{}, pay.KindAuth, pay.ExecutedNo, false},
		"look finds nothing":   {answer{status: 404, body: "null"}, answer{}, pay.KindNotFound, pay.ExecutedNo, false},
		"look finds another":   {answer{body: invoiceJSON(t, map[string]any{"id": "x"})}, answer{}, pay.KindIntegrityMismatch, pay.ExecutedNo, false},
		"look finds another op": {answer{body: invoiceJSON(t, map[string]any{"internalId": "op_9"})}, answer{}, pay.KindIntegrityMismatch,
			pay.ExecutedNo, false},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{readCall: c.read, confirmCall: c.confirm})
			_, err := acc.RunAction(t.Context(), proved(t, "confirm_transfer", ""))
			want := []string{readCall}
			if c.sent {
				want = append(want, confirmCall)
			}
			require.Equal(t, want, g.calls(), "a proof is sent once")
			if c.kind == "" {
				require.NoError(t, err)
				return
			}
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, c.executed, e.WasExecuted())
			if name == "file refused" {
				require.Equal(t, "attachments", e.Fields[0].Path)
			}
		})
	}
}

func TestOpenDispute(t *testing.T) {
	disputed := func(reason string, data any) answer {
		return answer{body: invoiceJSON(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(map[string]any{
			"status": "dispute", "disputeReason": reason, "disputeReasonData": data, "disputeAttachment": "https://x.example/2",
		})}})}
	}
	for name, c := range map[string]struct {
		input, read string
		answer      answer
		sent        map[string]string
		amount      string
	}{
		"has_payment": {`{"reason":"has_payment"}`, unpaid(t, "transfer_confirmed", nil), disputed("has_payment", []any{}),
			map[string]string{"dealId": dealID, "disputeReason": "has_payment"}, ""},
		"invalid_sum": {`{"reason":"invalid_sum","amount":"210"}`, unpaid(t, "transfer_confirmed", nil), disputed("invalid_sum",
			map[string]any{"amount": "210"}),
			map[string]string{"dealId": dealID, "disputeReason": "invalid_sum", "disputeReasonData[amount]": "210.00"}, "210.00 RUB"},
		"expired": {`{"reason":"unknown"}`, invoiceJSON(t, map[string]any{"status": "expired",
			"deals": []any{dealJSON(map[string]any{"isActive": false, "status": "expired"})}}),
			disputed("unknown", []any{}), map[string]string{"dealId": dealID, "disputeReason": "unknown"}, ""},
		"wrong sum paid": {`{"reason":"invalid_sum","amount":"900.50"}`, invoiceJSON(t, map[string]any{"status": "paid",
			"deals": []any{dealJSON(map[string]any{"isActive": false, "status": "completed"})}}),
			disputed("invalid_sum", map[string]any{"amount": 900.50}), map[string]string{"dealId": dealID, "disputeReason": "invalid_sum",
				"disputeReasonData[amount]": "900.50"}, "900.50 RUB"},
		"the active of two": {`{"reason":"no_payment"}`, invoiceJSON(t, map[string]any{"deals": []any{dealJSON(nil),
			dealJSON(map[string]any{"id": "deal-2", "isActive": false})}}),
			disputed("no_payment", []any{}), map[string]string{"dealId": dealID, "disputeReason": "no_payment"}, ""},
		"the last of two": {`{"reason":"invalid_requisites"}`, invoiceJSON(t, map[string]any{"deals": []any{dealJSON(map[string]any{"id": "deal-0",
			"isActive": false}), dealJSON(map[string]any{"isActive": false})}}),
			disputed("invalid_requisites", []any{}), map[string]string{"dealId": dealID, "disputeReason": "invalid_requisites"}, ""},
		"a named one": {`{"reason":"has_payment","deal_id":"` + dealID + `"}`, invoiceJSON(t,
			map[string]any{"deals": []any{dealJSON(map[string]any{"isActive": false}), dealJSON(map[string]any{"id": "deal-2"})}}),
			disputed("has_payment", []any{}), map[string]string{"dealId": dealID, "disputeReason": "has_payment"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{readCall: {body: c.read}, disputeCall: c.answer})
			got, err := acc.RunAction(t.Context(), proved(t, "open_dispute", c.input))
			require.NoError(t, err)
			require.Equal(t, []string{readCall, disputeCall}, g.calls())
			texts, files := sentForm(t, g.requests[1])
			require.Equal(t, c.sent, texts)
			require.Equal(t, []string{"attachment"}, slices.Collect(maps.Keys(files)))
			require.JSONEq(t, `{"deal_id":"`+dealID+`","deal_status":"dispute"}`, string(got.Output))
			require.True(t, valid(t, compile(t, []byte(dealOutput)), string(got.Output)))
			require.Equal(t, pay.StatusProcessing, got.Invoice.Status)
			require.Equal(t, pay.DisputeOpen, got.Invoice.Disputes[0].Status)
			require.Equal(t, c.amount != "", got.Invoice.Disputes[0].Amount.IsSet())
			if c.amount != "" {
				require.Equal(t, c.amount, got.Invoice.Disputes[0].Amount.String())
			}
		})
	}
}

// A dispute is an outward action: what the invoice does not allow is refused before anything is sent.
func TestOpenDisputeRefusals(t *testing.T) {
	fine := unpaid(t, "transfer_confirmed", nil)
	for name, c := range map[string]struct {
		input, read string
		kind        pay.Kind
		path        string
		looked      bool
	}{
		"no reason":         {`{}`, fine, pay.KindInvalidRequest, "input.reason", false},
		"reason of a brand": {`{"reason":"other"}`, fine, pay.KindInvalidRequest, "input.reason", false},
		"sum without":       {`{"reason":"invalid_sum"}`, fine, pay.KindInvalidRequest, "input.amount", false},
		"sum with another":  {`{"reason":"has_payment","amount":"1"}`, fine, pay.KindInvalidRequest, "input.amount", false},
		"sum of nothing":    {`{"reason":"invalid_sum","amount":"0"}`, fine, pay.KindInvalidRequest, "input.amount", true},
		"sum too exact":     {`{"reason":"invalid_sum","amount":"1.001"}`, fine, pay.KindInvalidRequest, "input.amount", true},
		"sum unbelievable": {`{"reason":"invalid_sum","amount":"1"}`, invoiceJSON(t, map[string]any{"sum": nil, "deals": []any{dealJSON(nil)}}),
			pay.KindInvalidState, "", true},
		"a path":         {`{"reason":"unknown","deal_id":"../x"}`, fine, pay.KindInvalidRequest, "input.deal_id", false},
		"unknown member": {`{"reason":"unknown","x":1}`, fine, pay.KindInvalidRequest, "input", false},
		"no such deal":   {`{"reason":"unknown","deal_id":"deal-9"}`, fine, pay.KindInvalidState, "", true},
		"no deal":        {`{"reason":"unknown"}`, invoiceJSON(t, nil), pay.KindInvalidState, "", true},
		"paid": {`{"reason":"has_payment"}`, invoiceJSON(t, map[string]any{"status": "paid", "deals": []any{dealJSON(nil)}}),
			pay.KindInvalidState, "", true},
		"canceled": {`{"reason":"has_payment"}`, invoiceJSON(t, map[string]any{"status": "canceled", "deals": []any{dealJSON(nil)}}),
			pay.KindInvalidState, "", true},
		"disputed": {`{"reason":"has_payment"}`, invoiceJSON(t, map[string]any{"status": "dispute", "deals": []any{dealJSON(nil)}}),
			pay.KindInvalidState, "", true},
		"disputed before": {`{"reason":"has_payment"}`, unpaid(t, "expired", map[string]any{"disputeReason": "no_payment"}), pay.KindInvalidState, "", true},
		"odd status": {`{"reason":"has_payment"}`, invoiceJSON(t, map[string]any{"status": "recalculated", "deals": []any{dealJSON(nil)}}),
			pay.KindInvalidState, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{readCall: {body: c.read}})
			_, err := acc.RunAction(t.Context(), proved(t, "open_dispute", c.input))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			require.Equal(t, pay.ExecutedNo, e.WasExecuted())
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Equal(t, c.looked, len(g.calls()) == 1)
			require.NotContains(t, g.calls(), disputeCall)
		})
	}
}

func TestOpenDisputeAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		kind   pay.Kind
		path   string
	}{
		"not disputed":    {answer{body: unpaid(t, "transfer_confirmed", nil)}, pay.KindOutcomeUnknown, ""},
		"deal only":       {answer{body: unpaid(t, "dispute", nil)}, pay.KindOutcomeUnknown, ""},
		"no deal":         {answer{body: invoiceJSON(t, map[string]any{"status": "dispute"})}, pay.KindOutcomeUnknown, ""},
		"another invoice": {answer{body: invoiceJSON(t, map[string]any{"id": "x", "status": "dispute"})}, pay.KindOutcomeUnknown, ""},
		"404":             {answer{status: 404, body: "null"}, pay.KindNotFound, ""},
		"reason": {answer{status: 400, body: `[{"message":"This value is not valid","field":"disputeReason"}]`}, pay.KindInvalidRequest,
			"input.reason"},
		"amount": {answer{status: 400, body: `[{"message":"this value should not be blank","field":"disputeReasonData[amount]"}]`},
			pay.KindInvalidRequest, "input.amount"},
		"deal": {answer{status: 400, body: `{"message":"this value should not be blank","field":"dealId"}`}, pay.KindInvalidRequest,
			"input.deal_id"},
		"refused": {answer{status: 400, body: `{"message":"Dispute can not be opened"}`}, pay.KindInvalidState, ""},
		"502":     {answer{status: 502, body: "<html>"}, pay.KindOutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acc, g := against(t, map[string]answer{readCall: {body: unpaid(t, "transfer_confirmed", nil)}, disputeCall: c.answer})
			_, err := acc.RunAction(t.Context(), proved(t, "open_dispute", `{"reason":"has_payment"}`))
			e := asError(t, err)
			require.Equal(t, c.kind, e.Kind, e.Message)
			if c.path != "" {
				require.Equal(t, c.path, e.Fields[0].Path)
			}
			require.Equal(t, []string{readCall, disputeCall}, g.calls(), "a dispute is opened once")
		})
	}
}

func TestProofsAreChecked(t *testing.T) {
	acc, g := against(t, always(200, unpaid(t, "transfer_waiting", nil)))
	for name, files := range map[string][]pay.Attachment{
		"none": nil, "two": {receipt(1), receipt(1)}, "empty": {receipt(0)}, "too large": {receipt(maxAttachment + 1)},
		"no content": {{Name: "x", Size: 1}},
	} {
		for _, one := range []string{"confirm_transfer", "open_dispute"} {
			req := action(t, one, map[string]string{"open_dispute": `{"reason":"unknown"}`}[one])
			req.Attachments = files
			_, err := acc.RunAction(t.Context(), req)
			e := asError(t, err)
			require.Equal(t, pay.KindInvalidRequest, e.Kind, name)
			require.Equal(t, "attachments", e.Fields[0].Path)
		}
	}
	require.Empty(t, g.calls())
}

// The file is streamed behind its exact length, whatever it is called.
func TestForm(t *testing.T) {
	for given, want := range map[string]string{
		"receipt.pdf": "receipt.pdf", "": "attachment", "..": "attachment", "/etc/passwd": "passwd", `C:\me\чек.png`: "чек.png",
		"a\r\nX-Evil: 1\".pdf": `aX-Evil: 1".pdf`, "bad\xff.pdf": "bad.pdf", strings.Repeat("я", 80) + ".jpeg": strings.Repeat("я", 47) + ".jpeg",
	} {
		require.Equal(t, want, fileName(given))
		file := receipt(1000)
		file.Name = given
		f, err := newForm(file, formField{"dealId", "d"})
		require.NoError(t, err)
		require.Less(t, len(f.head)+len(f.tail), 1000, "the file is not copied")
		body, err := io.ReadAll(iotest.OneByteReader(f.body()))
		require.NoError(t, err)
		require.Len(t, body, int(f.size()))
		_, files := sentForm(t, received{header: map[string][]string{"Content-Type": {f.contentType}}, body: body})
		require.Equal(t, want+"|application/pdf|"+strings.Repeat("x", 1000), files["attachment"])
	}
	for given, want := range map[string]string{
		"image/jpeg": "image/jpeg", "": "application/octet-stream", "nonsense": "application/octet-stream", "a/b\r\nX: 1": "application/octet-stream",
	} {
		require.Equal(t, want, mediaType(given))
	}
}

// A file that is not what was announced never reaches the gateway as a complete form.
func TestFormOfAnotherLength(t *testing.T) {
	for name, content := range map[string]io.Reader{
		"shorter": strings.NewReader("12345678"), "longer": strings.NewReader("1234567890"), "broken": iotest.ErrReader(errors.New("disk")),
	} {
		f, err := newForm(pay.Attachment{Name: "x", Size: 9, Content: content})
		require.NoError(t, err)
		_, err = io.ReadAll(f.body())
		require.Error(t, err, name)
	}
	acc, g := against(t, always(200, unpaid(t, "transfer_waiting", nil)))
	req := action(t, "confirm_transfer", "")
	req.Attachments = []pay.Attachment{{Name: "x", Size: 9, Content: strings.NewReader("1")}}
	_, err := acc.RunAction(t.Context(), req)
	require.ErrorIs(t, err, pay.KindOutcomeUnknown, "bytes were written")
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.requests {
		require.False(t, strings.HasSuffix(string(r.body), "--\r\n"), "the form has no end")
	}
}
