package monobank

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// pathFiscalChecks lists the fiscal receipts of an invoice.
const pathFiscalChecks = "/api/merchant/invoice/fiscal-checks"

const fiscalChecksOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["checks"],
  "properties": {"checks": {"type": "array", "description": "Empty while there is none.", "items": {
    "type": "object", "additionalProperties": false, "required": ["id", "type", "status"],
    "properties": {
      "id": {"type": "string"},
      "type": {"type": "string", "description": "The provider's word: sale or return."},
      "status": {"type": "string", "description": "The provider's word: new, process, done or failed."},
      "status_description": {"type": "string"},
      "source": {"type": "string", "description": "Who made it: checkbox, monopay or vchasnokasa."},
      "tax_url": {"type": "string", "description": "The receipt at the tax office."},
      "file": {"type": "string", "contentEncoding": "base64", "description": "The receipt as PDF, in standard base64."}}}}}
}`

func fiscalActions() []action {
	return []action{{
		spec: pay.ActionSpec{
			Name: "fiscal_checks", Title: "List the fiscal receipts of an invoice", Effect: pay.EffectRead, Subject: pay.SubjectInvoice,
			Input: json.RawMessage(noInput), Output: json.RawMessage(fiscalChecksOutput),
		},
		run: onInvoice((*account).fiscalChecks),
	}}
}

type fiscalCheck struct {
	ID                string `json:"id"`
	Type              string `json:"type"`
	Status            string `json:"status"`
	StatusDescription string `json:"status_description,omitempty"`
	Source            string `json:"source,omitempty"`
	TaxURL            string `json:"tax_url,omitempty"`
	File              string `json:"file,omitempty"`
}

type fiscalChecks struct {
	Checks []fiscalCheck `json:"checks"`
}

// fiscalChecks lists the fiscal receipts. Words that are not known are passed on as they are; a file that cannot be read
// is left out with a warning, because the receipt exists without it.
func (a *account) fiscalChecks(ctx context.Context, ref pay.InvoiceRef, _ struct{}) (fiscalChecks, pay.Report, error) {
	res, err := a.get(ctx, pathFiscalChecks, url.Values{"invoiceId": {ref.ProviderRef}})
	if err != nil {
		return fiscalChecks{}, pay.Report{}, err
	}
	res.Evidence.Raw = nil // documents about a person
	var answer struct {
		Checks json.RawMessage `json:"checks"`
	}
	if json.Unmarshal(res.Body, &answer) != nil {
		return fiscalChecks{}, pay.Report{}, res.Garbled("it is not a JSON object of the documented form")
	}
	rows, ok := readList[struct {
		ID                text   `json:"id"`
		Type              text   `json:"type"`
		Status            text   `json:"status"`
		StatusDescription text   `json:"statusDescription"`
		Source            text   `json:"fiscalizationSource"`
		TaxURL            text   `json:"taxUrl"`
		File              string `json:"file"`
	}](answer.Checks)
	if !ok {
		return fiscalChecks{}, pay.Report{}, res.Garbled("it has no list of receipts")
	}
	out, told := fiscalChecks{Checks: make([]fiscalCheck, 0, len(rows))}, report(res)
	for _, row := range rows {
		check := fiscalCheck{
			ID: string(row.ID), Type: httpx.Scrub(string(row.Type)), Status: httpx.Scrub(string(row.Status)),
			StatusDescription: httpx.Scrub(string(row.StatusDescription)), Source: httpx.Scrub(string(row.Source)), TaxURL: page(row.TaxURL),
		}
		file, ok := readFile(row.File)
		if !ok {
			told.Warnings = append(told.Warnings, "the file of a fiscal receipt cannot be read")
		}
		check.File = base64.StdEncoding.EncodeToString(file)
		out.Checks = append(out.Checks, check)
	}
	return out, told, nil
}
