package monobank

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/payhost/payhost/sdk/pay"
)

// pathReceipt is the bank's receipt of a paid invoice; with an e-mail address the bank also mails it.
const pathReceipt = "/api/merchant/invoice/receipt"

const receiptOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["content_type", "file"],
  "properties": {
      "content_type": {"type": "string", "description": "Media type of the file: application/pdf."},
      "file": {"type": "string", "contentEncoding": "base64", "description": "The receipt in standard base64."}}
}`

const receiptEmailInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["email"],
  "properties": {"email": {"type": "string", "minLength": 3, "maxLength": 254, "pattern": "^[^ @]+@[^ @]+$",
    "description": "Where the bank sends the receipt."}}
}`

// receiptActions are the two halves of one call: reading a receipt repeats without harm, mailing it does not.
func receiptActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "receipt", Title: "Fetch the bank's receipt of a paid invoice", Effect: pay.EffectRead, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(noInput), Output: json.RawMessage(receiptOutput),
		},
		run: onInvoice(func(a *account, ctx context.Context, ref pay.InvoiceRef, _ struct{}) (receipt, pay.Report, error) {
			return a.receipt(ctx, ref, "")
		}),
	}, {
		spec: pay.ActionSpec{
			Name: "receipt_email", Title: "Have the bank mail the receipt of a paid invoice", Effect: pay.EffectChanges, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(receiptEmailInput), Output: json.RawMessage(receiptOutput),
			// The worst of a repetition is a second letter.
			Resolution: pay.ResolveResend,
		},
		run: onInvoice(func(a *account, ctx context.Context, ref pay.InvoiceRef, in receiptAsked) (receipt, pay.Report, error) {
			if len(in.Email) > 254 || strings.Count(in.Email, "@") != 1 || strings.ContainsAny(in.Email, " \r\n") {
				return receipt{}, pay.Report{}, pay.Invalid("input.email", "must be an e-mail address")
			}
			return a.receipt(ctx, ref, in.Email)
		}),
	}}
}

type receiptAsked struct {
	Email string `json:"email"`
}

type receipt struct {
	ContentType string `json:"content_type"`
	File        string `json:"file"`
}

// receipt fetches the receipt and, with an address, lets the bank mail it. The evidence is without the body, which is a
// document about a person.
func (a *account) receipt(ctx context.Context, ref pay.InvoiceRef, email string) (receipt, pay.Report, error) {
	query, secrets := url.Values{"invoiceId": {ref.ProviderRef}}, []string(nil)
	if email != "" {
		query.Set("email", email)
		secrets = append(secrets, email)
	}
	res, err := a.send(ctx, http.MethodGet, pathReceipt, query, nil, secrets)
	if err != nil {
		// The code of an unpaid invoice is the general one: only the invoice tells.
		_, failure := a.explained(ctx, ref, err, wordSuccess, wordReversed)
		return receipt{}, pay.Report{}, failure
	}
	res.Evidence.Raw = nil
	var answer struct {
		File string `json:"file"`
	}
	if json.Unmarshal(res.Body, &answer) != nil || answer.File == "" {
		return receipt{}, pay.Report{}, res.Garbled("it has no file")
	}
	file, ok := readFile(answer.File)
	if !ok || file == nil {
		return receipt{}, pay.Report{}, res.Garbled("the file is not base64 of a PDF document")
	}
	return receipt{ContentType: "application/pdf", File: base64.StdEncoding.EncodeToString(file)}, report(res), nil
}

// readFile decodes a PDF document; nil when there is none.
func readFile(encoded string) ([]byte, bool) {
	if encoded == "" {
		return nil, true
	}
	file, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !bytes.HasPrefix(file, []byte("%PDF-")) {
		return nil, false
	}
	return file, true
}

// onInvoice makes the run of an action of an invoice from a function with the members of its input and output.
func onInvoice[In, Out any](
	do func(*account, context.Context, pay.InvoiceRef, In) (Out, pay.Report, error),
) func(*account, context.Context, pay.Action) (pay.ActionResult, error) {
	return func(a *account, ctx context.Context, req pay.Action) (pay.ActionResult, error) {
		if req.Invoice == nil {
			return pay.ActionResult{}, pay.Invalid("invoice", "is required: the action is about one")
		}
		if req.Invoice.ProviderRef == "" {
			return pay.ActionResult{}, pay.Errorf(pay.KindInvalidState, "the provider's invoiceId is not known, and the invoice cannot be named without it")
		}
		return on(func(a *account, ctx context.Context, in In) (Out, pay.Report, error) {
			return do(a, ctx, *req.Invoice, in)
		})(a, ctx, req)
	}
}
