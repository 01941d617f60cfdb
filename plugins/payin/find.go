package payin

import (
	"context"
	"encoding/json"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The searches as actions, for people: [account.GetInvoice] and [account.GetPayout] ask for what the host knows.
const (
	actionFindPayments = "find_payments"
	actionFindOutgoing = "find_outgoing"
)

const findPaymentsInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "maxLength": 254, "description": "E-mail of the payer."},
    "phone": {"type": "string", "pattern": "^\\+?[0-9]{5,15}$", "description": "Phone of the payer; the provider's sample has no country code."},
    "account_number": {"type": "string", "pattern": "^[0-9]{1,32}-[0-9]{1,32}$", "description": "Number of an invoice, such as 006034-000166."}
  },
  "anyOf": [{"required": ["email"]}, {"required": ["phone"]}, {"required": ["account_number"]}]
}`

const findPaymentsOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["payments"],
  "properties": {"payments": {"type": "array", "description": "At most the ten latest.", "items": {
    "type": "object", "additionalProperties": false, "required": ["account_number", "status", "code"],
    "properties": {
      "account_number": {"type": "string"},
      "status": {"enum": ` + incomingNames + `},
      "code": {"type": "string", "description": "The status code as the provider sent it."},
      "done_at": {"type": "string", "format": "date-time", "description": "When it was paid; absent when it was not, or when the time cannot be read."}}}}}
}`

const findOutgoingInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["account_number"],
  "properties": {
    "account_number": {"type": "string", "pattern": "^[0-9]{1,32}-[0-9]{1,32}$", "description": "Number of an outgoing payment, such as 007026-030254."}
  }
}`

const findOutgoingOutput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["account_number", "status", "code"],
  "properties": {
    "account_number": {"type": "string"},
    "status": {"enum": ` + outgoingNames + `},
    "code": {"type": "string", "description": "client_status as the provider sent it."},
    "system_status": {"type": "string", "description": "A longer list of codes that the provider does not document."},
    "updated_at": {"type": "string", "format": "date-time", "description": "Absent when the provider gives none."}
  }
}`

// findPayments searches incoming payments by e-mail, phone or number: after a create whose answer was lost it shows a
// person which invoice numbers the payer has. Absence is [pay.KindNotFound].
func (a *account) findPayments(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	var in struct {
		contact
		AccountNumber string `json:"account_number"`
	}
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	var fields []field
	if in.AccountNumber != "" {
		if !isPrettyID(in.AccountNumber) {
			return pay.ActionResult{}, pay.Invalid("input.account_number", "must be the number of an invoice, such as 006034-000166")
		}
		fields = append(fields, textField("account_number", in.AccountNumber))
	}
	if in.contact != (contact{}) || in.AccountNumber == "" {
		by, err := in.fields()
		if err != nil {
			return pay.ActionResult{}, err
		}
		fields = append(fields, by...)
	}
	got, err := a.post(ctx, "payment-in/find-payment", httpx.Reads, fields...)
	if err != nil {
		return pay.ActionResult{}, err
	}
	var lines []found
	if json.Unmarshal(got.result, &lines) != nil || lines == nil {
		return pay.ActionResult{}, got.response.Garbled("the search result is no list of payments")
	}
	if len(lines) == 0 {
		return pay.ActionResult{}, absent(got, "payment")
	}
	type payment struct {
		AccountNumber string    `json:"account_number"`
		Status        string    `json:"status"`
		Code          string    `json:"code"`
		DoneAt        time.Time `json:"done_at,omitzero"`
	}
	out := struct {
		Payments []payment `json:"payments"`
	}{}
	for _, line := range lines {
		if line.AccountNumber == "" || line.Status == nil {
			return pay.ActionResult{}, got.response.Garbled("a payment without a number or a status")
		}
		one := payment{AccountNumber: clip(string(line.AccountNumber)), Status: incomingName(*line.Status), Code: line.Status.shown()}
		one.DoneAt, _ = providerTime(plainText(line.DoneTime))
		out.Payments = append(out.Payments, one)
	}
	return told(got.report(), out)
}

// findOutgoingPayment searches one outgoing payment. Absence is [pay.KindNotFound].
func (a *account) findOutgoingPayment(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	var in struct {
		AccountNumber string `json:"account_number"`
	}
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	if !isPrettyID(in.AccountNumber) {
		return pay.ActionResult{}, pay.Invalid("input.account_number", "must be the number of an outgoing payment, such as 007026-030254")
	}
	one, got, err := a.findOutgoing(ctx, in.AccountNumber)
	if err != nil {
		return pay.ActionResult{}, err
	}
	out := struct {
		AccountNumber string    `json:"account_number"`
		Status        string    `json:"status"`
		Code          string    `json:"code"`
		SystemStatus  string    `json:"system_status,omitempty"`
		UpdatedAt     time.Time `json:"updated_at,omitzero"`
	}{in.AccountNumber, outgoingName(*one.ClientStatus), one.ClientStatus.shown(), one.SystemStatus.shown(), time.Time{}}
	out.UpdatedAt, _ = providerTime(plainText(one.LastUpdateTime))
	return told(got.report(), out)
}
