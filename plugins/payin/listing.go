package payin

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/payhost/payhost/sdk/httpx"
	"github.com/payhost/payhost/sdk/pay"
)

// The listings of a user's payments. They name no amount, no order and no invoice number, and their ids are of another
// kind than those of a create, so they are for people and not for a reconciliation.
const (
	actionListPayments = "list_payments"
	actionListOutgoing = "list_outgoing"
)

// The limit of a listing: the provider needs one and takes at most 1000.
const (
	defaultListed = 100
	maxListed     = 1000
)

const listInput = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "email": {"type": "string", "pattern": "^[^@\\s]+@[^@\\s]+$", "maxLength": 254, "description": "E-mail of the user whose payments are listed."},
    "phone": {"type": "string", "pattern": "^\\+?[0-9]{5,15}$", "description": "Phone of that user. E-mail or phone is needed."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "How many of the latest payments."}
  },
  "anyOf": [{"required": ["email"]}, {"required": ["phone"]}]
}`

// listOutput is the schema of a listing whose statuses have the given names, as a JSON list.
func listOutput(names string) json.RawMessage {
	return json.RawMessage(`{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["payments"],
  "properties": {"payments": {"type": "array", "description": "Newest first where all times can be read, else as the provider lists them.", "items": {
    "type": "object", "additionalProperties": false, "required": ["id", "status", "code"],
    "properties": {
      "id": {"type": "string", "description": "The provider's id in this listing; not the payment_in_id of an invoice."},
      "status": {"enum": ` + names + `},
      "code": {"type": "string", "description": "The status code as the provider sent it."},
      "created_at": {"type": "string", "format": "date-time", "description": "Absent when it cannot be read."},
      "updated_at": {"type": "string", "format": "date-time", "description": "Absent when it cannot be read."}}}}}
}`)
}

// listedLine is one line of a listing.
type listedLine struct {
	ID         idText          `json:"id"`
	Status     *codeText       `json:"status"`
	Created    json.RawMessage `json:"created"`
	LastUpdate json.RawMessage `json:"last_update"`
}

// listed is one line as an action tells it.
type listed struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"`
	Code      string    `json:"code"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

func (a *account) listPayments(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	return a.list(ctx, "payment-in/get-last-payments-for-user", incomingName, input)
}

func (a *account) listOutgoing(ctx context.Context, input json.RawMessage) (pay.ActionResult, error) {
	return a.list(ctx, "payment-out/get-last-payments-for-user", outgoingName, input)
}

// list asks for the latest payments of one user. "Not found" is an empty list: what the provider answers for a user
// without payments is not documented.
func (a *account) list(ctx context.Context, path string, name func(codeText) string, input json.RawMessage) (pay.ActionResult, error) {
	in := struct {
		contact
		Limit int `json:"limit"`
	}{Limit: defaultListed}
	if err := decodeInput(input, &in); err != nil {
		return pay.ActionResult{}, err
	}
	fields, err := in.fields()
	if err != nil {
		return pay.ActionResult{}, err
	}
	if in.Limit < 1 || in.Limit > maxListed {
		return pay.ActionResult{}, pay.Invalid("input.limit", "must be from 1 to %d", maxListed)
	}
	got, err := a.post(ctx, path, httpx.Reads, append(fields, textField("limit", strconv.Itoa(in.Limit)))...)
	out := struct {
		Payments []listed `json:"payments"`
	}{Payments: []listed{}}
	switch e, ok := asNotFound(err); {
	case ok:
		return told(e.Report, out)
	case err != nil:
		return pay.ActionResult{}, err
	}
	if out.Payments, err = readListing(got.result, name); err != nil {
		return pay.ActionResult{}, got.response.Garbled("it is no list of payments")
	}
	out.Payments = out.Payments[:min(len(out.Payments), in.Limit)]
	return told(got.report(), out)
}

// readListing reads the lines and sorts them newest first: the provider's text promises that order and its sample has the
// other one. Where a time cannot be read the provider's order stays.
func readListing(raw json.RawMessage, name func(codeText) string) ([]listed, error) {
	var lines []listedLine
	if err := json.Unmarshal(raw, &lines); err != nil {
		return nil, err
	}
	out := make([]listed, 0, len(lines))
	sortable := lines != nil
	for _, line := range lines {
		if line.ID == "" || line.Status == nil {
			return nil, errNotListed
		}
		one := listed{ID: clip(string(line.ID)), Status: name(*line.Status), Code: line.Status.shown()}
		at, ok := providerTime(plainText(line.Created))
		one.CreatedAt, sortable = at, sortable && ok
		one.UpdatedAt, _ = providerTime(plainText(line.LastUpdate))
		out = append(out, one)
	}
	if lines == nil {
		return nil, errNotListed
	}
	if sortable {
		slices.SortStableFunc(out, func(a, b listed) int { return b.CreatedAt.Compare(a.CreatedAt) })
	}
	return out, nil
}
