package monobank_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/payhost/payhost/plugins/monobank"
	"github.com/payhost/payhost/plugins/monobank/monobanksim"
	"github.com/payhost/payhost/sdk/pay"
)

// about is an action on the invoice i1.
func about(t testing.TB, name, input string) pay.Action {
	invoice := ref(t, pay.StatusPaid)
	return pay.Action{Call: opCall(), Name: name, Invoice: &invoice, Input: json.RawMessage(input)}
}

// runs an action and checks its result against the schema the manifest shows.
func runs(t *testing.T, a pay.ActionProvider, req pay.Action) string {
	t.Helper()
	got, err := a.RunAction(t.Context(), req)
	require.NoError(t, err)
	for _, spec := range monobank.New("1").Describe().Actions {
		if spec.Name == req.Name {
			require.NoError(t, compile(t, spec.Output).Validate(parse(t, string(got.Output))))
			return string(got.Output)
		}
	}
	require.FailNow(t, "the manifest has no such action", req.Name)
	return ""
}

const (
	receiptPath = "/api/merchant/invoice/receipt"
	checksPath  = "/api/merchant/invoice/fiscal-checks"
)

func TestReceipt(t *testing.T) {
	b := newBank(t, monobanksim.Config{})
	created := b.create(t, nil)
	req := about(t, "receipt", `{}`)
	req.Invoice.ProviderRef = created.ProviderRef
	_, err := b.account.RunAction(t.Context(), req)
	require.ErrorIs(t, err, pay.KindInvalidState, "an unpaid invoice has none")
	require.Contains(t, err.Error(), "created")

	require.NoError(t, b.sim.Pay(created.ProviderRef))
	b.news(t, pay.Known{})
	var out struct {
		ContentType string `json:"content_type"`
		File        string
	}
	require.NoError(t, json.Unmarshal([]byte(runs(t, b.account, req)), &out))
	require.Equal(t, "application/pdf", out.ContentType)
	file, err := base64.StdEncoding.DecodeString(out.File)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(file), "%PDF-"))
	require.Zero(t, b.sim.EffectsOf(monobanksim.OpReceipt, ""))

	mail := req
	mail.Name, mail.Input = "receipt_email", json.RawMessage(`{"email":"payer@example.com"}`)
	runs(t, b.account, mail)
	require.Equal(t, 1, b.sim.EffectsOf(monobanksim.OpReceipt, ""))
}

func TestReceiptAnswers(t *testing.T) {
	pdf := base64.StdEncoding.EncodeToString([]byte("%PDF-1.7"))
	for name, tt := range map[string]struct {
		receipt, look  answer
		read, mail     pay.Kind
		mailedExecuted pay.Executed
	}{
		"a document":     {receipt: answer{200, `{"file":"` + pdf + `"}`}},
		"no file":        {receipt: answer{200, `{}`}, read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
		"empty":          {receipt: answer{200, ``}, read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
		"null":           {receipt: answer{200, `{"file":null}`}, read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
		"no base64":      {receipt: answer{200, `{"file":"%PDF"}`}, read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
		"a page":         {receipt: answer{200, `{"file":"PGh0bWw+"}`}, read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
		"unpaid":         {receipt: refuses("BAD_REQUEST"), look: answer{200, invoice("created", "")}, read: pay.KindInvalidState, mail: pay.KindInvalidState},
		"held":           {receipt: refuses("BAD_REQUEST"), look: answer{200, invoice("hold", "")}, read: pay.KindInvalidState, mail: pay.KindInvalidState},
		"paid, but bad":  {receipt: refuses("BAD_REQUEST"), look: answer{200, invoice("success", "")}, read: pay.KindInvalidRequest, mail: pay.KindInvalidRequest},
		"not found":      {receipt: refuses("NOT_FOUND"), read: pay.KindNotFound, mail: pay.KindNotFound},
		"too many":       {receipt: refuses("TMR"), read: pay.KindRateLimited, mail: pay.KindRateLimited},
		"internal error": {receipt: refuses("INTERNAL_ERROR"), read: pay.KindProviderUnavailable, mail: pay.KindOutcomeUnknown},
	} {
		a, d := at(t, map[string]answer{receiptPath: tt.receipt, lookPath: tt.look})
		got, err := a.RunAction(t.Context(), about(t, "receipt", `{}`))
		require.Equal(t, "GET "+receiptPath+"?invoiceId=i1", d.asked[0], name)
		if tt.read == "" {
			require.NoError(t, err, name)
			require.JSONEq(t, `{"content_type":"application/pdf","file":"`+pdf+`"}`, string(got.Output), name)
			require.Empty(t, got.Report.Evidence.Raw, "a document about a person is no evidence")
		} else {
			require.ErrorIs(t, err, tt.read, name)
			require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
		}
		d.asked = nil
		_, err = a.RunAction(t.Context(), about(t, "receipt_email", `{"email":"payer@example.com"}`))
		require.Equal(t, "GET "+receiptPath+"?email=payer%40example.com&invoiceId=i1", d.asked[0], name)
		if tt.mail == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, tt.mail, name)
			require.NotContains(t, err.Error(), "payer@", name)
		}
	}
}

// The address may come back in the provider's text, also one that does not look like an address.
func TestReceiptAddressStaysOutOfErrors(t *testing.T) {
	a, _ := at(t, map[string]answer{receiptPath: {400, `{"errCode":"BAD_REQUEST","errText":"no such box payer@intranet"}`}})
	_, err := a.RunAction(t.Context(), about(t, "receipt_email", `{"email":"payer@intranet"}`))
	require.ErrorIs(t, err, pay.KindInvalidRequest)
	require.Equal(t, "no such box ***", pay.AsError(err).ProviderMessage)
}

func TestFiscalChecks(t *testing.T) {
	b := newBank(t, monobanksim.Config{FiscalLink: true})
	created := b.create(t, func(r *pay.CreateInvoice) {
		r.Items = []pay.Item{{Name: "n", Code: "c", Quantity: "1", UnitPrice: r.Amount}}
	})
	req := about(t, "fiscal_checks", `{}`)
	req.Invoice.ProviderRef = created.ProviderRef
	require.JSONEq(t, `{"checks":[]}`, runs(t, b.account, req), "none yet")
	require.NoError(t, b.sim.Pay(created.ProviderRef))
	b.news(t, pay.Known{})
	require.Contains(t, runs(t, b.account, req), `"type":"sale","status":"done","source":"monopay","tax_url":"https://tax.example/`)
	require.NoError(t, b.sim.SetFiscalChecks(created.ProviderRef, monobanksim.CheckFailed, "no shift is open"))
	require.Contains(t, runs(t, b.account, req), `"status":"failed","status_description":"no shift is open"`)
}

func TestFiscalChecksAnswers(t *testing.T) {
	pdf := base64.StdEncoding.EncodeToString([]byte("%PDF-1.7"))
	for name, tt := range map[string]struct {
		answer   answer
		want     string
		warnings int
		kind     pay.Kind
	}{
		"every word": {answer: answer{200, `{"checks":[
			{"id":"a","type":"sale","status":"new","fiscalizationSource":"checkbox"},
			{"id":"b","type":"return","status":"process","fiscalizationSource":"vchasnokasa","statusDescription":"soon"},
			{"id":7,"type":"sale","status":"done","fiscalizationSource":"monopay","taxUrl":"https://t.example/1","file":"` + pdf + `"},
			{"id":"d","type":"sale","status":"failed","fiscalizationSource":"monopay"},
			{"id":"e","type":"gift","status":"frozen","fiscalizationSource":"abacus","new":1}]}`}, want: `{"checks":[
			{"id":"a","type":"sale","status":"new","source":"checkbox"},
			{"id":"b","type":"return","status":"process","source":"vchasnokasa","status_description":"soon"},
			{"id":"7","type":"sale","status":"done","source":"monopay","tax_url":"https://t.example/1","file":"` + pdf + `"},
			{"id":"d","type":"sale","status":"failed","source":"monopay"},
			{"id":"e","type":"gift","status":"frozen","source":"abacus"}]}`},
		"empty list": {answer: answer{200, `{"checks":[]}`}, want: `{"checks":[]}`},
		"null list":  {answer: answer{200, `{"checks":null}`}, want: `{"checks":[]}`},
		"odd file": {answer: answer{200, `{"checks":[{"id":"a","type":"sale","status":"done","file":"?","taxUrl":"javascript:1"}]}`},
			want: `{"checks":[{"id":"a","type":"sale","status":"done"}]}`, warnings: 1},
		"no list":   {answer: answer{200, `{}`}, kind: pay.KindProviderUnavailable},
		"empty":     {answer: answer{200, ``}, kind: pay.KindProviderUnavailable},
		"null row":  {answer: answer{200, `{"checks":[null]}`}, kind: pay.KindProviderUnavailable},
		"not found": {answer: refuses("1004"), kind: pay.KindNotFound},
		"forbidden": {answer: refuses("FORBIDDEN"), kind: pay.KindAuth},
	} {
		a, d := at(t, map[string]answer{checksPath: tt.answer})
		got, err := a.RunAction(t.Context(), about(t, "fiscal_checks", `{}`))
		require.Equal(t, []string{"GET " + checksPath + "?invoiceId=i1"}, d.asked, name)
		if tt.kind != "" {
			require.ErrorIs(t, err, tt.kind, name)
			continue
		}
		require.NoError(t, err, name)
		require.JSONEq(t, tt.want, string(got.Output), name)
		require.Len(t, got.Report.Warnings, tt.warnings, name)
	}
}

func TestInvoiceActionsAreRefusedBeforeSending(t *testing.T) {
	a, d := at(t, nil)
	for name, req := range map[string]pay.Action{
		"no invoice":     {Name: "receipt", Input: json.RawMessage(`{}`)},
		"unknown member": about(t, "receipt", `{"email":"payer@example.com"}`),
		"no address":     about(t, "receipt_email", `{}`),
		"two addresses":  about(t, "receipt_email", `{"email":"a@b,c@d"}`),
		"line end":       about(t, "receipt_email", `{"email":"a@b\r\nX: y"}`),
	} {
		_, err := a.RunAction(t.Context(), req)
		require.ErrorIs(t, err, pay.KindInvalidRequest, name)
		require.NotContains(t, err.Error(), "payer@", name)
	}
	unnamed := about(t, "fiscal_checks", `{}`)
	unnamed.Invoice.ProviderRef = ""
	_, err := a.RunAction(t.Context(), unnamed)
	require.ErrorIs(t, err, pay.KindInvalidState)
	require.Empty(t, d.asked)
}

// TestRefusedCalls: what the provider has and payhost leaves out is refused by name, with the reason.
func TestRefusedCalls(t *testing.T) {
	a, d := at(t, nil)
	for name, why := range map[string]string{
		"payment_direct": "PCI DSS", "sync_payment": "PCI DSS", "pos_refund": "terminals", "pos_refund_status": "terminals",
		"t2p_terminals": "phone", "t2p_payment_status": "phone", "monopay_key_import": "cabinet", "monopay_key_delete": "cabinet",
		"monopay_keys": "cabinet", "payment_info": "withdrew", "split_payments": "not supported",
	} {
		_, err := a.RunAction(t.Context(), pay.Action{Name: name})
		require.ErrorIs(t, err, pay.KindUnsupported, name)
		require.Equal(t, pay.ExecutedNo, pay.AsError(err).WasExecuted(), name)
		require.Contains(t, err.Error(), name)
		require.Contains(t, err.Error(), why, name)
	}
	require.Empty(t, d.asked)
}
